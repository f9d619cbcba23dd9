//! The place where all products and their compiled models are in memory: the device road asks here
//! and never waits for SQL. SQL is the truth; after each change the product is read again.

use std::{collections::HashMap, fmt, sync::Arc};

use base::{InstanceId, ProductId, Result};
use parking_lot::RwLock;
use store::Store;
use thing::Model;

use super::{Product, tables};
use crate::instance::{self, Kind};

/// What the device road needs of a product; immutable, replaced when the product changes.
#[derive(Debug)]
pub struct Live {
    pub model: Model,
    pub gateway: bool,
    /// Whether the product is in an enterprise instance: only there are custom topics.
    pub enterprise: bool,
}

pub(super) struct Known {
    pub(super) product: Product,
    pub(super) live: Arc<Live>,
}

/// All products of this server.
pub(crate) struct Products {
    known: RwLock<HashMap<ProductId, Arc<Known>>>,
    /// Held from reading SQL until memory has it, so that an older reading never follows a newer one.
    refreshing: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Products {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Products({})", self.known.read().len())
    }
}

impl Products {
    pub(crate) async fn load(store: &Store) -> Result<Self> {
        let kinds = instance::kinds(store).await?;
        let every = tables::every(store).await?.into_iter();
        let known = every
            .map(|(product, text)| (product.id.clone(), Arc::new(known(product, &text, &kinds))));
        Ok(Self { known: RwLock::new(known.collect()), refreshing: tokio::sync::Mutex::default() })
    }

    pub(super) fn get(&self, id: &ProductId) -> Option<Arc<Known>> {
        self.known.read().get(id).cloned()
    }

    pub(super) fn of_instance(&self, id: &InstanceId) -> Vec<Product> {
        let known = self.known.read();
        let of = known.values().filter(|known| known.product.instance == *id);
        of.map(|known| known.product.clone()).collect()
    }

    /// Forgets a product at once; [`Products::refresh`] brings it back if it is still there.
    pub(super) fn forget(&self, id: &ProductId) {
        self.known.write().remove(id);
    }

    /// Reads a product again after it may have changed.
    pub(super) async fn refresh(&self, store: &Store, id: &ProductId) -> Result<()> {
        let _turn = self.refreshing.lock().await;
        match tables::with_model(store, id).await? {
            None => self.forget(id),
            Some((product, text)) => {
                let kinds = instance::kinds(store).await?;
                let new = Arc::new(known(product, &text, &kinds));
                self.known.write().insert(id.clone(), new);
            }
        }
        Ok(())
    }
}

fn known(product: Product, text: &str, kinds: &HashMap<InstanceId, Kind>) -> Known {
    let model = Model::parse(text).unwrap_or_else(|error| {
        tracing::error!(product_id = %product.id, %error, "stored thing model is not valid");
        Model::empty()
    });
    let enterprise = kinds.get(&product.instance) == Some(&Kind::Enterprise);
    let live = Arc::new(Live { model, gateway: product.gateway, enterprise });
    Known { product, live }
}
