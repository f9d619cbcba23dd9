//! The place where JSON text is escaped, unescaped and written.

/// Appends `text` as a JSON string, quotes and all.
pub(crate) fn write_str(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        from = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    out.push(b'"');
}

/// Appends a whole number.
pub(crate) fn write_int(out: &mut Vec<u8>, n: i64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = n.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).expect("a digit is below 10");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if n < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a double in its shortest form; whole values without `.0`, as devices write them.
pub(crate) fn write_float(out: &mut Vec<u8>, n: f64) {
    if let Some(whole) = whole(n) {
        write_int(out, whole);
    } else if serde_json::to_writer(&mut *out, &n).is_err() {
        out.extend_from_slice(b"null");
    }
}

/// A double for a message: short even where `Display` would print 300 digits.
pub(crate) fn shown(n: f64) -> String {
    let mut out = Vec::new();
    write_float(&mut out, n);
    String::from_utf8(out).unwrap_or_default()
}

/// The whole number that `n` is, if doubles tell it from its neighbours.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
pub(crate) fn whole(n: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (n.fract() == 0.0 && n.abs() <= EXACT).then_some(n as i64)
}

/// Where the escape that begins at `at` ends, if it is one. A lone surrogate is none.
pub(crate) fn escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => match hex4(bytes, at + 2)? {
            0xD800..=0xDBFF => {
                let pair = bytes.get(at + 6..at + 8)? == b"\\u";
                let low = hex4(bytes, at + 8)?;
                (pair && (0xDC00..=0xDFFF).contains(&low)).then_some(at + 12)
            }
            0xDC00..=0xDFFF => None,
            _ => Some(at + 6),
        },
        _ => None,
    }
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let mut n = 0;
    for &byte in bytes.get(at..at + 4)? {
        n = n * 16 + char::from(byte).to_digit(16)?;
    }
    Some(n)
}

/// The text that a checked literal stands for.
pub(crate) fn unescape(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut text = String::with_capacity(raw.len());
    let mut from = 0;
    while let Some(step) = raw.get(from..).and_then(|rest| rest.find('\\')) {
        let at = from + step;
        text.push_str(raw.get(from..at).unwrap_or_default());
        let Some(end) = escape_end(bytes, at) else { return text };
        text.push(escaped(bytes, at));
        from = end;
    }
    text.push_str(raw.get(from..).unwrap_or_default());
    text
}

fn escaped(bytes: &[u8], at: usize) -> char {
    match bytes.get(at + 1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let high = hex4(bytes, at + 2).unwrap_or_default();
            let code = match hex4(bytes, at + 8) {
                Some(low) if (0xD800..=0xDBFF).contains(&high) => {
                    0x1_0000 + ((high - 0xD800) << 10) + low.wrapping_sub(0xDC00)
                }
                _ => high,
            };
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        Some(&byte) => char::from(byte),
        None => char::REPLACEMENT_CHARACTER,
    }
}
