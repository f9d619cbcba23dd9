//! 设备管理: Cloud API actions and console operations. Translate, call the domain, translate back.

use api::device::*;
use base::{Code, DeviceKey, Error, OrCode, ProductId, ProjectId, Result};

use super::{Described, Device, Given, Search};
use crate::{Cx, Routes, data, device, wire::clip};

pub(crate) fn routes(r: &mut Routes) {
    r.on(create_device)
        .on(describe_device)
        .on(delete_device)
        .on(delete_devices)
        .on(get_device_list)
        .on(update_devices_enable_state)
        .on(describe_device_properties)
        .on(describe_device_connection);
}

/// Devices of a page when the caller names no number, and the most.
const LIMIT: i64 = 10;
const MOST: i64 = 100;
/// Filters of one call (schema).
const FILTERS: usize = 10;
/// What the schema calls "no firmware version".
const NO_VERSION: &str = "None-FirmwareVersion";

async fn create_device(cx: Cx, req: CreateDeviceRequest) -> Result<CreateDeviceResponse> {
    let key = DeviceKey::parse(&req.product_id, &req.device_name)?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let given = Given { secret: filled(req.defined_psk), certificate: filled(req.tls_crt) };
    let (device, private_key) = device::create(&cx, &key, given).await?;
    Ok(CreateDeviceResponse {
        data: Some(DeviceData {
            device_name: Some(key.name.to_string()),
            device_private_key: Some(private_key.as_ref().map_or(Ok(String::new()), text)?),
            device_psk: Some(psk(&device)?),
            device_cert: Some(device.certificate),
        }),
    })
}

/// The secret as people and devices know it; a device with a certificate has none that counts.
fn psk(device: &Device) -> Result<String> {
    if device.certificate.is_empty() { text(&device.secret) } else { Ok(String::new()) }
}

fn text(secret: &base::Secret) -> Result<String> {
    String::from_utf8(secret.expose().to_vec()).map_err(Error::internal)
}

async fn describe_device(cx: Cx, req: DescribeDeviceRequest) -> Result<DescribeDeviceResponse> {
    let key = device::key(&req.product_id, &req.device_name, req.device_id.as_deref())?;
    let described = device::describe(&cx, &key).await?;
    let shown = (psk(&described.device)?, described.device.certificate.clone());
    Ok(DescribeDeviceResponse { device: Some(info(described, shown)) })
}

/// Secret and certificate are empty in lists.
fn info(described: Described, (secret, certificate): (String, String)) -> DeviceInfo {
    let Described { device, status, first_online, last_online, product_name, gateway } = described;
    let none = || Some(String::new());
    DeviceInfo {
        device_name: Some(device.key.name.to_string()),
        status: Some(status.number()),
        device_psk: Some(secret),
        first_online_time: Some(first_online.div_euclid(1000)),
        login_time: Some(last_online.div_euclid(1000)),
        create_time: Some(device.created.div_euclid(1000)),
        version: Some(device.version),
        device_cert: Some(certificate),
        log_level: Some(0),
        dev_addr: none(),
        app_key: none(),
        dev_eui: none(),
        app_s_key: none(),
        nwk_s_key: none(),
        create_user_id: i64::try_from(device.uin.0).ok(),
        creator_nick_name: none(),
        enable_state: Some(i64::from(device.enabled)),
        product_id: Some(device.key.product.to_string()),
        product_name: Some(product_name),
        device_type: Some(if gateway { "网关" } else { "设备" }.into()),
        is_lora: Some(false),
    }
}

async fn delete_device(cx: Cx, req: DeleteDeviceRequest) -> Result<DeleteDeviceResponse> {
    let key = DeviceKey::parse(&req.product_id, &req.device_name)?;
    device::delete(&cx, &[key]).await?;
    let (result_code, result_message) = done();
    Ok(DeleteDeviceResponse { result_code, result_message })
}

async fn delete_devices(cx: Cx, req: DeleteDevicesRequest) -> Result<DeleteDevicesResponse> {
    device::delete(&cx, &keys(&req.devices_items)?).await?;
    let (result_code, result_message) = done();
    Ok(DeleteDevicesResponse { result_code, result_message })
}

/// Result code and message of what went well; what did not is an error.
fn done() -> (Option<String>, Option<String>) {
    (Some(String::new()), Some(String::new()))
}

fn keys(items: &[DevicesItem]) -> Result<Vec<DeviceKey>> {
    items.iter().map(|item| DeviceKey::parse(&item.product_id, &item.device_name)).collect()
}

