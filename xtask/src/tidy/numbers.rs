//! The place where it is counted which numbered faults (F7) and attacks (A10) have a test. A test that
//! shows one carries its number at the head of its name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::Result;

use super::{Faults, File};

/// What must have a test; others may.
const REQUIRED: [(char, &[std::ops::RangeInclusive<u8>]); 2] =
    [('f', &[1..=19, 27..=27, 30..=31]), ('a', &[1..=17])];

/// The numbers that have a test, as a line to be read.
pub(super) fn check(root: &Path, files: &[File], faults: &mut Faults) -> Result<String> {
    let mut found: BTreeMap<char, BTreeSet<u8>> = BTreeMap::new();
    let mut note = |(kind, number): (char, u8)| found.entry(kind).or_default().insert(number);
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        of_rust(&file.text).for_each(|number| _ = note(number));
    }
    for entry in fs::read_dir(root.join("tests/blackbox"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "py") {
            of_python(&fs::read_to_string(path)?).for_each(|number| _ = note(number));
        }
    }
    for (kind, ranges) in REQUIRED {
        for number in ranges.iter().cloned().flatten() {
            if !found.get(&kind).is_some_and(|has| has.contains(&number)) {
                faults.push(format!("no test has a name that begins with {kind}{number:02}_"));
            }
        }
    }
    let shown = |(kind, has): (&char, &BTreeSet<u8>)| {
        let numbers: Vec<_> = has.iter().map(u8::to_string).collect();
        format!("{} {}", kind.to_ascii_uppercase(), numbers.join(" "))
    };
    Ok(found.iter().map(shown).collect::<Vec<_>>().join("; "))
}

/// The numbers of the tests in a Rust file: functions with a `test` attribute, or that a macro makes
/// one of.
fn of_rust(text: &str) -> impl Iterator<Item = (char, u8)> {
    let mut marked = false;
    text.lines().map(str::trim_start).filter_map(move |line| {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some(name) = line.strip_prefix("both!(") {
            return number(name);
        } else if let Some((_, name)) = line.split_once("fn ") {
            return std::mem::take(&mut marked).then(|| number(name)).flatten();
        }
        None
    })
}

fn of_python(text: &str) -> impl Iterator<Item = (char, u8)> {
    text.lines().filter_map(|line| number(line.strip_prefix("def test_")?))
}

/// `f07_…` is fault 7.
fn number(name: &str) -> Option<(char, u8)> {
    let (head, _) = name.split_once('_')?;
    let (kind, digits) = head.split_at_checked(1)?;
    let kind = kind.chars().next().filter(|kind| matches!(kind, 'f' | 'a'))?;
    (digits.len() == 2).then(|| digits.parse().ok()).flatten().map(|number| (kind, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_test_is_at_the_head_of_its_name() {
        let text = "#[test]\nfn f07_x() {}\nfn f08_no_test() {}\n/// Why.\n#[tokio::test]\n\
                    async fn a10_y() {}\nboth!(f34_z);\n#[test]\nfn f1_short() {}\n";
        assert_eq!(of_rust(text).collect::<Vec<_>>(), [('f', 7), ('a', 10), ('f', 34)]);
        let text = "def test_f01_x(a):\n    pass\ndef f02_y():\n";
        assert_eq!(of_python(text).collect::<Vec<_>>(), [('f', 1)]);
    }

    #[test]
    fn a_number_without_a_test_is_a_fault() {
        let (root, mut faults) = (crate::root(), Faults::new());
        let text = "#[test]\nfn f07_x() {}\n".to_owned();
        let files = [File { path: "crates/x/src/tests.rs".to_owned(), text }];
        check(&root, &files, &mut faults).unwrap();
        assert!(faults.iter().any(|fault| fault.ends_with("a03_")));
        assert!(!faults.iter().any(|fault| fault.ends_with("f07_")));
    }
}
