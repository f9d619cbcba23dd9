//! Device topics: which family a topic belongs to and whose it is (device-protocol.md 3.0).

/// The families of `$thing/up|down/{family}/{pid}/{dn}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Thing {
    Property,
    Event,
    Action,
    Service,
    Raw,
}

impl Thing {
    /// The word in the topic.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Property => "property",
            Self::Event => "event",
            Self::Action => "action",
            Self::Service => "service",
            Self::Raw => "raw",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "property" => Self::Property,
            "event" => Self::Event,
            "action" => Self::Action,
            "service" => Self::Service,
            "raw" => Self::Raw,
            _ => return None,
        })
    }
}

/// What a topic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    ThingUp(Thing),
    ThingDown(Thing),
    OtaReport,
    OtaUpdate,
    Gateway,
    GatewayResult,
    RrpcRxd,
    RrpcTxd,
    Broadcast,
    Shadow,
    ShadowResult,
    ConfigUp,
    ConfigDown,
    Log,
    LogResult,
    Sys,
    SysResult,
    ResourceUp,
    ResourceDown,
    /// `{pid}/{dn}/…`
    Custom,
}

/// A topic taken apart. `rest` is what follows `{pid}/{dn}` (`/control`, `/17`), else empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic<'a> {
    pub kind: Kind,
    pub product: &'a str,
    pub device: &'a str,
    pub rest: &'a str,
}

/// The fixed beginnings, longest first where one begins another.
const FIXED: [(&str, Kind); 15] = [
    ("$ota/report/", Kind::OtaReport),
    ("$ota/update/", Kind::OtaUpdate),
    ("$gateway/operation/result/", Kind::GatewayResult),
    ("$gateway/operation/", Kind::Gateway),
    ("$rrpc/rxd/", Kind::RrpcRxd),
    ("$rrpc/txd/", Kind::RrpcTxd),
    ("$broadcast/rxd/", Kind::Broadcast),
    ("$shadow/operation/result/", Kind::ShadowResult),
    ("$shadow/operation/", Kind::Shadow),
    ("$log/operation/result/", Kind::LogResult),
    ("$log/operation/", Kind::Log),
    ("$sys/operation/result/", Kind::SysResult),
    ("$sys/operation/", Kind::Sys),
    ("$resource/up/service/", Kind::ResourceUp),
    ("$resource/down/service/", Kind::ResourceDown),
];

/// The two implementations of `$config` use different words (device-protocol.md 3.13).
const CONFIG: [(&str, Kind); 4] = [
    ("$config/operation/result/", Kind::ConfigDown),
    ("$config/operation/", Kind::ConfigUp),
    ("$config/report/", Kind::ConfigUp),
    ("$config/update/", Kind::ConfigDown),
];

impl<'a> Topic<'a> {
    /// Takes `text` apart; `None` when it is of no family.
    ///
    /// ```
    /// use base::topic::{Kind, Thing, Topic};
    /// let t = Topic::parse("$thing/up/property/HQ0A1B2C3D/lamp1").unwrap();
    /// assert_eq!((t.kind, t.product, t.device), (Kind::ThingUp(Thing::Property), "HQ0A1B2C3D", "lamp1"));
    /// ```
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("$thing/up/") {
            return thing(rest, Kind::ThingUp);
        }
        if let Some(rest) = text.strip_prefix("$thing/down/") {
            return thing(rest, Kind::ThingDown);
        }
        if !text.starts_with('$') {
            return owned(Kind::Custom, text).filter(|t| t.rest.len() > 1);
        }
        let found = FIXED.iter().chain(&CONFIG).find(|(start, _)| text.starts_with(start))?;
        let topic = owned(found.1, text.get(found.0.len()..)?)?;
        let rrpc = matches!(topic.kind, Kind::RrpcRxd | Kind::RrpcTxd);
        (rrpc || topic.rest.is_empty()).then_some(topic)
    }
}

fn thing(rest: &str, kind: fn(Thing) -> Kind) -> Option<Topic<'_>> {
    let (family, rest) = rest.split_once('/')?;
    owned(kind(Thing::parse(family)?), rest).filter(|t| t.rest.is_empty())
}

/// Splits `{pid}/{dn}[/rest]`.
fn owned(kind: Kind, text: &str) -> Option<Topic<'_>> {
    let (product, after) = text.split_at_checked(slash(text)?)?;
    let after = after.get(1..)?;
    let (device, rest) = after.split_at_checked(slash(after).unwrap_or(after.len()))?;
    (!product.is_empty() && !device.is_empty()).then_some(Topic { kind, product, device, rest })
}

/// Where the first level ends, byte by byte: levels are short.
fn slash(text: &str) -> Option<usize> {
    text.bytes().position(|byte| byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_is_recognised() {
        let check = |text: &str, kind: Kind, rest: &str| {
            let topic = Topic::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(topic, Topic { kind, product: "P", device: "d", rest }, "{text}");
        };
        check("$thing/up/event/P/d", Kind::ThingUp(Thing::Event), "");
        check("$thing/down/raw/P/d", Kind::ThingDown(Thing::Raw), "");
        check("$gateway/operation/P/d", Kind::Gateway, "");
        check("$gateway/operation/result/P/d", Kind::GatewayResult, "");
        check("$rrpc/rxd/P/d/+", Kind::RrpcRxd, "/+");
        check("$config/report/P/d", Kind::ConfigUp, "");
        check("$sys/operation/P/d", Kind::Sys, "");
        check("P/d/control", Kind::Custom, "/control");
        check("P/d/a/b", Kind::Custom, "/a/b");
    }

    #[test]
    fn anything_else_is_of_no_family() {
        for text in [
            "",
            "/",
            "P",
            "P/d",
            "P/d/",
            "$thing",
            "$thing/up/property/P",
            "$thing/up/x/P/d",
            "$thing/up/property/P/d/more",
            "$SYS/broker",
            "$ota/report/P/d/x",
            "$ota/report//d",
        ] {
            assert_eq!(Topic::parse(text), None, "{text}");
        }
    }
}
