//! The place where the properties of 5.0 are checked and read.

use crate::{Level, Malformed, frame::length_size, read::Reader, topic};

/// One property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property<'a> {
    PayloadFormat(u8),
    MessageExpiry(u32),
    ContentType(&'a str),
    ResponseTopic(&'a str),
    CorrelationData(&'a [u8]),
    SubscriptionId(u32),
    SessionExpiry(u32),
    AssignedClientId(&'a str),
    ServerKeepAlive(u16),
    AuthMethod(&'a str),
    AuthData(&'a [u8]),
    RequestProblem(u8),
    WillDelay(u32),
    RequestResponse(u8),
    ResponseInfo(&'a str),
    ServerReference(&'a str),
    ReasonString(&'a str),
    ReceiveMaximum(u16),
    TopicAliasMaximum(u16),
    TopicAlias(u16),
    MaximumQoS(u8),
    RetainAvailable(u8),
    User(&'a str, &'a str),
    MaximumPacketSize(u32),
    WildcardAvailable(u8),
    SubscriptionIdAvailable(u8),
    SharedAvailable(u8),
}

/// The properties of one packet: checked bytes, read on demand. Empty below 5.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Properties<'a> {
    bytes: &'a [u8],
}

/// The packets that have properties, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Place {
    Connect = 1,
    ConnAck = 1 << 1,
    Publish = 1 << 2,
    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK: the same two are allowed.
    Ack = 1 << 3,
    Subscribe = 1 << 4,
    Unsubscribe = 1 << 5,
    Disconnect = 1 << 6,
    Auth = 1 << 7,
    Will = 1 << 8,
}

impl<'a> Properties<'a> {
    /// Takes property bytes (without their length) that were written by [`Property::put`] or came
    /// from another packet.
    ///
    /// # Errors
    /// Not properties, or not ones of `place`.
    pub fn new(place: Place, bytes: &'a [u8]) -> Result<Self, Malformed> {
        check(place, bytes)?;
        Ok(Self { bytes })
    }

    pub(crate) fn read(
        level: Level,
        place: Place,
        reader: &mut Reader<'a>,
    ) -> Result<Self, Malformed> {
        if level != Level::V5 {
            return Ok(Self::default());
        }
        let length = reader.varint()?;
        let bytes = reader.take(usize::try_from(length).map_err(|_| Malformed::Short)?)?;
        Self::new(place, bytes)
    }

    /// The bytes, without their length.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Each property, in the order of the packet.
    pub fn iter(&self) -> impl Iterator<Item = Property<'a>> + use<'a> {
        let mut reader = Reader(self.bytes);
        std::iter::from_fn(
            move || {
                if reader.is_empty() { None } else { Property::read(&mut reader).ok() }
            },
        )
    }
}

fn check(place: Place, bytes: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader(bytes);
    let mut seen = 0_u64;
    while !reader.is_empty() {
        let property = Property::read(&mut reader)?;
        let id = property.id();
        if property.places() & place as u16 == 0 {
            return Err(Malformed::Property(id.into()));
        }
        if seen & (1 << id) != 0 && !property.repeats(place) {
            return Err(Malformed::PropertyTwice(id));
        }
        seen |= 1 << id;
        property.value_check()?;
    }
    if seen & (1 << 0x16) != 0 && seen & (1 << 0x15) == 0 {
        return Err(Malformed::AuthDataAlone);
    }
    Ok(())
}

impl<'a> Property<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(match reader.varint()? {
            0x01 => Self::PayloadFormat(reader.u8()?),
            0x02 => Self::MessageExpiry(reader.u32()?),
            0x03 => Self::ContentType(reader.str()?),
            0x08 => Self::ResponseTopic(reader.str()?),
            0x09 => Self::CorrelationData(reader.binary()?),
            0x0B => Self::SubscriptionId(reader.varint()?),
            0x11 => Self::SessionExpiry(reader.u32()?),
            0x12 => Self::AssignedClientId(reader.str()?),
            0x13 => Self::ServerKeepAlive(reader.u16()?),
            0x15 => Self::AuthMethod(reader.str()?),
            0x16 => Self::AuthData(reader.binary()?),
            0x17 => Self::RequestProblem(reader.u8()?),
            0x18 => Self::WillDelay(reader.u32()?),
            0x19 => Self::RequestResponse(reader.u8()?),
            0x1A => Self::ResponseInfo(reader.str()?),
            0x1C => Self::ServerReference(reader.str()?),
            0x1F => Self::ReasonString(reader.str()?),
            0x21 => Self::ReceiveMaximum(reader.u16()?),
            0x22 => Self::TopicAliasMaximum(reader.u16()?),
            0x23 => Self::TopicAlias(reader.u16()?),
            0x24 => Self::MaximumQoS(reader.u8()?),
            0x25 => Self::RetainAvailable(reader.u8()?),
            0x26 => Self::User(reader.str()?, reader.str()?),
            0x27 => Self::MaximumPacketSize(reader.u32()?),
            0x28 => Self::WildcardAvailable(reader.u8()?),
            0x29 => Self::SubscriptionIdAvailable(reader.u8()?),
            0x2A => Self::SharedAvailable(reader.u8()?),
            unknown => return Err(Malformed::Property(unknown)),
        })
    }

    /// The identifier on the wire [MQTT5-2.2.2.2].
    #[must_use]
    pub fn id(&self) -> u8 {
        match self {
            Self::PayloadFormat(_) => 0x01,
            Self::MessageExpiry(_) => 0x02,
            Self::ContentType(_) => 0x03,
            Self::ResponseTopic(_) => 0x08,
            Self::CorrelationData(_) => 0x09,
            Self::SubscriptionId(_) => 0x0B,
            Self::SessionExpiry(_) => 0x11,
            Self::AssignedClientId(_) => 0x12,
            Self::ServerKeepAlive(_) => 0x13,
            Self::AuthMethod(_) => 0x15,
            Self::AuthData(_) => 0x16,
            Self::RequestProblem(_) => 0x17,
            Self::WillDelay(_) => 0x18,
            Self::RequestResponse(_) => 0x19,
            Self::ResponseInfo(_) => 0x1A,
            Self::ServerReference(_) => 0x1C,
            Self::ReasonString(_) => 0x1F,
            Self::ReceiveMaximum(_) => 0x21,
            Self::TopicAliasMaximum(_) => 0x22,
            Self::TopicAlias(_) => 0x23,
            Self::MaximumQoS(_) => 0x24,
            Self::RetainAvailable(_) => 0x25,
            Self::User(..) => 0x26,
            Self::MaximumPacketSize(_) => 0x27,
            Self::WildcardAvailable(_) => 0x28,
            Self::SubscriptionIdAvailable(_) => 0x29,
            Self::SharedAvailable(_) => 0x2A,
        }
    }

    /// The packets that may carry it, as bits of [`Place`].
    fn places(&self) -> u16 {
        const CONNECT: u16 = Place::Connect as u16;
        const CONNACK: u16 = Place::ConnAck as u16;
        const MESSAGE: u16 = Place::Publish as u16 | Place::Will as u16;
        const ACKS: u16 = Place::Ack as u16 | Place::Disconnect as u16 | Place::Auth as u16;
        match self {
            Self::PayloadFormat(_)
            | Self::MessageExpiry(_)
            | Self::ContentType(_)
            | Self::ResponseTopic(_)
            | Self::CorrelationData(_) => MESSAGE,
            Self::SubscriptionId(_) => Place::Publish as u16 | Place::Subscribe as u16,
            Self::SessionExpiry(_) => CONNECT | CONNACK | Place::Disconnect as u16,
            Self::AuthMethod(_) | Self::AuthData(_) => CONNECT | CONNACK | Place::Auth as u16,
            Self::RequestProblem(_) | Self::RequestResponse(_) => CONNECT,
            Self::WillDelay(_) => Place::Will as u16,
            Self::ServerReference(_) => CONNACK | Place::Disconnect as u16,
            Self::ReasonString(_) => CONNACK | ACKS,
            Self::ReceiveMaximum(_) | Self::TopicAliasMaximum(_) | Self::MaximumPacketSize(_) => {
                CONNECT | CONNACK
            }
            Self::TopicAlias(_) => Place::Publish as u16,
            Self::User(..) => u16::MAX,
            Self::AssignedClientId(_)
            | Self::ServerKeepAlive(_)
            | Self::ResponseInfo(_)
            | Self::MaximumQoS(_)
            | Self::RetainAvailable(_)
            | Self::WildcardAvailable(_)
            | Self::SubscriptionIdAvailable(_)
            | Self::SharedAvailable(_) => CONNACK,
        }
    }

    /// User properties, and the subscription ids of a PUBLISH that several subscriptions caught.
    fn repeats(&self, place: Place) -> bool {
        match self {
            Self::User(..) => true,
            Self::SubscriptionId(_) => place == Place::Publish,
            _ => false,
        }
    }

    fn value_check(&self) -> Result<(), Malformed> {
        let good = match *self {
            Self::PayloadFormat(n)
            | Self::RequestProblem(n)
            | Self::RequestResponse(n)
            | Self::MaximumQoS(n)
            | Self::RetainAvailable(n)
            | Self::WildcardAvailable(n)
            | Self::SubscriptionIdAvailable(n)
            | Self::SharedAvailable(n) => n <= 1,
            Self::SubscriptionId(n) | Self::MaximumPacketSize(n) => n != 0,
            Self::ReceiveMaximum(n) | Self::TopicAlias(n) => n != 0,
            Self::ResponseTopic(topic) => topic::valid_name(topic),
            _ => true,
        };
        if good { Ok(()) } else { Err(Malformed::PropertyValue(self.id())) }
    }

    /// Appends the property to `out`.
    ///
    /// # Panics
    /// A string or binary longer than 65,535 bytes, a subscription id over 268,435,455.
    pub fn put(&self, out: &mut Vec<u8>) {
        use crate::encode::{put_binary, put_length};
        out.push(self.id());
        match *self {
            Self::PayloadFormat(n)
            | Self::RequestProblem(n)
            | Self::RequestResponse(n)
            | Self::MaximumQoS(n)
            | Self::RetainAvailable(n)
            | Self::WildcardAvailable(n)
            | Self::SubscriptionIdAvailable(n)
            | Self::SharedAvailable(n) => out.push(n),
            Self::ServerKeepAlive(n)
            | Self::ReceiveMaximum(n)
            | Self::TopicAliasMaximum(n)
            | Self::TopicAlias(n) => out.extend_from_slice(&n.to_be_bytes()),
            Self::MessageExpiry(n)
            | Self::SessionExpiry(n)
            | Self::WillDelay(n)
            | Self::MaximumPacketSize(n) => out.extend_from_slice(&n.to_be_bytes()),
            Self::SubscriptionId(n) => put_length(out, usize::try_from(n).unwrap_or(usize::MAX)),
            Self::ContentType(text)
            | Self::ResponseTopic(text)
            | Self::AssignedClientId(text)
            | Self::AuthMethod(text)
            | Self::ResponseInfo(text)
            | Self::ServerReference(text)
            | Self::ReasonString(text) => put_binary(out, text.as_bytes()),
            Self::CorrelationData(bytes) | Self::AuthData(bytes) => put_binary(out, bytes),
            Self::User(name, value) => {
                put_binary(out, name.as_bytes());
                put_binary(out, value.as_bytes());
            }
        }
    }
}

/// The bytes that properties take with their length; none below 5.0.
pub(crate) fn size(level: Level, properties: Properties<'_>) -> usize {
    if level == Level::V5 {
        length_size(properties.bytes.len()) + properties.bytes.len()
    } else {
        0
    }
}
