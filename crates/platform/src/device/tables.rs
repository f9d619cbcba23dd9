//! The place where all SQL of the device chapter stands.

use base::{DeviceKey, DeviceNo, Error, Millis, ProductId, ProjectId, Result, Secret, Uin};
use store::{Arg, Row, Store, Tx};

use super::{
    Device, Search,
    mirror::{Credential, Outbox},
};

const INSERT: &str = "INSERT INTO device \
    (uin, project_id, product_id, name, secret, enabled, version, created) \
    VALUES ($1, $2, $3, $4, $5, 1, '', $6) ON CONFLICT (product_id, name) DO NOTHING";
const ONE: &str = "SELECT no, uin, project_id, product_id, name, secret, enabled, version, created \
    FROM device WHERE product_id = $1 AND name = $2";
const DELETE: &str = "DELETE FROM device WHERE no = $1";
const ENABLE: &str = "UPDATE device SET enabled = $1 WHERE no = $2";
const VERSION: &str = "UPDATE device SET version = $1 WHERE no = $2";
const COUNT: &str = "SELECT count(*) FROM device WHERE product_id = $1";
const LIST_OF_PRODUCT: &str = "SELECT no, uin, project_id, product_id, name, secret, enabled, \
    version, created FROM device WHERE product_id = $1 \
    AND ($2 = '' OR lower(name) LIKE $2 ESCAPE '\\') AND ($3 = 0 OR version = $4) \
    ORDER BY no DESC LIMIT $5 OFFSET $6";
const COUNT_OF_PRODUCT: &str = "SELECT count(*) FROM device WHERE product_id = $1 \
    AND ($2 = '' OR lower(name) LIKE $2 ESCAPE '\\') AND ($3 = 0 OR version = $4)";
const LIST_OF_PROJECT: &str = "SELECT no, uin, project_id, product_id, name, secret, enabled, \
    version, created FROM device WHERE project_id = $1 \
    AND ($2 = '' OR lower(name) LIKE $2 ESCAPE '\\') AND ($3 = 0 OR version = $4) \
    ORDER BY no DESC LIMIT $5 OFFSET $6";
const COUNT_OF_PROJECT: &str = "SELECT count(*) FROM device WHERE project_id = $1 \
    AND ($2 = '' OR lower(name) LIKE $2 ESCAPE '\\') AND ($3 = 0 OR version = $4)";
const OUTBOX_ADD: &str = "INSERT INTO device_outbox (product_id, name) VALUES ($1, $2)";
const OUTBOX: &str = "SELECT o.id, o.product_id, o.name, d.no, d.enabled, d.secret \
    FROM device_outbox o \
    LEFT JOIN device d ON d.product_id = o.product_id AND d.name = o.name ORDER BY o.id LIMIT 500";
const OUTBOX_DONE: &str = "DELETE FROM device_outbox WHERE id = $1";
const PURGE_ADD: &str = "INSERT INTO device_purge (no, product_id) VALUES ($1, $2)";
const PURGE: &str = "SELECT no, product_id FROM device_purge ORDER BY no LIMIT 500";
const PURGE_DONE: &str = "DELETE FROM device_purge WHERE no = $1";

/// Every statement of this chapter.
pub const ALL: &[&str] = &[
    INSERT,
    ONE,
    DELETE,
    ENABLE,
    VERSION,
    COUNT,
    LIST_OF_PRODUCT,
    COUNT_OF_PRODUCT,
    LIST_OF_PROJECT,
    COUNT_OF_PROJECT,
    OUTBOX_ADD,
    OUTBOX,
    OUTBOX_DONE,
    PURGE_ADD,
    PURGE,
    PURGE_DONE,
];

/// A row that is about to be made.
pub(super) struct New<'a> {
    pub(super) uin: Uin,
    pub(super) project: &'a ProjectId,
    pub(super) key: &'a DeviceKey,
    pub(super) secret: &'a str,
    pub(super) created: Millis,
}

/// Whether the name was free.
pub(super) async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<bool> {
    let args = [
        int(new.uin.0)?,
        Arg::Text(new.project.as_str()),
        Arg::Text(new.key.product.as_str()),
        Arg::Text(new.key.name.as_str()),
        Arg::Text(new.secret),
        Arg::Int(new.created),
    ];
    Ok(tx.execute(INSERT, &args).await? == 1)
}

pub(super) async fn find(store: &Store, key: &DeviceKey) -> Result<Option<Device>> {
    store.query(ONE, &by_key(key)).await?.first().map(device).transpose()
}

pub(super) async fn find_in(tx: &mut Tx, key: &DeviceKey) -> Result<Option<Device>> {
    tx.query(ONE, &by_key(key)).await?.first().map(device).transpose()
}

pub(super) async fn delete(tx: &mut Tx, device: &Device) -> Result<()> {
    let no = int(device.no.0)?;
    tx.execute(DELETE, &[no]).await?;
    tx.execute(PURGE_ADD, &[no, Arg::Text(device.key.product.as_str())]).await?;
    Ok(())
}

