//! The place where the device chapter is tried out, without sockets: the hub is asked as the broker
//! asks it, actions are called as `web` calls them.

use base::Millis;
use broker::hub::{
    Burst, Connect, Door, Down, Event, Grant, Hub as _, Level, Lost, Offline, QoS, Refusal, Up,
    Verdict,
};
use serde_json::{Value, json};
use store::Batch;

use super::{password, state::State};
pub(crate) use crate::tests::NOON as T0;
use crate::{
    PlatformHub,
    tests::{Bed, both},
};

/// A light: what the black-box tests use, too.
const MODEL: &str = r#"{"version":"1.0","properties":[
    {"id":"power_switch","name":"电灯开关","mode":"rw","define":{"type":"bool","mapping":{"0":"关","1":"开"}}},
    {"id":"brightness","name":"亮度","mode":"rw","define":{"type":"int","min":"0","max":"100","step":"1","start":"1"}},
    {"id":"name","name":"名称","mode":"rw","define":{"type":"string","min":"0","max":"64"}},
    {"id":"temp","name":"温度","mode":"r","define":{"type":"float","min":"-40","max":"80","step":"0.1","start":"0"}}],
    "events":[
    {"id":"low_voltage","name":"LowVoltage","type":"alert","params":[
        {"id":"voltage","name":"Voltage","define":{"type":"float","min":"0.0","max":"24.0","step":"1","start":"1"}}]},
    {"id":"status_report","name":"DeviceStatus","type":"info","params":[
        {"id":"message","name":"Message","define":{"type":"string","min":"0","max":"64"}}]}],
    "actions":[{"id":"unlock","name":"开锁","input":[
        {"id":"user","name":"用户","define":{"type":"string","min":"0","max":"2048"}}],"output":[]}],
    "profile":{"ProductId":"","CategoryId":"1"}}"#;

