//! The place where reports are kept in the order of their times: one record per report, all of its
//! fields together.

use std::ops::Range;

use base::{Code, DeviceKey, DeviceNo, Millis, OrCode, Result};
use store::{Batch, Dir, Series};
use thing::record::{self, Value};

use crate::{
    Cx,
    log::{self, Page},
    wire::clip,
};

/// The one lane of [`Series::Points`] that is in use.
const REPORTS: u8 = 0;

/// Adds a report.
pub(super) fn append(no: DeviceNo, at: Millis, record: &[u8], batch: &mut Batch) {
    batch.append(Series::Points, no, REPORTS, at, record);
}

/// What a page of the history of one property is asked by.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) field: String,
    pub(crate) time: Range<Millis>,
    pub(crate) context: Option<String>,
    pub(crate) limit: usize,
}

/// A page of one property's history, oldest first: times and values as text. Reports without the
/// property are passed over, so a page may be short of what was asked.
///
/// # Errors
/// The device does not exist for this account, or its model has no such property.
pub(crate) async fn history(cx: &Cx, key: &DeviceKey, ask: Ask) -> Result<Page<(Millis, String)>> {
    let (device, live) = super::modelled(cx, key).await?;
    let Ask { field, time, context, limit } = ask;
    live.model
        .property(&field)
        .or_code(Code::InvalidParameterValueModelPropertyNotExist, || {
            format!("property {:?} is not defined", clip(&field))
        })?;
    let query = log::Query {
        series: Series::Points,
        device: device.no,
        lanes: vec![REPORTS],
        time,
        dir: Dir::Forward,
        context,
        limit,
        filter: field.clone(),
    };
    log::page::read(&cx.store, query, move |_, row| {
        record::get(&row.value, &field).map(|value| (row.at, text(&value)))
    })
    .await
}

/// Text stands for itself, everything else as its JSON.
fn text(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => (*text).to_owned(),
        other => other.to_json(),
    }
}
