//! The place where the words of the project chapter are types.

use base::{InstanceId, Millis, ProductId, ProjectId, Uin};

use crate::wire::Page;

/// A project: a shelf of products in an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub uin: Uin,
    pub instance: InstanceId,
    pub name: String,
    pub description: String,
    pub created: Millis,
    pub updated: Millis,
}

/// Which projects a list shows.
#[derive(Debug, Clone)]
pub struct Search {
    pub instance: Option<InstanceId>,
    pub project: Option<ProjectId>,
    /// The project of this product.
    pub product: Option<ProductId>,
    /// Part of the name, in any case.
    pub name: Option<String>,
    pub page: Page,
}
