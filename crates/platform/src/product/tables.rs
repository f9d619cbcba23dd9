//! The place where all SQL of the product chapter stands.

use base::{InstanceId, Millis, ProductId, ProjectId, Result, Uin};
use store::{Arg, Row, Store, Tx};

use super::{Authentication, Change, Definition, Product, Search, State, types::Protocol};
use crate::sql::{folded, int, number, pattern, uin};

/// What a product is read from, in the order of [`product`].
macro_rules! columns {
    () => {
        "id, uin, project_id, instance_id, name, category, gateway, net, protocol, description, \
         state, module, script, bind, rate, period, creator, created, updated, encryption, ca"
    };
}
macro_rules! filter {
    () => {
        concat!(
            " FROM product WHERE uin = $1 AND ($2 = '' OR project_id = $2) \
             AND ($3 = '' OR id = $3) AND ($4 = '' OR ",
            folded!("name"),
            " LIKE $4 ESCAPE '\\') AND ($5 = '' OR state = $5) \
             AND ($6 < 0 OR category = $6) AND ($7 < 0 OR gateway = $7) \
             AND ($8 = '' OR net = $8) AND ($9 < 0 OR protocol = $9)"
        )
    };
}

const INSERT: &str = concat!(
    "INSERT INTO product (",
    columns!(),
    ", model, category_model, model_updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
     $11, $12, $13, $14, $15, $16, $17, $18, $18, $19, $20, $21, $22, $18) ON CONFLICT (uin, name) DO NOTHING"
);
const ONE: &str = concat!("SELECT ", columns!(), " FROM product WHERE id = $1");
const WITH_MODEL: &str = concat!("SELECT ", columns!(), ", model FROM product WHERE id = $1");
const EVERY: &str = concat!("SELECT ", columns!(), ", model FROM product");
const SAME_NAME: &str = "SELECT count(*) FROM product WHERE uin = $1 AND name = $2 AND id <> $3";
const UPDATE: &str = "UPDATE product SET name = $1, description = $2, module = $3, script = $4, \
    bind = $5, updated = $6 WHERE id = $7";
const RELEASE: &str = "UPDATE product SET state = $1, updated = $2 WHERE id = $3";
const DELETE: &str = "DELETE FROM product WHERE id = $1";
const SET_CA: &str = "UPDATE product SET ca = $1, updated = $2 WHERE id = $3";
const COUNT_OF_CA: &str = "SELECT count(*) FROM product WHERE uin = $1 AND ca = $2";
const OF_CA: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM product WHERE uin = $1 AND ca = $2 ORDER BY no DESC LIMIT $3 OFFSET $4"
);
const COUNT_OF_PROJECT: &str = "SELECT count(*) FROM product WHERE project_id = $1";
const LIST: &str =
    concat!("SELECT ", columns!(), filter!(), " ORDER BY no DESC LIMIT $10 OFFSET $11");
const COUNT: &str = concat!("SELECT count(*)", filter!());
const DEFINITION: &str =
    "SELECT model, category_model, created, model_updated FROM product WHERE id = $1";
const DEFINE: &str = "UPDATE product SET model = $1, model_updated = $2 WHERE id = $3";

/// Every statement of this chapter.
pub const ALL: &[&str] = &[
    INSERT,
    ONE,
    WITH_MODEL,
    EVERY,
    SAME_NAME,
    UPDATE,
    RELEASE,
    DELETE,
    SET_CA,
    COUNT_OF_CA,
    OF_CA,
    COUNT_OF_PROJECT,
    LIST,
    COUNT,
    DEFINITION,
    DEFINE,
];

/// Whether the name was free in the account.
pub(super) async fn insert(
    tx: &mut Tx,
    new: &Product,
    model: &str,
    category_model: &str,
) -> Result<bool> {
    let args = [
        Arg::Text(new.id.as_str()),
        int(new.uin.0)?,
        Arg::Text(new.project.as_str()),
        Arg::Text(new.instance.as_str()),
        Arg::Text(&new.name),
        Arg::Int(new.category),
        Arg::Int(new.gateway.into()),
        Arg::Text(&new.net),
        Arg::Int(new.protocol.number()),
        Arg::Text(&new.description),
        Arg::Text(new.state.as_str()),
        Arg::Int(new.module),
        Arg::Int(new.script.into()),
        Arg::Int(new.bind),
        Arg::Text(&new.rate),
        Arg::Text(&new.period),
        Arg::Text(&new.creator),
        Arg::Int(new.created),
        Arg::Int(new.authentication.number()),
        Arg::Text(new.authentication.authority()),
        Arg::Text(model),
        Arg::Text(category_model),
    ];
    Ok(tx.execute(INSERT, &args).await? == 1)
}

pub(super) async fn find_in(tx: &mut Tx, id: &ProductId) -> Result<Option<Product>> {
    tx.query(ONE, &[Arg::Text(id.as_str())]).await?.first().map(product).transpose()
}

/// A product with the text of its model.
pub(super) async fn with_model(store: &Store, id: &ProductId) -> Result<Option<(Product, String)>> {
    let rows = store.query(WITH_MODEL, &[Arg::Text(id.as_str())]).await?;
    rows.first().map(|row| Ok((product(row)?, row.text(21)?.to_owned()))).transpose()
}

/// All products of all accounts with the texts of their models.
pub(super) async fn every(store: &Store) -> Result<Vec<(Product, String)>> {
    let rows = store.query(EVERY, &[]).await?;
    rows.iter().map(|row| Ok((product(row)?, row.text(21)?.to_owned()))).collect()
}

