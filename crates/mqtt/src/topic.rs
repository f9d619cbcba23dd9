//! The place where it is decided what a topic name and a topic filter are, and when they match.

/// The longest topic that fits into a packet.
const MAX: usize = 65_535;

/// A name to publish to: not empty, no wildcard, no U+0000 [MQTT-4.7.3-1].
#[must_use]
pub fn valid_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    !bytes.is_empty() && bytes.len() <= MAX && !bytes.iter().any(|b| matches!(b, b'+' | b'#' | 0))
}

/// A filter to subscribe to: wildcards fill a whole level, `#` only the last [MQTT-4.7.1-2].
#[must_use]
pub fn valid_filter(filter: &str) -> bool {
    let bytes = filter.as_bytes();
    if bytes.is_empty() || bytes.len() > MAX || bytes.contains(&0) {
        return false;
    }
    let mut levels = bytes.split(|&b| b == b'/').peekable();
    while let Some(level) = levels.next() {
        let wild = level.iter().any(|b| matches!(b, b'+' | b'#'));
        if wild && (level.len() > 1 || (level == b"#" && levels.peek().is_some())) {
            return false;
        }
    }
    true
}

/// Whether a message with this name goes to this filter, both valid. A filter that begins with a
/// wildcard does not reach names that begin with `$` [MQTT-4.7.2-1].
#[must_use]
pub fn matches(filter: &str, name: &str) -> bool {
    if name.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')) {
        return false;
    }
    let mut names = name.split('/');
    for level in filter.split('/') {
        match (level, names.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (level, Some(name)) if level == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

/// The group and the filter of a shared subscription, `$share/{group}/{filter}` [MQTT5-4.8.2-1].
#[must_use]
pub fn shared(filter: &str) -> Option<(&str, &str)> {
    let (group, filter) = filter.strip_prefix("$share/")?.split_once('/')?;
    let good = valid_name(group) && valid_filter(filter);
    good.then_some((group, filter))
}
