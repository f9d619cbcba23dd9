//! The house's own commands: one file each. `cargo xtask --help` lists them.

mod bench;
mod ci;
mod codegen;
mod conformance;
mod fuzz;
mod soak;
mod tidy;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "The house's own commands")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures thingd beside a peer.
    Bench(bench::Bench),
    /// Writes everything that follows from the schema.
    Codegen(codegen::Args),
    /// Writes which test shows which statement of the MQTT standards.
    Conformance(conformance::Args),
    /// Builds the fuzz targets and runs them for a bounded time.
    Fuzz(fuzz::Args),
    /// Kills the server many times in the middle of a load.
    Soak(soak::Soak),
    /// Checks borders, sizes and licences.
    Tidy,
    /// What CI runs: `./check`.
    Ci,
}

fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Bench(bench) => bench::run(&bench),
        Command::Codegen(args) => codegen::run(&args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Soak(soak) => soak::run(&soak),
        Command::Tidy => tidy::run(),
        Command::Ci => ci::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The top of the checkout.
fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// Tells the person at the terminal.
#[expect(clippy::print_stdout, reason = "a command line tool speaks on its standard output")]
fn say(text: &str) {
    println!("{text}");
}

/// Tells what went wrong.
#[expect(clippy::print_stderr, reason = "a command line tool speaks on its standard error")]
fn complain(text: &str) {
    eprintln!("{text}");
}