/// Whether another product of the account has the name.
pub(super) async fn name_taken(tx: &mut Tx, of: &Product, name: &str) -> Result<bool> {
    let args = [int(of.uin.0)?, Arg::Text(name), Arg::Text(of.id.as_str())];
    Ok(number(&tx.query(SAME_NAME, &args).await?)? > 0)
}

pub(super) async fn update(
    tx: &mut Tx,
    before: &Product,
    change: &Change,
    now: Millis,
) -> Result<()> {
    let args = [
        Arg::Text(change.name.as_str()),
        Arg::Text(change.description.as_str()),
        Arg::Int(change.module),
        Arg::Int(change.script.unwrap_or(before.script).into()),
        Arg::Int(change.bind.unwrap_or(before.bind)),
        Arg::Int(now),
        Arg::Text(before.id.as_str()),
    ];
    tx.execute(UPDATE, &args).await.map(|_| ())
}

pub(super) async fn release(tx: &mut Tx, id: &ProductId, to: State, now: Millis) -> Result<()> {
    let args = [Arg::Text(to.as_str()), Arg::Int(now), Arg::Text(id.as_str())];
    tx.execute(RELEASE, &args).await.map(|_| ())
}

pub(super) async fn delete(tx: &mut Tx, id: &ProductId) -> Result<()> {
    tx.execute(DELETE, &[Arg::Text(id.as_str())]).await.map(|_| ())
}

pub(super) async fn set_ca(tx: &mut Tx, id: &ProductId, ca: &str, now: Millis) -> Result<()> {
    let args = [Arg::Text(ca), Arg::Int(now), Arg::Text(id.as_str())];
    tx.execute(SET_CA, &args).await.map(|_| ())
}

/// Products of an account that have the authority of that name.
pub(super) async fn count_of_ca(tx: &mut Tx, owner: Uin, ca: &str) -> Result<u64> {
    number(&tx.query(COUNT_OF_CA, &[int(owner.0)?, Arg::Text(ca)]).await?)
}

/// A page of them, newest first.
pub(super) async fn of_ca(
    store: &Store,
    (owner, ca): (Uin, &str),
    (offset, limit): (u64, u64),
) -> Result<Vec<Product>> {
    let args = [int(owner.0)?, Arg::Text(ca), int(limit)?, int(offset)?];
    store.query(OF_CA, &args).await?.iter().map(product).collect()
}

pub(super) async fn count_of_project(tx: &mut Tx, project: &ProjectId) -> Result<u64> {
    number(&tx.query(COUNT_OF_PROJECT, &[Arg::Text(project.as_str())]).await?)
}

/// A page, newest product first, and how many there are in all.
pub(super) async fn list(
    store: &Store,
    owner: Uin,
    search: &Search,
) -> Result<(Vec<Product>, u64)> {
    let name = pattern(search.name.as_deref());
    let args = [
        int(owner.0)?,
        Arg::Text(search.project.as_ref().map_or("", ProjectId::as_str)),
        Arg::Text(search.product.as_ref().map_or("", ProductId::as_str)),
        Arg::Text(&name),
        Arg::Text(search.state.map_or("", State::as_str)),
        Arg::Int(search.category.unwrap_or(-1)),
        Arg::Int(search.gateway.map_or(-1, i64::from)),
        Arg::Text(search.net.unwrap_or_default()),
        Arg::Int(search.protocol.map_or(-1, Protocol::number)),
        int(search.page.limit)?,
        int(search.page.offset)?,
    ];
    let total = number(&store.query(COUNT, args.get(..9).unwrap_or_default()).await?)?;
    let rows = store.query(LIST, &args).await?;
    Ok((rows.iter().map(product).collect::<Result<_>>()?, total))
}

pub(super) async fn definition(store: &Store, id: &ProductId) -> Result<Option<Definition>> {
    let rows = store.query(DEFINITION, &[Arg::Text(id.as_str())]).await?;
    let read = |row: &Row| {
        Ok(Definition {
            text: row.text(0)?.to_owned(),
            category_model: row.text(1)?.to_owned(),
            created: row.int(2)?,
            updated: row.int(3)?,
        })
    };
    rows.first().map(read).transpose()
}

pub(super) async fn define(tx: &mut Tx, id: &ProductId, model: &str, now: Millis) -> Result<()> {
    let args = [Arg::Text(model), Arg::Int(now), Arg::Text(id.as_str())];
    tx.execute(DEFINE, &args).await.map(|_| ())
}

fn product(row: &Row) -> Result<Product> {
    Ok(Product {
        id: ProductId::parse(row.text(0)?)?,
        uin: uin(row, 1)?,
        project: ProjectId::parse(row.text(2)?)?,
        instance: InstanceId::parse(row.text(3)?)?,
        name: row.text(4)?.to_owned(),
        category: row.int(5)?,
        gateway: row.int(6)? != 0,
        net: row.text(7)?.to_owned(),
        protocol: Protocol::parse(row.int(8)?)?,
        description: row.text(9)?.to_owned(),
        state: State::parse(row.text(10)?)?,
        module: row.int(11)?,
        script: row.int(12)? != 0,
        bind: row.int(13)?,
        rate: row.text(14)?.to_owned(),
        period: row.text(15)?.to_owned(),
        creator: row.text(16)?.to_owned(),
        created: row.int(17)?,
        updated: row.int(18)?,
        authentication: Authentication::parse(&row.int(19)?.to_string(), row.text(20)?.to_owned())?,
    })
}