/// A platform with one product of lights, and its hub.
pub(crate) struct World {
    pub(crate) bed: Bed,
    pub(crate) product: String,
    hub: PlatformHub,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(Bed::sqlite().await).await
    }

    pub(crate) async fn of(bed: Bed) -> Self {
        let product = bed.product("lamp", json!({})).await;
        let model = json!({ "ProductId": product, "ModelSchema": MODEL });
        bed.ok("ModifyModelDefinition", model).await;
        let hub = PlatformHub::new(&bed.services);
        Self { bed, product, hub }
    }

    /// The same data, opened by a later start of the server.
    pub(crate) async fn restart(self) -> Self {
        let bed = self.bed.restart().await;
        let hub = PlatformHub::new(&bed.services);
        Self { bed, product: self.product, hub }
    }

    pub(crate) fn now(&self) -> Millis {
        self.bed.clock.now()
    }

    pub(crate) async fn call(&self, action: &str, params: Value) -> Value {
        self.bed.ok(action, params).await
    }

    /// The error code of a call that must fail.
    pub(crate) async fn code(&self, action: &str, params: Value) -> String {
        self.bed.code(action, params).await.to_string()
    }

    /// Calls an action on a device, with `more` fields.
    pub(crate) async fn on(&self, action: &str, device: &str, more: Value) -> Value {
        self.call(action, self.named(device, more)).await
    }

    pub(crate) fn named(&self, device: &str, more: Value) -> Value {
        let mut params = json!({ "ProductId": self.product, "DeviceName": device });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    }

    /// Makes a device; its secret.
    pub(crate) async fn make(&self, name: &str) -> String {
        let made = self.on("CreateDevice", name, json!({})).await;
        made["Data"]["DevicePsk"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn connect(&self, name: &str, secret: &str) -> Result<Grant, Refusal> {
        let client = format!("{}{name}", self.product);
        let user = format!("{client};12010126;AbC1x;{}", T0 / 1000 + 3600);
        let password = password::sign(secret.as_bytes(), &user).unwrap();
        self.hub
            .connect(&Connect {
                door: Door::Tcp,
                peer: "127.0.0.1:4000".parse().unwrap(),
                now: self.now(),
                level: Level::V311,
                client_id: &client,
                user_name: Some(&user),
                password: Some(password.as_bytes()),
                keep_alive: 60,
                clean: true,
                will: false,
                psk: None,
                certificate: None,
            })
            .await
    }

    /// A device that exists and is connected.
    pub(crate) async fn device(&self, name: &str) -> Grant {
        let secret = self.make(name).await;
        self.connect(name, &secret).await.unwrap()
    }

    pub(crate) async fn event(&self, who: &Grant, what: Event<'_>) {
        let mut batch = Batch::default();
        self.hub.event(who, what, &mut batch);
        self.committed(who, batch).await;
    }

    /// A message that a device did not get.
    pub(crate) async fn lost(&self, to: &Grant, what: Lost<'_>) {
        let mut batch = Batch::default();
        self.hub.lost(&to.client, what, &mut batch);
        self.bed.services.store.commit(batch).await.unwrap();
    }

    /// Sends one burst up `$thing/up/{family}` and commits it; the replies as JSON.
    pub(crate) async fn up(&self, who: &Grant, family: &str, messages: &[Value]) -> Vec<Value> {
        let texts: Vec<String> = messages
            .iter()
            .map(|m| m.as_str().map_or_else(|| m.to_string(), str::to_owned))
            .collect();
        let name = who.client.0.strip_prefix(&self.product).unwrap();
        let topic = format!("$thing/up/{family}/{}/{name}", self.product);
        let ups = texts.iter().map(|text| (&*topic, text.as_bytes(), Verdict::Accepted)).collect();
        let down = self.burst(who, ups).await;
        down.iter().map(|down| serde_json::from_slice(&down.payload).unwrap()).collect()
    }

    /// Sends messages up in one burst and commits it.
    pub(crate) async fn burst(
        &self,
        who: &Grant,
        messages: Vec<(&str, &[u8], Verdict)>,
    ) -> Vec<Down> {
        let burst = self.taken(who, messages).await;
        self.committed(who, burst.batch).await;
        burst.down
    }

    /// Sends messages up in one burst, whose batch is not committed yet.
    pub(crate) async fn taken<'b>(
        &self,
        who: &Grant,
        messages: Vec<(&'b str, &'b [u8], Verdict)>,
    ) -> Burst<'b> {
        let qos = QoS::AtLeastOnce;
        let up = messages
            .into_iter()
            .map(|(topic, payload, verdict)| Up { verdict, ..Up::new(topic, payload, qos) });
        let mut burst =
            Burst { now: self.now(), up: up.collect(), batch: Batch::default(), down: Vec::new() };
        if let Some(slow) = self.hub.up(who, &mut burst) {
            slow.await;
        }
        burst
    }

    /// Commits a burst's batch, as the broker does.
    pub(crate) async fn committed(&self, who: &Grant, batch: Batch) {
        self.hub.commit(who, batch, &self.bed.services.store).await.unwrap();
    }
}

both!(devices_are_made_listed_and_deleted);
async fn devices_are_made_listed_and_deleted(bed: Bed) {
    let world = World::of(bed).await;
    for n in 0..5 {
        world.make(&format!("dev-0{n}")).await;
    }
    let sixth = world.named("dev-05", json!({}));
    assert_eq!(world.code("CreateDevice", sixth).await, "LimitExceeded.DeviceExceedLimit");
    let list = |more: Value| {
        let mut params = json!({ "ProductId": world.product });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.call("GetDeviceList", params)
    };
    let page = list(json!({ "Offset": 3, "Limit": 10 })).await;
    let devices = page["Devices"].as_array().unwrap();
    let names: Vec<_> = devices.iter().map(|d| d["DeviceName"].as_str().unwrap()).collect();
    assert_eq!((page["Total"].as_i64(), names), (Some(5), vec!["dev-01", "dev-00"]));
    assert_eq!(page["Devices"][0]["DevicePsk"], "");
    let found = list(json!({ "DeviceName": "V-03" })).await;
    assert_eq!(found["Devices"][0]["DeviceName"], "dev-03");
    assert_eq!(found["Total"], 1);
    assert_eq!(list(json!({ "DeviceName": "_" })).await["Total"], 0);
    assert_eq!(list(json!({ "FirmwareVersion": "None-FirmwareVersion" })).await["Total"], 5);
    assert_eq!(list(json!({ "FirmwareVersion": "1.0" })).await["Total"], 0);
    let project = world.bed.login.enterprise_project_id.clone();
    let all = list(json!({ "ProductId": "-1", "ProjectId": project })).await;
    assert_eq!(all["Total"], 5);

    let items: Vec<_> = ["dev-03", "dev-04"]
        .map(|name| json!({ "ProductId": world.product, "DeviceName": name }))
        .to_vec();
    world.call("DeleteDevices", json!({ "DevicesItems": items })).await;
    assert_eq!(list(json!({})).await["Total"], 3);
    let gone = world.named("dev-03", json!({}));
    assert_eq!(world.code("DescribeDevice", gone).await, "ResourceNotFound.DeviceNotExist");
}

