use base::Code;
use serde_json::json;

use super::*;
use crate::{Request as _, device, product};

fn pairs(text: &str) -> Result<Value> {
    from_pairs(text.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    }))
}

/// The answer of the check, or its code and message.
fn checked(info: &ActionInfo, given: Value) -> Result<Value, (Code, String)> {
    check(info, given).map_err(|error| (error.code(), error.message().to_owned()))
}

#[test]
fn a_request_comes_out_in_plain_form() {
    let info = device::GetDeviceListRequest::INFO;
    let given = json!({ "ProductId": "P", "Offset": "0", "Limit": 10, "FirmwareVersion": null,
        "Filters": [{ "Name": "a", "Values": ["x"] }] });
    let plain = json!({ "ProductId": "P", "Offset": 0, "Limit": 10,
        "Filters": [{ "Name": "a", "Values": ["x"] }] });
    assert_eq!(checked(info, given), Ok(plain));
}

#[test]
fn each_fault_has_its_code_and_names_the_path() {
    let list = device::GetDeviceListRequest::INFO;
    let search = product::SearchStudioProductRequest::INFO;
    let long = "x".repeat(1000);
    let table = [
        (list, json!({}), Code::MissingParameter, "lacks the parameter `ProductId`"),
        (list, json!({ "ProductId": null }), Code::MissingParameter, "`ProductId`"),
        (list, json!({ "ProductId": 1 }), Code::InvalidParameter, "`ProductId` is not a string"),
        (list, json!({ "ProductId": "P", "Limit": 1.0 }), Code::InvalidParameter, "`Limit`"),
        (list, json!({ "ProductId": "P", "Limit": "1.0" }), Code::InvalidParameter, "`Limit`"),
        (list, json!({ "ProductId": "P", "Limit": "+1" }), Code::InvalidParameter, "`Limit`"),
        (list, json!({ "ProductId": "P", "Limit": "" }), Code::InvalidParameter, "`Limit`"),
        (list, json!({ "ProductId": "P", "Limit": true }), Code::InvalidParameter, "`Limit`"),
        (list, json!({ "ProductId": "P", "limit": 1 }), Code::UnknownParameter, "`limit`"),
        (list, json!({ "ProductId": "P", "Filters": "x" }), Code::InvalidParameter, "a list"),
        (
            list,
            json!({ "ProductId": "P", "Filters": [{}] }),
            Code::MissingParameter,
            "`Filters.0.Name`",
        ),
        (
            list,
            json!({ "ProductId": "P", "Filters": [null] }),
            Code::InvalidParameter,
            "`Filters.0`",
        ),
        (list, json!([]), Code::InvalidParameter, "the parameters are not an object"),
        (search, json!({ "Limit": -1 }), Code::InvalidParameter, "an unsigned 64-bit integer"),
        (search, json!({ "Limit": "-1" }), Code::InvalidParameter, "an unsigned 64-bit integer"),
        (search, json!({ long: 1 }), Code::UnknownParameter, "`xxxx"),
    ];
    for (info, given, code, text) in table {
        let (found, message) = checked(info, given.clone()).unwrap_err();
        assert_eq!(found, code, "{given}");
        assert!(message.contains(text), "{given}: {message}");
        assert!(message.len() < 200, "{message}");
    }
}

#[test]
fn a_list_of_ten_thousand_items_is_the_longest() {
    let info = device::DeleteDevicesRequest::INFO;
    let items = |n: usize| json!({ "DevicesItems": vec![json!({ "ProductId": "P", "DeviceName": "d" }); n] });
    assert!(check(info, items(10_000)).is_ok());
    assert_eq!(checked(info, items(10_001)).unwrap_err().0, Code::InvalidParameter);
}

#[test]
fn flat_names_become_a_tree_and_common_ones_stay_out() {
    let value =
        pairs("Action=X&Nonce=1&Filters.1.Values.0=c&Filters.0.Name=a&Filters.1.Name=b&L=3");
    assert_eq!(
        value.unwrap(),
        json!({ "Filters": [{ "Name": "a" }, { "Name": "b", "Values": ["c"] }], "L": "3" })
    );
}

#[test]
fn crooked_flat_names_are_refused() {
    let deep = format!("A{}=x", ".0".repeat(100));
    for text in
        ["A=1&A=2", "A=1&A.0=2", "A.0=1&A=2", "A.1=x", "A.0=x&A.2=y", "A.00=x", "A..b=x", &deep]
    {
        assert_eq!(pairs(text).unwrap_err().code(), Code::InvalidParameter, "{text}");
    }
}

#[test]
fn a_body_is_an_object_or_empty() {
    assert_eq!(from_json(b" ").unwrap(), json!({}));
    let deep = "[".repeat(10_000);
    for body in ["[]", "1", "{", "{\"a\":}", "\u{feff}{}", &deep] {
        assert_eq!(from_json(body.as_bytes()).unwrap_err().code(), Code::InvalidParameter);
    }
    assert_eq!(from_json(b"{\"a\":\"\xff\"}").unwrap_err().code(), Code::InvalidParameter);
}
