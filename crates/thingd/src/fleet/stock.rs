//! The place where a fleet gets its product, model and devices from the cloud API.

use std::{collections::HashSet, sync::Arc};

use anyhow::{Context as _, Result};
use fleet::device::Device;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    cloud::{Account, Cloud},
    tell,
};

/// The product that is made when none is named, and its model.
const PRODUCT: &str = "fleet";
const DEMO: &str = include_str!("../../../fleet/demo.json");
const PAGE: usize = 100;
/// Calls at the same time: others want to use the server, too.
const CALLS: usize = 8;
/// Devices between two lines of progress.
const NEWS: usize = 1000;

/// The id of the product `fleet`; makes it if it is not there.
///
/// # Errors
/// The server refused.
pub(super) async fn product(cloud: &mut Cloud) -> Result<String> {
    let projects = cloud.call("GetProjectList", &json!({ "Limit": 1 })).await?;
    let project = text(&projects, "/Projects/0/ProjectId")?;
    let mut offset = 0;
    loop {
        let ask = json!({ "ProjectId": project, "Offset": offset, "Limit": PAGE });
        let page = cloud.call("GetStudioProductList", &ask).await?;
        let entries = list(&page, "Products");
        if let Some(found) = entries.iter().find(|p| p["ProductName"] == PRODUCT) {
            return text(found, "/ProductId");
        }
        if entries.len() < PAGE {
            return make(cloud, &project).await;
        }
        offset += entries.len();
    }
}

async fn make(cloud: &mut Cloud, project: &str) -> Result<String> {
    let draft = json!({
        "ProductName": PRODUCT, "CategoryId": 1, "ProductType": 0, "EncryptionType": "2",
        "NetType": "wifi", "DataProtocol": 1, "ProductDesc": "simulated devices",
        "ProjectId": project,
    });
    let made = cloud.call("CreateStudioProduct", &draft).await?;
    let id = text(&made, "/Product/ProductId")?;
    let model = json!({ "ProductId": id, "ModelSchema": DEMO });
    cloud.call("ModifyModelDefinition", &model).await?;
    tell(&format!("product {id} ({PRODUCT}) is made\n"));
    Ok(id)
}

/// The thing model of a product.
///
/// # Errors
/// The server refused.
pub(super) async fn model(cloud: &mut Cloud, product: &str) -> Result<String> {
    let found = cloud.call("DescribeModelDefinition", &json!({ "ProductId": product })).await?;
    text(&found, "/Model/ModelDefine")
}

/// Devices of these names; makes those that are not there.
///
/// # Errors
/// The server refused.
pub(super) async fn devices(
    account: &Account,
    cloud: &mut Cloud,
    product: &str,
    names: Vec<String>,
) -> Result<Vec<Device>> {
    let known = Arc::new(known(cloud, product).await?);
    let names = Arc::new(names);
    let mut lanes = JoinSet::new();
    for lane in 0..CALLS.min(names.len()) {
        let (account, product) = (account.clone(), product.to_owned());
        let (known, names) = (known.clone(), names.clone());
        lanes.spawn(async move {
            let mut cloud = account.connect().await?;
            let mut all = Vec::new();
            for (n, name) in names.iter().enumerate().skip(lane).step_by(CALLS) {
                let secret = secret(&mut cloud, &product, name, known.contains(name)).await?;
                all.push((n, Device { product: product.clone(), name: name.clone(), secret }));
                if n > 0 && n % NEWS == 0 {
                    tell(&format!("{n} of {} devices are there\n", names.len()));
                }
            }
            Ok::<_, anyhow::Error>(all)
        });
    }
    let mut all = Vec::with_capacity(names.len());
    while let Some(lane) = lanes.join_next().await {
        all.extend(lane??);
    }
    all.sort_unstable_by_key(|(n, _)| *n);
    Ok(all.into_iter().map(|(_, device)| device).collect())
}

/// The names of a product's devices.
async fn known(cloud: &mut Cloud, product: &str) -> Result<HashSet<String>> {
    let mut known = HashSet::new();
    let mut offset = 0;
    loop {
        let ask = json!({ "ProductId": product, "Offset": offset, "Limit": PAGE });
        let page = cloud.call("GetDeviceList", &ask).await?;
        let entries = list(&page, "Devices");
        for entry in entries {
            known.insert(text(entry, "/DeviceName")?);
        }
        if entries.len() < PAGE {
            return Ok(known);
        }
        offset += entries.len();
    }
}

/// The secret of a device (empty if it has a certificate), which is made if it is not known.
async fn secret(cloud: &mut Cloud, product: &str, name: &str, known: bool) -> Result<String> {
    let (action, pointer) = match known {
        true => ("DescribeDevice", "/Device/DevicePsk"),
        false => ("CreateDevice", "/Data/DevicePsk"),
    };
    let ask = json!({ "ProductId": product, "DeviceName": name });
    text(&cloud.call(action, &ask).await?, pointer)
}

fn list<'a>(response: &'a Value, key: &str) -> &'a [Value] {
    response.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(response: &Value, pointer: &str) -> Result<String> {
    let text = response.pointer(pointer).and_then(Value::as_str);
    Ok(text.with_context(|| format!("the answer has no {pointer}"))?.to_owned())
}
