//! `thingd fleet` as its users start it, against a server that the test can look into.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use base::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;
use thingd::{Options, Running, config::Config};
use tokio::time::timeout;

use crate::{http::Ask, sign::Key, world::DEADLINE};

/// A server by the machine's clock, as the fleet signs its calls by it.
struct Harbour {
    running: Running,
    id: String,
    key: String,
    // Last: the server is gone before its folder.
    folder: TempDir,
}

impl Harbour {
    async fn open() -> Self {
        let mut config = Config::default();
        for door in [&mut config.http.listen, &mut config.mqtt.listen, &mut config.mqtt.tls_listen]
        {
            "127.0.0.1:0".clone_into(door);
        }
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_owned();
        let (root, clock) = (platform::Root::default(), Clock::system());
        let options = Options { data, config, root, clock, seed: None };
        let running = thingd::start(options).await.unwrap();
        let login = running.first_login().unwrap();
        let (id, key) = (login.secret_id.clone(), login.secret_key.clone());
        Self { running, id, key, folder }
    }

    /// A fleet that reports twice a second, over TCP or TLS.
    fn fleet(&self, tls: &str) -> Command {
        let addresses = self.running.addresses();
        let target = if tls == "off" { addresses.mqtt } else { addresses.mqtts };
        let mut command = Command::new(env!("CARGO_BIN_EXE_thingd"));
        command.args(["fleet", "--quiet", "--output", "json"]);
        command.args(["--connect-rate", "50", "--report-rate", "2"]);
        command.arg("--api").arg(format!("http://{}", addresses.http.unwrap()));
        command.args(["--tls", tls, "--target"]).arg(target.unwrap().to_string());
        command.env("THINGD_SECRET_ID", &self.id).env("THINGD_SECRET_KEY", &self.key);
        command
    }

    async fn ask(&self, action: &str, params: &Value) -> Value {
        let http = self.running.addresses().http.unwrap();
        let ask = Ask::json(http, "/", params.to_string());
        let now = Clock::system().seconds();
        Key::new(&self.id, &self.key).tc3(ask, action, now).send(http).await.response()
    }

    /// Asks until the answer is as wanted.
    async fn until(&self, action: &str, params: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let look = async {
            loop {
                let response = self.ask(action, params).await;
                if wanted(&response) {
                    return response;
                }
            }
        };
        timeout(DEADLINE, look).await.expect("what was wanted did not come")
    }

    /// The id of the product `fleet`.
    async fn product(&self) -> String {
        let projects = self.ask("GetProjectList", &json!({ "Limit": 1 })).await;
        let ask = json!({ "ProjectId": projects["Projects"][0]["ProjectId"] });
        let named = |found: &Value| found["Products"][0]["ProductName"] == "fleet";
        let found = self.until("GetStudioProductList", &ask, named).await;
        found["Products"][0]["ProductId"].as_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }
}

async fn home(mut command: Command) -> Output {
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    timeout(DEADLINE, run).await.expect("the fleet does not come home").unwrap()
}

fn report(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {errors}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_reports_obeys_and_acts_and_its_reports_are_found() {
    let harbour = Harbour::open().await;
    let mut command = harbour.fleet("off");
    command.args(["--count", "10", "--seconds", "6", "--event-rate", "1", "--verify"]);
    let (output, ()) = tokio::join!(home(command), async {
        let key = json!({ "ProductId": harbour.product().await, "DeviceName": "fleet-000007" });
        let online = |found: &Value| found["Device"]["Status"] == 1;
        harbour.until("DescribeDevice", &key, online).await;

        let mut control = key.clone();
        control["Data"] = json!(json!({ "brightness": 77 }).to_string());
        // It is online before it has subscribed.
        let sent = |answer: &Value| answer["Result"].as_str().unwrap().contains(r#""Sent":1"#);
        harbour.until("ControlDeviceData", &control, sent).await;
        let obeyed = |found: &Value| {
            let data: Value = serde_json::from_str(found["Data"].as_str().unwrap()).unwrap();
            data["brightness"]["Value"].as_i64().is_some_and(|n| (74..=80).contains(&n))
        };
        harbour.until("DescribeDeviceData", &key, obeyed).await;

        let mut action = key.clone();
        action["ActionId"] = json!("blink");
        action["InputParams"] = json!(json!({ "times": 3 }).to_string());
        let answer = harbour.ask("CallDeviceActionSync", &action).await;
        let given: Value = serde_json::from_str(answer["OutputParams"].as_str().unwrap()).unwrap();
        assert!(given["done"].is_i64(), "{answer}");
    });
    let report = report(&output);
    let count = |name: &str| report[name].as_u64().unwrap_or_else(|| panic!("{name}: {report}"));
    assert!(count("reports") > 20 && count("events") > 0, "{report}");
    assert_eq!((count("taken"), count("refused")), (count("reports"), 0), "{report}");
    assert_eq!((count("acknowledged"), count("lost")), (count("published"), 0), "{report}");
    assert_eq!((count("controls"), count("actions"), count("failures")), (1, 1, 0), "{report}");
    let verified = json!({ "acknowledged": count("reports"), "missing": 0 });
    assert_eq!(report["verified"], verified);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_processes_takes_half_of_the_fleet_over_tls() {
    let harbour = Harbour::open().await;
    let mut command = harbour.fleet("off");
    command.args(["--count", "6", "--seconds", "1"]);
    assert_eq!(report(&home(command).await)["devices"], 6);

    // The devices 2, 4 and 6 are there, 8 and 10 are new.
    let product = harbour.product().await;
    let mut command = harbour.fleet("server");
    command.arg("--ca").arg(harbour.folder.path().join("tls/ca.pem"));
    command.args(["--product", &product, "--count", "10", "--index", "1", "--of", "2"]);
    command.args(["--level", "3.1", "--qos", "0", "--seconds", "2"]);
    let report = report(&home(command).await);
    assert_eq!((&report["devices"], &report["online_at_end"]), (&json!(5), &json!(5)), "{report}");
    assert_eq!((&report["published"], &report["taken"]), (&json!(0), &report["reports"]));
    assert!(report["taken"].as_u64().unwrap() > 0, "{report}");
    let found = harbour.ask("GetDeviceList", &json!({ "ProductId": product, "Limit": 100 })).await;
    let mut names: Vec<&str> = (found["Devices"].as_array().unwrap().iter())
        .filter_map(|device| device["DeviceName"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, [1, 2, 3, 4, 5, 6, 8, 10].map(|n| format!("fleet-{n:06}")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_that_is_not_let_in_fails_and_says_why() {
    let harbour = Harbour::open().await;
    let list = harbour.file("devices.csv", "ProductId,DeviceName,Secret\nABCDE12345,lamp1,AAAA\n");
    let model = harbour.file("model.json", crate::world::MODEL);
    let mut command = harbour.fleet("off");
    command.arg("--devices").arg(list).arg("--model").arg(model).args(["--seconds", "1"]);
    let output = home(command).await;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.starts_with("thingd: no device came online: refused with code"), "{errors}");
    assert!(!errors.contains("AAAA"), "{errors}");

    let mut command = harbour.fleet("off");
    command.args(["--of", "2"]);
    let output = home(command).await;
    assert_eq!(output.status.code(), Some(2));
}
