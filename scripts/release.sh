#!/bin/sh
# Builds what is released, target/release/thingd, for the roads that a loaded server takes most: docs/decisions/0009-profile.md.
# Further arguments go to `cargo build`. Who sets RUSTFLAGS builds with those alone.
cd "$(dirname "$0")/.." || exit 1
profile=$PWD/crates/thingd/thingd.profdata
llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
# An older LLVM cannot read what a newer one wrote.
if [ -z "${RUSTFLAGS:-}${CARGO_ENCODED_RUSTFLAGS:-}" ] && [ "${llvm:-0}" -ge 22 ]; then
    # The separator lets the path have spaces. What changed since is built as if there were no profile, without a word.
    CARGO_ENCODED_RUSTFLAGS=$(printf -- '-Cprofile-use=%s\037-Cllvm-args=-no-pgo-warn-mismatch' "$profile")
    export CARGO_ENCODED_RUSTFLAGS
fi
exec cargo build --release --locked --package thingd "$@"
