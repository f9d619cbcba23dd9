//! A stream of bytes at all three levels: frames, packets, and each packet written again.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while let Ok(Some(frame)) = mqtt::frame(rest, 1 << 20) {
        rest = &rest[frame.bytes.len()..];
        for level in fuzz::LEVELS {
            if let Ok(packet) = mqtt::decode(level, frame) {
                fuzz::again(level, packet);
            }
        }
    }
});
