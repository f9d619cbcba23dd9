//! The place where a run is written down: who connects where, and what they do there.

use std::{net::IpAddr, time::Duration};

use mqtt::{Level, QoS};

use crate::{device::Device, door::Door, walk::Script};

/// One run of a fleet. Rates are per second; those of devices are each device's own.
#[derive(Debug)]
pub struct Plan {
    pub devices: Vec<Device>,
    pub script: Script,
    pub door: Door,
    /// Local addresses that the connections leave from, in turn; none: the system chooses.
    pub sources: Vec<IpAddr>,
    pub level: Level,
    pub qos: QoS,
    /// Seconds, as in CONNECT; 0: no pings.
    pub keep_alive: u16,
    /// Connections that the whole fleet begins.
    pub connect_rate: f64,
    pub report_rate: f64,
    pub event_rate: f64,
    /// How often a device's connection just ends.
    pub drop_rate: f64,
    /// When all connections end at once.
    pub storm: Option<Duration>,
    /// How long devices report.
    pub duration: Duration,
    /// How long they then wait for answers.
    pub grace: Duration,
    pub seed: u64,
    /// The server's process, if it runs on this machine.
    pub server: Option<u32>,
    /// Whether to keep the time of every acknowledged report.
    pub keep_acknowledged: bool,
}
