#!/bin/sh
# Sourced by scripts/release.sh and scripts/profile.sh: what a profile fits. Functions are known to it by names that change with the compiler,
# with the versions of the crates, and with the settings of a release.
profile_of() {
    { rustc -vV; cat Cargo.lock; sed -n '/^\[profile.release\]/,/^$/p' Cargo.toml; } | cksum
}

# The major version of the compiler's LLVM.
llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
