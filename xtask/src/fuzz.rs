//! The place where the fuzz targets are built with libFuzzer's coverage, on stable Rust, and run.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

/// What `cargo fuzz` asks of the compiler, without the sanitizers that need a nightly one.
const FLAGS: [&str; 9] = [
    "--cfg fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "-Coverflow-checks",
];
/// Larger than any packet or payload that a target cares for.
const LARGEST_INPUT: usize = 4096;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One target; without it, all.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let mut targets = targets(&root)?;
    if let Some(one) = &args.target {
        ensure!(targets.contains(one), "no target {one}; there are {}", targets.join(", "));
        targets.retain(|target| target == one);
    }
    build(&root, args.target.as_deref())?;
    for target in targets {
        fuzz(&root, &target, args.seconds)?;
    }
    Ok(())
}

/// One file in `fuzz/src/bin` is one target.
fn targets(root: &Path) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(root.join("fuzz/src/bin")).context("fuzz/src/bin")? {
        let path = entry?.path();
        let name = path.file_stem().context("a target without a name")?;
        targets.push(name.to_string_lossy().into_owned());
    }
    targets.sort();
    Ok(targets)
}

/// The target triple is named, so that build scripts and macros go without the flags.
fn build(root: &Path, target: Option<&str>) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root.join("fuzz"));
    cargo.args(["build", "--release", "--locked", "--quiet", "--target", &host()?]);
    match target {
        Some(target) => cargo.args(["--bin", target]),
        None => cargo.arg("--bins"),
    };
    let status = cargo
        .env("CARGO_TARGET_DIR", root.join("target/fuzz"))
        .env("RUSTFLAGS", FLAGS.join(" "))
        .status()
        .context("cargo build")?;
    ensure!(status.success(), "the fuzz targets do not build");
    Ok(())
}

fn host() -> Result<String> {
    let version = Command::new("rustc").arg("-vV").output().context("rustc -vV")?;
    let text = String::from_utf8_lossy(&version.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not say its host")?.to_owned())
}

/// Starts from the corpus of the repository; what is found on top stays in `target/fuzz`.
fn fuzz(root: &Path, target: &str, seconds: u32) -> Result<()> {
    let made = root.join("target/fuzz");
    let found = made.join("corpus").join(target);
    let crashes = made.join("crashes").join(target);
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&crashes)?;
    let program = made.join(host()?).join("release").join(target);
    let output = Command::new(program)
        .arg(&found)
        .arg(root.join("fuzz/corpus").join(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={LARGEST_INPUT}"))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .args(["-timeout=5", "-rss_limit_mb=1024", "-print_final_stats=1"])
        .output()
        .with_context(|| target.to_owned())?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{target} failed\n{}", tail(&said));
    let stat = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.map_or("?", str::trim).to_owned()
    };
    let runs = stat("stat::number_of_executed_units:");
    let new = stat("stat::new_units_added:");
    crate::say(&format!("fuzz: {target}: {runs} runs in {seconds} s, {new} new inputs"));
    Ok(())
}

/// What a failing target says last: why, and the file with the input.
fn tail(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
