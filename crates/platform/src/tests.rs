//! A product without doors for tests: a store of its own, a clock by hand, seeded randomness, on
//! SQLite and on PostgreSQL.

use std::{sync::Arc, time::Duration};

use base::{Clock, Code, Millis, Rand, RequestId, Result, Secret};
use serde_json::{Value, json};
use store::{Metadata, Options, Store};
use tempfile::TempDir;

use crate::{
    Cx, FirstLogin, Root, Routes, Services, Settings, account, cert, device, instance, product,
    project, resource, service,
};

/// 2026-11-25T12:00:00Z.
pub(crate) const NOON: Millis = 1_795_608_000_000;
pub(crate) const PASSWORD: &str = "correct horse";

/// A product after its first start.
pub(crate) struct Bed {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Clock,
    pub(crate) login: FirstLogin,
    routes: Routes,
    // Last: the store is closed before its folder goes.
    folder: TempDir,
    metadata: Metadata,
}

pub(crate) fn settings() -> Settings {
    Settings {
        projects: 5,
        products_per_project: 5,
        devices_per_product: 5,
        device_ca: Some(cert::tests::device_ca()),
        ..Settings::default()
    }
}

fn options(folder: &TempDir, metadata: &Metadata) -> Options {
    Options {
        data: folder.path().to_owned(),
        metadata: metadata.clone(),
        points_days: 30,
        logs_days: 7,
        group_messages: 1000,
        group_bytes: 1 << 20,
        group_delay: Duration::from_millis(1),
    }
}

/// A store on SQLite.
pub(crate) async fn store(folder: &TempDir) -> Store {
    Store::open(options(folder, &Metadata::Sqlite), Clock::manual(NOON)).await.unwrap()
}

pub(crate) async fn open(store: Store, clock: &Clock) -> Arc<Services> {
    Services::open(store, clock.clone(), Rand::seeded(1), settings()).await.unwrap()
}

impl Bed {
    pub(crate) async fn sqlite() -> Self {
        Self::on(Metadata::Sqlite).await
    }

    /// In a schema of its own on the server that `THINGD_TEST_POSTGRES` names.
    #[expect(clippy::disallowed_methods, reason = "a test's server comes from the environment")]
    pub(crate) async fn postgres() -> Option<Self> {
        let server = std::env::var("THINGD_TEST_POSTGRES").ok()?;
        let schema = format!("thingd_test_{}", Rand::system().lower(12));
        let folder = tempfile::tempdir().unwrap();
        let metadata = Metadata::Postgres { url: server.clone() };
        let store = Store::open(options(&folder, &metadata), Clock::manual(NOON)).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.execute(Box::leak(format!("CREATE SCHEMA {schema}").into()), &[]).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await.unwrap();
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}options=-csearch_path%3D{schema}");
        Some(Self::on(Metadata::Postgres { url }).await)
    }

    async fn on(metadata: Metadata) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(NOON);
        let store = Store::open(options(&folder, &metadata), clock.clone()).await.unwrap();
        let services = open(store, &clock).await;
        let root = Root { password: Some(Secret::new(PASSWORD)), ..Root::default() };
        let login = services.first_start(root, |_| Ok(())).await.unwrap().unwrap();
        services.sweep().await.unwrap();
        Self { services, clock, login, routes: Routes::all(), folder, metadata }
    }

    /// The same data, opened by a later start of the server.
    pub(crate) async fn restart(self) -> Self {
        let Self { services, clock, login, routes, folder, metadata } = self;
        services.finish_calls().await;
        services.store.close().await.unwrap();
        drop(services);
        let store = Store::open(options(&folder, &metadata), clock.clone()).await.unwrap();
        let services = open(store, &clock).await;
        services.sweep().await.unwrap();
        Self { services, clock, login, routes, folder, metadata }
    }

    pub(crate) fn cx(&self) -> Cx {
        let (caller, _) = account::key(&self.services, &self.login.secret_id).unwrap();
        Cx::new(self.services.clone(), caller, RequestId("test".into()), false)
    }

    /// A call of another account.
    pub(crate) fn stranger(&self) -> Cx {
        let caller = account::Caller { uin: base::Uin(1), user: "stranger".into(), root: true };
        Cx::new(self.services.clone(), caller, RequestId("test".into()), false)
    }

    /// A call from the parameter check to the response's JSON.
    pub(crate) async fn call(&self, action: &str, params: Value) -> Result<Value> {
        self.call_as(self.cx(), action, params).await
    }

    pub(crate) async fn call_as(&self, cx: Cx, action: &str, params: Value) -> Result<Value> {
        let info = api::registry::find(action).unwrap();
        let params = api::params::check(info, params)?;
        let answer = self.routes.call(cx, info, params).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    pub(crate) async fn ok(&self, action: &str, params: Value) -> Value {
        self.call(action, params).await.unwrap()
    }

    pub(crate) async fn code(&self, action: &str, params: Value) -> Code {
        self.call(action, params).await.unwrap_err().code()
    }

    /// A new product's id.
    pub(crate) async fn product(&self, name: &str, more: Value) -> String {
        let mut params = json!({
            "ProductName": name, "CategoryId": 1, "ProductType": 0, "EncryptionType": "2",
            "NetType": "wifi", "DataProtocol": 1, "ProductDesc": "",
            "ProjectId": self.login.enterprise_project_id,
        });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.ok("CreateStudioProduct", params).await;
        made["Product"]["ProductId"].as_str().unwrap().to_owned()
    }
}

