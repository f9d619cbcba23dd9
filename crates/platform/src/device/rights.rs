//! The place where it is decided which topics a device may use (device-protocol.md 3.0).

use base::topic::{Kind, Topic};
use broker::hub::Access;

/// Whose topics, and what the product and its instance allow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own<'a> {
    pub(crate) product: &'a str,
    pub(crate) name: &'a str,
    /// Gateway products may use `$gateway`.
    pub(crate) gateway: bool,
    /// Custom topics exist on enterprise instances only.
    pub(crate) custom: bool,
}

/// Whether a device may publish to `text` or subscribe to it. A filter with wildcards is allowed
/// only where all that it can match is: that is `$rrpc/rxd/{pid}/{dn}/+` alone.
pub(crate) fn may(own: Own<'_>, access: Access, text: &str) -> bool {
    let Some(topic) = Topic::parse(text) else { return false };
    if topic.product != own.product || topic.device != own.name {
        return false;
    }
    let plain = !topic.rest.bytes().any(|byte| matches!(byte, b'+' | b'#'));
    match access {
        Access::Publish => plain && may_publish(own, &topic),
        Access::Subscribe => {
            (plain || (topic.kind == Kind::RrpcRxd && topic.rest == "/+"))
                && may_subscribe(own, &topic)
        }
        // A device's own topics are all that reach it.
        Access::Receive => plain && may_subscribe(own, &topic),
    }
}

fn may_publish(own: Own<'_>, topic: &Topic<'_>) -> bool {
    match topic.kind {
        Kind::ThingUp(_)
        | Kind::OtaReport
        | Kind::Shadow
        | Kind::ConfigUp
        | Kind::Log
        | Kind::Sys
        | Kind::ResourceUp => true,
        Kind::RrpcTxd => one_level(topic.rest),
        Kind::Gateway => own.gateway,
        Kind::Custom => own.custom && matches!(topic.rest, "/event" | "/data"),
        _ => false,
    }
}

fn may_subscribe(own: Own<'_>, topic: &Topic<'_>) -> bool {
    match topic.kind {
        Kind::ThingDown(_)
        | Kind::OtaUpdate
        | Kind::Broadcast
        | Kind::ShadowResult
        | Kind::ConfigDown
        | Kind::LogResult
        | Kind::SysResult
        | Kind::ResourceDown => true,
        Kind::RrpcRxd => one_level(topic.rest),
        Kind::GatewayResult => own.gateway,
        Kind::Custom => own.custom && matches!(topic.rest, "/control" | "/data"),
        _ => false,
    }
}

/// `/x`, with one non-empty level.
fn one_level(rest: &str) -> bool {
    rest.strip_prefix('/').is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Own<'static> =
        Own { product: "HQ0A1B2C3D", name: "lamp1", gateway: false, custom: true };

    #[test]
    fn the_permission_table_holds() {
        let check = |topic: &str, publish: bool, subscribe: bool| {
            let text = topic.replace("@", "HQ0A1B2C3D/lamp1");
            assert_eq!(may(OWN, Access::Publish, &text), publish, "publish {text}");
            assert_eq!(may(OWN, Access::Subscribe, &text), subscribe, "subscribe {text}");
        };
        for family in ["property", "event", "action", "service", "raw"] {
            check(&format!("$thing/up/{family}/@"), true, false);
            check(&format!("$thing/down/{family}/@"), false, true);
        }
        check("$ota/report/@", true, false);
        check("$ota/update/@", false, true);
        check("$rrpc/rxd/@/+", false, true);
        check("$rrpc/rxd/@/17", false, true);
        check("$rrpc/txd/@/17", true, false);
        check("$broadcast/rxd/@", false, true);
        check("$shadow/operation/@", true, false);
        check("$shadow/operation/result/@", false, true);
        check("$sys/operation/@", true, false);
        check("$sys/operation/result/@", false, true);
        check("$resource/up/service/@", true, false);
        check("$resource/down/service/@", false, true);
        check("@/control", false, true);
        check("@/event", true, false);
        check("@/data", true, true);
        check("@/other", false, false);
        check("$gateway/operation/@", false, false);
        check("$gateway/operation/result/@", false, false);
    }

    #[test]
    fn a10_no_wildcard_and_no_look_alike_leaves_the_own_scope() {
        for bad in [
            "",
            "#",
            "+",
            "+/#",
            "+/+/+",
            "/",
            "//",
            "$SYS/#",
            "$SYS/broker/uptime",
            "$share/g/#",
            "$share/g/$thing/down/property/@",
            "$queue/#",
            "$queue/$thing/down/property/@",
            "$thing/#",
            "$thing/+/property/#",
            "$thing/down/+/@",
            "$thing/down/property/+/lamp1",
            "$thing/down/property/HQ0A1B2C3D/+",
            "$thing/down/property/HQ0A1B2C3D/#",
            "$thing/down/property/@/#",
            "$thing/down/property/@/",
            "/$thing/down/property/@",
            "$thing/down/property/@ ",
            "$thing/down/property/HQ0A1B2C3D/lamp2",
            "$thing/down/property/HQ0A1B2C3D/lamp",
            "$thing/down/property/HQ0A1B2C3D/LAMP1",
            "$thing/down/property/HQ0A1B2C3D/lamp%31",
            "$thing/down/property/HQ0A1B2C3D/ｌamp1",
            "$thing/down/property/HQ0A1B2C3E/lamp1",
            "$THING/down/property/@",
            "$rrpc/rxd/@/#",
            "$rrpc/rxd/@/+/+",
            "$rrpc/rxd/@",
            "$rrpc/txd/@/+",
            "$rrpc/txd/@/a/b",
            "@/#",
            "@/+",
            "@/",
            "@",
            "@/control/",
            "@/control/#",
            "HQ0A1B2C3D/#",
            "HQ0A1B2C3D/+/control",
            "HQ0A1B2C3D/lamp2/control",
            "+/lamp1/control",
        ] {
            let text = bad.replace("@", "HQ0A1B2C3D/lamp1");
            assert!(!may(OWN, Access::Publish, &text), "publish {text}");
            assert!(!may(OWN, Access::Subscribe, &text), "subscribe {text}");
        }
    }

    #[test]
    fn gateways_and_instances_open_their_own_families() {
        let gateway = Own { gateway: true, custom: false, ..OWN };
        assert!(may(gateway, Access::Publish, "$gateway/operation/HQ0A1B2C3D/lamp1"));
        assert!(may(gateway, Access::Subscribe, "$gateway/operation/result/HQ0A1B2C3D/lamp1"));
        assert!(!may(gateway, Access::Publish, "HQ0A1B2C3D/lamp1/data"));
        assert!(!may(gateway, Access::Subscribe, "HQ0A1B2C3D/lamp1/control"));
    }
}
