//! The main road with its metadata on PostgreSQL, when `THINGD_TEST_POSTGRES` names a server.

use std::time::Duration;

use base::{Clock, Rand};
use store::{Metadata, Options, Store};

use crate::{
    road,
    world::{NOON, Server},
};

/// A fresh schema on the server that `THINGD_TEST_POSTGRES` names, as an url.
#[expect(clippy::disallowed_methods, reason = "a test's server comes from the environment")]
pub(crate) async fn schema() -> Option<String> {
    let server = std::env::var("THINGD_TEST_POSTGRES").ok()?;
    let schema = format!("thingd_it_{}", Rand::system().lower(12));
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        data: folder.path().to_owned(),
        metadata: Metadata::Postgres { url: server.clone() },
        points_days: 1,
        logs_days: 1,
        group_messages: 1,
        group_bytes: 4096,
        group_delay: Duration::ZERO,
    };
    let store = Store::open(options, Clock::manual(NOON)).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.execute(Box::leak(format!("CREATE SCHEMA {schema}").into()), &[]).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await.unwrap();
    let joint = if server.contains('?') { '&' } else { '?' };
    Some(format!("{server}{joint}options=-csearch_path%3D{schema}"))
}

#[tokio::test]
async fn the_main_road_is_the_same_on_postgresql() {
    let Some(url) = schema().await else { return };
    let server = Server::with(|config| config.metadata.url = url).await;
    road::walk(&server).await;
    let server = server.restart().await;
    let found = server.call("GetStudioProductList", serde_json::json!({})).await;
    assert_eq!(found["Products"][0]["ProductName"], "spine");
}
