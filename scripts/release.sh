#!/bin/sh
# Builds target/release/thingd with a profile of a loaded server: docs/decisions/0009-profile.md. The console in it is the one that was built last.
# Further arguments go to `cargo build`. Who sets RUSTFLAGS builds with those alone; flags of a cargo config do not count here.
cd "$(dirname "$0")/.." || exit 1
profile=$PWD/crates/thingd/thingd.profdata
. scripts/profile-of.sh
# An older LLVM cannot read what a newer one wrote.
if [ -z "${RUSTFLAGS:-}${CARGO_ENCODED_RUSTFLAGS:-}" ] && [ "${llvm:-0}" -ge 22 ] && [ -f "$profile" ]; then
    if [ "$(profile_of)" != "$(cat "$profile.of")" ]; then
        echo "scripts/release.sh: the profile is of another compiler or of other dependencies; what it does not know is built as without it." >&2
        echo "scripts/release.sh: scripts/profile.sh makes it anew." >&2
    fi
    # The separator lets the path have spaces. What changed since is built as if there were no profile, without a word.
    CARGO_ENCODED_RUSTFLAGS=$(printf -- '-Cprofile-use=%s\037-Cllvm-args=-no-pgo-warn-mismatch' "$profile")
    export CARGO_ENCODED_RUSTFLAGS
fi
exec cargo build --release --locked --package thingd "$@"
