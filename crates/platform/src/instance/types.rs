//! The place where the words of the instance chapter are types.

use base::{InstanceId, Millis, ProjectId, Uin};

/// An instance: where projects, products and devices live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub id: InstanceId,
    pub uin: Uin,
    pub kind: Kind,
    pub description: String,
    pub default_project: ProjectId,
    /// Devices that the public instance may activate; 0 on enterprise instances, which have no codes.
    pub activation_codes: u64,
    pub created: Millis,
    pub updated: Millis,
}

/// 公共实例 or 企业实例.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Public,
    Enterprise,
}

impl Kind {
    /// The number of the cloud API.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Public => 0,
            Self::Enterprise => 1,
        }
    }

    pub(super) fn of(number: i64) -> Self {
        if number == 0 { Self::Public } else { Self::Enterprise }
    }
}

/// How much there is in an instance, or in a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub projects: u64,
    pub products: u64,
    pub devices: u64,
    /// Devices that were online once.
    pub activated: u64,
    pub online: u64,
}
