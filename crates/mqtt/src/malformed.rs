//! The place where each way in which bytes are no packet has its name and its clause.

/// Why bytes are not a packet. Each names the clause it breaks; none quotes what the client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("remaining length takes more than 4 bytes [MQTT-2.2.3]")]
    Length,
    #[error("length is not in its shortest form [MQTT5-1.5.5-1]")]
    NotShortest,
    #[error("packet of {bytes} bytes is larger than {max} [MQTT5-3.1.2-24]")]
    TooLarge { bytes: usize, max: usize },
    #[error("packet type {0} does not exist at this level [MQTT-2.2.1]")]
    Type(u8),
    #[error("fixed header flags {flags} are not those of packet type {kind} [MQTT-2.2.2-2]")]
    Flags { kind: u8, flags: u8 },
    #[error("packet ends inside a field [MQTT-2.2.3]")]
    Short,
    #[error("{0} bytes follow the last field [MQTT-2.2.3]")]
    Trailing(usize),
    #[error("string is not UTF-8 [MQTT-1.5.3-1]")]
    Utf8,
    #[error("string contains U+0000 [MQTT-1.5.3-2]")]
    Nul,
    #[error("first packet is not CONNECT [MQTT-3.1.0-1]")]
    NotConnect,
    #[error("second CONNECT on one connection [MQTT-3.1.0-2]")]
    SecondConnect,
    #[error("protocol name is neither MQTT nor MQIsdp [MQTT-3.1.2-1]")]
    ProtocolName,
    #[error("protocol level {0} is not supported [MQTT-3.1.2-2]")]
    Level(u8),
    #[error("reserved connect flag is set [MQTT-3.1.2-3]")]
    ConnectFlag,
    #[error("will qos or will retain without will flag [MQTT-3.1.2-11]")]
    NoWill,
    #[error("will qos is 3 [MQTT-3.1.2-14]")]
    WillQoS,
    #[error("password without user name [MQTT-3.1.2-22]")]
    PasswordAlone,
    #[error("qos is 3 [MQTT-3.3.1-4]")]
    QoS,
    #[error("dup is set at qos 0 [MQTT-3.3.1-2]")]
    Dup,
    #[error("packet id is 0 [MQTT-2.3.1-1]")]
    PacketId,
    #[error("topic name is empty and no alias stands for it [MQTT-4.7.3-1]")]
    NoTopic,
    #[error("topic name is empty or has a wildcard [MQTT-3.3.2-2]")]
    TopicName,
    #[error("topic filter is not valid [MQTT-4.7.1-2]")]
    TopicFilter,
    #[error("no topic filter [MQTT-3.8.3-3]")]
    NoFilters,
    #[error("reserved subscription bits are set [MQTT-3.8.3-4]")]
    Options,
    #[error("no-local on a shared subscription [MQTT5-3.8.3-4]")]
    SharedNoLocal,
    #[error("reserved CONNACK flags are set [MQTT-3.2.2-1]")]
    ConnAckFlags,
    #[error("session present in a refusal [MQTT-3.2.2-4]")]
    RefusedSession,
    #[error("reason code {0:#04x} is not one of this packet [MQTT5-2.4]")]
    Reason(u8),
    #[error("property {0:#04x} is unknown or not one of this packet [MQTT5-2.2.2]")]
    Property(u32),
    #[error("property {0:#04x} comes twice [MQTT5-2.2.2]")]
    PropertyTwice(u8),
    #[error("property {0:#04x} has a value that is not allowed [MQTT5-2.2.2]")]
    PropertyValue(u8),
    #[error("authentication data without method [MQTT5-3.1.2.11.10]")]
    AuthDataAlone,
}

impl Malformed {
    /// The reason code of a 5.0 CONNACK or DISCONNECT that tells the client.
    #[must_use]
    pub fn reason(self) -> u8 {
        match self {
            Self::TooLarge { .. } => 0x95,
            Self::ProtocolName | Self::Level(_) => 0x84,
            Self::NotConnect
            | Self::SecondConnect
            | Self::NoTopic
            | Self::NoFilters
            | Self::SharedNoLocal
            | Self::PropertyTwice(_)
            | Self::PropertyValue(_)
            | Self::AuthDataAlone => 0x82,
            _ => 0x81,
        }
    }
}
