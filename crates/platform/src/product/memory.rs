//! The place where all products and their compiled models are in memory: the device road asks here
//! and never waits for SQL. SQL is the truth; after each change the product is read again.

use std::{collections::HashMap, fmt, sync::Arc};

use base::{InstanceId, ProductId, Result};
use broker::hub::Tenant;
use parking_lot::RwLock;
use store::Store;
use thing::Model;

use super::{Product, tables};
use crate::instance::{self, Instance, Kind, Tenants};

/// What the device road needs of a product; immutable, replaced when the product changes.
#[derive(Debug)]
pub struct Live {
    /// Grows with each replacement; 0: the stored model is unreadable, and `model` is not it.
    pub version: u64,
    pub model: Model,
    pub gateway: bool,
    /// Whether the product is in an enterprise instance: only there are custom topics.
    pub enterprise: bool,
    /// The instance as the broker sees it; none if it is gone.
    pub tenant: Option<Arc<Tenant>>,
}

pub(super) struct Known {
    pub(super) product: Product,
    pub(super) live: Arc<Live>,
}

/// All products of this server.
pub(crate) struct Products {
    known: RwLock<foldhash::HashMap<ProductId, Arc<Known>>>,
    /// The newest version. Held from reading SQL until memory has it, so that an older reading never
    /// follows a newer one.
    refreshing: tokio::sync::Mutex<u64>,
    pub(crate) tenants: Tenants,
}

impl fmt::Debug for Products {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Products({})", self.known.read().len())
    }
}

impl Products {
    pub(crate) async fn load(store: &Store, tenants: Tenants) -> Result<Self> {
        let instances = instance::every(store).await?;
        let every = tables::every(store).await?.into_iter();
        let known = every
            .map(|(product, text)| {
                (product.id.clone(), Arc::new(known(product, &text, &instances, &tenants, 1)))
            })
            .collect();
        Ok(Self { known: RwLock::new(known), refreshing: tokio::sync::Mutex::new(1), tenants })
    }

    pub(super) fn get(&self, id: &ProductId) -> Option<Arc<Known>> {
        self.known.read().get(id).cloned()
    }

    pub(super) fn named(&self, id: &str) -> Option<Arc<Live>> {
        self.known.read().get(id).map(|known| known.live.clone())
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
        let mut version = self.refreshing.lock().await;
        match tables::with_model(store, id).await? {
            None => self.forget(id),
            Some((product, text)) => {
                let instances = instance::every(store).await?;
                *version += 1;
                let new = Arc::new(known(product, &text, &instances, &self.tenants, *version));
                self.known.write().insert(id.clone(), new);
            }
        }
        Ok(())
    }
}

fn known(
    product: Product,
    text: &str,
    instances: &HashMap<InstanceId, Instance>,
    tenants: &Tenants,
    version: u64,
) -> Known {
    let (version, model) = match Model::parse(text) {
        Ok(model) => (version, model),
        Err(error) => {
            tracing::error!(product_id = %product.id, %error, "stored thing model is not valid");
            (0, Model::empty())
        }
    };
    let instance = instances.get(&product.instance);
    let live = Arc::new(Live {
        version,
        model,
        gateway: product.gateway,
        enterprise: instance.is_some_and(|instance| instance.kind == Kind::Enterprise),
        tenant: instance.map(|instance| tenants.of(instance)),
    });
    Known { product, live }
}
