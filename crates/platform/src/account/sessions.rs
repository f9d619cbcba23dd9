//! The place where the console's sessions are in memory, by the hash of their token; bounded.

use std::collections::HashMap;

use base::Millis;
use sha2::{Digest as _, Sha256};

use super::types::Session;

/// Sessions kept; beyond it the one that was used least lately ends.
const KEPT: usize = 10_000;
/// How far SQL may lag behind the last use.
const LAG: Millis = 600_000;

#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<String, Held>);

#[derive(Debug)]
struct Held {
    session: Session,
    /// The last use as SQL has it.
    saved: Millis,
}

/// What is kept of a token: whoever reads the table cannot use it.
pub(super) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

impl Sessions {
    /// Adds a session; gives back the hash of the one that had to go for it.
    pub(super) fn add(&mut self, hash: String, session: Session) -> Option<String> {
        let saved = session.used;
        let mut gone = None;
        if self.0.len() >= KEPT {
            gone = self.0.iter().min_by_key(|(_, h)| h.session.used).map(|(hash, _)| hash.clone());
            gone.as_ref().and_then(|hash| self.0.remove(hash));
        }
        self.0.insert(hash, Held { session, saved });
        gone
    }

    /// The user of a session, which is used by this.
    pub(super) fn user(&mut self, hash: &str, now: Millis) -> Option<String> {
        let held = self.0.get_mut(hash).filter(|held| !held.session.expired(now))?;
        held.session.used = held.session.used.max(now);
        Some(held.session.user.clone())
    }

    /// The user of a session, which is not used by this.
    pub(super) fn peek(&self, hash: &str, now: Millis) -> Option<String> {
        let held = self.0.get(hash).filter(|held| !held.session.expired(now))?;
        Some(held.session.user.clone())
    }

    pub(super) fn end(&mut self, hash: &str) {
        self.0.remove(hash);
    }

    pub(super) fn end_all_of(&mut self, user: &str) {
        self.0.retain(|_, held| held.session.user != user);
    }

    /// Forgets expired sessions and gives back what SQL is to be told: ended ones, and last uses.
    pub(super) fn tidy(&mut self, now: Millis) -> (Vec<String>, Vec<(String, Millis)>) {
        let (mut ended, mut used) = (Vec::new(), Vec::new());
        self.0.retain(|hash, held| {
            if held.session.expired(now) {
                ended.push(hash.clone());
                return false;
            }
            if held.session.used - held.saved >= LAG {
                held.saved = held.session.used;
                used.push((hash.clone(), held.saved));
            }
            true
        });
        (ended, used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = 3_600_000;

    fn begun(at: Millis) -> Session {
        Session { user: "root".into(), created: at, used: at }
    }

    #[test]
    fn a_session_lives_while_it_is_used_but_a_week_at_most() {
        let mut sessions = Sessions::default();
        sessions.add("a".into(), begun(0));
        for n in 1..15 {
            assert_eq!(sessions.user("a", n * 11 * HOUR).as_deref(), Some("root"), "{n}");
        }
        assert_eq!(sessions.user("a", 7 * 24 * HOUR), None);
        sessions.add("b".into(), begun(0));
        assert_eq!(sessions.peek("b", 11 * HOUR).as_deref(), Some("root"));
        assert_eq!(sessions.user("b", 12 * HOUR), None);
    }

    #[test]
    fn sql_hears_of_late_uses_and_of_ends() {
        let mut sessions = Sessions::default();
        sessions.add("a".into(), begun(0));
        sessions.add("b".into(), begun(0));
        sessions.user("a", LAG);
        assert_eq!(sessions.tidy(LAG), (vec![], vec![("a".into(), LAG)]));
        assert_eq!(sessions.tidy(LAG), (vec![], vec![]));
        assert_eq!(sessions.tidy(12 * HOUR), (vec!["b".into()], vec![]));
    }

    #[test]
    fn the_least_used_session_goes_when_there_are_too_many() {
        let mut sessions = Sessions::default();
        for n in 0..KEPT {
            let at = i64::try_from(n).unwrap();
            assert_eq!(sessions.add(n.to_string(), begun(at)), None);
        }
        assert_eq!(sessions.add("new".into(), begun(5)).as_deref(), Some("0"));
        assert_eq!(sessions.0.len(), KEPT);
    }
}
