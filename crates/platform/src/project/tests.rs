//! Projects, through their actions.

use base::Code;
use serde_json::{Value, json};

use crate::tests::{Bed, both};

impl Bed {
    async fn project(&self, name: &str) -> String {
        let made =
            self.ok("CreateProject", json!({ "ProjectName": name, "ProjectDesc": "" })).await;
        made["Project"]["ProjectId"].as_str().unwrap().to_owned()
    }

    /// The names that `GetProjectList` lists, and its total.
    async fn projects(&self, ask: Value) -> (Vec<String>, i64) {
        let list = self.ok("GetProjectList", ask).await;
        let names = list["Projects"].as_array().unwrap().iter();
        let names = names.map(|p| p["ProjectName"].as_str().unwrap().to_owned()).collect();
        (names, list["Total"].as_i64().unwrap())
    }
}

both!(a_project_is_made_changed_and_deleted);
async fn a_project_is_made_changed_and_deleted(bed: Bed) {
    let ask = json!({ "ProjectName": "智慧园区 🏢", "ProjectDesc": "first" });
    let made = bed.ok("CreateProject", ask).await["Project"].clone();
    let id = made["ProjectId"].clone();
    assert_eq!(
        made,
        json!({
            "ProjectId": id, "ProjectName": "智慧园区 🏢", "ProjectDesc": "first",
            "CreateTime": 1_795_608_000, "UpdateTime": 1_795_608_000,
        })
    );
    bed.clock.advance(5_000);
    let change = json!({ "ProjectId": id, "ProjectName": "park", "ProjectDesc": "second" });
    let changed = bed.ok("ModifyProject", change).await["Project"].clone();
    assert_eq!(
        (&changed["ProjectName"], &changed["UpdateTime"]),
        (&json!("park"), &json!(1_795_608_005))
    );
    let found = bed.ok("DescribeProject", json!({ "ProjectId": id })).await;
    assert_eq!(
        found["Project"],
        json!({
            "ProjectId": id, "ProjectName": "park", "ProjectDesc": "second",
            "CreateTime": 1_795_608_000, "UpdateTime": 1_795_608_005,
            "ProductCount": 0, "NativeAppCount": 0, "WebAppCount": 0, "ApplicationCount": 0,
            "DeviceCount": 0, "EnableOpenState": 0,
            "InstanceId": bed.login.enterprise_instance_id,
        })
    );
    assert_eq!(bed.ok("DeleteProject", json!({ "ProjectId": id })).await, json!({}));
    for action in ["DescribeProject", "DeleteProject"] {
        let code = bed.code(action, json!({ "ProjectId": id })).await;
        assert_eq!(code, Code::ResourceNotFoundProjectNotExist);
    }
}

both!(what_is_no_project_is_refused);
async fn what_is_no_project_is_refused(bed: Bed) {
    let make = |name: &str, desc: &str| json!({ "ProjectName": name, "ProjectDesc": desc });
    for (name, desc) in
        [("", ""), (" ", ""), ("a\nb", ""), (&"x".repeat(65), ""), ("x", &"x".repeat(256))]
    {
        let code = bed.code("CreateProject", make(name, desc)).await;
        assert_eq!(code, Code::InvalidParameterValueProjectParmsError, "{name:?}");
    }
    let first = bed.project("first").await;
    let dup = bed.code("CreateProject", make("first", "")).await;
    assert_eq!(dup, Code::UnsupportedOperationProjectDupKeyExist);
    let second = bed.project("second").await;
    let change = json!({ "ProjectId": second, "ProjectName": "first", "ProjectDesc": "" });
    let dup = bed.code("ModifyProject", change).await;
    assert_eq!(dup, Code::UnsupportedOperationProjectDupKeyExist);
    let same = json!({ "ProjectId": first, "ProjectName": "first", "ProjectDesc": "new" });
    bed.ok("ModifyProject", same).await;
    let elsewhere = json!({
        "ProjectName": "first", "ProjectDesc": "", "InstanceId": bed.login.public_instance_id,
    });
    bed.ok("CreateProject", elsewhere).await;
    let nowhere = json!({ "ProjectName": "x", "ProjectDesc": "", "InstanceId": "ins-0000000000" });
    let code = bed.code("CreateProject", nowhere).await;
    assert_eq!(code, Code::ResourceNotFoundInstanceNotExist);
    // Two default ones and three more are the five that the test's settings allow.
    let code = bed.code("CreateProject", make("sixth", "")).await;
    assert_eq!(code, Code::LimitExceededProjectExceedLimit);
}

