#!/bin/sh
# Makes crates/thingd/thingd.profdata anew: how often a loaded server takes which branch. It takes about a quarter of an hour, and
# is worth it when a busy road has changed much.
NAME=scripts/profile.sh
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh
need_build
. scripts/profile-of.sh
need_mosquitto
for merge in "$(rustc --print sysroot)"/lib/rustlib/*/bin/llvm-profdata "llvm-profdata-$llvm" ""; do
    command -v "${merge:-false}" >/dev/null && break
done
[ -n "$merge" ] || die "no llvm-profdata of LLVM $llvm; rustup component add llvm-tools, or install llvm-$llvm"
counts=$PWD/target/profile
rm -rf "$counts"
say "== building the load"
cargo build --release --locked --package fleet || die "the load could not be built"
# Nobody should take a server that counts for the released one.
trap 'rm -f target/release/thingd' EXIT
say "== building a server that counts"
# Build scripts and macros count, too: nobody wants to know.
LLVM_PROFILE_FILE=$counts/%p.profraw CARGO_ENCODED_RUSTFLAGS=-Cprofile-generate cargo build --release --locked --package thingd ||
    die "the server could not be built"
rm -rf "$counts"
for figure in rtt connects plain reports logged; do
    say "== loading it: $figure"
    LLVM_PROFILE_FILE=$counts/%p.profraw cargo xtask bench broker --built --only $figure --rounds 1 --seconds 2 || die "failed: $figure"
done
"$merge" merge --sparse -o "$counts/merged" "$counts"/*.profraw || die "the counts could not be merged"
mv "$counts/merged" crates/thingd/thingd.profdata
profile_of >crates/thingd/thingd.profdata.of
trap - EXIT
scripts/release.sh
