//! 云端诊断日志: the place where what went wrong gets the manual's words (L1218-1290), spelled as
//! the manual spells them.

use broker::hub::{Undelivered, Verdict};

use super::record::{Reader, put_text};

/// What went wrong between a device and the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Diagnosis<'a> {
    /// A CONNECT was refused; `why` is ours.
    Connect {
        why: &'a str,
    },
    SubscribeUnauthorized {
        filter: &'a str,
    },
    PublishUnauthorized {
        topic: &'a str,
        qos: u8,
    },
    PublishTooFast {
        topic: &'a str,
        qos: u8,
        per_s: u32,
    },
    PublishTooLong {
        topic: &'a str,
        qos: u8,
        bytes: usize,
        limit: usize,
    },
    /// Something that should be JSON is not; `why` is ours.
    NotJson {
        topic: &'a str,
        qos: u8,
        why: &'a str,
    },
    /// A message of the thing model that is not as the model says; `why` is ours.
    NotOfModel {
        topic: &'a str,
        qos: u8,
        why: &'a str,
    },
    NotDelivered {
        topic: &'a str,
        qos: u8,
        why: Undelivered,
    },
}

impl<'a> Diagnosis<'a> {
    /// What a verdict says of a message; `None` when it was accepted.
    pub(crate) fn of(verdict: Verdict, topic: &'a str, qos: u8) -> Option<Self> {
        Some(match verdict {
            Verdict::Accepted => return None,
            Verdict::Unauthorized => Self::PublishUnauthorized { topic, qos },
            Verdict::TooFast { per_s } => Self::PublishTooFast { topic, qos, per_s },
            Verdict::TooLong { bytes, limit } => Self::PublishTooLong { topic, qos, bytes, limit },
        })
    }

    fn content(&self) -> String {
        match self {
            Self::Connect { .. } => "Device connect".into(),
            Self::SubscribeUnauthorized { filter } => {
                format!("Device subscribe topic: {}", clip(filter))
            }
            Self::PublishUnauthorized { topic, qos }
            | Self::PublishTooFast { topic, qos, .. }
            | Self::PublishTooLong { topic, qos, .. }
            | Self::NotJson { topic, qos, .. }
            | Self::NotOfModel { topic, qos, .. } => {
                format!("Device publish message to topic:{}, QOS:{qos}", clip(topic))
            }
            Self::NotDelivered { topic, qos, .. } => {
                format!("Publish message to device: topic: {}, QOS:{qos}", clip(topic))
            }
        }
    }

    fn result(&self) -> String {
        match self {
            Self::Connect { why } | Self::NotJson { why, .. } | Self::NotOfModel { why, .. } => {
                format!("FAIL, {}", clip(why))
            }
            Self::SubscribeUnauthorized { .. } | Self::PublishUnauthorized { .. } => {
                "FAIL, unauthorized operation".into()
            }
            Self::PublishTooFast { per_s, .. } => format!("FAIL, reach max limit with {per_s}"),
            Self::PublishTooLong { bytes, limit, .. } => {
                format!("FAIL, payload too long({bytes} > {limit})")
            }
            Self::NotDelivered { why, .. } => match why {
                Undelivered::NoSubscriber => "FAIL,no subcriber".into(),
                Undelivered::QueueFull => "FAIL, too many offline message".into(),
                Undelivered::TooLarge => "FAIL, offline message payload exceed limit".into(),
                Undelivered::TooFast => "FAIL, system error".into(),
            },
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "Dev_Conn_System_Err",
            Self::SubscribeUnauthorized { .. } => "Subscribe_Topic_Unauthorized",
            Self::PublishUnauthorized { .. } => "Dev_Pub_Unauthorized",
            Self::PublishTooFast { .. } => "Dev_Pub_Reach_Max_Limit",
            Self::PublishTooLong { .. } => "Dev_Pub_Payload_TooLong",
            Self::NotJson { .. } => "Payload_Not_JSON",
            // The manual has no word for it.
            Self::NotOfModel { .. } => "Payload_Not_Of_Model",
            Self::NotDelivered { why, .. } => match why {
                Undelivered::NoSubscriber => "Pub_To_Dev_No_Subscriber",
                Undelivered::QueueFull => "Pub_To_Dev_Offline_Msg_Exceed_Limit",
                Undelivered::TooLarge => "Pub_To_Dev_Payload_Too_Large",
                Undelivered::TooFast => "Pub_To_Dev_System_Err",
            },
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::new();
        put_text(&mut row, &self.content());
        put_text(&mut row, &self.result());
        put_text(&mut row, self.code());
        row
    }
}

/// A row of the diagnosis log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) content: String,
    pub(crate) result: String,
    pub(crate) code: String,
}

impl Found {
    pub(super) fn decode(row: &[u8]) -> Option<Self> {
        let mut row = Reader(row);
        Some(Self { content: row.text()?, result: row.text()?, code: row.text()? })
    }
}

/// What is repeated of a stranger's text.
fn clip(text: &str) -> &str {
    let end = text.char_indices().nth(255).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}
