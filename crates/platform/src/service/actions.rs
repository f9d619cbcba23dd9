//! 服务端客户端: console operations. Translate, call the domain, translate back; nothing else.

use api::service::*;
use base::{InstanceId, Result};

use super::{Change, Draft, Filters, Listed, Name, Remark, Scope};
use crate::{
    Cx, Routes, service,
    wire::{Page, signed},
};

pub(crate) fn routes(r: &mut Routes) {
    r.on(create_service_client)
        .on(describe_service_clients)
        .on(modify_service_client)
        .on(delete_service_client);
}

async fn create_service_client(
    cx: Cx,
    req: CreateServiceClientRequest,
) -> Result<CreateServiceClientResponse> {
    let instance = InstanceId::parse(&req.instance_id)?;
    let draft = Draft {
        remark: Remark::parse(req.remark.unwrap_or_default())?,
        products: req.products.map_or(Ok(Scope::All), |list| Scope::parse(&list))?,
        publish: req.publish.map_or(Ok(Filters::all()), |list| Filters::publish(&list))?,
        subscribe: req.subscribe.map_or(Ok(Filters::all()), |list| Filters::subscribe(&list))?,
    };
    let (name, token) = service::create(&cx, &instance, draft).await?;
    Ok(CreateServiceClientResponse { user_name: Some(name.to_string()), token: Some(token) })
}

async fn describe_service_clients(
    cx: Cx,
    req: DescribeServiceClientsRequest,
) -> Result<DescribeServiceClientsResponse> {
    let page = Page::natural(req.offset, req.limit)?;
    let all = service::list(&cx, &InstanceId::parse(&req.instance_id)?).await?;
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let some = all.into_iter().skip(whole(page.offset)).take(whole(page.limit));
    let doors = cx.doors();
    Ok(DescribeServiceClientsResponse {
        clients: Some(some.map(entry).collect()),
        total: Some(total),
        host: Some(doors.host),
        mqtt_port: Some(doors.mqtt.into()),
        mqtts_port: Some(doors.mqtts.into()),
        ws_url: Some(doors.ws_url),
    })
}

fn entry(one: Listed) -> ServiceClientEntry {
    let entry = one.entry;
    ServiceClientEntry {
        user_name: Some(entry.name.to_string()),
        remark: Some(entry.what.remark.as_str().to_owned()),
        products: Some(entry.what.products.texts()),
        publish: Some(entry.what.publish.texts()),
        subscribe: Some(entry.what.subscribe.texts()),
        enabled: Some(entry.enabled),
        create_time: Some(entry.created.div_euclid(1000)),
        last_connect_time: Some(one.connected.unwrap_or(0).div_euclid(1000)),
        online: Some(signed(u64::try_from(one.online).unwrap_or(u64::MAX))),
    }
}

async fn modify_service_client(
    cx: Cx,
    req: ModifyServiceClientRequest,
) -> Result<ModifyServiceClientResponse> {
    let (instance, name) = (InstanceId::parse(&req.instance_id)?, Name::parse(&req.user_name)?);
    let change = Change {
        remark: req.remark.map(Remark::parse).transpose()?,
        products: req.products.map(|list| Scope::parse(&list)).transpose()?,
        publish: req.publish.map(|list| Filters::publish(&list)).transpose()?,
        subscribe: req.subscribe.map(|list| Filters::subscribe(&list)).transpose()?,
        enabled: req.enabled,
    };
    service::modify(&cx, &instance, &name, change).await?;
    Ok(ModifyServiceClientResponse {})
}

async fn delete_service_client(
    cx: Cx,
    req: DeleteServiceClientRequest,
) -> Result<DeleteServiceClientResponse> {
    let (instance, name) = (InstanceId::parse(&req.instance_id)?, Name::parse(&req.user_name)?);
    service::delete(&cx, &instance, &name).await?;
    Ok(DeleteServiceClientResponse {})
}
