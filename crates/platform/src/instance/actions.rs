//! 实例管理: actions. Translate, ask the chapter, translate back; nothing else.

use api::instance::*;
use base::{InstanceId, Millis, ProductId, ProjectId, Result};

use super::{Counts, Instance, Kind};
use crate::{
    Cx, Routes, instance,
    wire::{Page, optional, signed},
};

pub(crate) fn routes(r: &mut Routes) {
    r.on(describe_instance).on(describe_instances).on(modify_instance_description);
}

/// The cloud API's word for "does not expire".
const NEVER: &str = "0001-01-01T00:00:00Z";
/// The cloud API's words for "all products".
const ALL_PRODUCTS: &str = "-1";
/// Where Tencent's examples run; what is here runs where its owner put it.
const REGION: &str = "ap-guangzhou";

async fn describe_instance(
    cx: Cx,
    req: DescribeInstanceRequest,
) -> Result<DescribeInstanceResponse> {
    let found = instance::get(&cx, &InstanceId::parse(&req.instance_id)?).await?;
    let project = optional(req.project_id.as_deref(), ProjectId::parse)?;
    let product = req.product_id.filter(|id| id != ALL_PRODUCTS);
    let product = optional(product.as_deref(), ProductId::parse)?;
    let counts =
        instance::counts(cx.services(), &found, project.as_ref(), product.as_ref()).await?;
    Ok(DescribeInstanceResponse { data: Some(detail(&cx, found, counts)) })
}

fn detail(cx: &Cx, found: Instance, counts: Counts) -> InstanceDetail {
    let capacity = signed(instance::capacity(cx.services(), &found));
    let public = found.kind == Kind::Public;
    InstanceDetail {
        instance_id: Some(found.id.to_string()),
        instance_type: Some(found.kind.number()),
        region: Some(REGION.into()),
        zone_id: Some(String::new()),
        total_device_num: Some(capacity),
        used_device_num: Some(signed(counts.devices)),
        project_num: Some(signed(counts.projects)),
        product_num: Some(signed(counts.products)),
        create_time: Some(iso(found.created)),
        update_time: Some(iso(found.updated)),
        expire_time: Some(NEVER.into()),
        total_device: Some(signed(counts.devices)),
        activate_device: Some(signed(counts.activated)),
        description: Some(found.description),
        status: Some(0),
        // The manual's rule for public instances: a hundredth of the activation codes.
        up_down_tps: public.then(|| (capacity / 100).max(1)),
        max_device_online_count: Some(capacity),
        ..InstanceDetail::default()
    }
}

async fn describe_instances(
    cx: Cx,
    req: DescribeInstancesRequest,
) -> Result<DescribeInstancesResponse> {
    let page = Page::natural(req.offset, req.limit)?;
    let all = instance::all(&cx).await?;
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let (offset, limit) = (usize_of(page.offset), usize_of(page.limit));
    let mut instances = Vec::new();
    for found in all.into_iter().skip(offset).take(limit) {
        let counts = instance::counts(cx.services(), &found, None, None).await?;
        instances.push(entry(&cx, found, counts));
    }
    Ok(DescribeInstancesResponse { instances: Some(instances), total: Some(total) })
}

fn entry(cx: &Cx, found: Instance, counts: Counts) -> InstanceEntry {
    InstanceEntry {
        total_device_num: Some(signed(instance::capacity(cx.services(), &found))),
        instance_id: Some(found.id.to_string()),
        instance_type: Some(found.kind.number()),
        description: Some(found.description),
        status: Some(0),
        create_time: Some(found.created.div_euclid(1000)),
        expire_time: Some(0),
        default_project_id: Some(found.default_project.to_string()),
        project_num: Some(signed(counts.projects)),
        product_num: Some(signed(counts.products)),
        device_num: Some(signed(counts.devices)),
        online_device_num: Some(signed(counts.online)),
    }
}

async fn modify_instance_description(
    cx: Cx,
    req: ModifyInstanceDescriptionRequest,
) -> Result<ModifyInstanceDescriptionResponse> {
    let id = InstanceId::parse(&req.instance_id)?;
    instance::set_description(&cx, &id, &req.description).await?;
    Ok(ModifyInstanceDescriptionResponse {})
}

fn iso(at: Millis) -> String {
    let whole_seconds = jiff::Timestamp::from_second(at.div_euclid(1000));
    whole_seconds.map(|at| at.to_string()).unwrap_or_default()
}

fn usize_of(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