/// Runs a test on both engines.
macro_rules! both {
    ($name:ident) => {
        mod $name {
            use $crate::tests::Bed;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Bed::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(bed) = Bed::postgres().await {
                    super::$name(bed).await;
                }
            }
        }
    };
}
pub(crate) use both;

both!(every_statement_is_understood);
async fn every_statement_is_understood(bed: Bed) {
    let chapters = [
        account::tables::ALL,
        instance::tables::ALL,
        project::tables::ALL,
        product::tables::ALL,
        device::tables::ALL,
        cert::tables::ALL,
        service::tables::ALL,
    ];
    for sql in chapters.concat() {
        bed.services.store.prepare(sql).await.unwrap();
    }
}

#[test]
fn every_route_is_a_known_action() {
    let routes = Routes::all();
    for name in routes.names() {
        let info = api::registry::find(name).unwrap();
        assert!(routes.has(info.name));
    }
    assert!(!routes.has("CreateTopicRule"));
}

#[test]
#[should_panic(expected = "two handlers")]
fn an_action_has_one_handler() {
    let mut routes = Routes::all();
    account::actions::routes(&mut routes);
}

both!(what_is_not_built_says_so);
async fn what_is_not_built_says_so(bed: Bed) {
    let code = bed.code("DeleteTopicRule", json!({ "RuleName": "hot" })).await;
    assert_eq!(code, Code::UnsupportedOperation);
}

both!(a_call_is_named_by_what_it_asks_for);
async fn a_call_is_named_by_what_it_asks_for(bed: Bed) {
    let (uin, project) = (&bed.login.uin, &bed.login.enterprise_project_id);
    let id = bed.product("lamp", json!({})).await;
    let names = |action: &str, params: Value| {
        let info = api::registry::find(action).unwrap();
        resource::names(&bed.services, bed.cx().uin, info, &params)
    };
    let product = [format!("qcs::iotexplorer:gz:uin/{uin}:project/{project}/product/{id}")];
    assert_eq!(names("DescribeStudioProduct", json!({ "ProductId": id })), product);
    let [product] = product;
    let one = json!({ "ProductId": id, "DeviceName": "d1" });
    assert_eq!(names("DescribeDevice", one.clone()), [format!("{product}/device/d1")]);
    let two = json!({ "DevicesItems": [one, { "ProductId": id, "DeviceName": "d2" }] });
    let both = [format!("{product}/device/d1"), format!("{product}/device/d2")];
    assert_eq!(names("DeleteDevices", two), both);
    let all = [format!("qcs::iotexplorer:gz:uin/{uin}:*")];
    assert_eq!(names("GetProjectList", json!({})), all);
    assert_eq!(names("DescribeSession", json!({})), all);
    let unknown = names("DescribeStudioProduct", json!({ "ProductId": "AAAAAAAAAA" }));
    assert_eq!(unknown, [format!("qcs::iotexplorer:gz:uin/{uin}:project//product/AAAAAAAAAA")]);
}

both!(a_call_ends_even_if_its_caller_has_gone);
async fn a_call_ends_even_if_its_caller_has_gone(bed: Bed) {
    let ask = json!({ "ProjectName": "left", "ProjectDesc": "" });
    {
        let mut call = std::pin::pin!(bed.call("CreateProject", ask));
        // Polled once, so that it has begun; then dropped.
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx)))
                .await
                .is_pending()
        );
    }
    bed.services.finish_calls().await;
    let found = bed.ok("GetProjectList", json!({ "ProjectName": "left" })).await;
    assert_eq!(found["Total"], 1);
}
