//! 实例管理: the place where instances are, and where it is counted what is in them.

pub(crate) mod actions;
pub mod tables;
#[cfg(test)]
mod tests;
mod types;

use std::{collections::HashMap, sync::Arc};

use base::{Code, Error, InstanceId, OrCode, ProductId, ProjectId, Result};
use broker::hub::Tenant;
use parking_lot::Mutex;
use store::{Store, Tx};

pub use types::{Counts, Instance, Kind};

use crate::{Cx, Services, device, product, project};

/// Characters of a remark.
const DESCRIPTION_CHARS: usize = 256;

/// Adds an instance in a transaction of the caller.
///
/// # Errors
/// The store failed.
pub(crate) async fn insert(tx: &mut Tx, new: &Instance) -> Result<()> {
    tables::insert(tx, new).await
}

/// An instance of the caller's account.
///
/// # Errors
/// It does not exist for this account.
pub async fn get(cx: &Cx, id: &InstanceId) -> Result<Instance> {
    tables::find(&cx.store, id, cx.uin)
        .await?
        .or_code(Code::ResourceNotFoundInstanceNotExist, || missing(id))
}

fn missing(id: &InstanceId) -> String {
    format!("instance {id} does not exist")
}

/// All instances of the caller's account, enterprise ones first.
///
/// # Errors
/// The store failed.
pub async fn all(cx: &Cx) -> Result<Vec<Instance>> {
    tables::of_uin(&cx.store, cx.uin).await
}

/// The instance that a caller means who names none: the enterprise instance.
///
/// # Errors
/// The account has no instance.
pub async fn default(cx: &Cx) -> Result<Instance> {
    let first = all(cx).await?.into_iter().next();
    first.or_code(Code::ResourceNotFoundInstanceNotExist, || "account has no instance")
}

/// All instances of all accounts, for those who load what depends on them.
pub(crate) async fn every(store: &Store) -> Result<HashMap<InstanceId, Instance>> {
    let every = tables::every(store).await?;
    Ok(every.into_iter().map(|instance| (instance.id.clone(), instance)).collect())
}

/// What the broker holds of each instance; one for all its clients.
#[derive(Debug)]
pub(crate) struct Tenants {
    known: Mutex<HashMap<InstanceId, Arc<Tenant>>>,
    /// Whether the rate of a public instance is bounded.
    bounded: bool,
}

impl Tenants {
    pub(crate) fn new(bounded: bool) -> Self {
        Self { known: Mutex::default(), bounded }
    }

    /// The one tenant of an instance, with the bound that it has now (L73): a public one may send 1 %
    /// of its activation codes per second, at least 1; an enterprise one is bounded by its devices.
    pub(crate) fn of(&self, instance: &Instance) -> Arc<Tenant> {
        let rate = match instance.kind {
            Kind::Public if self.bounded => {
                u32::try_from(instance.activation_codes / 100).unwrap_or(u32::MAX).max(1)
            }
            _ => 0,
        };
        let mut known = self.known.lock();
        let tenant = known
            .entry(instance.id.clone())
            .or_insert_with(|| Tenant::new(instance.id.as_str(), rate));
        tenant.limit(rate);
        tenant.clone()
    }
}

/// Changes the remark (备注) of an instance.
///
/// # Errors
/// It does not exist for this account, or the text is too long.
pub async fn set_description(cx: &Cx, id: &InstanceId, description: &str) -> Result<()> {
    let chars = description.chars().count();
    if chars > DESCRIPTION_CHARS || description.contains('\0') {
        let text = format!("description of {chars} characters is not {DESCRIPTION_CHARS} at most");
        return Err(Error::new(Code::InvalidParameterValue, text));
    }
    let mut tx = cx.store.begin().await?;
    if !tables::describe(&mut tx, id, cx.uin, description, cx.clock.now()).await? {
        return Err(Error::new(Code::ResourceNotFoundInstanceNotExist, missing(id)));
    }
    tx.commit().await
}

/// How much is in an instance; of one project or one product of it alone, if they are named.
///
/// # Errors
/// The store failed.
pub async fn counts(
    services: &Services,
    instance: &Instance,
    in_project: Option<&ProjectId>,
    only: Option<&ProductId>,
) -> Result<Counts> {
    let projects = project::count(services, &instance.id).await?;
    let products: Vec<ProductId> = product::all_of(services, &instance.id)
        .into_iter()
        .filter(|p| in_project.is_none_or(|id| p.project == *id))
        .filter(|p| only.is_none_or(|id| p.id == *id))
        .map(|p| p.id)
        .collect();
    let mut counts = Counts { projects, products: 0, ..Counts::default() };
    for id in products {
        let (devices, activated) = device::counts(services, &id).await?;
        counts.products += 1;
        counts.devices += devices;
        counts.activated += activated;
        counts.online += device::online(services, &id);
    }
    Ok(counts)
}

/// How many devices the instance is made for.
#[must_use]
pub fn capacity(services: &Services, instance: &Instance) -> u64 {
    match instance.kind {
        Kind::Public => instance.activation_codes,
        Kind::Enterprise => services.settings.devices_per_product.into(),
    }
}
