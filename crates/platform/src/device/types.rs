//! The place where the words of the device chapter are types.

use base::{DeviceKey, DeviceNo, Millis, ProductId, ProjectId, Secret, Uin};

/// A device as the metadata knows it.
#[derive(Debug, Clone)]
pub struct Device {
    pub no: DeviceNo,
    pub uin: Uin,
    pub project: ProjectId,
    pub key: DeviceKey,
    /// The base64 text.
    pub secret: Secret,
    pub enabled: bool,
    /// The firmware version that the device reported; empty when it never did.
    pub version: String,
    pub created: Millis,
    /// PEM; empty when the device has a key.
    pub certificate: String,
}

/// A device and what is known of its coming and going.
#[derive(Debug, Clone)]
pub struct Described {
    pub device: Device,
    pub status: Status,
    pub first_online: Millis,
    pub last_online: Millis,
    pub product_name: String,
    pub gateway: bool,
}

/// 设备状态, as the cloud API numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Offline,
    Online,
    Inactive,
}

impl Status {
    /// The number of the cloud API.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Offline => 0,
            Self::Online => 1,
            Self::Inactive => 3,
        }
    }
}

/// Which devices a list shows; of a product, or else of a project.
#[derive(Debug, Clone)]
pub struct Search {
    pub product: Option<ProductId>,
    pub project: Option<ProjectId>,
    /// Part of the name, in any case.
    pub name: Option<String>,
    /// The firmware version; `Some("")` finds devices that reported none.
    pub version: Option<String>,
    pub offset: u64,
    pub limit: u64,
}

impl Search {
    /// The newest devices of a product.
    #[must_use]
    pub fn of_product(product: ProductId, limit: u64) -> Self {
        let product = Some(product);
        Self { product, project: None, name: None, version: None, offset: 0, limit }
    }
}

/// What the console shows for an MQTT client: 设备连接参数 (L1184).
#[derive(Debug, Clone)]
pub struct Connection {
    pub client_id: String,
    pub user_name: String,
    pub password: String,
    pub host: String,
    pub mqtt_port: u16,
    pub mqtts_port: u16,
    pub ws_url: String,
    /// Seconds.
    pub expires: i64,
    pub hosts_line: String,
    pub qr_code: String,
    /// PEM of what the device checks the server by; "" if the platform does not have it.
    pub ca: String,
}
