//! The codec against the clauses of the standards, against itself and against another codec.

mod clauses;
mod oracle;
mod roundtrip;
mod strategies;
mod v5;

use crate::{Connect, Frame, Level, Malformed, Packet, decode, frame};

const LEVELS: [Level; 3] = [Level::V31, Level::V311, Level::V5];

/// The one frame that `bytes` are.
fn whole(bytes: &[u8]) -> Frame<'_> {
    let frame = frame(bytes, usize::MAX).expect("a frame").expect("a whole frame");
    assert_eq!(frame.bytes, bytes, "one frame");
    frame
}

/// A packet of a body, its remaining length put before it.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    crate::encode::put_length(&mut bytes, body.len());
    bytes.extend_from_slice(body);
    bytes
}

fn read(level: Level, bytes: &[u8]) -> Result<Packet<'_>, Malformed> {
    decode(level, whole(bytes))
}

fn refused(level: Level, first: u8, body: &[u8]) -> Malformed {
    match read(level, &packet(first, body)) {
        Err(why) => why,
        Ok(packet) => panic!("accepted as {packet:?}"),
    }
}

fn connect_of(bytes: &[u8]) -> Result<Connect<'_>, Malformed> {
    crate::connect(whole(bytes))
}
