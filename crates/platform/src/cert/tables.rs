//! The place where all SQL of the certificate chapter stands.

use base::{Result, Uin};
use store::{Arg, Row, Store, Tx};

use super::Authority;
use crate::sql::{int, uin};

const INSERT: &str = "INSERT INTO ca (uin, name, pem, created) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (uin, name) DO NOTHING";
const UPDATE: &str = "UPDATE ca SET pem = $1, created = $2 WHERE uin = $3 AND name = $4";
const DELETE: &str = "DELETE FROM ca WHERE uin = $1 AND name = $2";
const OF_ACCOUNT: &str = "SELECT uin, name, pem, created FROM ca WHERE uin = $1";
const EVERY: &str = "SELECT uin, name, pem, created FROM ca";

/// Every statement of this chapter.
pub const ALL: &[&str] = &[INSERT, UPDATE, DELETE, OF_ACCOUNT, EVERY];

/// Whether the name was free.
pub(super) async fn insert(tx: &mut Tx, new: &Authority) -> Result<bool> {
    let pem = new.pem()?;
    let args = [int(new.uin.0)?, Arg::Text(&new.name), Arg::Text(&pem), Arg::Int(new.created)];
    Ok(tx.execute(INSERT, &args).await? == 1)
}

pub(super) async fn update(tx: &mut Tx, new: &Authority) -> Result<()> {
    let pem = new.pem()?;
    let args = [Arg::Text(&pem), Arg::Int(new.created), int(new.uin.0)?, Arg::Text(&new.name)];
    tx.execute(UPDATE, &args).await.map(|_| ())
}

/// Whether it was there.
pub(super) async fn delete(tx: &mut Tx, owner: Uin, name: &str) -> Result<bool> {
    Ok(tx.execute(DELETE, &[int(owner.0)?, Arg::Text(name)]).await? == 1)
}

pub(super) async fn of_account(tx: &mut Tx, owner: Uin) -> Result<Vec<Authority>> {
    tx.query(OF_ACCOUNT, &[int(owner.0)?]).await?.iter().map(authority).collect()
}

pub(super) async fn every(store: &Store) -> Result<Vec<Authority>> {
    store.query(EVERY, &[]).await?.iter().map(authority).collect()
}

fn authority(row: &Row) -> Result<Authority> {
    Authority::read(uin(row, 0)?, row.text(1)?, row.text(2)?, row.int(3)?)
}
