//! Queries and forms in pairs. One reader for the signature and for the parameters, so that what
//! is checked is what is done.

use base::{Code, Error, Result};

/// The most pairs of a request. Read before anybody is known, so it bounds what strangers cost.
pub const PAIRS: usize = 10_000;

/// The decoded pairs of `a=1&b=%20`, in order. Empty pieces are skipped.
///
/// # Errors
/// `InvalidParameter`: more than [`PAIRS`], a broken percent escape, or text that is not UTF-8.
pub fn pairs(raw: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for piece in raw.split('&').filter(|piece| !piece.is_empty()) {
        if found.len() == PAIRS {
            let text = format!("the query or form has more than {PAIRS} pairs");
            return Err(Error::new(Code::InvalidParameter, text));
        }
        found.push(pair(piece)?);
    }
    Ok(found)
}

fn pair(piece: &str) -> Result<(String, String)> {
    let (name, text) = piece.split_once('=').unwrap_or((piece, ""));
    match (decoded(name), decoded(text)) {
        (Some(name), Some(text)) => Ok((name, text)),
        _ => Err(Error::new(Code::InvalidParameter, "the query or form is not well encoded")),
    }
}

fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => out.push(b' '),
            b'%' => {
                let (digits, tail) = rest.split_at_checked(2)?;
                let mut byte = [0];
                hex::decode_to_slice(digits, &mut byte).ok()?;
                out.extend(byte);
                rest = tail;
            }
            plain => out.push(*plain),
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_pairs_are_refused_before_they_are_read() {
        assert_eq!(pairs(&"a&".repeat(PAIRS)).unwrap().len(), PAIRS);
        assert!(pairs(&"a&".repeat(PAIRS + 1)).is_err());
        assert!(pairs(&"a&".repeat(5_000_000)).is_err());
    }

    #[test]
    fn pairs_are_decoded_in_order() {
        let found = pairs("b=1&&a=%E6%B8%A9+%2B&c&d==").unwrap();
        let expected = [("b", "1"), ("a", "温 +"), ("c", ""), ("d", "=")];
        assert_eq!(found, expected.map(|(n, t)| (n.to_owned(), t.to_owned())));
    }

    #[test]
    fn broken_escapes_are_refused() {
        for raw in ["a=%", "a=%4", "a=%zz", "a=%ff", "%E6=1"] {
            assert_eq!(pairs(raw).unwrap_err().code(), Code::InvalidParameter, "{raw}");
        }
    }
}