both!(a_lot_of_devices_is_made_as_a_whole_or_not_at_all);
async fn a_lot_of_devices_is_made_as_a_whole_or_not_at_all(bed: Bed) {
    let world = World::of(bed).await;
    world.make("lot-3").await;
    let (cx, product) = (world.bed.cx(), base::ProductId::parse(&world.product).unwrap());
    let lot = |numbers: std::ops::Range<u32>| {
        let names = numbers.map(|n| base::DeviceName::parse(&format!("lot-{n}")).unwrap());
        super::import(&cx, &product, names.collect())
    };
    let code = async |numbers| lot(numbers).await.unwrap_err().code().as_str().to_owned();
    assert_eq!(code(0..4).await, "InvalidParameterValue.DeviceAlreadyExist");
    assert_eq!(code(4..9).await, "LimitExceeded.DeviceExceedLimit");
    assert_eq!(code(0..10_001).await, "InvalidParameterValue");
    let list = async || world.call("GetDeviceList", json!({ "ProductId": world.product })).await;
    assert_eq!(list().await["Total"], 1);
    lot(4..8).await.unwrap();
    assert_eq!(list().await["Total"], 5);
    let secret = world.on("DescribeDevice", "lot-7", json!({})).await;
    let secret = secret["Device"]["DevicePsk"].as_str().unwrap();
    assert!(world.connect("lot-7", secret).await.is_ok());
    world.on("DeleteDevice", "lot-7", json!({})).await;
    assert_eq!(list().await["Total"], 4);
}

both!(bad_names_twins_and_half_wrong_bulks_change_nothing);
async fn bad_names_twins_and_half_wrong_bulks_change_nothing(bed: Bed) {
    let world = World::of(bed).await;
    world.make("a").await;
    let code = async |name: &str, more| world.code("CreateDevice", world.named(name, more)).await;
    assert_eq!(code("a", json!({})).await, "InvalidParameterValue.DeviceAlreadyExist");
    for bad in ["", "温度", "a b", &"x".repeat(49)] {
        assert_eq!(code(bad, json!({})).await, "InvalidParameterValue", "{bad}");
    }
    assert_eq!(code("b", json!({ "DefinedPsk": "no base64!" })).await, "InvalidParameterValue");
    let items = ["a", "nobody"].map(|n| json!({ "ProductId": world.product, "DeviceName": n }));
    let bulk = json!({ "DevicesItems": items });
    assert_eq!(world.code("DeleteDevices", bulk).await, "ResourceNotFound.DeviceNotExist");
    let device = world.on("DescribeDevice", "a", json!({})).await["Device"].clone();
    assert_eq!((device["Status"].as_i64(), device["EnableState"].as_i64()), (Some(3), Some(1)));
    assert_eq!(device["CreateTime"], T0 / 1000);
    assert_eq!(device["DevicePsk"].as_str().unwrap().len(), 24);
}

