//! The place where it is counted how many connections of an address have not been accepted yet, so
//! that one address cannot take the places of all.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use parking_lot::Mutex;

/// Connections of one address that are on their way in like those of anybody.
const FEW: usize = 8;
/// How much of an IPv6 address one peer chooses freely.
const FREE_BITS: u32 = 64;

/// Unaccepted connections by address; cheap to clone.
#[derive(Clone)]
pub(crate) struct Strangers {
    most: usize,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Strangers {
    /// `most` of one address; 0 = no limit.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, counts: Arc::default() }
    }

    /// Counts one more, until the answer is dropped; `None` when the address has its fill.
    pub(crate) fn come(&self, address: IpAddr) -> Option<Stranger> {
        if self.most == 0 {
            return Some(Stranger { one_of_many: true, counted: None });
        }
        let from = network(address);
        let mut counts = self.counts.lock();
        let count = counts.entry(from).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        let one_of_many = *count > FEW;
        drop(counts);
        Some(Stranger { one_of_many, counted: Some((self.clone(), from)) })
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> FREE_BITS << FREE_BITS).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A connection that is not accepted yet.
pub(crate) struct Stranger {
    /// Its address had many when it came, or nobody counts.
    pub(crate) one_of_many: bool,
    counted: Option<(Strangers, IpAddr)>,
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let Some((strangers, from)) = &self.counted else { return };
        let mut counts = strangers.counts.lock();
        if let Some(count) = counts.get_mut(from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_fill_and_others_have_theirs() {
        let strangers = Strangers::new(2);
        let come = |address: &str| strangers.come(address.parse().unwrap());
        let (first, second) = (come("10.0.0.1"), come("::ffff:10.0.0.1"));
        assert!(first.is_some() && second.is_some() && come("10.0.0.1").is_none());
        assert!(come("10.0.0.2").is_some());
        drop(first);
        assert!(come("10.0.0.1").is_some());
        let six = [come("2001:db8::1"), come("2001:db8::ffff:0:0:2")];
        assert!(six.iter().all(Option::is_some) && come("2001:db8::3").is_none());
        assert!(come("2001:db8:0:1::3").is_some());
        drop((second, six));
        assert!(strangers.counts.lock().is_empty());
    }

    #[test]
    fn a05_who_is_one_of_many_is_told_from_the_few() {
        let strangers = Strangers::new(100);
        let come = |address: &str| strangers.come(address.parse().unwrap()).unwrap();
        let many: Vec<_> = (0..10).map(|_| come("10.0.0.1").one_of_many).collect();
        assert_eq!(many, [false; 10], "each is gone before the next comes");
        let many: Vec<_> = (0..10).map(|_| come("10.0.0.1")).collect();
        assert_eq!(many.iter().filter(|stranger| stranger.one_of_many).count(), 2);
        assert!(!come("10.0.0.2").one_of_many);
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let strangers = Strangers::new(0);
        let come = || strangers.come("10.0.0.1".parse().unwrap());
        assert!(come().is_some() && strangers.counts.lock().is_empty());
    }
}
