//! The place where the environment may set the login of the first start (interface.md).

use anyhow::{Context as _, Result};
use base::{Secret, Uin};
use platform::Root;

/// `THINGD_ROOT_UIN`, `_PASSWORD`, `_SECRET_ID`, `_SECRET_KEY`.
///
/// # Errors
/// The uin is not a number.
pub(crate) fn from_environment(env: impl Iterator<Item = (String, String)>) -> Result<Root> {
    let mut root = Root::default();
    for (variable, value) in env {
        match variable.as_str() {
            "THINGD_ROOT_UIN" => {
                let uin =
                    value.parse().with_context(|| format!("{variable}: {value:?} is not a uin"))?;
                root.uin = Some(Uin(uin));
            }
            "THINGD_ROOT_PASSWORD" => root.password = Some(Secret::new(value)),
            "THINGD_ROOT_SECRET_ID" => root.secret_id = Some(value),
            "THINGD_ROOT_SECRET_KEY" => root.secret_key = Some(Secret::new(value)),
            _ => {}
        }
    }
    Ok(root)
}
