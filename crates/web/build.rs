//! The place where cargo learns that a released binary holds the console: built before there was
//! one, it is built again when there is.

const DIST: &str = "../../console/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Unreleased, the console is read from its folder while the server runs.
    if !cfg!(debug_assertions) {
        // Cargo watches only what exists. A checkout that cannot be written builds nevertheless.
        drop(std::fs::create_dir_all(DIST));
        println!("cargo::rerun-if-changed={DIST}");
    }
}
