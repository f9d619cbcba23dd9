//! `cargo xtask codegen`: everything that follows from the schema (house.md 2.1).

mod codes;
mod coverage;
mod names;
mod openapi;
mod rust;
mod schema;
mod typescript;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use self::schema::Schema;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Writes nothing; fails when a file is stale.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let files = generate(&root)?;
    let mut stale = Vec::new();
    for (path, text) in &files {
        let path = root.join(path);
        if fs::read_to_string(&path).is_ok_and(|before| before == *text) {
            continue;
        }
        stale.push(path.strip_prefix(&root)?.display().to_string());
        if !args.check {
            fs::create_dir_all(path.parent().context("a file has a folder")?)?;
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    stale.extend(left_over(&root, &files, args.check)?);
    if args.check && !stale.is_empty() {
        bail!("stale, run `cargo xtask codegen`: {}", stale.join(", "));
    }
    for path in &stale {
        crate::say(&format!("wrote {path}"));
    }
    Ok(())
}

/// All files, by their path from the root.
fn generate(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let folder = root.join("schema");
    let schema = Schema::read(&folder)?;
    let mut files = Vec::new();
    for (name, text) in rust::files(&schema) {
        let path = format!("crates/api/src/gen/{name}.rs");
        files.push((path.into(), format(root, &text).with_context(|| name)?));
    }
    let decode = format(root, &rust::decode(&schema))?;
    files.push(("crates/api/tests/gen/decode.rs".into(), decode));
    files.push(("crates/base/src/code.rs".into(), format(root, &codes::file(&folder)?)?));
    files.push(("console/src/api/gen.ts".into(), typescript::file(&schema)));
    files.push(("docs/openapi.json".into(), openapi::file(&schema)?));
    files.push(("docs/coverage.md".into(), coverage::file(&schema, root)?));
    Ok(files)
}

/// Files of chapters that are no more: removed, or reported.
fn left_over(root: &Path, files: &[(PathBuf, String)], check: bool) -> Result<Vec<String>> {
    let mut gone = Vec::new();
    for entry in fs::read_dir(root.join("crates/api/src/gen")).context("crates/api/src/gen")? {
        let path = entry?.path();
        let known = files.iter().any(|(file, _)| root.join(file) == path);
        if !known {
            if !check {
                fs::remove_file(&path)?;
            }
            gone.push(path.strip_prefix(root)?.display().to_string());
        }
    }
    Ok(gone)
}

/// The text as rustfmt has it.
fn format(root: &Path, text: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .arg("--config-path")
        .arg(root)
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt")?;
    let mut stdin = child.stdin.take().context("stdin is piped")?;
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    writer.join().ok().context("rustfmt did not read")??;
    ensure!(output.status.success(), "rustfmt refused the text");
    Ok(String::from_utf8(output.stdout)?)
}
