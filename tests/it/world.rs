//! A server of a test's own: a folder, ports of the system's choice, a clock by hand, seeded ids.

use std::{net::SocketAddr, path::Path, time::Duration};

use base::{Clock, Millis};
use platform::{FirstLogin, Root};
use serde_json::{Value, json};
use tempfile::TempDir;
use thingd::{Options, Running, config::Config};
use tokio::time::timeout;

use crate::{
    http::{Ask, Reply, code},
    sign::Key,
};

/// Nothing that a test waits for takes so long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
/// 2026-11-25T12:00:00Z.
pub(crate) const NOON: Millis = 1_795_608_000_000;

/// A model with a property of each kind that the tests use, an event and an action.
pub(crate) const MODEL: &str = include_str!("model.json");

pub(crate) struct Server {
    running: Running,
    pub(crate) clock: Clock,
    pub(crate) login: FirstLogin,
    pub(crate) key: Key,
    config: Config,
    // Last: the server is gone before its folder.
    folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With a configuration of the test's own.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        "127.0.0.1:0".clone_into(&mut config.http.listen);
        "127.0.0.1:0".clone_into(&mut config.mqtt.listen);
        config.mqtt.tls_listen.clear();
        change(&mut config);
        let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::manual(NOON));
        let running = thingd::start(options(folder.path(), &config, &clock, 1)).await.unwrap();
        let login = running.first_login().unwrap().clone();
        let key = Key::new(&login.secret_id, &login.secret_key);
        Self { running, clock, login, key, config, folder }
    }

    /// The same folder, served by a later start.
    pub(crate) async fn restart(self) -> Self {
        let Self { running, clock, login, key, config, folder } = self;
        running.shutdown().await.unwrap();
        let running = thingd::start(options(folder.path(), &config, &clock, 2)).await.unwrap();
        assert!(running.first_login().is_none(), "a later start made a login");
        Self { running, clock, login, key, config, folder }
    }

    /// Ends the server as a signal does; gives the folder.
    pub(crate) async fn stop(self) -> TempDir {
        self.running.shutdown().await.unwrap();
        self.folder
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.running.addresses().http.unwrap()
    }

    pub(crate) fn https(&self) -> SocketAddr {
        self.running.addresses().https.unwrap()
    }

    pub(crate) fn mqtt(&self) -> SocketAddr {
        self.running.addresses().mqtt.unwrap()
    }

    pub(crate) fn mqtts(&self) -> SocketAddr {
        self.running.addresses().mqtts.unwrap()
    }

    /// A call as it goes over the wire, to be bent before it is sent.
    pub(crate) fn signed(&self, action: &str, body: impl Into<Vec<u8>>) -> Ask {
        self.key.tc3(Ask::json(self.http(), "/", body), action, self.clock.seconds())
    }

    pub(crate) async fn send(&self, ask: &Ask) -> Reply {
        ask.send(self.http()).await
    }

    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.send(&Ask::new("GET", target, self.http())).await
    }

    /// The response's fields, or its `Error`.
    pub(crate) async fn ask(&self, action: &str, params: Value) -> Value {
        self.send(&self.signed(action, params.to_string())).await.response()
    }

    /// The response's fields of a call that goes well.
    pub(crate) async fn call(&self, action: &str, params: Value) -> Value {
        let response = self.ask(action, params).await;
        assert_eq!(code(&response), "", "{action}: {response}");
        response
    }

    /// The code of a call that does not.
    pub(crate) async fn code(&self, action: &str, params: Value) -> String {
        code(&self.ask(action, params).await)
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn until(&self, action: &str, params: Value, wanted: impl Fn(&Value) -> bool) {
        let look = async { while !wanted(&self.call(action, params.clone()).await) {} };
        timeout(DEADLINE, look).await.expect("what was wanted did not come");
    }

    /// A new product with [`MODEL`]; its id.
    pub(crate) async fn product(&self, name: &str) -> String {
        let params = self.draft(name);
        let made = self.call("CreateStudioProduct", params).await;
        let id = made["Product"]["ProductId"].as_str().unwrap().to_owned();
        let model = json!({ "ProductId": id, "ModelSchema": MODEL });
        self.call("ModifyModelDefinition", model).await;
        id
    }

    /// The parameters of a new product.
    pub(crate) fn draft(&self, name: &str) -> Value {
        json!({
            "ProductName": name, "CategoryId": 1, "ProductType": 0, "EncryptionType": "2",
            "NetType": "wifi", "DataProtocol": 1, "ProductDesc": "",
            "ProjectId": self.login.enterprise_project_id,
        })
    }

    /// A new device; its secret.
    pub(crate) async fn device(&self, product: &str, name: &str) -> String {
        let made =
            self.call("CreateDevice", json!({ "ProductId": product, "DeviceName": name })).await;
        made["Data"]["DevicePsk"].as_str().unwrap().to_owned()
    }

    /// What a device last reported, as the cloud API tells it.
    pub(crate) async fn data(&self, product: &str, name: &str) -> Value {
        let ask = json!({ "ProductId": product, "DeviceName": name });
        let found = self.call("DescribeDeviceData", ask).await;
        serde_json::from_str(found["Data"].as_str().unwrap()).unwrap()
    }

    /// A call of the console without a cookie.
    pub(crate) fn console(&self, action: &str, params: &Value) -> Ask {
        Ask::json(self.http(), "/api", params.to_string())
            .header("x-tc-action", action)
            .header("origin", &format!("http://{}", self.http()))
    }

    /// Logs in; the `Cookie` header of the session.
    pub(crate) async fn log_in(&self) -> String {
        let params = json!({ "UserName": "root", "Password": self.login.password });
        let reply = self.send(&self.console("Login", &params)).await;
        assert_eq!(reply.code(), "");
        let cookie = reply.header("set-cookie").unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

fn options(data: &Path, config: &Config, clock: &Clock, seed: u64) -> Options {
    Options {
        data: data.to_owned(),
        config: config.clone(),
        root: Root::default(),
        clock: clock.clone(),
        seed: Some(seed),
    }
}
