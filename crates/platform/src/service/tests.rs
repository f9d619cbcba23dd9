//! The place where service clients are tried out without sockets: the hub is asked as the broker asks
//! it, operations are called as `web` calls them.

use base::Code;
use broker::hub::{
    Access, Burst, ClientKey, Connect, Door, Event, Grant, Hub as _, Level, Offline, QoS, Reach,
    Refusal, Up,
};
use serde_json::{Value, json};
use store::Batch;

use crate::{
    PlatformHub,
    tests::{Bed, NOON, both},
};

/// A platform with a lamp product in the enterprise instance, and its hub.
struct World {
    bed: Bed,
    hub: PlatformHub,
    lamp: String,
}

impl World {
    async fn of(bed: Bed) -> Self {
        let lamp = bed.product("lamp", json!({})).await;
        let hub = PlatformHub::new(&bed.services);
        Self { bed, hub, lamp }
    }

    async fn new() -> Self {
        Self::of(Bed::sqlite().await).await
    }

    async fn restart(self) -> Self {
        let bed = self.bed.restart().await;
        let hub = PlatformHub::new(&bed.services);
        Self { bed, hub, lamp: self.lamp }
    }

    fn instance(&self, more: Value) -> Value {
        let mut all = json!({ "InstanceId": self.bed.login.enterprise_instance_id });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    }

    /// A new service client: user name and token.
    async fn create(&self, more: Value) -> (String, String) {
        let made = self.bed.ok("CreateServiceClient", self.instance(more)).await;
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        (text("UserName"), text("Token"))
    }

    async fn connect(&self, user: &str, token: &str, client_id: &str) -> Result<Grant, Refusal> {
        self.hub
            .connect(&Connect {
                door: Door::Tcp,
                peer: "127.0.0.1:9".parse().unwrap(),
                now: self.bed.clock.now(),
                level: Level::V5,
                client_id,
                user_name: Some(user),
                password: Some(token.as_bytes()),
                keep_alive: 60,
                clean: false,
                will: false,
                psk: None,
                certificate: None,
            })
            .await
    }

    /// A service client that is let in.
    async fn client(&self, more: Value) -> (String, Grant) {
        let (user, token) = self.create(more).await;
        let grant = self.connect(&user, &token, "c").await.unwrap();
        (user, grant)
    }

    fn publish(&self, who: &Grant, topic: &str) -> bool {
        self.hub.may(who, Access::Publish, topic)
    }

    fn subscribe(&self, who: &Grant, filter: &str) -> bool {
        self.hub.may(who, Access::Subscribe, filter)
    }

    fn receive(&self, who: &Grant, topic: &str) -> bool {
        self.hub.may(who, Access::Receive, topic)
    }

    fn event(&self, who: &Grant, what: Event<'_>) {
        self.hub.event(who, what, &mut Batch::default());
    }

    async fn list(&self) -> Value {
        self.bed.ok("DescribeServiceClients", self.instance(json!({}))).await
    }
}

