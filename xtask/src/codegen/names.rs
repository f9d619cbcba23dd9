//! From the wire's spelling to Rust's.

/// Words whose capitals are not word borders.
const ODD: [(&str, &str); 8] = [
    ("TWe", "Twe"),
    ("iOS", "Ios"),
    ("LoRa", "Lora"),
    ("URLs", "Urls"),
    ("IDs", "Ids"),
    ("CAs", "Cas"),
    ("QRCode", "QrCode"),
    ("COSURL", "CosUrl"),
];

/// `DeviceName` -> `device_name`, `SDPOffer` -> `sdp_offer`.
pub(super) fn snake(wire: &str) -> String {
    let mut wire = wire.to_owned();
    for (odd, plain) in ODD {
        wire = wire.replace(odd, plain);
    }
    let chars: Vec<char> = wire.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let after_small = i > 0 && (chars[i - 1].is_lowercase() || chars[i - 1].is_ascii_digit());
        let starts_word = i > 0
            && chars[i - 1].is_uppercase()
            && chars.get(i + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_small && !digit_word(&chars, i) || starts_word) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// `P2P` is one word: a capital between a digit and the end of its word.
fn digit_word(chars: &[char], i: usize) -> bool {
    chars[i - 1].is_ascii_digit()
        && i > 1
        && chars[i - 2].is_uppercase()
        && !chars.get(i + 1).is_some_and(|next| next.is_lowercase())
}

/// A field's name in Rust; keywords become raw.
pub(super) fn field(wire: &str) -> String {
    let name = snake(wire);
    match name.as_str() {
        "type" | "override" | "ref" | "match" | "move" | "use" | "in" | "where" | "loop" => {
            format!("r#{name}")
        }
        _ => name,
    }
}

/// What serde makes of a snake-case name under `rename_all = "PascalCase"`.
pub(super) fn pascal(snake: &str) -> String {
    let mut out = String::new();
    for word in snake.split('_') {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

/// `CreateDevice` -> `CREATE_DEVICE`.
pub(super) fn constant(wire: &str) -> String {
    snake(wire).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_become_rust_names() {
        for (wire, rust) in [
            ("DeviceName", "device_name"),
            ("ProductID", "product_id"),
            ("SDPOffer", "sdp_offer"),
            ("TPNSiOSAccessID", "tpns_ios_access_id"),
            ("ChannelsDataRX1", "channels_data_rx1"),
            ("CallDeviceRRPCSync", "call_device_rrpc_sync"),
            ("VideoURLs", "video_urls"),
            ("ChangeP2PRoute", "change_p2p_route"),
            ("CreateTWeSeeFace", "create_twe_see_face"),
            ("FileMd5", "file_md5"),
            ("CreateTWeTalkProductConfigV2", "create_twe_talk_product_config_v2"),
        ] {
            assert_eq!(snake(wire), rust);
        }
        assert_eq!(field("Type"), "r#type");
        assert_eq!(pascal("device_name"), "DeviceName");
    }
}
