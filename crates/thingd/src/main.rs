//! The command line. Everything else is in the library, so that tests start the same server.

use std::process::ExitCode;

use clap::Parser as _;

/// A connection is made of many small allocations, which glibc's allocator finds more slowly
/// (decision 7).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    thingd::cli::run(thingd::cli::Cli::parse())
}