both!(a_client_is_made_listed_changed_and_deleted);
async fn a_client_is_made_listed_changed_and_deleted(bed: Bed) {
    let world = World::of(bed).await;
    let (first, token) = world.create(json!({ "Remark": "后端 1" })).await;
    assert_eq!((first.len(), token.len()), (14, 32));
    world.bed.clock.advance(1000);
    let more = json!({ "Products": [world.lamp], "Publish": [], "Subscribe": ["a/#", "b/+"] });
    let (second, _) = world.create(more).await;
    let all = world.list().await;
    assert_eq!(all["Total"], 2);
    assert_eq!(all["Clients"][0]["UserName"], second.as_str(), "the newest first");
    assert_eq!(all["Clients"][0]["Products"], json!([world.lamp]));
    assert_eq!(all["Clients"][0]["Publish"], json!([]));
    assert_eq!(all["Clients"][0]["Subscribe"], json!(["a/#", "b/+"]));
    let one = &all["Clients"][1];
    assert_eq!(one["Remark"], "后端 1");
    let everything = (json!(["*"]), json!(["#"]), json!(["#"]));
    assert_eq!((&one["Products"], &one["Publish"], &one["Subscribe"]), {
        let (products, publish, subscribe) = &everything;
        (products, publish, subscribe)
    });
    assert_eq!(one["Enabled"], true);
    assert_eq!((&one["CreateTime"], &one["LastConnectTime"]), (&json!(NOON / 1000), &json!(0)));
    assert!(!all.to_string().contains(&token), "a token is told once");
    let page = world.instance(json!({ "Offset": 1, "Limit": 1 }));
    let page = world.bed.ok("DescribeServiceClients", page).await;
    assert_eq!((&page["Total"], page["Clients"].as_array().unwrap().len()), (&json!(2), 1));

    let change = json!({ "UserName": first, "Remark": "x", "Publish": ["up/#"], "Enabled": false });
    world.bed.ok("ModifyServiceClient", world.instance(change)).await;
    let world = world.restart().await;
    let one = world.list().await["Clients"][1].clone();
    assert_eq!((&one["Remark"], &one["Publish"]), (&json!("x"), &json!(["up/#"])));
    assert_eq!((&one["Subscribe"], &one["Enabled"]), (&json!(["#"]), &json!(false)));

    let gone = world.instance(json!({ "UserName": first }));
    world.bed.ok("DeleteServiceClient", gone.clone()).await;
    assert_eq!(world.bed.code("DeleteServiceClient", gone.clone()).await, Code::ResourceNotFound);
    assert_eq!(world.bed.code("ModifyServiceClient", gone).await, Code::ResourceNotFound);
    assert_eq!(world.restart().await.list().await["Total"], 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let world = World::new().await;
    let long = "x".repeat(257);
    for bad in [
        json!({ "Remark": long }),
        json!({ "Products": [] }),
        json!({ "Products": ["lamp"] }),
        json!({ "Products": ["*", "AAAAAAAAAA"] }),
        json!({ "Publish": ["a#"] }),
        json!({ "Publish": [""] }),
        json!({ "Publish": ["$thing/down/#"] }),
        json!({ "Subscribe": ["$SYS/#"] }),
        json!({ "Subscribe": ["$share/g/a"] }),
        json!({ "Subscribe": vec!["a"; 21] }),
    ] {
        let code = world.bed.code("CreateServiceClient", world.instance(bad.clone())).await;
        assert_eq!(code, Code::InvalidParameterValue, "{bad}");
    }
    let none = json!({ "InstanceId": "ins-0000000000" });
    let code = world.bed.code("CreateServiceClient", none).await;
    assert_eq!(code, Code::ResourceNotFoundInstanceNotExist);
}

#[tokio::test]
async fn an_instance_has_a_hundred_clients_at_most() {
    let world = World::new().await;
    for _ in 0..100 {
        world.create(json!({})).await;
    }
    let code = world.bed.code("CreateServiceClient", world.instance(json!({}))).await;
    assert_eq!(code, Code::LimitExceeded);
}

#[tokio::test]
async fn clients_of_another_account_or_instance_are_not_found() {
    let world = World::new().await;
    let (user, _) = world.create(json!({})).await;
    let ask = world.instance(json!({ "UserName": user }));
    for action in ["ModifyServiceClient", "DeleteServiceClient"] {
        let refused = world.bed.call_as(world.bed.stranger(), action, ask.clone()).await;
        assert_eq!(refused.unwrap_err().code(), Code::ResourceNotFoundInstanceNotExist);
        let other = json!({ "InstanceId": world.bed.login.public_instance_id, "UserName": user });
        assert_eq!(world.bed.code(action, other).await, Code::ResourceNotFound);
    }
    assert_eq!(world.list().await["Total"], 1);
}

#[tokio::test]
async fn the_token_lets_in_and_nothing_else() {
    let world = World::new().await;
    let (user, token) = world.create(json!({})).await;
    let grant = world.connect(&user, &token, "one").await.unwrap();
    assert_eq!(&*grant.client.0, format!("{user}/one"));
    assert_eq!(grant.reach, Reach::Free);
    assert_eq!(&*grant.tenant.id, world.bed.login.enterprise_instance_id);
    assert!(world.connect(&user, &token, &"c".repeat(128)).await.is_ok());

    let refusal =
        async |user: &str, token: &str, id: &str| world.connect(user, token, id).await.err();
    assert_eq!(refusal(&user, "", "c").await, Some(Refusal::BadCredentials));
    let short = token.get(..31).unwrap();
    assert_eq!(refusal(&user, short, "c").await, Some(Refusal::BadCredentials));
    assert_eq!(refusal("svc-", &token, "c").await, Some(Refusal::BadCredentials));
    assert_eq!(refusal("svc-0000000000", &token, "c").await, Some(Refusal::BadCredentials));
    assert_eq!(refusal(&user, &token, &"c".repeat(129)).await, Some(Refusal::BadIdentifier));
    assert_eq!(refusal("", "", "c").await, Some(Refusal::BadIdentifier), "nobody is anonymous");

    let off = world.instance(json!({ "UserName": user, "Enabled": false }));
    world.bed.ok("ModifyServiceClient", off).await;
    assert_eq!(refusal(&user, &token, "c").await, Some(Refusal::NotAuthorized));
    assert!(world.hub.restore(&grant.client).is_none());
    let on = world.instance(json!({ "UserName": user, "Enabled": true }));
    world.bed.ok("ModifyServiceClient", on).await;
    assert!(refusal(&user, &token, "c").await.is_none());
    world.bed.ok("DeleteServiceClient", world.instance(json!({ "UserName": user }))).await;
    assert_eq!(refusal(&user, &token, "c").await, Some(Refusal::BadCredentials));
}

/// With `P` for the product and `D` for one of its devices.
fn filled(text: &str, product: &str) -> String {
    let levels: Vec<&str> = text
        .split('/')
        .map(|level| match level {
            "P" => product,
            "D" => "lamp1",
            other => other,
        })
        .collect();
    levels.join("/")
}

#[tokio::test]
async fn a_client_with_all_rights_uses_what_devices_report_and_free_topics() {
    let world = World::new().await;
    let (_, who) = world.client(json!({})).await;
    let check = |text: &str, publish: bool, subscribe: bool, receive: bool| {
        let text = filled(text, &world.lamp);
        assert_eq!(world.publish(&who, &text), publish, "publish {text}");
        assert_eq!(world.subscribe(&who, &text), subscribe, "subscribe {text}");
        let shared = format!("$share/g/{text}");
        assert_eq!(world.subscribe(&who, &shared), subscribe, "subscribe {shared}");
        assert!(!world.publish(&who, &shared), "publish {shared}");
        assert_eq!(world.receive(&who, &text), receive, "receive {text}");
    };
    for family in ["property", "event", "action", "service", "raw"] {
        check(&format!("$thing/up/{family}/P/D"), false, true, true);
        check(&format!("$thing/down/{family}/P/D"), false, false, false);
    }
    check("$ota/report/P/D", false, true, true);
    check("$ota/update/P/D", false, false, false);
    for other in [
        "$gateway/operation/P/D",
        "$gateway/operation/result/P/D",
        "$rrpc/rxd/P/D/17",
        "$rrpc/txd/P/D/17",
        "$broadcast/rxd/P/D",
        "$shadow/operation/P/D",
        "$shadow/operation/result/P/D",
        "$config/report/P/D",
        "$log/operation/P/D",
        "$sys/operation/P/D",
        "$sys/operation/result/P/D",
        "$resource/up/service/P/D",
        "$SYS/broker/uptime",
        "$queue/a",
        "$delayed/1/a",
        "$thing",
        "$THING/up/property/P/D",
    ] {
        check(other, false, false, false);
    }
    check("P/D/control", true, true, true);
    check("P/D/data", true, true, true);
    check("P/D/event", false, true, true);
    check("P/D", false, true, true);
    check("P", false, true, true);
    check("plant/7/line", true, true, true);
    check("/plant", true, true, true);
    check("ｈ/plant", true, true, true);
}

#[tokio::test]
async fn a10_wildcards_reach_no_more_than_single_topics_do() {
    let world = World::new().await;
    let (_, who) = world.client(json!({})).await;
    let check = |filter: &str, subscribe: bool| {
        let filter = filled(filter, &world.lamp);
        assert_eq!(world.subscribe(&who, &filter), subscribe, "{filter}");
        let shared = format!("$share/g/{filter}");
        assert_eq!(world.subscribe(&who, &shared), subscribe, "{shared}");
    };
    for good in [
        "#",
        "+",
        "+/#",
        "+/+/control",
        "$thing/up/#",
        "$thing/up/+/P/#",
        "$thing/up/property/+/lamp1",
        "$ota/report/#",
        "$ota/report/P/+",
        "P/#",
        "P/+/data",
        "plant/+/#",
    ] {
        check(good, true);
    }
    for bad in [
        "$SYS/#",
        "$queue/#",
        "$thing/#",
        "$thing/+/property/#",
        "$thing/+/+/P/D",
        "$thing/down/#",
        "$thing/up",
        "$ota/#",
        "$ota/update/#",
        "$rrpc/#",
        "$+/#",
        "$/#",
        "$thing/up/property/AAAAAAAAAA/#",
        "$thing/up/property/lamp%31/#",
    ] {
        check(bad, false);
    }
    assert!(world.subscribe(&who, "$share/g/#"));
    assert!(!world.subscribe(&who, "$share/g/$share/h/#"));
    assert!(!world.subscribe(&who, "$share/#"));
}

#[tokio::test]
async fn an_entry_bounds_products_and_filters() {
    let world = World::new().await;
    let (lamp, fan) = (world.lamp.clone(), world.bed.product("fan", json!({})).await);
    let rights = json!({
        "Products": [lamp], "Publish": ["plant/+/cmd", format!("{lamp}/#")],
        "Subscribe": ["$thing/up/property/#", "plant/#", "+/+/event"],
    });
    let (_, who) = world.client(rights).await;
    let on = |product: &str, text: &str| filled(text, product);

    assert!(world.subscribe(&who, &on(&lamp, "$thing/up/property/P/#")));
    assert!(world.subscribe(&who, "$thing/up/property/#"));
    assert!(!world.subscribe(&who, &on(&fan, "$thing/up/property/P/#")), "another product");
    assert!(!world.subscribe(&who, "$thing/up/#"), "more than the filters");
    assert!(!world.subscribe(&who, "#"));
    assert!(!world.subscribe(&who, &on(&fan, "P/D/event")));
    assert!(world.subscribe(&who, "+/lamp1/event"));

    assert!(world.receive(&who, &on(&lamp, "$thing/up/property/P/D")));
    assert!(!world.receive(&who, &on(&fan, "$thing/up/property/P/D")));
    assert!(!world.receive(&who, &on(&lamp, "$thing/up/event/P/D")));
    assert!(world.receive(&who, &on(&lamp, "P/D/event")));
    assert!(!world.receive(&who, &on(&fan, "P/D/event")));
    assert!(world.receive(&who, "plant/7"));
    assert!(!world.receive(&who, "other"));

    assert!(world.publish(&who, "plant/7/cmd"));
    assert!(!world.publish(&who, "plant/7"));
    assert!(world.publish(&who, &on(&lamp, "P/D/control")));
    assert!(!world.publish(&who, &on(&lamp, "P/D/event")));
    assert!(!world.publish(&who, &on(&fan, "P/D/control")));
}

#[tokio::test]
async fn another_instance_has_other_products_and_other_topics() {
    let world = World::new().await;
    let project = &world.bed.login.public_project_id;
    let fan = world.bed.product("fan", json!({ "ProjectId": project })).await;
    let (_, enterprise) = world.client(json!({})).await;
    let public = json!({ "InstanceId": world.bed.login.public_instance_id });
    let made = world.bed.ok("CreateServiceClient", public).await;
    let (user, token) = (made["UserName"].as_str().unwrap(), made["Token"].as_str().unwrap());
    let public = world.connect(user, token, "c").await.unwrap();
    // The broker keeps what is free apart by the tenant.
    assert_ne!(enterprise.tenant.id, public.tenant.id);
    for (own, who, others) in [(&world.lamp, &enterprise, &fan), (&fan, &public, &world.lamp)] {
        for topic in ["$thing/up/property/P/D", "$ota/report/P/D", "P/D/event", "P"] {
            let (mine, other) = (filled(topic, own), filled(topic, others));
            assert!(world.receive(who, &mine), "{mine}");
            assert!(!world.receive(who, &other), "{other}");
            assert!(world.subscribe(who, &mine), "{mine}");
            assert!(!world.subscribe(who, &other), "{other}");
            assert!(!world.publish(who, &other), "{other}");
        }
        assert!(!world.publish(who, &filled("P/D/control", others)));
    }
    // Devices of public instances have no custom topics.
    assert!(!world.publish(&public, &filled("P/D/control", &fan)));
    assert!(world.publish(&enterprise, &filled("P/D/control", &world.lamp)));
}

#[tokio::test]
async fn a_change_counts_at_once_for_who_is_connected() {
    let world = World::new().await;
    let (user, who) = world.client(json!({})).await;
    assert!(world.receive(&who, "plant/1"));
    let less = world.instance(json!({ "UserName": user, "Subscribe": ["other/#"] }));
    world.bed.ok("ModifyServiceClient", less).await;
    assert!(!world.receive(&who, "plant/1"));
    assert!(world.receive(&who, "other/1"));
    world.bed.ok("DeleteServiceClient", world.instance(json!({ "UserName": user }))).await;
    assert!(!world.receive(&who, "other/1") && !world.publish(&who, "a"));
}

#[tokio::test]
async fn a_topic_of_a_device_has_an_owner() {
    let world = World::new().await;
    let check = |topic: &str, owner: Option<String>| {
        let topic = filled(topic, &world.lamp);
        assert_eq!(world.hub.owner(&topic).map(|key| key.0.to_string()), owner, "{topic}");
    };
    check("P/D/control", Some(format!("{}lamp1", world.lamp)));
    check("$thing/down/property/P/D", Some(format!("{}lamp1", world.lamp)));
    check("P/D", None);
    check("AAAAAAAAAA/lamp1/control", None);
    check("plant/7/line", None);
}

#[tokio::test]
async fn a_session_comes_back_after_a_restart_unless_its_client_is_gone() {
    let world = World::new().await;
    let (user, token) = world.create(json!({})).await;
    let before = world.connect(&user, &token, "a/b").await.unwrap();
    world.bed.clock.advance(1);
    let world = world.restart().await;
    let after = world.hub.restore(&before.client).unwrap();
    assert_eq!((after.reach, &*after.tenant.id), (Reach::Free, &*before.tenant.id));
    assert_eq!((&after.client, &after.limits), (&before.client, &before.limits));
    assert!(after.epoch > before.epoch);
    assert!(world.receive(&after, "plant/1"));
    for unknown in ["svc-0000000000/c", "ABCDEFGHIJlamp1", "/", ""] {
        assert!(world.hub.restore(&ClientKey(unknown.into())).is_none(), "{unknown}");
    }
}

both!(it_is_known_who_is_there_and_who_was);
async fn it_is_known_who_is_there_and_who_was(bed: Bed) {
    let world = World::of(bed).await;
    let (_, who) = world.client(json!({})).await;
    let peer = "127.0.0.1:9".parse().unwrap();
    world.event(&who, Event::Online { at: NOON + 5000, peer });
    let one = world.list().await["Clients"][0].clone();
    let at = json!(NOON / 1000 + 5);
    assert_eq!((&one["Online"], &one["LastConnectTime"]), (&json!(1), &at));
    world.event(&who, Event::Offline { at: NOON + 6000, why: Offline::Disconnect });
    let world = world.restart().await;
    let one = world.list().await["Clients"][0].clone();
    assert_eq!((&one["Online"], &one["LastConnectTime"]), (&json!(0), &at));
}

#[tokio::test]
async fn what_goes_to_a_device_is_in_its_log() {
    let world = World::new().await;
    let device = json!({ "ProductId": world.lamp, "DeviceName": "lamp1" });
    world.bed.ok("CreateDevice", device.clone()).await;
    let (_, who) = world.client(json!({})).await;
    let (control, free) = (filled("P/D/control", &world.lamp), "plant/7");
    let up =
        vec![Up::new(&control, b"on", QoS::AtLeastOnce), Up::new(free, b"off", QoS::AtLeastOnce)];
    let (batch, down) = (Batch::default(), Vec::new());
    let mut burst = Burst { now: NOON, up, batch, down };
    assert!(world.hub.up(&who, &mut burst).is_none(), "nothing to wait for");
    assert!(burst.up.iter().all(|up| !up.taken), "the broker takes it to the device");
    world.bed.services.store.commit(burst.batch).await.unwrap();
    let logs = world.bed.ok("DescribeContentLogs", device).await;
    let logs = logs["Logs"].as_array().unwrap();
    assert_eq!(logs.len(), 1, "{logs:?}");
    assert_eq!((&logs[0]["Topic"], &logs[0]["Payload"]), (&json!(control), &json!("on")));
}

/// Two that use one client id, or a device's, have each a session of their own.
#[tokio::test]
async fn a13_a_client_id_is_a_name_within_its_entry() {
    let world = World::new().await;
    let (first, token) = world.create(json!({})).await;
    let (second, other) = world.create(json!({})).await;
    let device = format!("{}lamp1", world.lamp);
    for id in ["c", device.as_str(), &format!("{second}/c"), "../c"] {
        let one = world.connect(&first, &token, id).await.unwrap().client;
        let two = world.connect(&second, &other, id).await.unwrap().client;
        assert_eq!((&*one.0, &*two.0), (&*format!("{first}/{id}"), &*format!("{second}/{id}")));
        assert_ne!(&*one.0, device);
    }
    assert_eq!(world.connect(&first, &other, "c").await.err(), Some(Refusal::BadCredentials));
}

#[tokio::test]
async fn f17_those_who_fight_over_a_client_id_are_slowed() {
    let world = World::new().await;
    let (user, token) = world.create(json!({})).await;
    let (other, others) = world.create(json!({})).await;
    for _ in 0..5 {
        world.connect(&user, &token, "c").await.unwrap();
    }
    for _ in 0..3 {
        // Whoever has no token slows nobody.
        assert_eq!(world.connect(&user, "x", "d").await.unwrap_err(), Refusal::BadCredentials);
        assert_eq!(world.connect(&user, &token, "c").await.unwrap_err(), Refusal::TooOften);
    }
    for _ in 0..5 {
        world.connect(&user, &token, "d").await.unwrap();
        world.connect(&other, &others, "c").await.unwrap();
    }
    world.bed.clock.advance(5_000);
    world.connect(&user, &token, "c").await.unwrap();
    assert_eq!(world.connect(&user, &token, "c").await.unwrap_err(), Refusal::TooOften);
    // A clock that is set back keeps nobody out.
    world.bed.clock.advance(-3_600_000);
    world.connect(&user, &token, "c").await.unwrap();
}

/// However many client ids are in use, what is noted of them is bounded.
#[tokio::test]
async fn notes_of_connects_are_bounded_and_go() {
    let world = World::new().await;
    let (user, token) = world.create(json!({})).await;
    let known = world.bed.services.service_clients.get(&user).unwrap();
    for n in 0..10_100 {
        world.connect(&user, &token, &n.to_string()).await.unwrap();
    }
    assert_eq!(known.connects.noted(), 10_000);
    world.bed.clock.advance(5_001);
    world.connect(&user, &token, "c").await.unwrap();
    assert_eq!(known.connects.noted(), 1);
}