both!(a_device_connects_with_its_secret_while_it_exists_and_is_enabled);
async fn a_device_connects_with_its_secret_while_it_exists_and_is_enabled(bed: Bed) {
    let world = World::of(bed).await;
    let secret = world.make("lamp").await;
    let refusal = async |name: &str, secret: &str| world.connect(name, secret).await.err();
    assert_eq!(refusal("lamp", &secret).await, None);
    assert_eq!(refusal("lamp", "AAAAAAAAAAAAAAAAAAAAAA==").await, Some(Refusal::BadCredentials));
    assert_eq!(refusal("nobody", &secret).await, Some(Refusal::BadCredentials));
    let items = json!([{ "ProductId": world.product, "DeviceName": "lamp" }]);
    let enable = |status: i64| {
        world.call("UpdateDevicesEnableState", json!({ "DevicesItems": items, "Status": status }))
    };
    enable(0).await;
    assert_eq!(refusal("lamp", &secret).await, Some(Refusal::NotAuthorized));
    enable(1).await;
    assert_eq!(refusal("lamp", &secret).await, None);
    let log = world.on("DescribeDiagnosisLogs", "lamp", json!({})).await;
    assert_eq!(log["Logs"][0]["ErrCode"], "Dev_Conn_System_Err");
    assert_eq!(log["Logs"][0]["Result"], "FAIL, password is wrong");
    world.on("DeleteDevice", "lamp", json!({})).await;
    assert_eq!(refusal("lamp", &secret).await, Some(Refusal::BadCredentials));

    let again = world.make("lamp").await;
    assert_eq!(refusal("lamp", &secret).await, Some(Refusal::BadCredentials));
    let world = world.restart().await;
    assert!(world.connect("lamp", &again).await.is_ok());
}

#[tokio::test]
async fn the_psk_of_an_identity_is_the_decoded_secret() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let world = World::new().await;
    let secret = world.make("lamp").await;
    let identity = format!("{}lamp", world.product);
    let key = world.hub.secret(identity.as_bytes()).unwrap();
    assert_eq!(key.expose(), STANDARD.decode(secret).unwrap());
    assert!(world.hub.secret(b"nobody").is_none());
}

/// A live page is told at once, and asks before the batch is on the disk.
#[tokio::test]
async fn who_was_told_of_a_coming_finds_its_times_before_the_commit() {
    let world = World::new().await;
    let secret = world.make("lamp").await;
    let grant = world.connect("lamp", &secret).await.unwrap();
    let mut batch = Batch::default();
    let peer = "10.0.0.7:4000".parse().unwrap();
    world.hub.event(&grant, Event::Online { at: T0 + 5_000, peer }, &mut batch);
    let device = world.on("DescribeDevice", "lamp", json!({})).await["Device"].clone();
    assert_eq!(device["FirstOnlineTime"], T0 / 1000 + 5);
}

/// One commit: a connection waits for the disk once.
#[tokio::test]
async fn the_times_of_a_coming_or_going_are_kept_with_its_log() {
    let world = World::new().await;
    let secret = world.make("lamp").await;
    let lamp = world.connect("lamp", &secret).await.unwrap();
    let store = &world.bed.services.store;
    let no = lamp.data.downcast_ref::<super::Session>().unwrap().no();
    let kept = || State::load(store, no).unwrap();
    let peer = "10.0.0.7:4000".parse().unwrap();
    let (online, offline) = (T0 + 5_000, T0 + 9_000);
    let mut came = Batch::default();
    world.hub.event(&lamp, Event::Online { at: online, peer }, &mut came);
    world.committed(&lamp, came).await;
    assert_eq!((kept().last_online, kept().last_offline), (online, 0));
    let mut went = Batch::default();
    world.hub.event(&lamp, Event::Offline { at: offline, why: Offline::KeepAlive }, &mut went);
    // Commits are made in their order, so whatever came before is there when this one is.
    let mut other = Batch::default();
    other.count(b"other", 1);
    store.commit(other).await.unwrap();
    assert_eq!(kept().last_offline, 0, "the event's own commit carries it");
    world.committed(&lamp, went).await;
    assert_eq!((kept().last_online, kept().last_offline), (online, offline));
}

