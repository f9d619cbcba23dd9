//! 物模型数据: Cloud API actions. Translate, call the domain, translate back; nothing else.

use api::data::*;
use base::{Code, DeviceKey, Error, Millis, OrCode, Result};
use thing::EventKind;

use super::Ask;
use crate::{
    Cx, Routes, data, device,
    log::{self, EventFilter},
    wire::clip,
};

pub(crate) fn routes(r: &mut Routes) {
    r.on(describe_device_data).on(describe_device_data_history).on(list_event_history);
}

/// Rows of a page when the caller names no number, and the most.
const LIMIT: i64 = 10;
const MOST: i64 = 1000;
const DAY_S: i64 = 86_400;

async fn describe_device_data(
    cx: Cx,
    req: DescribeDeviceDataRequest,
) -> Result<DescribeDeviceDataResponse> {
    let key = device::key(&req.product_id, &req.device_name, req.device_id.as_deref())?;
    Ok(DescribeDeviceDataResponse { data: Some(data::latest(&cx, &key).await?) })
}

async fn describe_device_data_history(
    cx: Cx,
    req: DescribeDeviceDataHistoryRequest,
) -> Result<DescribeDeviceDataHistoryResponse> {
    let key = DeviceKey::parse(&req.product_id, &req.device_name)?;
    let (start, end) = (millis(req.min_time)?, millis(req.max_time)?);
    if start > end {
        let text = format!("min time {start} is after max time {end}");
        return Err(Error::new(Code::InvalidParameterValueStartTimeLaterEndTime, text));
    }
    let ask = Ask {
        field: req.field_name.clone(),
        time: start..end.saturating_add(1),
        context: req.context,
        limit: limit("limit", req.limit)?,
    };
    let page = data::history(&cx, &key, ask).await?;
    let results = page.items.into_iter().map(|(at, value)| DeviceDataHistoryItem {
        time: Some(at.to_string()),
        value: Some(value),
    });
    Ok(DescribeDeviceDataHistoryResponse {
        field_name: Some(req.field_name),
        listover: Some(page.over),
        context: Some(page.context),
        results: Some(results.collect()),
    })
}

async fn list_event_history(
    cx: Cx,
    req: ListEventHistoryRequest,
) -> Result<ListEventHistoryResponse> {
    let key = DeviceKey::parse(&req.product_id, &req.device_name)?;
    let device = device::find(&cx, &key).await?;
    let now = cx.clock.seconds();
    let end = req.end_time.map(millis).transpose()?.filter(|end| *end > 0).unwrap_or(now);
    let start = req.start_time.filter(|start| *start > 0).unwrap_or(now - DAY_S);
    let ask = log::Ask {
        device: device.no,
        // Seconds: the last one counts whole.
        time: start.saturating_mul(1000)..end.saturating_add(1).saturating_mul(1000),
        context: req.context,
        limit: limit("size", req.size)?,
    };
    let filter = EventFilter {
        kind: kind(req.r#type.as_deref().unwrap_or_default())?,
        id: req.event_id.filter(|id| !id.is_empty()),
    };
    let (page, total) = log::events(&cx.store, ask, filter).await?;
    let events = page.items.into_iter().map(|(at, event)| EventHistoryItem {
        time_stamp: Some(at),
        product_id: Some(key.product.to_string()),
        device_name: Some(key.name.to_string()),
        event_id: Some(event.id),
        r#type: Some(event.kind.as_str().into()),
        data: Some(event.params),
    });
    Ok(ListEventHistoryResponse {
        event_history: Some(events.collect()),
        context: Some(page.context),
        total: i64::try_from(total).ok(),
        listover: Some(page.over),
    })
}

fn kind(text: &str) -> Result<Option<EventKind>> {
    if text.is_empty() {
        return Ok(None);
    }
    EventKind::parse(text).map(Some).or_code(Code::InvalidParameterValue, || {
        format!("type {:?} is none of info, alert, fault", clip(text))
    })
}

fn millis(given: u64) -> Result<Millis> {
    Millis::try_from(given)
        .or_code(Code::InvalidParameterValue, || format!("time {given} is out of range"))
}

fn limit(name: &str, given: Option<i64>) -> Result<usize> {
    let given = given.filter(|n| *n != 0).unwrap_or(LIMIT);
    usize::try_from(given)
        .ok()
        .filter(|_| (1..=MOST).contains(&given))
        .or_code(Code::InvalidParameterValue, || {
            format!("{name} {given} is not between 1 and {MOST}")
        })
}
