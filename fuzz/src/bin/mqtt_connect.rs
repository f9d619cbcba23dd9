//! The body of a CONNECT behind a good protocol name: flags, properties, will, credentials.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else { return };
    let (name, level): (&[u8], u8) = match choice % 3 {
        0 => (b"\0\x06MQIsdp", 3),
        1 => (b"\0\x04MQTT", 4),
        _ => (b"\0\x04MQTT", 5),
    };
    let remaining = name.len() + 1 + rest.len();
    let Ok(remaining @ 0..=16_383) = u16::try_from(remaining) else { return };
    let [low, high] = [(remaining & 0x7F) as u8, (remaining >> 7) as u8];
    let mut bytes = vec![0x10];
    if high > 0 {
        bytes.extend_from_slice(&[low | 0x80, high]);
    } else {
        bytes.push(low);
    }
    bytes.extend_from_slice(name);
    bytes.push(level);
    bytes.extend_from_slice(rest);
    let frame = mqtt::frame(&bytes, usize::MAX).unwrap().unwrap();
    assert_eq!(frame.bytes, &bytes[..]);
    if let Ok(connect) = mqtt::connect(frame) {
        assert_eq!(connect.level.number(), level);
        fuzz::connect_again(connect);
    }
});
