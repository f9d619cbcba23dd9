//! The place where `cargo xtask bench` gets its load from: one mode per figure, all but connects on
//! one thread, against any broker: who reads and which topics are used is given as data.

pub mod connects;
pub mod flow;
pub mod idle;
pub mod rtt;
pub mod storm;

mod wire;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;
use mqtt::QoS;

use crate::{device::Device, door::Door};

/// Addresses of this machine that connections leave from: each has its own 28,000 ports.
const SOURCES: usize = 64;

/// The server that is measured.
#[derive(Debug)]
pub struct Aim {
    pub door: Door,
    /// Its process, whose CPU time and memory are looked at.
    pub pid: u32,
}

impl Aim {
    /// Where the connection with this number leaves from.
    fn source(&self, number: usize) -> Option<IpAddr> {
        let last = u8::try_from(number % SOURCES).unwrap_or(0) + 1;
        match self.door.address {
            SocketAddr::V4(address) if address.ip().is_loopback() => {
                Some(Ipv4Addr::new(127, 0, 1, last).into())
            }
            _ => None,
        }
    }
}

/// Topics, with `{product}` and `{device}` for the names of a device.
#[derive(Debug, Clone)]
pub struct Topics {
    /// What a device publishes to.
    pub topic: String,
    /// What is subscribed to: by each device, or by one reader for each product.
    pub filter: String,
}

/// How the clients that read what devices publish prove who they are.
#[derive(Debug, Clone)]
pub struct Readers {
    pub user: String,
    pub password: String,
    /// A number follows it.
    pub client_id: String,
    pub qos: QoS,
}

/// One connection of the load.
#[derive(Debug, Clone)]
struct Client {
    device: Device,
    id: String,
    login: (String, String),
    /// Its session ends with the connection.
    clean: bool,
    filter: Option<(String, QoS)>,
    topic: Option<String>,
}

impl Client {
    /// A device that publishes.
    fn writer(device: &Device, topics: &Topics) -> Result<Self> {
        Ok(Self {
            device: device.clone(),
            id: device.client_id(),
            login: device.credentials()?,
            clean: true,
            filter: None,
            topic: Some(expand(&topics.topic, device)),
        })
    }

    /// One reader for each product: together they read all.
    fn readers(devices: &[Device], topics: &Topics, readers: &Readers) -> Vec<Self> {
        let mut products: Vec<&Device> = devices.iter().collect();
        products.sort_by_key(|device| &device.product);
        products.dedup_by_key(|device| &device.product);
        let reader = |(number, device): (usize, &Device)| Self {
            device: device.clone(),
            id: format!("{}{number}", readers.client_id),
            login: (readers.user.clone(), readers.password.clone()),
            clean: true,
            filter: Some((expand(&topics.filter, device), readers.qos)),
            topic: None,
        };
        products.into_iter().enumerate().map(reader).collect()
    }

    /// It subscribes, too.
    fn subscribed(self, topics: &Topics, qos: QoS) -> Self {
        let filter = Some((expand(&topics.filter, &self.device), qos));
        Self { filter, ..self }
    }

    /// Its session stays when the connection ends.
    fn lasting(self) -> Self {
        Self { clean: false, ..self }
    }
}

fn expand(template: &str, device: &Device) -> String {
    template.replace("{product}", &device.product).replace("{device}", &device.name)
}

/// A report of four properties, 256 bytes long.
fn report() -> Vec<u8> {
    let text = |fill: &str| {
        format!(
            "{{\"method\":\"report\",\"clientToken\":\"HQ0A1B2C3D-00000000\",\"params\":{{\
             \"power_switch\":1,\"brightness\":68,\"temperature\":21.5,\"note\":\"{fill}\"}}}}"
        )
    };
    let fill = 256 - text("").len();
    text(&"x".repeat(fill)).into_bytes()
}

#[cfg(test)]
mod tests;