pub(super) async fn enable(tx: &mut Tx, no: DeviceNo, enabled: bool) -> Result<()> {
    tx.execute(ENABLE, &[Arg::Int(i64::from(enabled)), int(no.0)?]).await?;
    Ok(())
}

pub(super) async fn set_version(tx: &mut Tx, no: DeviceNo, version: &str) -> Result<()> {
    tx.execute(VERSION, &[Arg::Text(version), int(no.0)?]).await?;
    Ok(())
}

/// Devices of a product.
pub(super) async fn count(tx: &mut Tx, product: &ProductId) -> Result<u64> {
    number(&tx.query(COUNT, &[Arg::Text(product.as_str())]).await?)
}

pub(super) async fn count_now(store: &Store, product: &ProductId) -> Result<u64> {
    number(&store.query(COUNT, &[Arg::Text(product.as_str())]).await?)
}

/// A page, newest device first, and how many there are in all.
pub(super) async fn list(store: &Store, search: &Search) -> Result<(Vec<Device>, u64)> {
    let (list, count, scope) = match (&search.product, &search.project) {
        (Some(product), _) => (LIST_OF_PRODUCT, COUNT_OF_PRODUCT, product.as_str()),
        (None, Some(project)) => (LIST_OF_PROJECT, COUNT_OF_PROJECT, project.as_str()),
        (None, None) => return Ok((Vec::new(), 0)),
    };
    let pattern = search.name.as_deref().map(pattern).unwrap_or_default();
    let version = search.version.as_deref();
    let args = [
        Arg::Text(scope),
        Arg::Text(&pattern),
        Arg::Int(i64::from(version.is_some())),
        Arg::Text(version.unwrap_or_default()),
        int(search.limit)?,
        int(search.offset)?,
    ];
    let total = number(&store.query(count, args.get(..4).unwrap_or_default()).await?)?;
    let rows = store.query(list, &args).await?;
    Ok((rows.iter().map(device).collect::<Result<_>>()?, total))
}

pub(super) async fn outbox_add(tx: &mut Tx, key: &DeviceKey) -> Result<()> {
    tx.execute(OUTBOX_ADD, &by_key(key)).await?;
    Ok(())
}

pub(super) async fn outbox(store: &Store) -> Result<Vec<Outbox>> {
    let mut found = Vec::new();
    for row in store.query(OUTBOX, &[]).await? {
        let now = match row.maybe_int(3)? {
            None => None,
            Some(no) => Some(Credential {
                no: DeviceNo(natural(no)?),
                enabled: row.int(4)? != 0,
                secret: Secret::new(row.text(5)?),
            }),
        };
        let key = DeviceKey::parse(row.text(1)?, row.text(2)?)?;
        found.push(Outbox { id: row.int(0)?, key, now });
    }
    Ok(found)
}

pub(super) async fn outbox_done(tx: &mut Tx, id: i64) -> Result<()> {
    tx.execute(OUTBOX_DONE, &[Arg::Int(id)]).await?;
    Ok(())
}

/// Deleted devices whose hot rows are not gone yet.
pub(super) async fn purge(store: &Store) -> Result<Vec<(DeviceNo, ProductId)>> {
    let rows = store.query(PURGE, &[]).await?;
    let one = |row: &Row| Ok((DeviceNo(natural(row.int(0)?)?), ProductId::parse(row.text(1)?)?));
    rows.iter().map(one).collect()
}

pub(super) async fn purge_done(tx: &mut Tx, no: DeviceNo) -> Result<()> {
    tx.execute(PURGE_DONE, &[int(no.0)?]).await?;
    Ok(())
}

fn by_key(key: &DeviceKey) -> [Arg<'_>; 2] {
    [Arg::Text(key.product.as_str()), Arg::Text(key.name.as_str())]
}

fn device(row: &Row) -> Result<Device> {
    Ok(Device {
        no: DeviceNo(natural(row.int(0)?)?),
        uin: Uin(natural(row.int(1)?)?),
        project: ProjectId::parse(row.text(2)?)?,
        key: DeviceKey::parse(row.text(3)?, row.text(4)?)?,
        secret: Secret::new(row.text(5)?),
        enabled: row.int(6)? != 0,
        version: row.text(7)?.to_owned(),
        created: row.int(8)?,
    })
}

/// `%text%`, lower case, where `%`, `_` and `\` stand for themselves.
fn pattern(text: &str) -> String {
    let mut out = String::from("%");
    for c in text.to_ascii_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('%');
    out
}

fn int(number: u64) -> Result<Arg<'static>> {
    i64::try_from(number).map(Arg::Int).map_err(Error::internal)
}

fn natural(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(Error::internal)
}

fn number(rows: &[Row]) -> Result<u64> {
    rows.first().map_or(Ok(0), |row| natural(row.int(0)?))
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_search_text_stands_for_itself() {
        assert_eq!(pattern("La_1%"), "%la\\_1\\%%");
    }
}
