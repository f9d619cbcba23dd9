//! The spine: a product, its model, a device, what it reports, and what the cloud reads of it.

use serde_json::{Value, json};

use crate::{
    simulated::Device,
    world::{NOON, Server},
};

/// From a product to what its device reported, the same on each engine.
pub(crate) async fn walk(server: &Server) {
    let product = server.product("spine").await;
    let mut lamp = Device::online(server, &product, "lamp1").await;
    let on = |value: Value| {
        let mut params = json!({ "ProductId": product, "DeviceName": "lamp1" });
        params.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        params
    };
    for brightness in [10, 20, 30] {
        let report = json!({ "power_switch": 1, "brightness": brightness, "note": "客厅 💡" });
        assert_eq!(lamp.report(report).await, 0);
        server.clock.advance(1_000);
    }
    let data = server.data(&product, "lamp1").await;
    assert_eq!(data["brightness"], json!({ "Value": 30, "LastUpdate": NOON + 2_000 }));
    assert_eq!(data["note"]["Value"], "客厅 💡");
    assert_eq!(data["power_switch"]["LastUpdate"], NOON, "it did not change since");

    let ask = on(json!({
        "FieldName": "brightness", "MinTime": NOON, "MaxTime": NOON + 60_000, "Limit": 2,
    }));
    let first = server.call("DescribeDeviceDataHistory", ask.clone()).await;
    let mut next = ask;
    next["Context"] = first["Context"].clone();
    let second = server.call("DescribeDeviceDataHistory", next).await;
    let pages = [&first, &second].map(|page| page["Results"].as_array().unwrap().clone());
    let pairs: Vec<Value> = pages.concat();
    let times = pairs.iter().map(|pair| pair["Time"].as_str().unwrap().parse().unwrap());
    let times: Vec<i64> = times.collect();
    assert_eq!(times.len(), 3);
    let mut values: Vec<&str> = pairs.iter().map(|pair| pair["Value"].as_str().unwrap()).collect();
    values.sort_unstable();
    assert_eq!(values, ["10", "20", "30"]);
    assert_eq!((&first["Listover"], &second["Listover"]), (&json!(false), &json!(true)));

    let described = server.call("DescribeDevice", on(json!({}))).await;
    assert_eq!(described["Device"]["Status"], 1);
    assert_eq!(described["Device"]["LoginTime"], NOON / 1000);
    let listed = server.call("GetDeviceList", json!({ "ProductId": product })).await;
    assert_eq!((&listed["Total"], &listed["Devices"][0]["Status"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn what_a_device_reports_is_what_the_cloud_reads() {
    walk(&Server::start().await).await;
}
