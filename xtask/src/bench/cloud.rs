//! The place where the bench makes its product and devices, through the console's door.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::server::{Server, text};

/// What the load reports against.
const MODEL: &str = include_str!("../../../crates/fleet/model.json");

/// Products that the devices are spread over: each has a reader.
const PRODUCTS: usize = 2;

/// Makes products with the load's model and `count` devices; writes them to `file`.
///
/// # Errors
/// The server refused something.
pub(crate) fn prepare(server: &Server, count: usize, file: &Path) -> Result<()> {
    let console = Console::login(server)?;
    let products = (0..PRODUCTS)
        .map(|number| product(server, &console, number))
        .collect::<Result<Vec<String>>>()?;
    let mut devices = Vec::with_capacity(count);
    for (number, product) in (0..count).zip(products.iter().cycle()) {
        let name = format!("bench{number}");
        let made =
            console.call("CreateDevice", &json!({ "ProductId": product, "DeviceName": name }))?;
        let secret = text(made.get("Data").context("no Data")?, "DevicePsk")?;
        devices.push(json!({ "product": product, "name": name, "secret": secret }));
    }
    std::fs::write(file, serde_json::to_vec(&devices)?)?;
    Ok(())
}

fn product(server: &Server, console: &Console, number: usize) -> Result<String> {
    let product = console.call(
        "CreateStudioProduct",
        &json!({
            "ProductName": format!("bench{number}"), "CategoryId": 1, "ProductType": 0,
            "EncryptionType": "2", "NetType": "wifi", "DataProtocol": 1, "ProductDesc": "",
            "ProjectId": text(&server.login, "EnterpriseProjectId")?,
        }),
    )?;
    let product = text(product.get("Product").context("no Product")?, "ProductId")?;
    console
        .call("ModifyModelDefinition", &json!({ "ProductId": product, "ModelSchema": MODEL }))?;
    Ok(product)
}

/// Makes a service client in the instance of the products; its user name and token.
///
/// # Errors
/// The server refused, or has no such instance.
pub(crate) fn service_client(server: &Server) -> Result<(String, String)> {
    let console = Console::login(server)?;
    let project = text(&server.login, "EnterpriseProjectId")?;
    let listed = console.call("DescribeInstances", &json!({ "Offset": 0, "Limit": 10 }))?;
    let instances = listed.get("Instances").and_then(Value::as_array).context("no Instances")?;
    let of_project = |instance: &&Value| {
        text(instance, "DefaultProjectId").is_ok_and(|default| default == project)
    };
    let instance = instances.iter().find(of_project).context("no instance of the project")?;
    let ask = json!({ "InstanceId": text(instance, "InstanceId")?, "Remark": "bench" });
    let made = console.call("CreateServiceClient", &ask)?;
    Ok((text(&made, "UserName")?, text(&made, "Token")?))
}

/// A logged-in session of the console.
pub(crate) struct Console {
    address: String,
    cookie: String,
}

impl Console {
    /// Logs in as root.
    ///
    /// # Errors
    /// The server refused.
    pub(crate) fn login(server: &Server) -> Result<Self> {
        let mut console = Self { address: server.http.clone(), cookie: String::new() };
        let body = json!({
            "UserName": text(&server.login, "UserName")?, "Password": text(&server.login, "Password")?,
        });
        let (head, _) = console.post("Login", &body)?;
        let cookie = head
            .lines()
            .find_map(|line| {
                line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case("set-cookie"))
            })
            .context("no cookie")?;
        console.cookie = cookie.1.split(';').next().unwrap_or_default().into();
        Ok(console)
    }

    /// Calls an action; the response's fields.
    ///
    /// # Errors
    /// The server refused.
    pub(crate) fn call(&self, action: &str, body: &Value) -> Result<Value> {
        Ok(self.post(action, body)?.1)
    }

    fn post(&self, action: &str, body: &Value) -> Result<(String, Value)> {
        let body = body.to_string();
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "POST /api HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-TC-Action: {action}\r\n\
             X-TC-Version: 2019-04-23\r\nCookie: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            self.cookie,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
        let envelope: Value = serde_json::from_str(body).context("the answer is not JSON")?;
        let response = envelope.get("Response").cloned().context("no Response")?;
        if let Some(error) = response.get("Error") {
            bail!("{action}: {error}");
        }
        Ok((head.to_owned(), response))
    }
}