/// Nothing is acknowledged before it is durable.
#[tokio::test]
async fn what_a_device_says_of_itself_is_kept_by_the_commit_of_its_burst() {
    let world = World::new().await;
    let secret = world.make("lamp").await;
    let lamp = world.connect("lamp", &secret).await.unwrap();
    let store = &world.bed.services.store;
    let no = lamp.data.downcast_ref::<super::Session>().unwrap().no();
    let topic = format!("$thing/up/property/{}/lamp", world.product);
    let info = br#"{"method":"report_info","clientToken":"t","params":{"name":"lamp"}}"#;
    let burst = world.taken(&lamp, vec![(&topic, info, Verdict::Accepted)]).await;
    let mut other = Batch::default();
    other.count(b"other", 1);
    store.commit(other).await.unwrap();
    assert_eq!(State::load(store, no).unwrap().info.as_ref(), "");
    world.committed(&lamp, burst.batch).await;
    assert_eq!(State::load(store, no).unwrap().info.as_ref(), r#"{"name":"lamp"}"#);
}

both!(coming_and_going_is_kept_and_an_older_connection_says_nothing);
async fn coming_and_going_is_kept_and_an_older_connection_says_nothing(bed: Bed) {
    let world = World::of(bed).await;
    let secret = world.make("lamp").await;
    let first = world.connect("lamp", &secret).await.unwrap();
    let second = world.connect("lamp", &secret).await.unwrap();
    assert!(second.epoch > first.epoch);
    let peer = "10.0.0.7:4000".parse().unwrap();
    world.event(&first, Event::Online { at: T0 + 5_000, peer }).await;
    world.event(&second, Event::Online { at: T0 + 9_000, peer }).await;
    world.event(&first, Event::Offline { at: T0 + 9_500, why: Offline::Takeover }).await;
    let device = world.on("DescribeDevice", "lamp", json!({})).await["Device"].clone();
    assert_eq!(device["FirstOnlineTime"], T0 / 1000 + 5);
    assert_eq!(device["LoginTime"], T0 / 1000 + 9);
    assert_eq!(device["Status"], 0, "activated, and no broker knows it");
    let product = base::ProductId::parse(&world.product).unwrap();
    assert_eq!(super::counts(&world.bed.services, &product).await.unwrap(), (1, 1));
    assert_eq!(super::online(&world.bed.services, &product), 1);
    world.event(&second, Event::Offline { at: T0 + 10_000, why: Offline::KeepAlive }).await;
    assert_eq!(super::online(&world.bed.services, &product), 0);
    world.bed.clock.advance(60_000);
    let log = world.on("DescribeOnlineLogs", "lamp", json!({})).await;
    let rows: Vec<_> = log["Logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["Event"].as_str().unwrap(), row["Reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        rows,
        [
            ("offline", "Device keepalive timeout"),
            ("offline", "Device connected again"),
            ("online", ""),
            ("online", ""),
        ]
    );
}

#[tokio::test]
async fn a_device_that_is_deleted_while_it_is_online_leaves_nothing_behind() {
    use store::Space;
    let world = World::new().await;
    let secret = world.make("lamp").await;
    let lamp = world.connect("lamp", &secret).await.unwrap();
    let peer = "10.0.0.7:4000".parse().unwrap();
    world.event(&lamp, Event::Online { at: T0, peer }).await;
    let report = json!({ "method": "report", "clientToken": "t", "params": { "brightness": 1 } });
    world.up(&lamp, "property", std::slice::from_ref(&report)).await;
    let no = lamp.data.downcast_ref::<super::Session>().unwrap().no().0.to_be_bytes();
    let row = |space| world.bed.services.store.get(space, &no).unwrap();
    assert!(row(Space::Shadow).is_some() && row(Space::DeviceState).is_some());
    let product = base::ProductId::parse(&world.product).unwrap();
    assert_eq!(super::counts(&world.bed.services, &product).await.unwrap(), (1, 1));
    world.on("DeleteDevice", "lamp", json!({})).await;
    // What is still on its way when the kick arrives.
    world.up(&lamp, "property", &[report]).await;
    world.event(&lamp, Event::Offline { at: T0, why: Offline::Kicked }).await;
    assert_eq!((row(Space::Shadow), row(Space::DeviceState)), (None, None));
    assert_eq!(super::counts(&world.bed.services, &product).await.unwrap(), (0, 0));
    assert_eq!(super::online(&world.bed.services, &product), 0);
}

#[tokio::test]
async fn the_time_is_told() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let topic = format!("$sys/operation/{}/lamp", world.product);
    let ask = br#"{"type":"get","resource":["time"]}"#;
    let down = world.burst(&lamp, vec![(&topic, ask, Verdict::Accepted)]).await;
    assert_eq!(&*down[0].topic, format!("$sys/operation/result/{}/lamp", world.product));
    let reply: Value = serde_json::from_slice(&down[0].payload).unwrap();
    assert_eq!(reply, json!({ "type": "get", "time": T0 / 1000, "ntptime1": T0, "ntptime2": T0 }));
}