async fn update_devices_enable_state(
    cx: Cx,
    req: UpdateDevicesEnableStateRequest,
) -> Result<UpdateDevicesEnableStateResponse> {
    let enabled = match req.status {
        0 => false,
        1 => true,
        other => {
            let text = format!("status {other} is neither 0 nor 1");
            return Err(Error::new(Code::InvalidParameterValue, text));
        }
    };
    device::enable(&cx, &keys(&req.devices_items)?, enabled).await?;
    let (result_code, result_message) = done();
    Ok(UpdateDevicesEnableStateResponse { result_code, result_message })
}

async fn get_device_list(cx: Cx, req: GetDeviceListRequest) -> Result<GetDeviceListResponse> {
    let (found, total) = device::list(&cx, &search(req)?).await?;
    let devices = found.into_iter().map(|described| info(described, Default::default())).collect();
    Ok(GetDeviceListResponse { devices: Some(devices), total: i64::try_from(total).ok() })
}

fn search(req: GetDeviceListRequest) -> Result<Search> {
    let (mut product, mut project) = (None, None);
    if req.product_id == "-1" {
        let id = req
            .project_id
            .or_code(Code::MissingParameter, || "project id is missing where product id is -1")?;
        project = Some(ProjectId::parse(&id)?);
    } else {
        product = Some(ProductId::parse(&req.product_id)?);
    }
    let version = req.firmware_version.filter(|v| !v.is_empty());
    let mut search = Search {
        product,
        project,
        name: req.device_name.filter(|name| !name.is_empty()),
        version: version.map(|v| if v == NO_VERSION { String::new() } else { v }),
        offset: natural("offset", req.offset.unwrap_or(0), 0, i64::MAX)?,
        limit: natural("limit", req.limit.unwrap_or(LIMIT), 1, MOST)?,
    };
    filter(&mut search, req.filters.unwrap_or_default())?;
    Ok(search)
}

/// The schema names no fields; the name and the version are what a device list has to filter.
fn filter(search: &mut Search, filters: Vec<Filter>) -> Result<()> {
    let wrong = |text: String| Err(Error::new(Code::InvalidParameterValue, text));
    if filters.len() > FILTERS {
        return wrong(format!("{} filters are more than {FILTERS}", filters.len()));
    }
    for filter in filters {
        let mut values = filter.values.unwrap_or_default();
        let (Some(value), true) = (values.pop(), values.is_empty()) else {
            return wrong(format!("filter {:?} has not one value", clip(&filter.name)));
        };
        match &*filter.name {
            "DeviceName" => search.name = Some(value),
            "FirmwareVersion" | "Version" => search.version = Some(value),
            other => return wrong(format!("filter {:?} is not known", clip(other))),
        }
    }
    Ok(())
}

fn natural(name: &str, given: i64, least: i64, most: i64) -> Result<u64> {
    u64::try_from(given)
        .ok()
        .filter(|_| (least..=most).contains(&given))
        .or_code(Code::InvalidParameterValue, || {
            format!("{name} {given} is not between {least} and {most}")
        })
}

async fn describe_device_properties(
    cx: Cx,
    req: DescribeDevicePropertiesRequest,
) -> Result<DescribeDevicePropertiesResponse> {
    let key = DeviceKey::parse(&req.product_id, &req.device_name)?;
    let properties = data::properties(&cx, &key).await?.into_iter().map(|shown| DeviceProperty {
        id: Some(shown.id),
        value: Some(shown.value),
        change_time: Some(shown.changed),
        report_time: Some(shown.reported),
        desired: Some(shown.desired),
    });
    Ok(DescribeDevicePropertiesResponse { properties: Some(properties.collect()) })
}

async fn describe_device_connection(
    cx: Cx,
    req: DescribeDeviceConnectionRequest,
) -> Result<DescribeDeviceConnectionResponse> {
    let key = DeviceKey::parse(&req.product_id, &req.device_name)?;
    let connection = device::connection(&cx, &key).await?;
    Ok(DescribeDeviceConnectionResponse {
        client_id: Some(connection.client_id),
        user_name: Some(connection.user_name),
        password: Some(connection.password),
        host: Some(connection.host),
        mqtt_port: Some(connection.mqtt_port.into()),
        mqtts_port: Some(connection.mqtts_port.into()),
        ws_url: Some(connection.ws_url),
        expire_time: Some(connection.expires),
        hosts_line: Some(connection.hosts_line),
        qr_code: Some(connection.qr_code),
        ca_cert: Some(connection.ca),
    })
}
