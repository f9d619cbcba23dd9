//! Products and their thing models, through their actions.

use base::{Code, ProductId};
use serde_json::{Value, json};

use crate::{
    product,
    tests::{Bed, both},
};

const LAMP: &str = r#"{"version":"1.0","profile":{"ProductId":"SOMEOTHER1"},
    "properties":[{"id":"power","name":"电灯开关","mode":"rw","required":true,
        "define":{"type":"bool","mapping":{"0":"关","1":"开"}}}],"events":[],"actions":[]}"#;

impl Bed {
    async fn found(&self, action: &str, ask: Value) -> (Vec<String>, i64) {
        let list = self.ok(action, ask).await;
        let names = list["Products"].as_array().unwrap().iter();
        let names = names.map(|p| p["ProductName"].as_str().unwrap().to_owned()).collect();
        (names, list["Total"].as_i64().unwrap())
    }

    async fn make(&self, more: Value) -> Code {
        let mut params = json!({
            "ProductName": "x", "CategoryId": 1, "ProductType": 0, "EncryptionType": "2",
            "NetType": "wifi", "DataProtocol": 1, "ProductDesc": "",
            "ProjectId": self.login.enterprise_project_id,
        });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.code("CreateStudioProduct", params).await
    }

    async fn model(&self, id: &str) -> Value {
        self.ok("DescribeModelDefinition", json!({ "ProductId": id })).await["Model"].clone()
    }

