//! 产品管理、物模型定义: the place where products are made, changed, released, listed and deleted, and
//! where their thing models are.

pub(crate) mod actions;
mod memory;
mod model;
pub mod tables;
#[cfg(test)]
mod tests;
mod types;

use std::sync::Arc;

use base::{Code, Error, InstanceId, OrCode, ProductId, ProjectId, Result, Uin};
use broker::hub::Offline;
use store::Tx;

pub use memory::Live;
pub(crate) use memory::Products;
pub use model::{define, definition};
pub use types::{
    Authentication, Change, Definition, Description, Draft, Name, Product, Protocol, Search, State,
};

use crate::{Cx, Services, cert, device, project, wire::clip};

/// Makes a product with the standard model of its category.
///
/// # Errors
/// The project does not exist, the name is taken, or the project has its fill of products.
pub async fn create(cx: &Cx, draft: Draft) -> Result<Product> {
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let project = project::get_in(cx, &mut tx, &draft.project).await?;
    let count = tables::count_of_project(&mut tx, &project.id).await?;
    if count >= u64::from(cx.settings.products_per_project) {
        let full = format!("project {} has {count} products already", project.id);
        return Err(Error::new(Code::LimitExceededStudioProductExceedLimit, full));
    }
    authority(cx, &mut tx, draft.authentication.authority()).await?;
    let new = begin(cx, draft, project.instance)?;
    let (model, category_model) = model::initial(&new)?;
    if !tables::insert(&mut tx, &new, &model, &category_model).await? {
        return Err(taken(&new.name));
    }
    tx.commit().await?;
    cx.products.refresh(&cx.store, &new.id).await?;
    Ok(new)
}

fn begin(cx: &Cx, draft: Draft, instance: InstanceId) -> Result<Product> {
    let now = cx.clock.now();
    Ok(Product {
        id: ProductId::parse(&cx.rand.upper(10))?,
        uin: cx.uin,
        project: draft.project,
        instance,
        name: draft.name.as_str().to_owned(),
        category: draft.category,
        gateway: draft.gateway,
        net: draft.net.to_owned(),
        protocol: draft.protocol,
        authentication: draft.authentication,
        description: draft.description.as_str().to_owned(),
        state: State::Dev,
        module: 0,
        script: false,
        bind: 0,
        rate: draft.rate,
        period: draft.period,
        creator: cx.user.to_string(),
        created: now,
        updated: now,
    })
}

fn taken(name: &str) -> Error {
    let text = format!("product name {:?} is taken", clip(name));
    Error::new(Code::UnsupportedOperationProductDupKeyExist, text)
}

/// A product of the caller's account, from memory.
///
/// # Errors
/// It does not exist for this account.
// Async, though memory answers, so that callers need not know where products are.
#[expect(clippy::unused_async, reason = "its callers must not depend on products being in memory")]
pub async fn get(cx: &Cx, id: &ProductId) -> Result<Product> {
    own(cx, id).or_code(Code::ResourceNotFoundStudioProductNotExist, || missing(id))
}

/// A product if it is of the caller's account, from memory.
pub(crate) fn own(cx: &Cx, id: &ProductId) -> Option<Product> {
    let known = cx.products.get(id).filter(|known| known.product.uin == cx.uin)?;
    Some(known.product.clone())
}

fn missing(id: &ProductId) -> String {
    format!("product {id} does not exist")
}

/// A product's compiled model and flags, from memory.
#[must_use]
pub fn live(services: &Services, id: &ProductId) -> Option<Arc<Live>> {
    services.products.get(id).map(|known| known.live.clone())
}

/// The same, by what may be a product's id.
pub(crate) fn named(services: &Services, id: &str) -> Option<Arc<Live>> {
    services.products.named(id)
}

/// The project that a product is in, from memory.
#[must_use]
pub(crate) fn project_of(services: &Services, id: &ProductId) -> Option<ProjectId> {
    services.products.get(id).map(|known| known.product.project.clone())
}

/// All products of an instance, from memory, in no order.
#[must_use]
pub(crate) fn all_of(services: &Services, instance: &InstanceId) -> Vec<Product> {
    services.products.of_instance(instance)
}

/// Whether the project is the caller's.
///
/// # Errors
/// It is not.
pub(crate) async fn own_project(cx: &Cx, project: &ProjectId) -> Result<()> {
    project::get(cx, project).await.map(|_| ())
}

/// Whether a project has products, in a transaction of the caller.
///
/// # Errors
/// The store failed.
pub(crate) async fn exists_under(tx: &mut Tx, project: &ProjectId) -> Result<bool> {
    Ok(tables::count_of_project(tx, project).await? > 0)
}

