//! The place where all SQL of the service chapter stands.

use std::sync::Arc;

use base::{InstanceId, Millis, Result, Secret};
use store::{Arg, Row, Store, Tx};

use super::{Draft, Entry, Filters, Name, Remark, Scope};
use crate::sql::{int, number, uin};

const INSERT: &str = "INSERT INTO service_client (id, uin, instance_id, remark, products, publish, \
    subscribe, token, enabled, created, connected) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)";
const EVERY: &str = "SELECT id, uin, instance_id, remark, products, publish, subscribe, token, \
    enabled, created, connected FROM service_client";
const COUNT: &str = "SELECT count(*) FROM service_client WHERE instance_id = $1";
const UPDATE: &str = "UPDATE service_client SET remark = $1, products = $2, publish = $3, \
    subscribe = $4, enabled = $5 WHERE id = $6";
const DELETE: &str = "DELETE FROM service_client WHERE id = $1";
const CONNECTED: &str = "UPDATE service_client SET connected = $1 WHERE id = $2 AND connected < $1";

/// Every statement of this chapter.
pub const ALL: &[&str] = &[INSERT, EVERY, COUNT, UPDATE, DELETE, CONNECTED];

pub(super) async fn insert(tx: &mut Tx, new: &Entry) -> Result<()> {
    let what = &new.what;
    let (products, publish) = (what.products.texts().join("\n"), what.publish.lines());
    let (subscribe, token) = (what.subscribe.lines(), new.token.expose());
    let args = [
        Arg::Text(new.name.as_str()),
        int(new.uin.0)?,
        Arg::Text(new.instance.as_str()),
        Arg::Text(what.remark.as_str()),
        Arg::Text(&products),
        Arg::Text(&publish),
        Arg::Text(&subscribe),
        Arg::Text(std::str::from_utf8(token).unwrap_or_default()),
        Arg::Int(new.enabled.into()),
        Arg::Int(new.created),
    ];
    tx.execute(INSERT, &args).await.map(|_| ())
}

/// All entries, and when each was connected; 0: never.
pub(super) async fn every(store: &Store) -> Result<Vec<(Arc<Entry>, Millis)>> {
    let read = |row: &Row| Ok((Arc::new(entry(row)?), row.int(10)?));
    store.query(EVERY, &[]).await?.iter().map(read).collect()
}

pub(super) async fn count(tx: &mut Tx, instance: &InstanceId) -> Result<u64> {
    number(&tx.query(COUNT, &[Arg::Text(instance.as_str())]).await?)
}

/// Whether there is such an entry.
pub(super) async fn update(tx: &mut Tx, entry: &Entry) -> Result<bool> {
    let what = &entry.what;
    let (products, publish) = (what.products.texts().join("\n"), what.publish.lines());
    let subscribe = what.subscribe.lines();
    let args = [
        Arg::Text(what.remark.as_str()),
        Arg::Text(&products),
        Arg::Text(&publish),
        Arg::Text(&subscribe),
        Arg::Int(entry.enabled.into()),
        Arg::Text(entry.name.as_str()),
    ];
    Ok(tx.execute(UPDATE, &args).await? == 1)
}

/// Whether there was such an entry.
pub(super) async fn delete(tx: &mut Tx, name: &Name) -> Result<bool> {
    Ok(tx.execute(DELETE, &[Arg::Text(name.as_str())]).await? == 1)
}

pub(super) async fn connected(tx: &mut Tx, name: &Name, at: Millis) -> Result<()> {
    tx.execute(CONNECTED, &[Arg::Int(at), Arg::Text(name.as_str())]).await.map(|_| ())
}

fn entry(row: &Row) -> Result<Entry> {
    let products: Vec<&str> = row.text(4)?.lines().collect();
    Ok(Entry {
        name: Name::parse(row.text(0)?)?,
        uin: uin(row, 1)?,
        instance: InstanceId::parse(row.text(2)?)?,
        what: Draft {
            remark: Remark::parse(row.text(3)?.to_owned())?,
            products: Scope::parse(&products)?,
            publish: Filters::of_lines(row.text(5)?),
            subscribe: Filters::of_lines(row.text(6)?),
        },
        token: Secret::new(row.text(7)?),
        enabled: row.int(8)? != 0,
        created: row.int(9)?,
    })
}
