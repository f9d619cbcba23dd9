//! Bad input: a clear code each, no panic, nothing stored.

use serde_json::json;

use crate::{http::Ask, simulated::Device, world::Server};

#[tokio::test]
async fn bodies_that_are_no_parameters_are_refused() {
    let server = Server::start().await;
    let deep = format!("{{\"ProjectName\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let many = format!("{{\"ProductId\":\"A\",\"Filters\":[{}]}}", ["1"; 20_000].join(","));
    for (action, body, code) in [
        ("CreateProject", "{\"ProjectName\":".to_owned(), "InvalidParameter"),
        ("CreateProject", "[]".to_owned(), "InvalidParameter"),
        ("CreateProject", "\u{0}".to_owned(), "InvalidParameter"),
        ("CreateProject", deep, "InvalidParameter"),
        ("CreateProject", "{}".to_owned(), "MissingParameter"),
        (
            "CreateProject",
            json!({ "ProjectName": "a", "ProjectDesc": "", "X": 1 }).to_string(),
            "UnknownParameter",
        ),
        (
            "CreateProject",
            json!({ "ProjectName": 1, "ProjectDesc": "" }).to_string(),
            "InvalidParameter",
        ),
        ("GetDeviceList", many, "InvalidParameter"),
        ("GetProjectList", json!({ "Limit": "ten" }).to_string(), "InvalidParameter"),
        (
            "GetProjectList",
            json!({ "Limit": 18_446_744_073_709_551_615_u64 }).to_string(),
            "InvalidParameter",
        ),
        ("GetProjectList", json!({ "Limit": 1e300 }).to_string(), "InvalidParameter"),
    ] {
        let reply = server.send(&server.signed(action, body.clone())).await;
        let start: String = body.chars().take(80).collect();
        let code_given = reply.code();
        assert!(code_given.starts_with(code), "{start}: {code_given}");
    }
    assert_eq!(server.call("GetProjectList", json!({})).await["Total"], 2, "something was stored");
}

#[tokio::test]
async fn numbers_as_strings_are_numbers() {
    let server = Server::start().await;
    let found = server.call("GetProjectList", json!({ "Limit": "1", "Offset": "1" })).await;
    assert_eq!(found["Projects"].as_array().unwrap().len(), 1);
    let mut draft = server.draft("strings");
    draft["CategoryId"] = json!("1");
    draft["DataProtocol"] = json!("1");
    assert_eq!(server.code("CreateStudioProduct", draft).await, "");
}

#[tokio::test]
async fn names_of_every_script_are_kept_or_refused_as_a_whole() {
    let server = Server::start().await;
    let id = server.product("灯具_1").await;
    let shown = server.call("DescribeStudioProduct", json!({ "ProductId": id })).await;
    assert_eq!(shown["Product"]["ProductName"], "灯具_1");
    for name in ["💡", "a b", "", "a\u{0}b", "a\r\nb", &"长".repeat(33)] {
        let code = server.code("CreateStudioProduct", server.draft(name)).await;
        assert!(code.starts_with("InvalidParameterValue"), "{name:?}: {code}");
    }
    let list = server.call("GetStudioProductList", json!({})).await;
    assert_eq!(list["Total"], 1, "something was stored");
    for name in ["灯", "💡", "a/b", "a+b", "#", "", &"x".repeat(49), "../../etc", "a\u{0}"] {
        let params = json!({ "ProductId": id, "DeviceName": name });
        let code = server.code("CreateDevice", params).await;
        assert!(code.starts_with("InvalidParameterValue"), "{name:?}: {code}");
    }
    assert_eq!(server.call("GetDeviceList", json!({ "ProductId": id })).await["Total"], 0);
    let project = json!({ "ProjectName": "项目 💡", "ProjectDesc": "描述 🏠" });
    let kept = server.ask("CreateProject", project).await;
    let list = server.call("GetProjectList", json!({ "ProjectName": "💡" })).await;
    if kept.get("Error").is_none() {
        assert_eq!(list["Projects"][0]["ProjectName"], "项目 💡");
        assert_eq!(list["Projects"][0]["ProjectDesc"], "描述 🏠");
    } else {
        assert_eq!(list["Total"], 0);
    }
}

#[tokio::test]
async fn a_model_of_a_mebibyte_or_without_end_is_refused() {
    let server = Server::start().await;
    let id = server.product("models").await;
    let before = server.call("DescribeModelDefinition", json!({ "ProductId": id })).await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for model in
        ["", "not json", "[]", &deep, &"x".repeat(1 << 20), &format!("{{\"properties\":{deep}}}")]
    {
        let params = json!({ "ProductId": id, "ModelSchema": model });
        let code = server.code("ModifyModelDefinition", params).await;
        let large = "LimitExceeded.ThingModelExceedLimit";
        assert!(code.starts_with("InvalidParameter") || code == large, "{code}");
    }
    let mut after = server.call("DescribeModelDefinition", json!({ "ProductId": id })).await;
    after["RequestId"] = before["RequestId"].clone();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a17_payloads_without_end_are_not_stored() {
    let server = Server::start().await;
    let product = server.product("payloads").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    let up = lamp.topic("up", "property");
    let deep = format!(
        r#"{{"method":"report","clientToken":"d","params":{{"note":{}1{}}}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let deeper = [b"[".repeat(30_000), b"]".repeat(30_000)].concat();
    let keys: Vec<String> = (0..5000).map(|n| format!("\"k{n}\":1")).collect();
    let report = |params: &str| {
        format!(r#"{{"method":"report","clientToken":"d","params":{params}}}"#).into_bytes()
    };
    let numbers =
        ["NaN", "Infinity", "1e400", "-1e400", "99999999999999999999999999", "0x10", "01"];
    let mut payloads: Vec<Vec<u8>> =
        numbers.iter().map(|number| report(&format!("{{\"brightness\":{number}}}"))).collect();
    payloads.extend([
        deep.into_bytes(),
        deeper,
        report(&format!("{{{}}}", keys.join(","))),
        [b"\xef\xbb\xbf".to_vec(), report("{\"brightness\":1}")].concat(),
        report("{\"note\":\"\u{0}\"}"),
        [report("{\"note\":\"").as_slice(), b"\xff\"}}"].concat(),
    ]);
    payloads.extend([&b"{"[..], b"", b"\xff\xfe", b"null", "💡".as_bytes()].map(<[u8]>::to_vec));
    for payload in payloads {
        server.clock.advance(1000);
        lamp.publish(&up, &payload).await;
        let (_, reply) = lamp.next().await;
        let start = String::from_utf8_lossy(payload.get(..80).unwrap_or(&payload)).into_owned();
        assert_eq!(reply["code"], 406, "{start}: {reply}");
    }
    let big = json!({ "ProductId": product, "DeviceName": "lamp", "Topic": format!("{product}/lamp/data"),
        "Payload": "x".repeat(1 << 20) });
    let code = server.code("PublishMessage", big).await;
    assert_eq!(code, "InvalidParameterValue.PayloadOverLimit");
    let control = json!({ "ProductId": product, "DeviceName": "lamp",
        "Data": format!(r#"{{"note":"{}"}}"#, "x".repeat(1 << 20)) });
    assert!(server.code("ControlDeviceData", control).await.starts_with("InvalidParameterValue"));
    assert_eq!(lamp.report(json!({ "brightness": 1 })).await, 0, "the connection stays");

    let note = "x".repeat(1 << 20);
    let message = json!({ "method": "report", "clientToken": "m", "params": { "note": note } });
    lamp.send(&up, None, message.to_string().as_bytes()).await;
    lamp.send(&up, None, b"{}").await;
    let mut after = Device::online(&server, &product, "after").await;
    assert_eq!(after.report(json!({ "brightness": 3 })).await, 0, "the server lives");
    assert_eq!(server.data(&product, "lamp").await.get("note"), None);
}

#[tokio::test]
async fn a_text_that_would_break_a_log_line_comes_back_harmless() {
    let server = Server::start().await;
    for text in ["x\r\nINFO forged", "x\u{1b}[31mred", "\u{202e}evil", &"y".repeat(100_000)] {
        let mut params = json!({});
        params[text] = json!(1);
        let unknown = server.ask("GetProjectList", params).await;
        let action = Ask::json(server.http(), "/", "{}");
        let device = json!({ "ProductId": "AAAAAAAAAA", "DeviceName": text });
        for error in [unknown, server.ask("DescribeDevice", device).await] {
            let message = error["Error"]["Message"].as_str().unwrap();
            assert!(
                message.len() < 400 && !message.contains(['\r', '\n', '\u{1b}']),
                "{message:?}"
            );
        }
        assert_eq!(server.send(&action).await.code(), "MissingParameter");
    }
}
