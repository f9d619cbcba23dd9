//! The command line. Everything else is in the library, so that tests start the same server.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    thingd::cli::run(thingd::cli::Cli::parse())
}
