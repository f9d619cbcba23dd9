//! The released program as its users start and stop it: exit codes, signals, one server a folder
//! (F27, F31).

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio},
};

use serde_json::{Value, json};
use tokio::time::{Duration, Instant, timeout};

use crate::{
    http::Ask,
    page::Page,
    sign::Key,
    simulated::{Device, Wire},
    world::DEADLINE,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_thingd");

/// `thingd serve` that accepts; killed when dropped.
struct Process {
    child: Child,
    ready: Value,
    login: Value,
    errors: ChildStderr,
}

fn serve(data: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("serve").arg("--data").arg(data);
    command.arg("--ready-file").arg(data.with_extension("ready"));
    for door in ["--http", "--mqtt", "--mqtts"] {
        command.args([door, "127.0.0.1:0"]);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Process {
    /// Starts and waits for the last line about its doors; the ready file is there by then.
    async fn start(data: &Path) -> Self {
        Self::begin(&mut serve(data), data).await
    }

    async fn begin(command: &mut Command, data: &Path) -> Self {
        let mut child = command.spawn().unwrap();
        let errors = child.stderr.take().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines = tokio::task::spawn_blocking(move || {
            out.lines().map(Result::unwrap).find(|line| line.starts_with("devices, TLS"))
        });
        timeout(DEADLINE, lines).await.expect("it did not start").unwrap().expect("it ended");
        let read = |file: &Path| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let (ready, login) =
            (read(&data.with_extension("ready")), read(&data.join("first-login.json")));
        Self { child, ready, login, errors }
    }

    fn address(&self, door: &str) -> SocketAddr {
        self.ready[door].as_str().unwrap().parse().unwrap()
    }

    async fn call(&self, action: &str, params: Value) -> Value {
        let text = |name: &str| self.login[name].as_str().unwrap();
        let key = Key::new(text("SecretId"), text("SecretKey"));
        let http = self.address("http");
        let ask = Ask::json(http, "/", params.to_string());
        let response =
            key.tc3(ask, action, base::Clock::system().seconds()).send(http).await.response();
        assert_eq!(response.get("Error"), None, "{action}");
        response
    }

    /// SIGTERM; how it ended, how long that took, and what it said on stderr.
    async fn terminate(mut self) -> (ExitStatus, Duration, String) {
        let pid = self.child.id().to_string();
        let begun = Instant::now();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let ended = tokio::task::spawn_blocking(move || {
            let status = self.child.wait().unwrap();
            let mut said = String::new();
            self.errors.read_to_string(&mut said).unwrap();
            (status, said)
        });
        let (status, said) = timeout(DEADLINE, ended).await.expect("it did not end").unwrap();
        (status, begun.elapsed(), said)
    }
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f27_a_signal_ends_it_in_time_with_devices_pages_and_calls_open() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(&folder.path().join("data")).await;
    assert_eq!(server.ready["pid"], server.child.id());
    let project = server.login["EnterpriseProjectId"].clone();
    let draft = json!({
        "ProductName": "drain", "CategoryId": 1, "ProductType": 0, "EncryptionType": "2",
        "NetType": "wifi", "DataProtocol": 1, "ProductDesc": "", "ProjectId": project,
    });
    let made = server.call("CreateStudioProduct", draft).await;
    let product = made["Product"]["ProductId"].as_str().unwrap();
    let mut devices = Vec::new();
    for n in 0..30 {
        let name = format!("d{n}");
        let device = json!({ "ProductId": product, "DeviceName": name });
        let secret = server.call("CreateDevice", device).await;
        let secret = secret["Data"]["DevicePsk"].as_str().unwrap();
        let wire = Wire::tcp(server.address("mqtt")).await;
        devices.push(Device::connect(wire, product, &name, secret).await.unwrap());
    }
    let http = server.address("http");
    let login = json!({ "UserName": "root", "Password": server.login["Password"] });
    let login = Ask::json(http, "/api", login.to_string()).header("x-tc-action", "Login");
    let cookie = login.send(http).await.header("set-cookie").unwrap().to_owned();
    let mut page = Page::open(http, cookie.split(';').next().unwrap()).await;
    // A call whose body never comes.
    let mut slow = tokio::net::TcpStream::connect(http).await.unwrap();
    let head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut slow, head).await.unwrap();

    let password = server.login["Password"].as_str().unwrap().to_owned();
    let secret_key = server.login["SecretKey"].as_str().unwrap().to_owned();
    let (status, took, said) = server.terminate().await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    for device in &mut devices {
        device.ended().await;
    }
    assert_eq!(page.next().await, None);
    assert!(!said.contains(&password) && !said.contains(&secret_key), "a secret is in the log");
    assert!(!said.contains("ERROR"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_logged_with_its_account() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(&folder.path().join("data")).await;
    let uin = server.login["Uin"].as_str().unwrap().to_owned();
    let login = json!({ "UserName": "root", "Password": server.login["Password"] });
    let login = Ask::json(server.address("http"), "/api", login.to_string());
    let reply = login.header("x-tc-action", "Login").send(server.address("http")).await;
    assert_eq!(reply.code(), "");
    let (_, _, said) = server.terminate().await;
    let line = said.lines().find(|line| line.contains("Login")).unwrap();
    assert!(line.contains(&uin), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f31_a_second_server_on_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = Process::start(&data).await;
    let second = run(&mut serve(&data));
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap();
    assert!(last.contains("another thingd serves") && last.contains("data"), "{said}");
    first.call("GetProjectList", json!({})).await;
    assert_eq!(first.terminate().await.0.code(), Some(0));
    let third = Process::start(&data).await;
    assert_eq!(third.terminate().await.0.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_without_a_folder_are_beside_the_caller() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serve(Path::new("data"));
    let data = folder.path().join("data");
    let server = Process::begin(command.current_dir(folder.path()), &data).await;
    assert_eq!(server.terminate().await.0.code(), Some(0));
}

#[test]
fn a_wrong_command_line_or_configuration_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("thingd.toml");
    std::fs::write(&config, "[http]\nlisten = \"127.0.0.1:0\"\nlissten = 1\n").unwrap();
    let data = folder.path().join("data");
    let fails = |command: &mut Command, says: &str| {
        let output = run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{said}");
    };
    fails(Command::new(PROGRAM).arg("dance"), "dance");
    fails(Command::new(PROGRAM).args(["serve", "--port", "1"]), "--port");
    fails(serve(&data).args(["--https", "nowhere"]), "--https");
    fails(serve(&data).arg("--config").arg(&config), "thingd.toml:3: unknown field `lissten`");
    fails(serve(&data).env("THINGD_MQTT__LISSTEN", "x"), "THINGD_MQTT__LISSTEN");
    fails(serve(&data).env("THINGD_ROOT_UIN", "root"), "THINGD_ROOT_UIN");
    fails(Command::new(PROGRAM).arg("check-config").arg(&config), "thingd.toml:3");
    assert!(!data.exists(), "a refused start wrote something");
}

/// Fills a new folder with 45 devices, in the metadata that `url` names.
fn seed(data: &Path, url: &str) -> Output {
    let mut command = Command::new(PROGRAM);
    command.env("THINGD_METADATA__URL", url).arg("seed").arg("--data").arg(data);
    run(command.args(["--devices", "45"]))
}

/// What a server on a seeded folder knows.
async fn seeded(data: &Path, url: &str) {
    let filled = seed(data, url);
    assert!(filled.status.success(), "{filled:?}");
    let said = String::from_utf8(filled.stderr).unwrap();
    let again = seed(data, url);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8(again.stderr).unwrap().contains("is there already"));

    let server = Process::begin(serve(data).env("THINGD_METADATA__URL", url), data).await;
    let products = server.call("GetStudioProductList", json!({})).await;
    let product = products["Products"][0]["ProductId"].as_str().unwrap();
    assert!(said.contains(&format!("product {product}: 45 devices in ")), "{said}");
    let list = server.call("GetDeviceList", json!({ "ProductId": product, "Limit": 1 })).await;
    assert_eq!(
        (&list["Total"], &list["Devices"][0]["DeviceName"]),
        (&json!(45), &json!("device-0000045"))
    );
    let named = json!({ "ProductId": product, "DeviceName": "0044" });
    assert_eq!(server.call("GetDeviceList", named).await["Total"], 1);
    for name in ["device-0000001", "device-0000020", "device-0000045"] {
        let one = json!({ "ProductId": product, "DeviceName": name });
        let secret = server.call("DescribeDevice", one).await;
        let secret = secret["Device"]["DevicePsk"].as_str().unwrap();
        let wire = Wire::tcp(server.address("mqtt")).await;
        assert!(Device::connect(wire, product, name, secret).await.is_ok(), "{name}");
    }
    assert_eq!(server.terminate().await.0.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seeded_folder_is_served() {
    let folder = tempfile::tempdir().unwrap();
    seeded(&folder.path().join("data"), "").await;
    if let Some(url) = crate::postgres::schema().await {
        seeded(&folder.path().join("postgres"), &url).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_address_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(serve(&folder.path().join("data")).args(["--https", &address]));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.lines().last().unwrap().contains(&address), "{said}");
}

#[test]
fn the_version_and_the_default_configuration_are_printed() {
    let version = run(Command::new(PROGRAM).args(["version", "--output", "json"]));
    let version: Value = serde_json::from_slice(&version.stdout).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    let config = run(Command::new(PROGRAM).arg("config"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("thingd.toml");
    std::fs::write(&file, &config.stdout).unwrap();
    let checked = run(Command::new(PROGRAM).arg("check-config").arg(&file));
    assert!(checked.status.success(), "{checked:?}");
}
