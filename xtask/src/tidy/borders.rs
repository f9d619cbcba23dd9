//! Who may import whom (house.md 1.1).

use anyhow::{Context, Result};
use toml::Table;

use super::{Faults, File};

/// What each crate may use of ours.
const MAY: [(&str, &[&str]); 15] = [
    ("base", &[]),
    ("mqtt", &["base"]),
    ("thing", &["base"]),
    ("rulesql", &["base"]),
    ("cam", &["base"]),
    ("api", &["base"]),
    ("store", &["base"]),
    ("sinks", &["base"]),
    ("broker", &["base", "mqtt", "store"]),
    ("fleet", &["base", "mqtt", "thing"]),
    ("platform", &["base", "thing", "rulesql", "cam", "api", "store", "sinks", "broker", "fleet"]),
    // The broker serves the WebSockets that the HTTP door accepts.
    ("web", &["base", "api", "cam", "broker", "platform"]),
    (
        "thingd",
        &[
            "base", "mqtt", "thing", "rulesql", "cam", "api", "store", "sinks", "broker", "fleet",
            "platform", "web",
        ],
    ),
    ("xtask", &["base", "mqtt", "thing", "fleet", "thingd"]),
    ("fuzz", &["base", "mqtt", "thing", "rulesql", "cam", "api", "broker"]),
];

/// The files of `platform` that may speak the wire: the actions, and the dispatch to them
/// (which handler, which resource).
const SPEAK_WIRE: [&str; 3] = ["actions.rs", "routes.rs", "resource.rs"];

pub(super) fn check(files: &[File], faults: &mut Faults) -> Result<()> {
    for file in files {
        if file.path.ends_with("/Cargo.toml") {
            imports(file, faults)?;
        }
    }
    let chapters: Vec<&str> = files.iter().filter_map(|file| chapter(&file.path)).collect();
    for file in files.iter().filter(|file| file.path.starts_with("crates/platform/src/")) {
        wire(file, faults);
        tables(file, &chapters, faults);
    }
    Ok(())
}

fn imports(file: &File, faults: &mut Faults) -> Result<()> {
    let manifest: Table = file.text.parse().with_context(|| file.path.clone())?;
    let Some(name) = manifest.get("package").and_then(|package| package.get("name")?.as_str())
    else {
        return Ok(());
    };
    let Some((_, may)) = MAY.iter().find(|(known, _)| *known == name) else {
        faults.push(format!("{}: crate {name} has no place in the borders", file.path));
        return Ok(());
    };
    let used = manifest.get("dependencies").and_then(toml::Value::as_table);
    for other in used.into_iter().flat_map(Table::keys) {
        let ours = MAY.iter().any(|(known, _)| known == other);
        if ours && !may.contains(&other.as_str()) {
            faults.push(format!("{}: {name} may not use {other}", file.path));
        }
    }
    Ok(())
}

/// `crates/platform/src/rule/tables.rs` -> `rule`
fn chapter(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("crates/platform/src/")?;
    let (chapter, file) = rest.split_once('/')?;
    (file == "mod.rs").then_some(chapter)
}

fn wire(file: &File, faults: &mut Faults) {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    if SPEAK_WIRE.contains(&name) || super::files::is_test(&file.path) {
        return;
    }
    for (i, line) in super::files::code(&file.text) {
        if mentions(line, "api") {
            faults.push(format!("{}:{i}: only actions.rs may use api", file.path));
        }
    }
}

fn tables(file: &File, chapters: &[&str], faults: &mut Faults) {
    if super::files::is_test(&file.path) {
        return;
    }
    let own = file.path.split('/').nth(3).unwrap_or_default();
    for (i, line) in super::files::code(&file.text) {
        let mut befores: Vec<&str> = line.split("::tables").collect();
        befores.pop();
        for before in befores {
            let other = before.rsplit(|c| !is_word(c)).next().unwrap_or_default();
            if other != own && chapters.contains(&other) {
                faults.push(format!("{}:{i}: uses the tables of {other}", file.path));
            }
        }
    }
}

/// The line names the crate: `api::` not as the end of a longer word or path.
fn mentions(line: &str, krate: &str) -> bool {
    let separator = format!("{krate}::");
    let mut befores: Vec<&str> = line.split(separator.as_str()).collect();
    befores.pop();
    befores.iter().any(|before| {
        let last = before.chars().next_back();
        !last.is_some_and(|c| is_word(c) || matches!(c, ':' | '/' | '"'))
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, text: &str) -> Faults {
        let own = File { path: path.to_owned(), text: text.to_owned() };
        let other =
            File { path: "crates/platform/src/rule/mod.rs".to_owned(), text: String::new() };
        let mut faults = Faults::new();
        check(&[own, other], &mut faults).unwrap();
        faults
    }

    #[test]
    fn a_border_that_is_crossed_is_found() {
        let manifest = |name: &str, used: &str| {
            format!("[package]\nname = \"{name}\"\n[dependencies]\n{used}.workspace = true\n")
        };
        assert_eq!(faults("crates/broker/Cargo.toml", &manifest("broker", "platform")).len(), 1);
        assert_eq!(faults("crates/broker/Cargo.toml", &manifest("broker", "mqtt")).len(), 0);
        assert_eq!(faults("crates/broker/Cargo.toml", &manifest("broker", "tokio")).len(), 0);
        assert_eq!(faults("crates/utils/Cargo.toml", &manifest("utils", "base")).len(), 1);
    }

    #[test]
    fn only_actions_speak_the_wire() {
        let text = "use api::device::*;\n";
        assert_eq!(faults("crates/platform/src/device/mod.rs", text).len(), 1);
        assert_eq!(faults("crates/platform/src/device/actions.rs", text).len(), 0);
        assert_eq!(faults("crates/platform/src/device/mod.rs", "// api::device\n").len(), 0);
    }

    #[test]
    fn chapters_keep_their_tables() {
        let text = "fn f() { crate::rule::tables::all() }\n";
        assert_eq!(faults("crates/platform/src/device/mod.rs", text).len(), 1);
        assert_eq!(faults("crates/platform/src/rule/page.rs", text).len(), 0);
        assert_eq!(faults("crates/platform/src/device/mod.rs", "super::tables::all()\n").len(), 0);
    }
}
