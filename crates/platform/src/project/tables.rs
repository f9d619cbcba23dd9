//! The place where all SQL of the project chapter stands.

use base::{InstanceId, Millis, ProjectId, Result, Uin};
use store::{Arg, Row, Store, Tx};

use super::{Project, Search};
use crate::sql::{folded, int, number, pattern, uin};

macro_rules! filter {
    () => {
        concat!(
            " FROM project WHERE uin = $1 AND ($2 = '' OR instance_id = $2) \
             AND ($3 = '' OR id = $3) AND ($4 = '' OR ",
            folded!("name"),
            " LIKE $4 ESCAPE '\\')"
        )
    };
}

const INSERT: &str = "INSERT INTO project \
    (id, uin, instance_id, name, description, created, updated) \
    VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (instance_id, name) DO NOTHING";
const ONE: &str = "SELECT id, uin, instance_id, name, description, created, updated \
    FROM project WHERE id = $1 AND uin = $2";
const SAME_NAME: &str = "SELECT count(*) FROM project \
    WHERE instance_id = $1 AND name = $2 AND id <> $3";
const UPDATE: &str = "UPDATE project SET name = $1, description = $2, updated = $3 WHERE id = $4";
const DELETE: &str = "DELETE FROM project WHERE id = $1";
const COUNT_OF_UIN: &str = "SELECT count(*) FROM project WHERE uin = $1";
const COUNT_OF_INSTANCE: &str = "SELECT count(*) FROM project WHERE instance_id = $1";
const LIST: &str = concat!(
    "SELECT id, uin, instance_id, name, description, created, updated",
    filter!(),
    " ORDER BY CASE WHEN id = $5 THEN 0 ELSE 1 END, no DESC LIMIT $6 OFFSET $7"
);
const COUNT: &str = concat!("SELECT count(*)", filter!());

/// Every statement of this chapter.
pub const ALL: &[&str] =
    &[INSERT, ONE, SAME_NAME, UPDATE, DELETE, COUNT_OF_UIN, COUNT_OF_INSTANCE, LIST, COUNT];

/// Whether the name was free in its instance.
pub(super) async fn insert(tx: &mut Tx, new: &Project) -> Result<bool> {
    let args = [
        Arg::Text(new.id.as_str()),
        int(new.uin.0)?,
        Arg::Text(new.instance.as_str()),
        Arg::Text(&new.name),
        Arg::Text(&new.description),
        Arg::Int(new.created),
    ];
    Ok(tx.execute(INSERT, &args).await? == 1)
}

pub(super) async fn find(store: &Store, id: &ProjectId, owner: Uin) -> Result<Option<Project>> {
    let args = [Arg::Text(id.as_str()), int(owner.0)?];
    store.query(ONE, &args).await?.first().map(project).transpose()
}

pub(super) async fn find_in(tx: &mut Tx, id: &ProjectId, owner: Uin) -> Result<Option<Project>> {
    let args = [Arg::Text(id.as_str()), int(owner.0)?];
    tx.query(ONE, &args).await?.first().map(project).transpose()
}

/// Whether another project of the instance has the name.
pub(super) async fn name_taken(tx: &mut Tx, of: &Project, name: &str) -> Result<bool> {
    let args = [Arg::Text(of.instance.as_str()), Arg::Text(name), Arg::Text(of.id.as_str())];
    Ok(number(&tx.query(SAME_NAME, &args).await?)? > 0)
}

pub(super) async fn update(
    tx: &mut Tx,
    id: &ProjectId,
    name: &str,
    description: &str,
    now: Millis,
) -> Result<()> {
    let args = [Arg::Text(name), Arg::Text(description), Arg::Int(now), Arg::Text(id.as_str())];
    tx.execute(UPDATE, &args).await.map(|_| ())
}

pub(super) async fn delete(tx: &mut Tx, id: &ProjectId) -> Result<()> {
    tx.execute(DELETE, &[Arg::Text(id.as_str())]).await.map(|_| ())
}

pub(super) async fn count_of_uin(tx: &mut Tx, owner: Uin) -> Result<u64> {
    number(&tx.query(COUNT_OF_UIN, &[int(owner.0)?]).await?)
}

pub(super) async fn count_of_instance(store: &Store, instance: &InstanceId) -> Result<u64> {
    number(&store.query(COUNT_OF_INSTANCE, &[Arg::Text(instance.as_str())]).await?)
}

/// A page with `first` on top, then the newest, and how many there are in all.
pub(super) async fn list(
    store: &Store,
    owner: Uin,
    search: &Search,
    first: &ProjectId,
) -> Result<(Vec<Project>, u64)> {
    let name = pattern(search.name.as_deref());
    let args = [
        int(owner.0)?,
        Arg::Text(search.instance.as_ref().map_or("", InstanceId::as_str)),
        Arg::Text(search.project.as_ref().map_or("", ProjectId::as_str)),
        Arg::Text(&name),
        Arg::Text(first.as_str()),
        int(search.page.limit)?,
        int(search.page.offset)?,
    ];
    let total = number(&store.query(COUNT, args.get(..4).unwrap_or_default()).await?)?;
    let rows = store.query(LIST, &args).await?;
    Ok((rows.iter().map(project).collect::<Result<_>>()?, total))
}

fn project(row: &Row) -> Result<Project> {
    Ok(Project {
        id: ProjectId::parse(row.text(0)?)?,
        uin: uin(row, 1)?,
        instance: InstanceId::parse(row.text(2)?)?,
        name: row.text(3)?.to_owned(),
        description: row.text(4)?.to_owned(),
        created: row.int(5)?,
        updated: row.int(6)?,
    })
}
