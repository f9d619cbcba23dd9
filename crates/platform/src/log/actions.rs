//! 设备云端日志: console operations. Translate, ask the log, translate back; nothing else.

use api::log::*;
use base::{Code, DeviceKey, Error, Millis, Result};

use super::{Ask, Direction};
use crate::{Cx, Routes, device, log};

pub(crate) fn routes(r: &mut Routes) {
    r.on(describe_content_logs)
        .on(describe_online_logs)
        .on(describe_diagnosis_logs)
        .on(describe_action_logs);
}

/// Rows of a page when the caller names no number, and the most.
const LIMIT: i64 = 50;
const MOST: i64 = 500;
/// A day, in milliseconds: what is shown when the caller names no time.
const DAY: Millis = 86_400_000;

/// The parts that all four questions share; times are milliseconds, both ends included.
struct Given<'a> {
    product: &'a str,
    device: &'a str,
    start: Option<i64>,
    end: Option<i64>,
    limit: Option<i64>,
    context: Option<String>,
}

async fn ask(cx: &Cx, given: Given<'_>) -> Result<Ask> {
    let key = DeviceKey::parse(given.product, given.device)?;
    let device = device::find(cx, &key).await?;
    let end = given.end.filter(|t| *t > 0).unwrap_or_else(|| cx.clock.now());
    let start = given.start.filter(|t| *t > 0).unwrap_or(end.saturating_sub(DAY));
    let limit = given.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        let text = format!("limit {limit} is not between 1 and {MOST}");
        return Err(Error::new(Code::InvalidParameterValue, text));
    }
    Ok(Ask {
        device: device.no,
        time: start..end.saturating_add(1),
        context: given.context,
        limit: usize::try_from(limit).unwrap_or(1),
    })
}

async fn describe_content_logs(
    cx: Cx,
    req: DescribeContentLogsRequest,
) -> Result<DescribeContentLogsResponse> {
    let direction = match req.direction.as_deref() {
        None | Some("") => None,
        Some(text) => Some(Direction::parse(text).ok_or_else(|| {
            Error::new(Code::InvalidParameterValue, "direction is neither up nor down")
        })?),
    };
    let given = Given {
        product: &req.product_id,
        device: &req.device_name,
        start: req.start_time,
        end: req.end_time,
        limit: req.limit,
        context: req.context,
    };
    let topic = req.topic.filter(|t| !t.is_empty());
    let page = log::contents(&cx.store, ask(&cx, given).await?, topic, direction).await?;
    let logs = page.items.into_iter().map(|(at, row)| {
        let (payload, encoding) = log::shown(&row.payload);
        ContentLogEntry {
            time: Some(at),
            direction: Some(row.direction.as_str().into()),
            topic: Some(row.topic),
            payload: Some(payload),
            encoding: Some(encoding.into()),
            qos: Some(row.qos.into()),
            size: Some(row.size.into()),
        }
    });
    Ok(DescribeContentLogsResponse {
        logs: Some(logs.collect()),
        context: Some(page.context),
        listover: Some(page.over),
    })
}

async fn describe_online_logs(
    cx: Cx,
    req: DescribeOnlineLogsRequest,
) -> Result<DescribeOnlineLogsResponse> {
    let given = Given {
        product: &req.product_id,
        device: &req.device_name,
        start: req.start_time,
        end: req.end_time,
        limit: req.limit,
        context: req.context,
    };
    let page = log::onlines(&cx.store, ask(&cx, given).await?).await?;
    let logs = page.items.into_iter().map(|(at, row)| OnlineLogEntry {
        time: Some(at),
        event: Some(if row.online { "online" } else { "offline" }.into()),
        reason: Some(row.reason),
        address: Some(row.address),
    });
    Ok(DescribeOnlineLogsResponse {
        logs: Some(logs.collect()),
        context: Some(page.context),
        listover: Some(page.over),
    })
}

async fn describe_diagnosis_logs(
    cx: Cx,
    req: DescribeDiagnosisLogsRequest,
) -> Result<DescribeDiagnosisLogsResponse> {
    let given = Given {
        product: &req.product_id,
        device: &req.device_name,
        start: req.start_time,
        end: req.end_time,
        limit: req.limit,
        context: req.context,
    };
    let page = log::diagnoses(&cx.store, ask(&cx, given).await?).await?;
    let logs = page.items.into_iter().map(|(at, row)| DiagnosisLogEntry {
        time: Some(at),
        content: Some(row.content),
        result: Some(row.result),
        err_code: Some(row.code),
    });
    Ok(DescribeDiagnosisLogsResponse {
        logs: Some(logs.collect()),
        context: Some(page.context),
        listover: Some(page.over),
    })
}

async fn describe_action_logs(
    cx: Cx,
    req: DescribeActionLogsRequest,
) -> Result<DescribeActionLogsResponse> {
    let given = Given {
        product: &req.product_id,
        device: &req.device_name,
        start: req.start_time,
        end: req.end_time,
        limit: req.limit,
        context: req.context,
    };
    let action = req.action_id.filter(|id| !id.is_empty());
    let page = log::action_calls(&cx.store, ask(&cx, given).await?, action).await?;
    let logs = page.items.into_iter().map(|(at, call)| ActionLogEntry {
        time: Some(at),
        action_id: Some(call.action),
        client_token: Some(call.token),
        input_params: Some(call.input),
        output_params: Some(call.output),
        code: Some(call.code),
        status: Some(call.status),
        state: Some(call.state),
    });
    Ok(DescribeActionLogsResponse {
        logs: Some(logs.collect()),
        context: Some(page.context),
        listover: Some(page.over),
    })
}
