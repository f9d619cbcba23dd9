//! MQTT packets at levels 3.1, 3.1.1 and 5.0: bytes in, borrowed packets out; packets in, bytes
//! out. Knows no socket, no timer, no session.
//!
//! Clauses are named as in the standards: `[MQTT-..]` those of 3.1.1, `[MQTT5-..]` those of 5.0.

mod ack;
mod connect;
pub mod encode;
mod frame;
mod malformed;
mod packet;
pub mod property;
mod publish;
mod read;
mod reason;
mod subscribe;
pub mod topic;

pub use ack::{Ack, Auth, ConnAck, Disconnect};
pub use connect::{Connect, Will, connect};
pub use frame::{Frame, REMAINING_MAX, frame};
pub use malformed::Malformed;
pub use packet::{Packet, decode};
pub use property::{Properties, Property};
pub use publish::Publish;
pub use subscribe::{
    Filters, SubAck, Subscribe, Subscription, Subscriptions, UnsubAck, Unsubscribe,
};

/// The protocol level of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// MQTT 3.1 (`MQIsdp`, level byte 3).
    V31,
    /// MQTT 3.1.1 (level byte 4).
    V311,
    /// MQTT 5.0 (level byte 5).
    V5,
}

impl Level {
    /// The level byte of CONNECT.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::V31 => 3,
            Self::V311 => 4,
            Self::V5 => 5,
        }
    }
}

/// How hard a message is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QoS {
    AtMostOnce,
    AtLeastOnce,
    ExactlyOnce,
}

impl QoS {
    /// `None` for anything but 0, 1 and 2.
    #[must_use]
    pub fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }

    /// 0, 1 or 2.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::AtMostOnce => 0,
            Self::AtLeastOnce => 1,
            Self::ExactlyOnce => 2,
        }
    }
}

impl From<QoS> for u8 {
    fn from(qos: QoS) -> Self {
        qos.number()
    }
}

impl TryFrom<u8> for QoS {
    type Error = Malformed;

    fn try_from(number: u8) -> Result<Self, Malformed> {
        Self::from_u8(number).ok_or(Malformed::QoS)
    }
}

#[cfg(test)]
mod tests;
