//! The commands: one file each.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::infra::db::embedded::shim;

/// Self-hosted error tracking that any Sentry SDK can talk to.
#[derive(Debug, Parser)]
#[command(name = "picket", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Becomes a program of Postgres; started by Picket itself.
    #[command(name = shim::SUBCOMMAND, hide = true)]
    InternalPostgres(shim::Arguments),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::InternalPostgres(arguments) => Err(shim::run(&arguments)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Says in one paragraph what went wrong.
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("picket: {error:#}");
    ExitCode::FAILURE
}
