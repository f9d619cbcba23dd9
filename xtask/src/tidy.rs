//! `cargo xtask tidy`: borders, sizes, licences, numbers. What is checked here need not be reviewed.

mod borders;
mod files;
mod licences;
mod numbers;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

/// Folders that hold nothing of ours, or nothing that a person wrote.
const SKIPPED: [&str; 7] =
    ["target", "node_modules", "dist", ".git", ".venv", "__pycache__", "data"];

/// A text file of the checkout.
struct File {
    /// From the root, with `/`.
    path: String,
    text: String,
}

/// What is wrong, one line each.
type Faults = Vec<String>;

pub(crate) fn run() -> Result<()> {
    let root = crate::root();
    let mut files = Vec::new();
    for top in ["crates", "xtask", "console", "tests", "fuzz"] {
        walk(&root, &root.join(top), &mut files)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut faults = Faults::new();
    borders::check(&files, &mut faults)?;
    files::check(&files, &mut faults);
    licences::check(&root, &files, &mut faults)?;
    numbers::check(&root, &files, &mut faults)?;
    if faults.is_empty() {
        crate::say(&format!("tidy: {} files", files.len()));
        return Ok(());
    }
    bail!("{} faults:\n  {}", faults.len(), faults.join("\n  "))
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                walk(root, &path, files)?;
            }
        } else if [".rs", ".ts", ".tsx", "Cargo.toml"].iter().any(|end| name.ends_with(end)) {
            let text = fs::read_to_string(&path)?;
            let path = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
    Ok(())
}