both!(what_is_in_use_is_not_deleted);
async fn what_is_in_use_is_not_deleted(bed: Bed) {
    for default in [&bed.login.enterprise_project_id, &bed.login.public_project_id] {
        let code = bed.code("DeleteProject", json!({ "ProjectId": default })).await;
        assert_eq!(code, Code::UnsupportedOperation);
    }
    let id = bed.project("mine").await;
    let product = bed.product("lamp", json!({ "ProjectId": id })).await;
    let code = bed.code("DeleteProject", json!({ "ProjectId": id })).await;
    assert_eq!(code, Code::UnsupportedOperationProductExistUnderProject);
    bed.ok("DeleteStudioProduct", json!({ "ProductId": product })).await;
    bed.ok("DeleteProject", json!({ "ProjectId": id })).await;
}

both!(projects_are_listed_and_searched);
async fn projects_are_listed_and_searched(bed: Bed) {
    let one = bed.project("one").await;
    bed.project("T_wo").await;
    let (all, total) = bed.projects(json!({ "Offset": 0, "Limit": 0 })).await;
    assert_eq!((all, total), (["default", "T_wo", "one", "default"].map(Into::into).into(), 4));
    let first = bed.ok("GetProjectList", json!({})).await["Projects"][0].clone();
    assert_eq!(first["ProjectId"], bed.login.enterprise_project_id);
    let named = |names: &[&str], total| (names.iter().map(|n| (*n).to_owned()).collect(), total);
    let check = |ask: Value, names: &'static [&'static str], total| {
        let bed = &bed;
        async move { assert_eq!(bed.projects(ask.clone()).await, named(names, total), "{ask}") }
    };
    check(json!({ "Offset": 1, "Limit": 1 }), &["T_wo"], 4).await;
    check(json!({ "Offset": 9, "Limit": 1 }), &[], 4).await;
    check(json!({ "ProjectName": "t_W" }), &["T_wo"], 1).await;
    check(json!({ "ProjectName": "%" }), &[], 0).await;
    check(json!({ "ProjectId": one }), &["one"], 1).await;
    let public = &bed.login.public_instance_id;
    check(json!({ "InstanceId": public }), &["default"], 1).await;
    check(json!({ "InstanceId": public, "ProjectId": one }), &[], 0).await;
    let product = bed.product("lamp", json!({ "ProjectId": one })).await;
    bed.ok("CreateDevice", json!({ "ProductId": product, "DeviceName": "d1" })).await;
    check(json!({ "ProductId": product }), &["one"], 1).await;
    check(json!({ "ProductId": "AAAAAAAAAA" }), &[], 0).await;
    check(json!({ "ProjectName": "o\0" }), &[], 0).await;
    let counted = json!({ "ProjectId": one, "Includes": ["DeviceCount"] });
    let counted = bed.ok("GetProjectList", counted).await["Projects"][0].clone();
    assert_eq!((&counted["DeviceCount"], counted.get("ProductCount")), (&json!(1), None));
    let all = bed.ok("GetProjectList", json!({ "ProjectId": one })).await["Projects"][0].clone();
    assert_eq!((&all["DeviceCount"], &all["ProductCount"]), (&json!(1), &json!(1)));
    for bad in [json!({ "Limit": -1 }), json!({ "Offset": -1 }), json!({ "Includes": ["X"] })] {
        assert_eq!(bed.code("GetProjectList", bad).await, Code::InvalidParameterValue);
    }
}

both!(letters_of_ascii_alone_are_folded);
async fn letters_of_ascii_alone_are_folded(bed: Bed) {
    bed.project("ÉTÉ İstanbul").await;
    for (name, total) in [("ét", 0), ("Ét", 1), ("ÉTÉ", 1), ("İSTAN", 1), ("istan", 0), ("stan", 1)]
    {
        let found = bed.projects(json!({ "ProjectName": name })).await;
        assert_eq!(found.1, total, "{name}");
    }
}

both!(a_stranger_sees_no_project);
async fn a_stranger_sees_no_project(bed: Bed) {
    let id = &bed.login.enterprise_project_id;
    for action in ["DescribeProject", "DeleteProject"] {
        let answer = bed.call_as(bed.stranger(), action, json!({ "ProjectId": id })).await;
        assert_eq!(answer.unwrap_err().code(), Code::ResourceNotFoundProjectNotExist);
    }
    let change = json!({ "ProjectId": id, "ProjectName": "x", "ProjectDesc": "" });
    let answer = bed.call_as(bed.stranger(), "ModifyProject", change).await;
    assert_eq!(answer.unwrap_err().code(), Code::ResourceNotFoundProjectNotExist);
}
