//! 物模型定义: the place where the thing model of a product is read, checked and kept.

use base::{Code, Error, OrCode, ProductId, Result};
use serde_json::{Map, Value, json};
use thing::{Model, standard};

use super::{Definition, Product, changeable, owned_in, tables};
use crate::Cx;

/// The model of a product as it is kept.
///
/// # Errors
/// The product does not exist for this account.
pub async fn definition(cx: &Cx, id: &ProductId) -> Result<Definition> {
    super::get(cx, id).await?;
    tables::definition(&cx.store, id)
        .await?
        .or_code(Code::ResourceNotFoundStudioProductNotExist, || super::missing(id))
}

/// Replaces the model of a product that is being developed.
///
/// # Errors
/// The text is no thing model, or the product does not exist or is locked.
pub async fn define(cx: &Cx, id: &ProductId, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::new(Code::InvalidParameterValueModelDefineNil, "model is empty"));
    }
    Model::parse(text).map_err(|error| Error::new(error.code(), error.to_string()))?;
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let product = owned_in(cx, &mut tx, id).await?;
    changeable(&product, "its thing model cannot be changed")?;
    let text = complete(text, id, product.category)?;
    tables::define(&mut tx, id, &text, cx.clock.now()).await?;
    tx.commit().await?;
    cx.products.refresh(&cx.store, id).await
}

/// The model that a new product begins with, and its category's standard model (empty without one).
pub(super) fn initial(product: &Product) -> Result<(String, String)> {
    match standard::model(product.category) {
        Some(text) => Ok((complete(text, &product.id, product.category)?, text.to_owned())),
        None => Ok((complete("{}", &product.id, product.category)?, String::new())),
    }
}

/// The user's text as it is kept: the profile names this product, and no list is missing.
fn complete(text: &str, id: &ProductId, category: i64) -> Result<String> {
    let Ok(Value::Object(mut given)) = serde_json::from_str(text) else {
        return Err(Error::new(
            Code::InvalidParameterValueModelDefineInvalid,
            "model is no object",
        ));
    };
    let mut kept = Map::new();
    kept.insert("version".into(), given.remove("version").unwrap_or_else(|| "1.0".into()));
    kept.insert("profile".into(), profile(given.remove("profile"), id, category));
    for list in ["properties", "events", "actions"] {
        let value = given.remove(list).filter(|value| !value.is_null());
        kept.insert(list.into(), value.unwrap_or_else(|| json!([])));
    }
    kept.extend(given);
    serde_json::to_string(&kept).map_err(Error::internal)
}

/// Older texts spell `productID`; whichever it is, it names this product now.
fn profile(given: Option<Value>, id: &ProductId, category: i64) -> Value {
    let mut kept = Map::new();
    kept.insert("ProductId".into(), id.as_str().into());
    kept.insert("CategoryId".into(), category.to_string().into());
    if let Some(Value::Object(given)) = given {
        for (key, value) in given {
            if !["productid", "categoryid"].contains(&key.to_ascii_lowercase().as_str()) {
                kept.insert(key, value);
            }
        }
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_model_names_its_product_and_has_all_lists() {
        let id = ProductId::parse("HQ0A1B2C3D").unwrap();
        let text = r#"{"profile":{"productID":"OTHER","x":1},"properties":[],"extra":"温度"}"#;
        assert_eq!(
            complete(text, &id, 3).unwrap(),
            "{\"version\":\"1.0\",\"profile\":{\"ProductId\":\"HQ0A1B2C3D\",\"CategoryId\":\"3\",\
             \"x\":1},\"properties\":[],\"events\":[],\"actions\":[],\"extra\":\"温度\"}"
        );
        assert!(complete("[]", &id, 3).is_err());
        Model::parse(&complete("{}", &id, 1).unwrap()).unwrap();
    }
}
