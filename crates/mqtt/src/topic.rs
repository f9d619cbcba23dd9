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
    let (mut filter, mut name) = (Some(filter), Some(name));
    while let Some(levels) = filter {
        let (wanted, rest) = first(levels);
        filter = rest;
        match (wanted, name) {
            ("#", _) => return true,
            (_, None) => return false,
            (wanted, Some(names)) => {
                let (level, rest) = first(names);
                if wanted != "+" && wanted != level {
                    return false;
                }
                name = rest;
            }
        }
    }
    name.is_none()
}

/// The first level, and those that follow if there are any. Levels are short: looking at byte after
/// byte is faster than what the standard library does for long texts.
#[must_use]
pub fn first(levels: &str) -> (&str, Option<&str>) {
    let end = levels.bytes().position(|byte| byte == b'/').unwrap_or(levels.len());
    levels.split_at_checked(end).map_or((levels, None), |(level, rest)| (level, rest.get(1..)))
}

/// The group and the filter of a shared subscription, `$share/{group}/{filter}` [MQTT5-4.8.2-1].
#[must_use]
pub fn shared(filter: &str) -> Option<(&str, &str)> {
    let (group, filter) = filter.strip_prefix("$share/")?.split_once('/')?;
    let good = valid_name(group) && valid_filter(filter);
    good.then_some((group, filter))
}
