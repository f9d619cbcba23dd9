//! The place where a new data folder gets many devices at once, to measure starts and lists with.

use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use base::{DeviceName, ProductId, RequestId};
use platform::{Cx, FirstLogin, Routes, account, device};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    Options,
    server::{Opened, open},
};

const MODEL: &str = include_str!("../../fleet/model.json");

/// Makes the folder, a product `seeded` in it, and devices `device-0000001` and up.
///
/// # Errors
/// The folder is there already, or a store failed.
pub(crate) async fn fill(options: Options, devices: u32) -> Result<()> {
    let data = &options.data;
    ensure!(!data.exists(), "{} is there already; seed makes a new folder", data.display());
    let begun = Instant::now();
    let Opened { store, services, first } = open(options).await?;
    let login = first.context("the metadata has an account already")?;
    let (caller, _) = account::key(&services, &login.secret_id).context("the key is not there")?;
    let cx = Cx::new(services.clone(), caller, RequestId(services.rand.uuid()), false);
    let product = product(&cx, &login).await?;
    let mut made = 0;
    while made < devices {
        let last = devices.min(made.saturating_add(u32::try_from(device::LOT)?));
        let names = (made + 1..=last).map(|n| DeviceName::parse(&format!("device-{n:07}")));
        device::import(&cx, &product, names.collect::<base::Result<_>>()?).await?;
        made = last;
        tell(&format!("\r{made} of {devices} devices, {:.1} s", begun.elapsed().as_secs_f64()));
    }
    store.close().await?;
    let took = begun.elapsed().as_secs_f64();
    tell(&format!("\rproduct {product}: {devices} devices in {took:.1} s\n"));
    Ok(())
}

/// The product, made as a user makes it.
async fn product(cx: &Cx, login: &FirstLogin) -> Result<ProductId> {
    let draft = json!({
        "ProductName": "seeded", "CategoryId": 1, "ProductType": 0, "EncryptionType": "2",
        "NetType": "wifi", "DataProtocol": 1, "ProductDesc": "",
        "ProjectId": login.enterprise_project_id,
    });
    let made = call(cx, "CreateStudioProduct", draft).await?;
    let id = made.pointer("/Product/ProductId").and_then(Value::as_str).context("no product id")?;
    call(cx, "ModifyModelDefinition", json!({ "ProductId": id, "ModelSchema": MODEL })).await?;
    Ok(ProductId::parse(id)?)
}

async fn call(cx: &Cx, action: &str, params: Value) -> Result<Value> {
    let info = api::registry::find(action).with_context(|| format!("no action {action}"))?;
    let answer = Routes::all().call(cx.clone(), info, api::params::check(info, params)?).await?;
    Ok(serde_json::from_slice(&answer)?)
}

/// Progress is for people; a closed stderr does not stop the work.
fn tell(text: &str) {
    drop(std::io::stderr().write_all(text.as_bytes()));
}