    fn live(&self, id: &str) -> Option<std::sync::Arc<product::Live>> {
        product::live(&self.services, &ProductId::parse(id).unwrap())
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

both!(a_product_is_made_and_described);
async fn a_product_is_made_and_described(bed: Bed) {
    let more =
        json!({ "ProductType": "5", "ProductDesc": "网关", "NetType": "ethernet", "Rate": "1" });
    let id = bed.product("网关_1", more).await;
    let found = bed.ok("DescribeStudioProduct", json!({ "ProductId": id })).await;
    assert_eq!(
        found["Product"],
        json!({
            "ProductId": id, "ProductName": "网关_1", "CategoryId": 1, "EncryptionType": "2",
            "NetType": "ethernet", "DataProtocol": 1, "ProductDesc": "网关", "DevStatus": "dev",
            "CreateTime": 1_795_608_000, "UpdateTime": 1_795_608_000, "Region": "gz",
            "ProductType": 5, "ProjectId": bed.login.enterprise_project_id, "ModuleId": 0,
            "EnableProductScript": "false",
            "CreateUserId": bed.login.uin.parse::<i64>().unwrap(), "CreatorNickName": "root",
            "BindStrategy": 0, "DeviceCount": 0, "Rate": "1", "Period": "", "IsInterconnection": 0,
            "Uin": bed.login.uin, "PrivateCAName": "", "IsPrivateCA": false,
        })
    );
    let live = bed.live(&id).unwrap();
    assert!(live.gateway && live.enterprise);
    let public = bed.product("p", json!({ "ProjectId": bed.login.public_project_id })).await;
    let live = bed.live(&public).unwrap();
    assert!(!live.gateway && !live.enterprise);
    let bed = bed.restart().await;
    assert!(bed.live(&id).unwrap().gateway);
    let again = bed.ok("DescribeStudioProduct", json!({ "ProductId": id })).await;
    assert_eq!(again, found);
}

both!(what_is_no_product_is_refused);
async fn what_is_no_product_is_refused(bed: Bed) {
    let long = "x".repeat(33);
    for name in ["", "a b", "灯🏭", "a/b", "a\0b", &long] {
        let code = bed.make(json!({ "ProductName": name })).await;
        assert_eq!(code, Code::InvalidParameterValueProductParmsError, "{name:?}");
    }
    for bad in [
        json!({ "NetType": "smoke" }),
        json!({ "ProductType": 7 }),
        json!({ "DataProtocol": 3 }),
        json!({ "EncryptionType": "21" }),
        json!({ "CategoryId": 0 }),
        json!({ "ProductDesc": "字".repeat(81) }),
    ] {
        let code = bed.make(bad.clone()).await;
        assert_eq!(code, Code::InvalidParameterValueProductParmsError, "{bad}");
    }
    let code = bed.make(json!({ "EncryptionType": "1", "PrivateCAName": "mine" })).await;
    assert_eq!(code, Code::ResourceNotFoundCACertNotExist);
    let code = bed.make(json!({ "ProjectId": "prj-00000000" })).await;
    assert_eq!(code, Code::ResourceNotFoundProjectNotExist);
    for n in 0..5 {
        bed.product(&format!("a:b-c_{n}"), json!({ "ProductDesc": "字".repeat(80) })).await;
    }
    let code = bed.make(json!({ "ProductName": "sixth" })).await;
    assert_eq!(code, Code::LimitExceededStudioProductExceedLimit);
    let elsewhere = json!({ "ProductName": "a:b-c_0", "ProjectId": bed.login.public_project_id });
    assert_eq!(bed.make(elsewhere).await, Code::UnsupportedOperationProductDupKeyExist);
    assert_eq!(bed.found("GetStudioProductList", json!({})).await.1, 5);
}

both!(a_product_is_changed_while_it_is_developed);
async fn a_product_is_changed_while_it_is_developed(bed: Bed) {
    let id = bed.product("lamp", json!({})).await;
    bed.product("other", json!({})).await;
    let change = |name: &str, more: Value| {
        let mut ask = json!({
            "ProductId": id, "ProductName": name, "ProductDesc": "new", "ModuleId": 7,
        });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    };
    bed.clock.advance(1_000);
    let more = json!({ "EnableProductScript": "true", "BindStrategy": 1 });
    let changed = bed.ok("ModifyStudioProduct", change("灯", more)).await["Product"].clone();
    assert_eq!(changed["ProductName"], "灯");
    assert_eq!((&changed["ModuleId"], &changed["BindStrategy"]), (&json!(7), &json!(1)));
    assert_eq!(
        (&changed["EnableProductScript"], &changed["UpdateTime"]),
        (&json!("true"), &json!(1_795_608_001))
    );
    // Another value of the strategy does nothing; what is left out stays.
    let changed = bed.ok("ModifyStudioProduct", change("灯", json!({ "BindStrategy": 9 }))).await;
    assert_eq!(changed["Product"]["BindStrategy"], 1);
    assert_eq!(changed["Product"]["EnableProductScript"], "true");
    let dup = bed.code("ModifyStudioProduct", change("other", json!({}))).await;
    assert_eq!(dup, Code::UnsupportedOperationProductDupKeyExist);
    let bad =
        bed.code("ModifyStudioProduct", change("x", json!({ "EnableProductScript": "y" }))).await;
    assert_eq!(bad, Code::InvalidParameterValueProductParmsError);
    let answer = bed.call_as(bed.stranger(), "ModifyStudioProduct", change("x", json!({}))).await;
    assert_eq!(answer.unwrap_err().code(), Code::ResourceNotFoundStudioProductNotExist);
}

both!(a_released_product_is_locked_until_it_is_taken_back);
async fn a_released_product_is_locked_until_it_is_taken_back(bed: Bed) {
    let id = bed.product("lamp", json!({})).await;
    let to = |state: &str| json!({ "ProductId": id, "DevStatus": state });
    assert_eq!(bed.ok("ReleaseStudioProduct", to("released")).await, json!({}));
    let found = bed.ok("DescribeStudioProduct", json!({ "ProductId": id })).await;
    assert_eq!(found["Product"]["DevStatus"], "released");
    let change = json!({ "ProductId": id, "ProductName": "x", "ProductDesc": "", "ModuleId": 0 });
    let define = json!({ "ProductId": id, "ModelSchema": LAMP });
    for (action, ask) in [
        ("ModifyStudioProduct", change.clone()),
        ("ModifyModelDefinition", define.clone()),
        ("DeleteStudioProduct", json!({ "ProductId": id })),
    ] {
        assert_eq!(bed.code(action, ask).await, Code::UnsupportedOperation, "{action}");
    }
    bed.ok("ReleaseStudioProduct", to("dev")).await;
    bed.ok("ModifyStudioProduct", change).await;
    bed.ok("ModifyModelDefinition", define).await;
    assert_eq!(bed.code("ReleaseStudioProduct", to("x")).await, Code::InvalidParameterValue);
    let none = json!({ "ProductId": "AAAAAAAAAA", "DevStatus": "released" });
    let code = bed.code("ReleaseStudioProduct", none).await;
    assert_eq!(code, Code::ResourceNotFoundStudioProductNotExist);
}

both!(a_product_with_devices_is_not_deleted);
async fn a_product_with_devices_is_not_deleted(bed: Bed) {
    let id = bed.product("lamp", json!({})).await;
    let device = json!({ "ProductId": id, "DeviceName": "d1" });
    bed.ok("CreateDevice", device.clone()).await;
    let counted = bed.ok("DescribeStudioProduct", json!({ "ProductId": id })).await;
    assert_eq!(counted["Product"]["DeviceCount"], 1);
    let code = bed.code("DeleteStudioProduct", json!({ "ProductId": id })).await;
    assert_eq!(code, Code::UnsupportedOperationDevicesExistUnderProduct);
    bed.ok("DeleteDevice", device.clone()).await;
    bed.ok("DeleteStudioProduct", json!({ "ProductId": id })).await;
    assert!(bed.live(&id).is_none());
    let gone = Code::ResourceNotFoundStudioProductNotExist;
    for action in ["DescribeStudioProduct", "DeleteStudioProduct", "DescribeModelDefinition"] {
        assert_eq!(bed.code(action, json!({ "ProductId": id })).await, gone);
    }
    assert_eq!(bed.code("CreateDevice", device).await, gone);
    let bed = bed.restart().await;
    assert!(bed.live(&id).is_none());
}

both!(products_are_listed_and_searched);
async fn products_are_listed_and_searched(bed: Bed) {
    let one = bed.product("one", json!({})).await;
    let two = bed.product("T_wo", json!({ "ProductType": 5, "NetType": "ble" })).await;
    let public = json!({ "ProjectId": bed.login.public_project_id, "DataProtocol": 2 });
    bed.product("three", public).await;
    bed.ok("ReleaseStudioProduct", json!({ "ProductId": two, "DevStatus": "released" })).await;
    let list = "GetStudioProductList";
    let enterprise = &bed.login.enterprise_project_id;
    let page = |ask: Value| bed.found(list, ask);
    assert_eq!(page(json!({})).await, (names(&["three", "T_wo", "one"]), 3));
    assert_eq!(page(json!({ "ProjectId": enterprise })).await, (names(&["T_wo", "one"]), 2));
    assert_eq!(
        page(json!({ "DevStatus": "all", "Limit": 1, "Offset": 1 })).await,
        (names(&["T_wo"]), 3)
    );
    assert_eq!(page(json!({ "DevStatus": "released" })).await, (names(&["T_wo"]), 1));
    assert_eq!(page(json!({ "DevStatus": "dev" })).await, (names(&["three", "one"]), 2));
    let code = bed.code(list, json!({ "ProjectId": "prj-00000000" })).await;
    assert_eq!(code, Code::ResourceNotFoundProjectNotExist);
    assert_eq!(bed.code(list, json!({ "Limit": 1001 })).await, Code::InvalidParameterValue);
    let search = |ask: Value| bed.found("SearchStudioProduct", ask);
    assert_eq!(search(json!({ "ProductName": "t" })).await, (names(&["three", "T_wo"]), 2));
    assert_eq!(search(json!({ "ProductName": "t_" })).await, (names(&["T_wo"]), 1));
    assert_eq!(search(json!({ "ProductId": one })).await, (names(&["one"]), 1));
    let filter =
        |name: &str, value: &str| json!({ "Filters": [{ "Name": name, "Values": [value] }] });
    for (name, value, found) in [
        ("ProductType", "5", &["T_wo"][..]),
        ("NetType", "ble", &["T_wo"]),
        ("DataProtocol", "2", &["three"]),
        ("CategoryId", "2", &[]),
        ("DevStatus", "released", &["T_wo"]),
        ("ProductName", "ONE", &["one"]),
    ] {
        assert_eq!(search(filter(name, value)).await.0, names(found), "{name}");
    }
    for bad in [
        filter("Colour", "red"),
        filter("CategoryId", "x"),
        json!({ "Filters": [{ "Name": "NetType", "Values": ["ble", "wifi"] }] }),
        json!({ "Filters": vec![json!({ "Name": "NetType" }); 11] }),
    ] {
        assert_eq!(bed.code("SearchStudioProduct", bad).await, Code::InvalidParameterValue);
    }
}

both!(a_thing_model_is_kept_and_works_at_once);
async fn a_thing_model_is_kept_and_works_at_once(bed: Bed) {
    let id = bed.product("lamp", json!({ "CategoryId": 1 })).await;
    let empty: Value =
        serde_json::from_str(bed.model(&id).await["ModelDefine"].as_str().unwrap()).unwrap();
    assert_eq!(empty["profile"], json!({ "ProductId": id, "CategoryId": "1" }));
    assert_eq!(empty["properties"], json!([]));
    assert!(bed.live(&id).unwrap().model.property("power").is_none());
    bed.clock.advance(2_000);
    bed.ok("ModifyModelDefinition", json!({ "ProductId": id, "ModelSchema": LAMP })).await;
    assert!(bed.live(&id).unwrap().model.property("power").is_some());
    let kept = bed.model(&id).await;
    assert_eq!(
        (&kept["CreateTime"], &kept["UpdateTime"]),
        (&json!(1_795_608_000), &json!(1_795_608_002))
    );
    let text: Value = serde_json::from_str(kept["ModelDefine"].as_str().unwrap()).unwrap();
    assert_eq!(text["profile"]["ProductId"], id);
    assert_eq!(text["properties"][0]["name"], "电灯开关");
    let bed = bed.restart().await;
    assert!(bed.live(&id).unwrap().model.property("power").is_some());
}

both!(a_bad_thing_model_changes_nothing);
async fn a_bad_thing_model_changes_nothing(bed: Bed) {
    let id = bed.product("lamp", json!({})).await;
    bed.ok("ModifyModelDefinition", json!({ "ProductId": id, "ModelSchema": LAMP })).await;
    let before = bed.model(&id).await;
    let deep = format!("{{\"properties\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let twice = r#"{"properties":[
        {"id":"a","name":"a","mode":"rw","define":{"type":"bool","mapping":{"0":"a","1":"b"}}},
        {"id":"a","name":"b","mode":"rw","define":{"type":"bool","mapping":{"0":"a","1":"b"}}}]}"#;
    let define = |text: &str| json!({ "ProductId": id, "ModelSchema": text });
    for (text, code) in [
        (" ", Code::InvalidParameterValueModelDefineNil),
        ("{", Code::InvalidParameterValueModelDefineInvalid),
        ("[]", Code::InvalidParameterValueModelDefineInvalid),
        (deep.as_str(), Code::InvalidParameterValueModelDefineInvalid),
        (twice, Code::InvalidParameterValueModelDefineDupID),
    ] {
        assert_eq!(bed.code("ModifyModelDefinition", define(text)).await, code, "{text:.40}");
    }
    let bad = LAMP.replace("bool", "boolean");
    let error = bed.call("ModifyModelDefinition", define(&bad)).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidParameterValueModelDefineErrorType);
    assert!(error.message().starts_with("properties[0].define.type"), "{error}");
    assert_eq!(bed.model(&id).await, before);
    assert!(bed.live(&id).unwrap().model.property("power").is_some());
}

both!(a_product_begins_with_the_model_of_its_category);
async fn a_product_begins_with_the_model_of_its_category(bed: Bed) {
    let all = bed.ok("DescribeCategories", json!({})).await["Categories"].clone();
    let with_model: Vec<_> =
        all.as_array().unwrap().iter().filter(|c| c["HasModel"] == json!(true)).collect();
    assert!(with_model.len() >= 10);
    let category = with_model[0]["CategoryId"].clone();
    let told = bed.ok("DescribeCategoryModel", json!({ "CategoryId": category })).await;
    let id = bed.product("lamp", json!({ "CategoryId": category })).await;
    let kept = bed.model(&id).await;
    assert_eq!(kept["CategoryModel"], told["Model"]);
    let (standard, own): (Value, Value) = (
        serde_json::from_str(told["Model"].as_str().unwrap()).unwrap(),
        serde_json::from_str(kept["ModelDefine"].as_str().unwrap()).unwrap(),
    );
    assert_eq!(own["properties"], standard["properties"]);
    assert_eq!(own["profile"]["ProductId"], id);
    let count = own["properties"].as_array().unwrap().len();
    assert_eq!(bed.live(&id).unwrap().model.properties().count(), count);
    let none = bed.code("DescribeCategoryModel", json!({ "CategoryId": 999_999_999 })).await;
    assert_eq!(none, Code::ResourceNotFound);
}
