//! The place where all SQL of the device chapter stands.

use base::{
    DeviceKey, DeviceName, DeviceNo, Error, Millis, ProductId, ProjectId, Result, Secret, Uin,
};
use store::{Arg, Row, Store, Tx};

use super::{
    Device, Search,
    mirror::{Bound, Credential, Outbox},
};
use crate::{
    cert,
    sql::{folded, pattern},
};

const INSERT: &str = "INSERT INTO device \
    (uin, project_id, product_id, name, secret, enabled, version, created, certificate) \
    VALUES ($1, $2, $3, $4, $5, 1, '', $6, $7) ON CONFLICT (product_id, name) DO NOTHING";
/// [`MANY`] rows.
const INSERT_MANY: &str = "INSERT INTO device (uin, project_id, product_id, name, secret, enabled, version, \
    created) VALUES ($1, $2, $3, $5, $6, 1, '', $4), ($1, $2, $3, $7, $8, 1, '', $4), ($1, \
    $2, $3, $9, $10, 1, '', $4), ($1, $2, $3, $11, $12, 1, '', $4), ($1, $2, $3, $13, $14, \
    1, '', $4), ($1, $2, $3, $15, $16, 1, '', $4), ($1, $2, $3, $17, $18, 1, '', $4), ($1, \
    $2, $3, $19, $20, 1, '', $4), ($1, $2, $3, $21, $22, 1, '', $4), ($1, $2, $3, $23, $24, \
    1, '', $4), ($1, $2, $3, $25, $26, 1, '', $4), ($1, $2, $3, $27, $28, 1, '', $4), ($1, \
    $2, $3, $29, $30, 1, '', $4), ($1, $2, $3, $31, $32, 1, '', $4), ($1, $2, $3, $33, $34, \
    1, '', $4), ($1, $2, $3, $35, $36, 1, '', $4), ($1, $2, $3, $37, $38, 1, '', $4), ($1, \
    $2, $3, $39, $40, 1, '', $4), ($1, $2, $3, $41, $42, 1, '', $4), ($1, $2, $3, $43, $44, \
    1, '', $4) ON CONFLICT (product_id, name) DO NOTHING";
const ONE: &str = "SELECT no, uin, project_id, product_id, name, secret, enabled, version, created, \
    certificate FROM device WHERE product_id = $1 AND name = $2";
const DELETE: &str = "DELETE FROM device WHERE no = $1";
const ENABLE: &str = "UPDATE device SET enabled = $1 WHERE no = $2";
const VERSION: &str = "UPDATE device SET version = $1 WHERE no = $2";
const COUNT_ADD: &str = "INSERT INTO device_count (product_id, project_id, devices) \
    VALUES ($1, $2, $3) ON CONFLICT (product_id) \
    DO UPDATE SET devices = device_count.devices + $3, project_id = $2";

/// How a page of devices is asked for, and how many there are in all.
struct Ask {
    list: &'static str,
    count: &'static str,
}

/// The same for all combinations of what narrows a list, each with an index of its own. Where a name
/// is searched, the index answers which devices, and the table is asked for these only.
struct Asks {
    all: Ask,
    named: Ask,
    version: Ask,
    version_named: Ask,
}

macro_rules! list {
    ($condition:expr, $page:literal) => {
        concat!(
            "SELECT no, uin, project_id, product_id, name, secret, enabled, version, created, \
             certificate FROM device WHERE ",
            $condition,
            " ORDER BY no DESC ",
            $page
        )
    };
}

macro_rules! asks {
    ($scope:literal) => {
        Asks {
            all: Ask {
                list: list!(concat!($scope, " = $1"), "LIMIT $2 OFFSET $3"),
                count: concat!(
                    "SELECT CAST(coalesce(sum(devices), 0) AS BIGINT) FROM device_count WHERE ",
                    $scope,
                    " = $1"
                ),
            },
            named: asks!(
                "LIMIT $3 OFFSET $4",
                $scope,
                concat!(" = $1 AND ", folded!("name"), " LIKE $2 ESCAPE '\\'")
            ),
            version: Ask {
                list: list!(concat!($scope, " = $1 AND version = $2"), "LIMIT $3 OFFSET $4"),
                count: concat!(
                    "SELECT count(*) FROM device WHERE ",
                    $scope,
                    " = $1 AND version = $2"
                ),
            },
            version_named: asks!(
                "LIMIT $4 OFFSET $5",
                $scope,
                concat!(" = $1 AND version = $2 AND ", folded!("name"), " LIKE $3 ESCAPE '\\'")
            ),
        }
    };
    ($page:literal, $scope:literal, $condition:expr) => {
        Ask {
            list: list!(
                concat!("no IN (SELECT no FROM device WHERE ", $scope, $condition, ")"),
                $page
            ),
            count: concat!("SELECT count(*) FROM device WHERE ", $scope, $condition),
        }
    };
}

