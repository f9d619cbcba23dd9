//! The place where it is told who calls through a reverse proxy: what `X-Forwarded-For` and
//! `X-Forwarded-Proto` say counts only when a proxy that is trusted says it.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use hyper::HeaderMap;

use crate::front::Peer;

/// Addresses with the same first bits: `10.0.0.0/8`, `127.0.0.1`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoNetwork(String);

impl fmt::Display for NoNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a network such as 10.0.0.0/8", self.0)
    }
}

impl std::error::Error for NoNetwork {}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let parse = || {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits.parse().ok()?)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.unwrap_or(most);
            (bits <= most).then_some(Self { address, bits })
        };
        parse().ok_or_else(|| NoNetwork(text.to_owned()))
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let apart = a.to_bits() ^ b.to_bits();
                apart.leading_zeros() >= self.bits.into()
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let apart = a.to_bits() ^ b.to_bits();
                apart.leading_zeros() >= self.bits.into()
            }
            _ => false,
        }
    }
}

/// The proxies that are trusted.
#[derive(Debug)]
pub(crate) struct Proxies(pub(crate) Vec<Network>);

impl Proxies {
    /// Who really calls: the right-most address that is no trusted proxy's. What stands left of it
    /// was written by somebody who is not trusted.
    pub(crate) fn caller(&self, peer: Peer, headers: &HeaderMap) -> Peer {
        if !self.trusts(peer.address.ip()) {
            return peer;
        }
        let mut caller = peer;
        for hop in words(headers, "x-forwarded-for").into_iter().rev() {
            let Some(address) = address(hop) else { break };
            caller.address = SocketAddr::new(address, 0);
            if !self.trusts(address) {
                break;
            }
        }
        if let Some(scheme) = words(headers, "x-forwarded-proto").last() {
            caller.secure = scheme.eq_ignore_ascii_case("https");
        }
        caller
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// The words of a list that may go over several headers.
fn words<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let texts = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim).collect()
}

/// An address as proxies write it: with a port, in brackets, or bare.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(trusted: &[&str], peer: &str, lines: &[(&'static str, &str)]) -> (String, bool) {
        let proxies = Proxies(trusted.iter().map(|text| text.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let peer = Peer { address: SocketAddr::new(peer.parse().unwrap(), 9), secure: false };
        let found = proxies.caller(peer, &headers);
        (found.address.ip().to_string(), found.secure)
    }

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        let check = |network: &str, address: &str, inside: bool| {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
        };
        check("127.0.0.1", "127.0.0.1", true);
        check("127.0.0.1", "::ffff:127.0.0.1", true);
        check("127.0.0.1/32", "127.0.0.2", false);
        check("10.1.0.0/16", "10.1.255.255", true);
        check("10.1.0.0/16", "10.2.0.0", false);
        check("0.0.0.0/0", "203.0.113.7", true);
        check("0.0.0.0/0", "::1", false);
        check("fd00::/8", "fdff::1", true);
        check("fd00::/8", "fe00::1", false);
        for bad in ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "1.2.3.4/"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_who_calls() {
        let said = [("x-forwarded-for", "203.0.113.7"), ("x-forwarded-proto", "https")];
        assert_eq!(caller(&[], "127.0.0.1", &said), ("127.0.0.1".into(), false));
        assert_eq!(caller(&["127.0.0.1"], "10.0.0.9", &said), ("10.0.0.9".into(), false));
        assert_eq!(caller(&["127.0.0.1"], "127.0.0.1", &said), ("203.0.113.7".into(), true));
        assert_eq!(caller(&["127.0.0.1"], "127.0.0.1", &[]), ("127.0.0.1".into(), false));
    }

    #[test]
    fn the_rightmost_address_that_is_not_trusted_wins() {
        let check = |lines: &[&str], wanted: &str| {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            let found = caller(&["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", &lines).0;
            assert_eq!(found, wanted, "{lines:?}");
        };
        check(&["1.2.3.4, 203.0.113.7"], "203.0.113.7");
        check(&["1.2.3.4, 203.0.113.7, 10.0.0.2"], "203.0.113.7");
        check(&["1.2.3.4, 203.0.113.7", "10.0.0.2"], "203.0.113.7");
        check(&["10.0.0.3, 10.0.0.2"], "10.0.0.3");
        check(&["203.0.113.7, nonsense, 10.0.0.2"], "10.0.0.2");
        check(&["nonsense"], "127.0.0.1");
        check(&["203.0.113.7:4711"], "203.0.113.7");
        check(&["[2001:db8::1]:4711"], "2001:db8::1");
        check(&["2001:db8::1"], "2001:db8::1");
    }
}
