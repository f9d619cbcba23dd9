//! The only place that makes random bytes.

use std::{fmt, sync::Mutex};

use rand::{Rng, SeedableRng, TryRng, rngs::StdRng, rngs::SysRng};

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LOWER_DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const UPPER_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A source of ids and secrets: the operating system's, or a test's seeded one.
pub struct Rand(Source);

enum Source {
    System,
    Seeded(Box<Mutex<StdRng>>),
}

impl fmt::Debug for Rand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rand")
    }
}

impl Rand {
    /// The operating system's generator.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A repeatable generator for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        match &self.0 {
            Source::System => {
                SysRng.try_fill_bytes(&mut out).expect("the operating system has randomness");
            }
            Source::Seeded(rng) => {
                rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(&mut out);
            }
        }
        out
    }

    /// A text of `len` characters of `[A-Za-z0-9]`.
    #[must_use]
    pub fn alphanumeric(&self, len: usize) -> String {
        self.text(ALPHANUMERIC, len)
    }

    /// A text of `len` characters of `[a-z0-9]`.
    #[must_use]
    pub fn lower(&self, len: usize) -> String {
        self.text(LOWER_DIGITS, len)
    }

    /// A text of `len` characters of `[A-Z0-9]`.
    #[must_use]
    pub fn upper(&self, len: usize) -> String {
        self.text(UPPER_DIGITS, len)
    }

    /// A text of `len` decimal digits that does not start with 0.
    #[must_use]
    pub fn digits(&self, len: usize) -> String {
        let mut text = self.text(b"123456789", 1.min(len));
        text.push_str(&self.text(b"0123456789", len.saturating_sub(1)));
        text
    }

    /// A version 4 UUID in its 36-character form.
    #[must_use]
    pub fn uuid(&self) -> String {
        let mut b: [u8; 16] = self.bytes();
        b[6] = (b[6] & 0x0f) | 0x40;
        b[8] = (b[8] & 0x3f) | 0x80;
        let mut text = String::with_capacity(36);
        for (i, byte) in b.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
        text
    }

    /// Unbiased characters of `alphabet`: bytes over the last whole multiple are thrown away.
    fn text(&self, alphabet: &[u8], len: usize) -> String {
        let fair = 256 - 256 % alphabet.len();
        let mut text = String::with_capacity(len);
        while text.len() < len {
            for byte in self.bytes::<32>() {
                if usize::from(byte) < fair && text.len() < len {
                    text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_length_and_alphabet() {
        let rand = Rand::seeded(1);
        assert_eq!(rand.upper(10).len(), 10);
        assert!(rand.lower(200).bytes().all(|b| LOWER_DIGITS.contains(&b)));
        assert!(!rand.digits(12).starts_with('0'));
        assert_eq!(rand.uuid().len(), 36);
        assert_ne!(Rand::system().alphanumeric(32), Rand::system().alphanumeric(32));
    }

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        assert_eq!(Rand::seeded(7).alphanumeric(32), Rand::seeded(7).alphanumeric(32));
    }
}
