//! The place where the reason codes of 5.0 have names, and what happened gets one.

use mqtt::Level;

use crate::hub::{Offline, Refusal, Verdict};

pub(crate) const WITH_WILL: u8 = 0x04;
pub(crate) const NO_SUBSCRIPTION: u8 = 0x11;
pub(crate) const PROTOCOL: u8 = 0x82;
pub(crate) const NOT_AUTHORIZED: u8 = 0x87;
pub(crate) const BAD_METHOD: u8 = 0x8C;
pub(crate) const NO_PACKET_ID: u8 = 0x92;
pub(crate) const RECEIVE_MAXIMUM: u8 = 0x93;
pub(crate) const TOPIC_ALIAS: u8 = 0x94;
pub(crate) const TOO_LARGE: u8 = 0x95;
pub(crate) const QUOTA: u8 = 0x97;
pub(crate) const RETAIN: u8 = 0x9A;
pub(crate) const QOS: u8 = 0x9B;
/// SUBACK of a refused filter below 5.0. Level 3.1 does not know it, but Tencent sends it there too.
pub(crate) const REFUSED: u8 = 0x80;

/// Of a DISCONNECT of ours; 0: nothing is said.
pub(crate) fn of(why: Offline) -> u8 {
    match why {
        Offline::Disconnect => 0,
        Offline::KeepAlive => 0x8D,
        Offline::Takeover => 0x8E,
        Offline::Kicked => 0x98,
        Offline::Protocol => PROTOCOL,
        Offline::Shutdown => 0x8B,
    }
}

/// Of a PUBACK or PUBREC; levels 3.1 and 3.1.1 do not carry it.
pub(crate) fn of_verdict(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Accepted => 0x00,
        Verdict::Unauthorized => NOT_AUTHORIZED,
        Verdict::TooFast { .. } | Verdict::TooLong { .. } => QUOTA,
    }
}

/// Of a CONNACK, at the client's level.
pub(crate) fn of_refusal(level: Level, refusal: Refusal) -> u8 {
    let (old, new) = match refusal {
        Refusal::BadIdentifier => (0x02, 0x85),
        Refusal::BadCredentials => (0x04, 0x86),
        Refusal::NotAuthorized => (0x05, NOT_AUTHORIZED),
        Refusal::Unavailable => (0x03, 0x88),
        Refusal::Busy => (0x03, 0x89),
        Refusal::TooOften => (0x03, 0x9F),
        Refusal::TooMany => (0x03, QUOTA),
    };
    if level == Level::V5 { new } else { old }
}
