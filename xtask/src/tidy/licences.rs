//! Licences of ours and of what we use, and the one SQLite.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Faults, File};

/// Licences that an Apache-2.0 binary may carry. MPL-2.0 binds the files it stands on, which we do
/// not change.
const FREE: [&str; 16] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "MIT-0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "0BSD",
    "Zlib",
];

pub(super) fn check(root: &Path, files: &[File], faults: &mut Faults) -> Result<()> {
    for file in files.iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        if file.text.contains("[package]") && !file.text.contains("license") {
            faults.push(format!("{}: no licence", file.path));
        }
    }
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .context("cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let mut engines = 0;
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        if !is_free(licence) {
            faults.push(format!("{name}: licence {licence:?} is not on the list"));
        }
        if name == "libsqlite3-sys" {
            engines += 1;
        }
    }
    if engines > 1 {
        faults.push(format!("Cargo.lock: {engines} of libsqlite3-sys, one binary links one"));
    }
    Ok(())
}

/// `MIT OR (Apache-2.0 AND ISC)`: one alternative of which every part is free.
fn is_free(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain.split(" OR ").any(|all| all.split(" AND ").all(|one| FREE.contains(&one.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_free_alternative_is_enough() {
        for free in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR GPL-2.0) AND ISC"] {
            assert!(is_free(free), "{free}");
        }
        for other in ["", "GPL-3.0", "MIT AND GPL-3.0", "SSPL-1.0"] {
            assert!(!is_free(other), "{other}");
        }
    }
}
