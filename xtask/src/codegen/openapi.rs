//! Writes `docs/openapi.json`. Each action is a POST on one path, told apart by a header; the
//! fragment in the path only keeps the keys apart.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::schema::{Action, Kind, Object, Schema};

pub(super) fn file(schema: &Schema) -> Result<String> {
    let mut paths = Map::new();
    for action in &schema.actions {
        let door = if action.console { "/api" } else { "/" };
        paths.insert(format!("{door}#{}", action.name), json!({ "post": operation(action) }));
    }
    let mut schemas = Map::new();
    for (name, of) in &schema.objects {
        schemas.insert(name.clone(), object(of));
    }
    schemas.insert(
        "Error".to_owned(),
        json!({ "type": "object", "required": ["Code", "Message"],
            "properties": { "Code": { "type": "string" }, "Message": { "type": "string" } } }),
    );
    let top = [
        ("openapi", json!("3.1.0")),
        (
            "info",
            json!({ "title": "thingd", "version": schema.versions[0],
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } }),
        ),
    ];
    let mut out = "{\n".to_owned();
    for (key, value) in top {
        out.push_str(&format!("{key:?}: {},\n", serde_json::to_string(&value)?));
    }
    out.push_str(&format!("\"paths\": {{\n{}\n}},\n", lines(&paths)?));
    out.push_str(&format!("\"components\": {{ \"schemas\": {{\n{}\n}} }}\n}}\n", lines(&schemas)?));
    Ok(out)
}

/// One entry a line, so that a change in the schema is a change of its line.
fn lines(entries: &Map<String, Value>) -> Result<String> {
    let lines: Result<Vec<String>> = entries
        .iter()
        .map(|(key, value)| Ok(format!("{key:?}: {}", serde_json::to_string(value)?)))
        .collect();
    Ok(lines?.join(",\n"))
}

fn operation(action: &Action) -> Value {
    let response = json!({ "allOf": [
        reference(&action.response),
        { "type": "object", "properties": {
            "RequestId": { "type": "string" }, "Error": reference("Error") } } ] });
    json!({
        "operationId": action.name,
        "tags": [action.chapter],
        "parameters": [{ "name": "X-TC-Action", "in": "header", "required": true,
            "schema": { "const": action.name } }],
        "requestBody": { "content": { "application/json": { "schema": reference(&action.request) } } },
        "responses": { "200": { "description": "the answer, or an error in the same envelope",
            "content": { "application/json": { "schema": {
                "type": "object", "required": ["Response"],
                "properties": { "Response": response } } } } } },
    })
}

fn object(object: &Object) -> Value {
    let required: Vec<&str> =
        object.fields.iter().filter(|f| f.required).map(|f| f.name.as_str()).collect();
    let mut properties = Map::new();
    for field in &object.fields {
        let mut of = value(&field.kind);
        if field.nullable {
            of = json!({ "oneOf": [of, { "type": "null" }] });
        }
        properties.insert(field.name.clone(), of);
    }
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out.insert("properties".to_owned(), Value::Object(properties));
    Value::Object(out)
}

fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int => json!({ "type": "integer", "format": "int64" }),
        Kind::Uint => json!({ "type": "integer", "format": "int64", "minimum": 0 }),
        Kind::Float => json!({ "type": "number" }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Object(name) => reference(name),
        Kind::List(inner) => json!({ "type": "array", "items": value(inner) }),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
