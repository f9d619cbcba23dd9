//! The place where it is counted which faults (F7) and attacks (A10) of `docs/faults.md` have a test: each
//! there has one, and none has a number that is not there. The number is at the head of the test's name.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Result;

use super::{Faults, File};

/// A fault or an attack: `('f', 7)`.
type Number = (char, u8);

pub(super) fn check(root: &Path, files: &[File], faults: &mut Faults) -> Result<()> {
    let mut tested: BTreeSet<Number> = BTreeSet::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        tested.extend(of_rust(&file.text));
    }
    for entry in fs::read_dir(root.join("tests/blackbox"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "py") {
            tested.extend(of_python(&fs::read_to_string(path)?));
        }
    }
    let listed: BTreeSet<_> = of_list(&fs::read_to_string(root.join("docs/faults.md"))?).collect();
    for (kind, number) in listed.difference(&tested) {
        faults.push(format!("docs/faults.md: no test's name begins with {kind}{number:02}_"));
    }
    for (kind, number) in tested.difference(&listed) {
        faults.push(format!("docs/faults.md: {kind}{number:02}_ has a test and no row"));
    }
    Ok(())
}

/// The rows of the list: `| F7 | …`.
fn of_list(text: &str) -> impl Iterator<Item = Number> {
    text.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| ")?.split_once(" |")?;
        let (kind, digits) = name.split_at_checked(1)?;
        let kind = kind.chars().next()?.to_ascii_lowercase();
        Some((kind, digits.parse().ok()?))
    })
}

/// The numbers of the tests in a Rust file: functions with a `test` attribute, or that a macro makes
/// one of.
fn of_rust(text: &str) -> impl Iterator<Item = Number> {
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

fn of_python(text: &str) -> impl Iterator<Item = Number> {
    text.lines().filter_map(|line| number(line.strip_prefix("def test_")?))
}

/// `f07_…` is fault 7.
fn number(name: &str) -> Option<Number> {
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
        let text = "#[test]\nfn f07_x() {}\n#[test]\nfn f99_x() {}\n".to_owned();
        let files = [File { path: "crates/x/src/tests.rs".to_owned(), text }];
        check(&root, &files, &mut faults).unwrap();
        let told = |end: &str| faults.iter().any(|fault| fault.ends_with(end));
        assert!(told("a03_") && told("f99_ has a test and no row") && !told("f07_"));
    }
}