/// A product of the caller's account as SQL has it now.
pub(crate) async fn owned_in(cx: &Cx, tx: &mut Tx, id: &ProductId) -> Result<Product> {
    tables::find_in(tx, id)
        .await?
        .filter(|product| product.uin == cx.uin)
        .or_code(Code::ResourceNotFoundStudioProductNotExist, || missing(id))
}

/// Refuses what may not be done to a product that is being audited or is released.
fn changeable(product: &Product, what: &str) -> Result<()> {
    if product.state == State::Dev {
        return Ok(());
    }
    let (id, state) = (&product.id, product.state.as_str());
    let text = format!("product {id} is in state {state}: {what}");
    Err(Error::new(Code::UnsupportedOperation, text))
}

/// Changes what may be changed of a product.
///
/// # Errors
/// The product does not exist or is locked, or the name is taken.
pub async fn modify(cx: &Cx, id: &ProductId, change: Change) -> Result<Product> {
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let before = owned_in(cx, &mut tx, id).await?;
    changeable(&before, "its information cannot be changed")?;
    if tables::name_taken(&mut tx, &before, change.name.as_str()).await? {
        return Err(taken(change.name.as_str()));
    }
    tables::update(&mut tx, &before, &change, cx.clock.now()).await?;
    tx.commit().await?;
    cx.products.refresh(&cx.store, id).await?;
    get(cx, id).await
}

/// Whether the account has the authority; "" is the platform's own.
async fn authority(cx: &Cx, tx: &mut Tx, name: &str) -> Result<()> {
    if name.is_empty() { Ok(()) } else { cert::exists_in(cx, tx, name).await }
}

/// Gives a product of certificates another authority; its devices connect anew. "" is the
/// platform's own.
///
/// # Errors
/// The product or the authority does not exist, or the product's devices have keys.
pub(crate) async fn set_authority(cx: &Cx, id: &ProductId, name: &str) -> Result<()> {
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let before = owned_in(cx, &mut tx, id).await?;
    if before.authentication == Authentication::Key {
        return Err(cert::no_certificates(id));
    }
    authority(cx, &mut tx, name).await?;
    tables::set_ca(&mut tx, id, name, cx.clock.now()).await?;
    tx.commit().await?;
    cx.products.refresh(&cx.store, id).await?;
    if before.authentication.authority() != name
        && let Some(broker) = cx.broker()
    {
        broker.kick_where(|client| client.0.starts_with(id.as_str()), Offline::Kicked);
    }
    Ok(())
}

/// Whether a product of the account has the authority of that name, in a transaction of the caller.
pub(crate) async fn has_authority(cx: &Cx, tx: &mut Tx, name: &str) -> Result<bool> {
    Ok(tables::count_of_ca(tx, cx.uin, name).await? > 0)
}

/// A page (offset and limit) of the products that have it, newest first.
pub(crate) async fn with_authority(cx: &Cx, name: &str, page: (u64, u64)) -> Result<Vec<Product>> {
    tables::of_ca(&cx.store, (cx.uin, name), page).await
}

/// How a product's devices prove themselves, and whose product it is, from memory.
pub(crate) fn authentication(services: &Services, id: &ProductId) -> Option<(Uin, Authentication)> {
    let known = services.products.get(id)?;
    Some((known.product.uin, known.product.authentication.clone()))
}

/// Releases a product, or takes the release back.
///
/// # Errors
/// The product does not exist.
pub async fn release(cx: &Cx, id: &ProductId, to: State) -> Result<()> {
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    owned_in(cx, &mut tx, id).await?;
    tables::release(&mut tx, id, to, cx.clock.now()).await?;
    tx.commit().await?;
    cx.products.refresh(&cx.store, id).await
}

/// Deletes a product that has no devices and is not released.
///
/// # Errors
/// It does not exist, has devices, or is locked.
pub async fn delete(cx: &Cx, id: &ProductId) -> Result<()> {
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let product = owned_in(cx, &mut tx, id).await?;
    changeable(&product, "it cannot be deleted")?;
    if device::exists_under(&mut tx, id).await? {
        let text = format!("product {id} has devices");
        return Err(Error::new(Code::UnsupportedOperationDevicesExistUnderProduct, text));
    }
    tables::delete(&mut tx, id).await?;
    // Before the lock is free: who makes a device under the lock does not find the product any more.
    cx.products.forget(id);
    let done = tx.commit().await;
    cx.products.refresh(&cx.store, id).await?;
    done
}

/// A page of products, newest first, and how many there are in all.
///
/// # Errors
/// The project does not exist for this account.
pub async fn list(cx: &Cx, search: &Search) -> Result<(Vec<Product>, u64)> {
    if let Some(project) = &search.project {
        own_project(cx, project).await?;
    }
    tables::list(&cx.store, cx.uin, search).await
}
