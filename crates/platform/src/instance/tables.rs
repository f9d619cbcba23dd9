//! The place where all SQL of the instance chapter stands.

use base::{InstanceId, Millis, ProjectId, Result, Uin};
use store::{Arg, Row, Store, Tx};

use super::{Instance, Kind};
use crate::sql::{int, natural, uin};

const INSERT: &str = "INSERT INTO instance \
    (id, uin, kind, description, default_project, activation_codes, created, updated) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
const ONE: &str = "SELECT id, uin, kind, description, default_project, activation_codes, created, \
    updated FROM instance WHERE id = $1 AND uin = $2";
const OF_UIN: &str = "SELECT id, uin, kind, description, default_project, activation_codes, \
    created, updated FROM instance WHERE uin = $1 ORDER BY kind DESC, created, id";
const EVERY: &str = "SELECT id, uin, kind, description, default_project, activation_codes, \
    created, updated FROM instance";
const DESCRIBE: &str =
    "UPDATE instance SET description = $1, updated = $2 WHERE id = $3 AND uin = $4";

/// Every statement of this chapter.
pub const ALL: &[&str] = &[INSERT, ONE, OF_UIN, EVERY, DESCRIBE];

pub(super) async fn insert(tx: &mut Tx, new: &Instance) -> Result<()> {
    let args = [
        Arg::Text(new.id.as_str()),
        int(new.uin.0)?,
        Arg::Int(new.kind.number()),
        Arg::Text(&new.description),
        Arg::Text(new.default_project.as_str()),
        int(new.activation_codes)?,
        Arg::Int(new.created),
    ];
    tx.execute(INSERT, &args).await.map(|_| ())
}

pub(super) async fn find(store: &Store, id: &InstanceId, owner: Uin) -> Result<Option<Instance>> {
    let rows = store.query(ONE, &[Arg::Text(id.as_str()), int(owner.0)?]).await?;
    rows.first().map(instance).transpose()
}

/// Enterprise instances first, then the older ones.
pub(super) async fn of_uin(store: &Store, owner: Uin) -> Result<Vec<Instance>> {
    store.query(OF_UIN, &[int(owner.0)?]).await?.iter().map(instance).collect()
}

pub(super) async fn every(store: &Store) -> Result<Vec<Instance>> {
    store.query(EVERY, &[]).await?.iter().map(instance).collect()
}

/// Whether there is such an instance.
pub(super) async fn describe(
    tx: &mut Tx,
    id: &InstanceId,
    owner: Uin,
    description: &str,
    now: Millis,
) -> Result<bool> {
    let args = [Arg::Text(description), Arg::Int(now), Arg::Text(id.as_str()), int(owner.0)?];
    Ok(tx.execute(DESCRIBE, &args).await? == 1)
}

fn instance(row: &Row) -> Result<Instance> {
    Ok(Instance {
        id: InstanceId::parse(row.text(0)?)?,
        uin: uin(row, 1)?,
        kind: Kind::of(row.int(2)?),
        description: row.text(3)?.to_owned(),
        default_project: ProjectId::parse(row.text(4)?)?,
        activation_codes: natural(row.int(5)?)?,
        created: row.int(6)?,
        updated: row.int(7)?,
    })
}