const OF_PRODUCT: Asks = asks!("product_id");
const OF_PROJECT: Asks = asks!("project_id");
const OUTBOX_ADD: &str = "INSERT INTO device_outbox (product_id, name) VALUES ($1, $2)";
const NEWEST: &str = "SELECT no FROM device ORDER BY no DESC LIMIT 1";
const OUTBOX_ADD_AFTER: &str = "INSERT INTO device_outbox (product_id, name) SELECT product_id, name FROM device WHERE \
    product_id = $1 AND no > $2";
const OUTBOX: &str = "SELECT o.id, o.product_id, o.name, d.no, d.enabled, d.secret, d.certificate \
    FROM device_outbox o \
    LEFT JOIN device d ON d.product_id = o.product_id AND d.name = o.name ORDER BY o.id LIMIT 5000";
const OUTBOX_DONE: &str = "DELETE FROM device_outbox WHERE id = $1";
/// [`MANY`] rows.
const OUTBOX_DONE_MANY: &str = "DELETE FROM device_outbox WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
    $12, $13, $14, $15, $16, $17, $18, $19, $20)";
const PURGE_ADD: &str = "INSERT INTO device_purge (no, product_id) VALUES ($1, $2)";
const PURGE: &str = "SELECT no, product_id FROM device_purge ORDER BY no LIMIT 500";
const PURGE_DONE: &str = "DELETE FROM device_purge WHERE no = $1";

/// Rows of the statements that take several.
const MANY: usize = 20;

/// Every statement of this chapter.
pub const ALL: &[&str] = &[
    INSERT,
    INSERT_MANY,
    ONE,
    DELETE,
    ENABLE,
    VERSION,
    COUNT_ADD,
    OF_PRODUCT.all.list,
    OF_PRODUCT.all.count,
    OF_PRODUCT.named.list,
    OF_PRODUCT.named.count,
    OF_PRODUCT.version.list,
    OF_PRODUCT.version.count,
    OF_PRODUCT.version_named.list,
    OF_PRODUCT.version_named.count,
    OF_PROJECT.all.list,
    OF_PROJECT.all.count,
    OF_PROJECT.named.list,
    OF_PROJECT.named.count,
    OF_PROJECT.version.list,
    OF_PROJECT.version.count,
    OF_PROJECT.version_named.list,
    OF_PROJECT.version_named.count,
    OUTBOX_ADD,
    NEWEST,
    OUTBOX_ADD_AFTER,
    OUTBOX,
    OUTBOX_DONE,
    OUTBOX_DONE_MANY,
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
    /// PEM, or "".
    pub(super) certificate: &'a str,
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
        Arg::Text(new.certificate),
    ];
    let added = tx.execute(INSERT, &args).await?;
    count_add(tx, (&new.key.product, new.project), int(added)?).await?;
    Ok(added == 1)
}

/// What devices have in common that are made together.
pub(super) struct Lot<'a> {
    pub(super) uin: Uin,
    pub(super) project: &'a ProjectId,
    pub(super) product: &'a ProductId,
    pub(super) created: Millis,
}