#[tokio::test]
async fn connection_parameters_connect() {
    let world = World::new().await;
    world.make("lamp").await;
    let shown = world.on("DescribeDeviceConnection", "lamp", json!({})).await;
    let text = |name: &str| shown[name].as_str().unwrap().to_owned();
    let (client_id, user, password) = (text("ClientId"), text("UserName"), text("Password"));
    assert_eq!(client_id, format!("{}lamp", world.product));
    let hello = Connect {
        door: Door::Tls,
        peer: "127.0.0.1:4000".parse().unwrap(),
        now: T0,
        level: Level::V311,
        client_id: &client_id,
        user_name: Some(&user),
        password: Some(password.as_bytes()),
        keep_alive: 60,
        clean: true,
        will: false,
        psk: None,
        certificate: None,
    };
    assert!(world.hub.connect(&hello).await.is_ok());
}

/// What SQL says may not reach the mirror while the hot store refuses; until it does, a barred
/// device stays out.
#[tokio::test]
async fn a_barred_device_stays_out_until_the_mirror_knows_what_sql_says() {
    let world = World::new().await;
    let secret = world.make("lamp").await;
    assert!(world.connect("lamp", &secret).await.is_ok());
    let key = base::DeviceKey::parse(&world.product, "lamp").unwrap();
    world.bed.services.devices.mirror.bar(&[key]);
    assert!(world.connect("lamp", &secret).await.is_err());
    let items = json!([{ "ProductId": world.product, "DeviceName": "lamp" }]);
    world.call("UpdateDevicesEnableState", json!({ "DevicesItems": items, "Status": 1 })).await;
    assert!(world.connect("lamp", &secret).await.is_ok());
}

/// The metadata refuses for a while; the device says the same again, as devices do.
#[tokio::test]
async fn a_firmware_version_that_could_not_be_noted_is_noted_when_it_is_told_again() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let store = world.bed.services.store.clone();
    let run = async |sql: &'static str| {
        let mut tx = store.begin().await.unwrap();
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
    };
    let tell = async || {
        let info =
            json!({ "method": "report_info", "clientToken": "i", "params": { "fw_ver": "1.2" } });
        world.up(&lamp, "property", &[info]).await;
        world.on("DescribeDevice", "lamp", json!({})).await["Device"]["Version"].clone()
    };
    run("CREATE TRIGGER refuse BEFORE UPDATE OF version ON device \
         BEGIN SELECT raise(ABORT, 'no'); END")
    .await;
    assert_eq!(tell().await, "");
    run("DROP TRIGGER refuse").await;
    assert_eq!(tell().await, "1.2");
    let list = async |version: &str| {
        let ask = json!({ "ProductId": world.product, "FirmwareVersion": version });
        world.call("GetDeviceList", ask).await["Total"].clone()
    };
    assert_eq!((list("1.2").await, list("None-FirmwareVersion").await), (json!(1), json!(0)));
}

/// With a million devices a list that reads them one by one takes seconds.
#[tokio::test]
async fn every_list_has_an_index_and_every_count_reads_no_device() {
    let bed = Bed::sqlite().await;
    let plan = async |sql: &str| {
        let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into());
        let args = [store::Arg::Text("x"), store::Arg::Text("x"), store::Arg::Text("x")];
        let most = (1..=3).filter(|n| sql.contains(&format!("${n}"))).count();
        let rows = bed.services.store.query(sql, &args[..most]).await.unwrap();
        rows.iter().map(|row| row.text(3).unwrap().to_owned()).collect::<Vec<_>>().join("; ")
    };
    let asked = super::tables::ALL.iter().filter(|sql| sql.starts_with("SELECT"));
    for sql in asked.filter(|sql| sql.contains("_id = $1 AND") || sql.contains("_id = $1 ORDER")) {
        let plan = plan(sql).await;
        assert!(!plan.contains("SCAN"), "{sql}: {plan}");
        if sql.contains("version = $2") {
            assert!(plan.contains("version"), "{sql}: {plan}");
        }
        if sql.contains("count(*)") {
            assert!(plan.contains("COVERING INDEX"), "{sql}: {plan}");
        }
    }
}

