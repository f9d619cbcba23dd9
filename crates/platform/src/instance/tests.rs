//! Instances, through their actions.

use base::Code;
use serde_json::json;

use crate::tests::{Bed, both};

both!(an_instance_is_described_with_its_counts);
async fn an_instance_is_described_with_its_counts(bed: Bed) {
    let enterprise = &bed.login.enterprise_instance_id;
    let id = bed.product("lamp", json!({})).await;
    bed.ok("CreateDevice", json!({ "ProductId": id, "DeviceName": "d1" })).await;
    let one = bed.ok("DescribeInstance", json!({ "InstanceId": enterprise })).await["Data"].clone();
    assert_eq!(one["InstanceType"], 1);
    assert_eq!((&one["ProjectNum"], &one["ProductNum"]), (&json!(1), &json!(1)));
    assert_eq!((&one["TotalDevice"], &one["UsedDeviceNum"]), (&json!(1), &json!(1)));
    assert_eq!((&one["ActivateDevice"], &one["Status"]), (&json!(0), &json!(0)));
    assert_eq!(one["CreateTime"], "2026-11-25T12:00:00Z");
    assert_eq!(one["ExpireTime"], "0001-01-01T00:00:00Z");
    let product = |id: &str| json!({ "InstanceId": enterprise, "ProductId": id });
    assert_eq!(bed.ok("DescribeInstance", product("-1")).await["Data"]["TotalDevice"], 1);
    assert_eq!(bed.ok("DescribeInstance", product("AAAAAAAAAA")).await["Data"]["TotalDevice"], 0);
    let public = json!({ "InstanceId": bed.login.public_instance_id });
    let public = bed.ok("DescribeInstance", public).await["Data"].clone();
    assert_eq!((&public["TotalDeviceNum"], &public["UpDownTPS"]), (&json!(100), &json!(1)));
    let all = bed.ok("DescribeInstances", json!({ "Limit": 1 })).await;
    assert_eq!(all["Instances"].as_array().unwrap().len(), 1);
    assert_eq!((&all["Total"], &all["Instances"][0]["DeviceNum"]), (&json!(2), &json!(1)));
}

both!(the_remark_of_an_instance_is_changed);
async fn the_remark_of_an_instance_is_changed(bed: Bed) {
    let id = &bed.login.public_instance_id;
    bed.clock.advance(60_000);
    let change = json!({ "InstanceId": id, "Description": "试验 🏭" });
    bed.ok("ModifyInstanceDescription", change.clone()).await;
    let bed = bed.restart().await;
    let one =
        bed.ok("DescribeInstance", json!({ "InstanceId": bed.login.public_instance_id })).await;
    assert_eq!(one["Data"]["Description"], "试验 🏭");
    assert_eq!(one["Data"]["UpdateTime"], "2026-11-25T12:01:00Z");
    let long =
        json!({ "InstanceId": bed.login.public_instance_id, "Description": "x".repeat(257) });
    assert_eq!(bed.code("ModifyInstanceDescription", long).await, Code::InvalidParameterValue);
    let stranger = bed.call_as(bed.stranger(), "ModifyInstanceDescription", change).await;
    assert_eq!(stranger.unwrap_err().code(), Code::ResourceNotFoundInstanceNotExist);
}

both!(an_instance_that_is_not_there_is_not_found);
async fn an_instance_that_is_not_there_is_not_found(bed: Bed) {
    let none = json!({ "InstanceId": "ins-0000000000" });
    let code = bed.code("DescribeInstance", none).await;
    assert_eq!(code, Code::ResourceNotFoundInstanceNotExist);
    let own = json!({ "InstanceId": bed.login.public_instance_id });
    let stranger = bed.call_as(bed.stranger(), "DescribeInstance", own).await;
    assert_eq!(stranger.unwrap_err().code(), Code::ResourceNotFoundInstanceNotExist);
    let bad = json!({ "InstanceId": "nonsense" });
    assert_eq!(bed.code("DescribeInstance", bad).await, Code::InvalidParameterValue);
}