/// How many of the names were free. Their rows go to the outbox, too.
pub(super) async fn insert_lot(
    tx: &mut Tx,
    lot: &Lot<'_>,
    rows: &[(DeviceName, String)],
) -> Result<usize> {
    let newest = tx.query(NEWEST, &[]).await?;
    let newest = newest.first().map_or(Ok(0), |row| row.int(0))?;
    let common = [
        int(lot.uin.0)?,
        Arg::Text(lot.project.as_str()),
        Arg::Text(lot.product.as_str()),
        Arg::Int(lot.created),
    ];
    let (several, rest) = rows.as_chunks::<MANY>();
    let mut added = 0;
    for rows in several {
        let own = rows.iter().flat_map(|(name, secret)| [name.as_str(), secret]);
        let args: Vec<Arg<'_>> = common.into_iter().chain(own.map(Arg::Text)).collect();
        added += tx.execute(INSERT_MANY, &args).await?;
    }
    let [uin, project, product, created] = common;
    for (name, secret) in rest {
        let (name, secret) = (Arg::Text(name.as_str()), Arg::Text(secret));
        added += tx
            .execute(INSERT, &[uin, project, product, name, secret, created, Arg::Text("")])
            .await?;
    }
    count_add(tx, (lot.product, lot.project), int(added)?).await?;
    tx.execute(OUTBOX_ADD_AFTER, &[product, Arg::Int(newest)]).await?;
    usize::try_from(added).map_err(Error::internal)
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
    count_add(tx, (&device.key.product, &device.project), Arg::Int(-1)).await?;
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

async fn count_add(
    tx: &mut Tx,
    (product, project): (&ProductId, &ProjectId),
    added: Arg<'_>,
) -> Result<()> {
    let of = [Arg::Text(product.as_str()), Arg::Text(project.as_str()), added];
    tx.execute(COUNT_ADD, &of).await.map(|_| ())
}

/// Devices of a product.
pub(super) async fn count(tx: &mut Tx, product: &ProductId) -> Result<u64> {
    number(&tx.query(OF_PRODUCT.all.count, &[Arg::Text(product.as_str())]).await?)
}

pub(super) async fn count_now(store: &Store, product: &ProductId) -> Result<u64> {
    number(&store.query(OF_PRODUCT.all.count, &[Arg::Text(product.as_str())]).await?)
}

/// A page, newest device first, and how many there are in all.
pub(super) async fn list(store: &Store, search: &Search) -> Result<(Vec<Device>, u64)> {
    let (asks, scope) = match (&search.product, &search.project) {
        (Some(product), _) => (&OF_PRODUCT, product.as_str()),
        (None, Some(project)) => (&OF_PROJECT, project.as_str()),
        (None, None) => return Ok((Vec::new(), 0)),
    };
    let pattern = pattern(search.name.as_deref());
    let named = Some(pattern.as_str()).filter(|pattern| !pattern.is_empty());
    let version = search.version.as_deref();
    let ask = match (version, named) {
        (None, None) => &asks.all,
        (None, Some(_)) => &asks.named,
        (Some(_), None) => &asks.version,
        (Some(_), Some(_)) => &asks.version_named,
    };
    let mut args: Vec<Arg<'_>> =
        [Some(scope), version, named].into_iter().flatten().map(Arg::Text).collect();
    let total = number(&store.query(ask.count, &args).await?)?;
    args.extend([int(search.limit)?, int(search.offset)?]);
    let rows = store.query(ask.list, &args).await?;
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
                bound: bound(row.text(6)?)?,
            }),
        };
        let key = DeviceKey::parse(row.text(1)?, row.text(2)?)?;
        found.push(Outbox { id: row.int(0)?, key, now });
    }
    Ok(found)
}

pub(super) async fn outbox_done(tx: &mut Tx, rows: &[Outbox]) -> Result<()> {
    let (several, rest) = rows.as_chunks::<MANY>();
    for rows in several {
        tx.execute(OUTBOX_DONE_MANY, &rows.each_ref().map(|row| Arg::Int(row.id))).await?;
    }
    for row in rest {
        tx.execute(OUTBOX_DONE, &[Arg::Int(row.id)]).await?;
    }
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
        certificate: row.text(9)?.to_owned(),
    })
}

/// What the doors need of a device's certificate.
fn bound(pem: &str) -> Result<Option<Box<Bound>>> {
    let Some(read) = cert::Bound::of_pem(pem) else { return Ok(None) };
    let (fingerprint, public_key) = (read.fingerprint()?, read.public_key()?.into());
    Ok(Some(Box::new(Bound { fingerprint, public_key })))
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
