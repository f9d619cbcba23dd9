//! The place where wrong logins are counted, so that passwords cannot be guessed; bounded.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

use base::{Code, Error, Millis, Result};

/// Wrong logins in one window: of one user from one peer, and of one peer with any user.
const OF_USER: u32 = 5;
const OF_PEER: u32 = 30;
const WINDOW: Millis = 300_000;
/// Entries kept; beyond it the oldest goes.
const KEPT: usize = 10_000;
/// What is kept of a user name.
const NAME_CHARS: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Who {
    peer: IpAddr,
    /// `None`: all users from this peer.
    user: Option<Box<str>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    since: Millis,
    wrong: u32,
}

/// Wrong logins of late.
#[derive(Debug, Default)]
pub(super) struct Attempts(HashMap<Who, Count>);

impl Attempts {
    /// Counts an attempt before its password is checked, so that many at once do not slip through.
    ///
    /// # Errors
    /// There were too many.
    pub(super) fn begin(&mut self, peer: IpAddr, user: &str, now: Millis) -> Result<()> {
        let [of_user, of_peer] = keys(peer, user);
        if self.wrong(&of_user, now) >= OF_USER || self.wrong(&of_peer, now) >= OF_PEER {
            let minutes = WINDOW / 60_000;
            let text = format!("too many wrong logins, try again in {minutes} minutes");
            return Err(Error::new(Code::RequestLimitExceeded, text));
        }
        self.add(of_user, now);
        self.add(of_peer, now);
        Ok(())
    }

    /// The password was right: the user begins anew, and the attempt is not held against the peer.
    pub(super) fn right(&mut self, peer: IpAddr, user: &str) {
        let [of_user, of_peer] = keys(peer, user);
        self.0.remove(&of_user);
        if let Some(count) = self.0.get_mut(&of_peer) {
            count.wrong = count.wrong.saturating_sub(1);
        }
    }

    fn wrong(&self, who: &Who, now: Millis) -> u32 {
        self.0.get(who).filter(|count| now - count.since < WINDOW).map_or(0, |count| count.wrong)
    }

    fn add(&mut self, who: Who, now: Millis) {
        if self.0.len() >= KEPT && !self.0.contains_key(&who) {
            self.make_room(now);
        }
        let count = self.0.entry(who).or_insert(Count { since: now, wrong: 0 });
        if now - count.since >= WINDOW {
            *count = Count { since: now, wrong: 0 };
        }
        count.wrong += 1;
    }

    fn make_room(&mut self, now: Millis) {
        self.0.retain(|_, count| now - count.since < WINDOW);
        if self.0.len() >= KEPT {
            let oldest = self.0.iter().min_by_key(|(_, count)| count.since);
            if let Some(who) = oldest.map(|(who, _)| who.clone()) {
                self.0.remove(&who);
            }
        }
    }
}

/// The keys of a user at a peer, and of the peer. A peer of IPv6 owns its whole /64.
fn keys(peer: IpAddr, user: &str) -> [Who; 2] {
    let peer = match peer.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    };
    let name: String = user.chars().take(NAME_CHARS).collect();
    [Who { peer, user: Some(name.into()) }, Who { peer, user: None }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_user_at_a_peer_is_refused_after_wrong_logins_and_admitted_later() {
        let mut attempts = Attempts::default();
        for _ in 0..OF_USER {
            attempts.begin(ip("10.0.0.1"), "root", 0).unwrap();
        }
        let error = attempts.begin(ip("::ffff:10.0.0.1"), "root", 1).unwrap_err();
        assert_eq!(error.code(), Code::RequestLimitExceeded);
        attempts.begin(ip("10.0.0.1"), "other", 1).unwrap();
        attempts.begin(ip("10.0.0.2"), "root", 1).unwrap();
        attempts.begin(ip("10.0.0.1"), "root", WINDOW).unwrap();
    }

    #[test]
    fn a_peer_is_refused_whatever_users_it_tries() {
        let mut attempts = Attempts::default();
        for n in 0..OF_PEER {
            attempts.begin(ip("2001:db8::1"), &n.to_string(), 0).unwrap();
        }
        assert!(attempts.begin(ip("2001:db8::2"), "fresh", 1).is_err());
        attempts.begin(ip("2001:db8:0:1::2"), "fresh", 1).unwrap();
    }

    #[test]
    fn right_logins_are_not_held_against_anybody() {
        let mut attempts = Attempts::default();
        for _ in 0..100 {
            attempts.begin(ip("10.0.0.1"), "root", 0).unwrap();
            attempts.right(ip("10.0.0.1"), "root");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut attempts = Attempts::default();
        for n in 0..=u32::try_from(KEPT).unwrap() {
            attempts.begin(IpAddr::V4(n.into()), "root", 0).unwrap();
        }
        assert!(attempts.0.len() <= KEPT);
    }
}
