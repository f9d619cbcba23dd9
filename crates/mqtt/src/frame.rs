//! The place where a stream of bytes is cut into frames.

use crate::Malformed;

/// The largest remaining length that four bytes can say.
pub const REMAINING_MAX: usize = 268_435_455;

/// One whole packet, not yet looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// All of it, fixed header included.
    pub bytes: &'a [u8],
    /// The first byte: packet type and flags.
    pub first: u8,
    /// What follows the fixed header.
    pub body: &'a [u8],
}

impl Frame<'_> {
    /// The packet type, 0 to 15.
    #[must_use]
    pub fn kind(&self) -> u8 {
        self.first >> 4
    }

    /// The flags of the fixed header.
    #[must_use]
    pub fn flags(&self) -> u8 {
        self.first & 0x0F
    }

    /// [MQTT5-1.5.5-1]; earlier levels do not ask for it.
    pub(crate) fn shortest(&self) -> bool {
        self.bytes.len() - self.body.len() - 1 == length_size(self.body.len())
    }
}

/// The bytes that a length takes in its shortest form.
pub(crate) fn length_size(length: usize) -> usize {
    match length {
        0..=127 => 1,
        128..=16_383 => 2,
        16_384..=2_097_151 => 3,
        _ => 4,
    }
}

/// Finds the first whole frame of `bytes`. `Ok(None)`: more bytes are needed.
///
/// # Errors
/// The remaining length is not one, or the frame is larger than `max` bytes (known as soon as
/// its length is).
pub fn frame(bytes: &[u8], max: usize) -> Result<Option<Frame<'_>>, Malformed> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    let mut length = 0_usize;
    for (n, &byte) in rest.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * n);
        if byte & 0x80 == 0 {
            let header = n + 2;
            let whole = header + length;
            if whole > max {
                return Err(Malformed::TooLarge { bytes: whole, max });
            }
            let Some(bytes) = bytes.get(..whole) else { return Ok(None) };
            let body = bytes.get(header..).unwrap_or_default();
            return Ok(Some(Frame { bytes, first, body }));
        }
    }
    if rest.len() < 4 { Ok(None) } else { Err(Malformed::Length) }
}
