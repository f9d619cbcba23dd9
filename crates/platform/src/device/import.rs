//! The place where many devices are made at once.

use base::{Code, DeviceName, Error, ProductId, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::tables;
use crate::{
    Cx,
    product::{self, Authentication},
};

/// The most devices of one lot: one transaction, which others wait for.
pub const LOT: usize = 10_000;

/// Stores a lot of new devices, all of them or none, and answers when they may connect.
///
/// # Errors
/// The product is not the caller's, a name is taken or given twice, the lot is too large, or the
/// product is full.
pub async fn import(cx: &Cx, product: &ProductId, names: Vec<DeviceName>) -> Result<()> {
    if names.len() > LOT {
        let text = format!("{} devices are more than {LOT}", names.len());
        return Err(Error::new(Code::InvalidParameterValue, text));
    }
    let secret = |name| (name, STANDARD.encode(cx.rand.bytes::<16>()));
    let rows: Vec<_> = names.into_iter().map(secret).collect();
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    // Under the lock: a product that is being deleted must not get a device.
    let owner = product::owned_in(cx, &mut tx, product).await?;
    if owner.authentication != Authentication::Key {
        let text = format!("devices of product {product} have certificates, made one by one");
        return Err(Error::new(Code::UnsupportedOperation, text));
    }
    let count = tables::count(&mut tx, product).await?;
    if count + rows.len() as u64 > u64::from(cx.settings.devices_per_product) {
        let text = format!("product {product} has {count} devices already");
        return Err(Error::new(Code::LimitExceededDeviceExceedLimit, text));
    }
    let created = cx.clock.now();
    let lot = tables::Lot { uin: cx.uin, project: &owner.project, product, created };
    if tables::insert_lot(&mut tx, &lot, &rows).await? < rows.len() {
        let text = format!("a device name of the lot is taken in product {product}");
        return Err(Error::new(Code::InvalidParameterValueDeviceAlreadyExist, text));
    }
    tx.commit().await?;
    cx.devices.mirror.apply(&cx.store).await
}
