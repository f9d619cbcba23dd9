//! 证书认证: the place where accounts keep certificate authorities of their own, and where devices'
//! certificates are made and read.

pub(crate) mod actions;
mod issue;
mod memory;
pub mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod types;

use std::sync::Arc;

use base::{Code, Error, OrCode, ProductId, Result};

pub use issue::DeviceCa;
pub(crate) use issue::Issued;
pub(crate) use memory::Authorities;
pub use types::Name;
pub(crate) use types::{Authority, Bound, signed};

use crate::{
    Cx,
    product::{self, Authentication, Product},
    wire::clip,
};

/// The most authorities of one account.
const AUTHORITIES: u64 = 100;

/// Keeps an authority under a new name.
///
/// # Errors
/// The name or the certificate is taken, `proof` does not show that the caller has the authority's
/// key, or the account has its fill.
pub async fn create(cx: &Cx, name: &Name, pem: &str, proof: &str) -> Result<()> {
    let authority = Authority::read(cx.uin, name.as_str(), pem, cx.clock.now())?;
    authority.owned(proof, cx.clock.now())?;
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let kept = tables::of_account(&mut tx, cx.uin).await?;
    if kept.len() as u64 >= AUTHORITIES {
        let text = format!("account has {} ca certificates already", kept.len());
        return Err(Error::new(Code::LimitExceededCACertLimit, text));
    }
    fresh(&authority, &kept)?;
    if !tables::insert(&mut tx, &authority).await? {
        let text = format!("ca certificate name {:?} is taken", name.as_str());
        return Err(Error::new(Code::LimitExceededCACertNameRepeat, text));
    }
    tx.commit().await?;
    changed(cx).await
}

/// Puts another certificate in the place of an authority's.
///
/// # Errors
/// There is no such authority, the certificate is taken, or `proof` does not fit.
pub async fn update(cx: &Cx, name: &str, pem: &str, proof: &str) -> Result<()> {
    let authority = Authority::read(cx.uin, name, pem, cx.clock.now())?;
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let mut kept = tables::of_account(&mut tx, cx.uin).await?;
    let before = kept.len();
    kept.retain(|other| other.name != name);
    if kept.len() == before {
        return Err(missing(name));
    }
    authority.owned(proof, cx.clock.now())?;
    fresh(&authority, &kept)?;
    tables::update(&mut tx, &authority).await?;
    tx.commit().await?;
    changed(cx).await
}

fn fresh(authority: &Authority, kept: &[Authority]) -> Result<()> {
    match kept.iter().find(|other| other.fingerprint == authority.fingerprint) {
        None => Ok(()),
        Some(other) => {
            let text = format!("ca certificate is kept as {:?} already", clip(&other.name));
            Err(Error::new(Code::LimitExceededCACertAlreadyExist, text))
        }
    }
}

/// Removes an authority that no product has.
///
/// # Errors
/// There is no such authority, or a product has it.
pub async fn delete(cx: &Cx, name: &str) -> Result<()> {
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    if product::has_authority(cx, &mut tx, name).await? {
        let text = format!("ca certificate {:?} is bound to a product", clip(name));
        return Err(Error::new(Code::LimitExceededCAAlreadyBindProduct, text));
    }
    if !tables::delete(&mut tx, cx.uin, name).await? {
        return Err(missing(name));
    }
    tx.commit().await?;
    changed(cx).await
}

/// Memory and the doors learn of it.
async fn changed(cx: &Cx) -> Result<()> {
    cx.authorities.refresh(&cx.store).await?;
    if let Some(broker) = cx.broker() {
        broker.reload_authorities();
    }
    Ok(())
}

/// An authority of the account.
///
/// # Errors
/// There is none of that name.
pub(crate) fn find(cx: &Cx, name: &str) -> Result<Arc<Authority>> {
    cx.authorities.get(cx.uin, name).ok_or_else(|| missing(name))
}

/// Of that name, in a transaction of the caller.
pub(crate) async fn exists_in(cx: &Cx, tx: &mut store::Tx, name: &str) -> Result<()> {
    let kept = tables::of_account(tx, cx.uin).await?;
    kept.iter().any(|kept| kept.name == name).then_some(()).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Error {
    let text = format!("ca certificate {:?} does not exist", clip(name));
    Error::new(Code::ResourceNotFoundCACertNotExist, text)
}

/// The authority that a product of the account has; the platform's own is `None`.
///
/// # Errors
/// The product does not exist for this account, or its devices have keys.
pub(crate) async fn of_product(cx: &Cx, id: &ProductId) -> Result<Option<Arc<Authority>>> {
    match product::get(cx, id).await?.authentication {
        Authentication::Key => Err(no_certificates(id)),
        Authentication::Certificate(name) if name.is_empty() => Ok(None),
        Authentication::Certificate(name) => find(cx, &name).map(Some),
    }
}

pub(crate) fn no_certificates(id: &ProductId) -> Error {
    let text = format!("devices of product {id} have keys, not certificates");
    Error::new(Code::UnsupportedOperation, text)
}

/// The certificate of a new device, and its key if the platform made it.
///
/// # Errors
/// The caller gave a certificate that the product cannot have, or none where it must.
pub(crate) async fn for_device(
    cx: &Cx,
    product: &Product,
    client_id: String,
    given: Option<String>,
) -> Result<Option<Issued>> {
    let Authentication::Certificate(name) = &product.authentication else { return Ok(None) };
    if name.is_empty() {
        if given.is_some() {
            let text = format!("product {} has the platform's certificates", product.id);
            return Err(Error::new(Code::InvalidParameter, text));
        }
        let ca = cx.settings.device_ca.clone();
        let ca = ca.or_code(Code::InternalError, || "there is no device ca")?;
        let now = cx.clock.now();
        // Some hundred milliseconds of one processor.
        let made = tokio::task::spawn_blocking(move || ca.issue(&client_id, now));
        return made.await.map_err(Error::internal)?.map(Some);
    }
    let pem = given.or_code(Code::MissingParameter, || {
        format!("tls crt is missing: product {} has an authority of its own", product.id)
    })?;
    let bound = Bound::of_pem(&pem)
        .or_code(Code::InvalidParameterValueCACertInvalid, || "tls crt is not a certificate")?;
    if !find(cx, name)?.issued(&bound) {
        let text = format!("tls crt is not issued by ca certificate {:?}", clip(name));
        return Err(Error::new(Code::InvalidParameterValueCACertNotMatch, text));
    }
    Ok(Some(Issued { certificate: bound.pem()?, key: None }))
}

/// Gives a product of certificates another authority; "" is the platform's own.
///
/// # Errors
/// The product or the authority does not exist, or the product has keys.
pub async fn bind(cx: &Cx, id: &ProductId, name: &str) -> Result<()> {
    product::set_authority(cx, id, name).await
}