both!(devices_are_counted_and_found_by_project_version_and_name);
async fn devices_are_counted_and_found_by_project_version_and_name(bed: Bed) {
    let world = World::of(bed).await;
    for name in ["a-1", "a-2", "b-1"] {
        let device = world.device(name).await;
        let version = if name == "b-1" { "2" } else { "1" };
        let info = json!({
            "method": "report_info", "clientToken": "i", "params": { "fw_ver": version },
        });
        world.up(&device, "property", &[info]).await;
    }
    world.make("a-3").await;
    let project = world.bed.login.enterprise_project_id.clone();
    for scope in
        [json!({ "ProductId": world.product }), json!({ "ProductId": "-1", "ProjectId": project })]
    {
        let found = async |more: Value| {
            let mut params = scope.clone();
            params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let page = world.call("GetDeviceList", params).await;
            let devices = page["Devices"].as_array().unwrap().iter();
            let names: Vec<_> =
                devices.map(|d| d["DeviceName"].as_str().unwrap().to_owned()).collect();
            (page["Total"].as_u64().unwrap(), names.join(" "))
        };
        let version = |version: &str| json!({ "FirmwareVersion": version });
        assert_eq!(found(json!({})).await, (4, "a-3 b-1 a-2 a-1".into()));
        assert_eq!(found(version("1")).await, (2, "a-2 a-1".into()));
        assert_eq!(found(version("None-FirmwareVersion")).await, (1, "a-3".into()));
        assert_eq!(found(version("3")).await, (0, String::new()));
        assert_eq!(found(json!({ "DeviceName": "-1" })).await, (2, "b-1 a-1".into()));
        let both = json!({ "DeviceName": "A-", "FirmwareVersion": "1", "Offset": 1 });
        assert_eq!(found(both).await, (2, "a-1".into()));
    }
    let empty = world.bed.ok("CreateProject", json!({ "ProjectName": "e", "ProjectDesc": "" }));
    let empty = empty.await["Project"]["ProjectId"].clone();
    let list = json!({ "ProductId": "-1", "ProjectId": empty });
    assert_eq!(world.call("GetDeviceList", list).await["Total"], 0);
    world.on("DeleteDevice", "a-3", json!({})).await;
    let list = json!({ "ProductId": "-1", "ProjectId": project });
    assert_eq!(world.call("GetDeviceList", list).await["Total"], 3);
}

/// What one device proves lets it into no session of another.
#[tokio::test]
async fn a13_a_client_id_is_bound_to_who_proves_it() {
    let world = World::new().await;
    let (mine, theirs) = (world.make("lamp1").await, world.make("lamp2").await);
    let id = |name: &str| format!("{}{name}", world.product);
    let user = |name: &str| format!("{};12010126;AbC1x;{}", id(name), T0 / 1000 + 3600);
    let knock = async |client: &str, user: &str, secret: &str| {
        let password = password::sign(secret.as_bytes(), user).unwrap();
        let hello = Connect {
            door: Door::Tcp,
            peer: "127.0.0.1:4000".parse().unwrap(),
            now: world.now(),
            level: Level::V311,
            client_id: client,
            user_name: Some(user),
            password: Some(password.as_bytes()),
            keep_alive: 60,
            clean: false,
            will: false,
            psk: None,
            certificate: None,
        };
        world.hub.connect(&hello).await.map(|grant| grant.client.0.to_string())
    };
    assert_eq!(knock(&id("lamp1"), &user("lamp1"), &mine).await, Ok(id("lamp1")));
    for (client, user, secret) in [
        (id("lamp2"), user("lamp2"), &mine),
        (id("lamp2"), user("lamp1"), &mine),
        (id("lamp1"), user("lamp2"), &theirs),
        (id("lamp1"), user("lamp1"), &theirs),
    ] {
        let answer = knock(&client, &user, secret).await;
        assert_eq!(answer, Err(Refusal::BadCredentials), "{client} as {user}");
    }
    // Neither by a look-alike: each is another name, or none.
    for client in [id("lamp2 "), id("LAMP2"), format!(" {}", id("lamp2")), id("lamp2\0")] {
        assert!(knock(&client, &user("lamp1"), &mine).await.is_err(), "{client:?}");
    }
}
