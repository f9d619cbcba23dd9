//! The place where a call's parameters become the names of the resources that it asks for, as the
//! manual writes them in policies (CAM 权限).

use api::registry::{ActionInfo, Scope, named};
use base::{ProductId, Uin};
use serde_json::Value;

use crate::{Services, product};

/// `qcs::iotexplorer:gz:uin/<uin>:project/<p>/product/<id>`, one for each thing that the call names;
/// a call that names nothing asks for the whole account.
#[must_use]
pub fn names(services: &Services, uin: Uin, info: &ActionInfo, params: &Value) -> Vec<String> {
    let of = |field: &str, name: &dyn Fn(&str) -> String| -> Vec<String> {
        named(params, field).into_iter().filter(|id| !id.is_empty()).map(name).collect()
    };
    let paths = match info.scope {
        Scope::Account => Vec::new(),
        Scope::Instance(field) => of(field, &|id| format!("instance/{id}")),
        Scope::Project(field) => of(field, &|id| format!("project/{id}")),
        Scope::Product(field) => of(field, &|id| product_path(services, id)),
        Scope::Device(product, device) => {
            let products = named(params, product);
            let devices = named(params, device);
            let paired = products.into_iter().enumerate().map(|(at, id)| {
                let path = product_path(services, id);
                match devices.get(at) {
                    Some(name) => format!("{path}/device/{name}"),
                    None => path,
                }
            });
            paired.collect()
        }
    };
    if paths.is_empty() {
        return vec![format!("qcs::iotexplorer:gz:uin/{uin}:*")];
    }
    paths.into_iter().map(|path| format!("qcs::iotexplorer:gz:uin/{uin}:{path}")).collect()
}

/// A product that does not exist is in no project, so only who may do everything may ask for it.
fn product_path(services: &Services, id: &str) -> String {
    let project = ProductId::parse(id).ok().and_then(|id| product::project_of(services, &id));
    match project {
        Some(project) => format!("project/{project}/product/{id}"),
        None => format!("project//product/{id}"),
    }
}
