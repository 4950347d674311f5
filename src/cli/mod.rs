//! The commands: one file each.
//!
//! # Adding a command
//!
//! A file with its arguments and `run` → a variant of [`Command`] → its line in [`perform`]. What a command answers
//! goes to the standard output, where scripts read it; everything else to the standard error.

mod allocator;
mod demo;
mod doctor;
mod migrate;
mod project;
mod release;
mod serve;
mod token;
mod user;
mod with_database;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use nix::sys::stat::{Mode, umask};

use crate::config::{Config, DEFAULTS, LogConfig, Sources};
use crate::infra::db::embedded::shim;
use crate::infra::observe::log;

/// What a command logs unless somebody set a filter: it answers in words of its own.
const COMMAND_LOG: &str = "warn";

/// Self-hosted error tracking that any Sentry SDK can talk to.
///
/// Alone, `picket` serves. Settings come from a file and from `PICKET__SECTION__KEY` in the environment;
/// `picket serve --print-config` shows all.
#[derive(Debug, Parser)]
#[command(name = "picket", version)]
struct Arguments {
    /// A file with settings, in TOML [environment: `PICKET_CONFIG`].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until stopped; what `picket` alone does.
    Serve(ServeArguments),
    /// Bring the database's schema up to date; every start does it, too.
    Migrate,
    /// Fill a fresh instance with two weeks of believable errors, to look around in.
    Demo(demo::Arguments),
    /// Check what can be wrong with this installation and say what to do.
    Doctor,
    /// Create accounts, set passwords, see who has one.
    #[command(subcommand)]
    User(user::Arguments),
    /// Create projects and see their DSNs.
    #[command(subcommand)]
    Project(project::Arguments),
    /// Judge releases: is it safe to go on?
    #[command(subcommand)]
    Release(release::Arguments),
    /// Create tokens for `/api/0`.
    #[command(subcommand)]
    Token(token::Arguments),
    /// Becomes a program of Postgres; started by Picket itself.
    #[command(name = shim::SUBCOMMAND, hide = true)]
    InternalPostgres(shim::Arguments),
}

#[derive(Debug, Default, Args)]
struct ServeArguments {
    /// Print all settings with their defaults, as a file to start from.
    #[arg(long)]
    print_config: bool,
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command.unwrap_or(Command::Serve(ServeArguments::default())) {
        Command::InternalPostgres(arguments) => Err(shim::run(&arguments)),
        Command::Serve(ServeArguments { print_config: true }) => {
            print_config();
            Ok(ExitCode::SUCCESS)
        }
        command @ Command::Serve(_) => {
            allocator::settle();
            start(command, arguments.config)
        }
        command => start(command, arguments.config),
    };
    result.unwrap_or_else(|error| fail(&error))
}

/// Whatever Picket writes is for its own user: events hold what people typed.
const PRIVATE_FILES: Mode = Mode::S_IRWXG.union(Mode::S_IRWXO);

/// Reads the settings, starts the log and a runtime, and performs the command there.
fn start(command: Command, file: Option<PathBuf>) -> Result<ExitCode> {
    umask(PRIVATE_FILES);
    let config = Sources::of_process(file).load()?;
    log::start(&log_of(&command, &config))?;
    let shim = own_program()?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?
        .block_on(perform(command, config, &shim))
}

async fn perform(command: Command, config: Config, shim: &Path) -> Result<ExitCode> {
    match command {
        Command::Migrate => migrate::run(&config, shim).await?,
        Command::Doctor => return doctor::run(&config, shim).await,
        Command::Demo(arguments) => demo::run(arguments, config, shim).await?,
        Command::User(arguments) => user::run(arguments, config, shim).await?,
        Command::Project(arguments) => project::run(arguments, config, shim).await?,
        Command::Release(arguments) => return release::run(arguments, config, shim).await,
        Command::Token(arguments) => token::run(arguments, config, shim).await?,
        Command::Serve(_) => serve::run(config, shim).await?,
        // Performed before the settings are read.
        Command::InternalPostgres(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn log_of(command: &Command, config: &Config) -> LogConfig {
    let mut log = config.log.clone();
    if !matches!(command, Command::Serve(_)) && log.filter == LogConfig::default().filter {
        COMMAND_LOG.clone_into(&mut log.filter);
    }
    log
}

/// The program that runs, to start once more: also when its file was replaced meanwhile by an upgrade.
fn own_program() -> Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() {
        return Ok(running.to_owned());
    }
    std::env::current_exe().context("could not find out where this program is")
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn print_config() {
    print!("{DEFAULTS}");
}

/// Says in one paragraph what went wrong.
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("picket: {error:#}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_tree_of_commands_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_file_may_be_named_before_and_after_the_command() {
        for line in [["picket", "--config", "a", "doctor"], ["picket", "doctor", "--config", "a"]] {
            let arguments = Arguments::try_parse_from(line).unwrap();
            assert_eq!(arguments.config.as_deref(), Some(Path::new("a")));
        }
    }

    #[test]
    fn commands_are_quiet_unless_a_filter_is_set() {
        let mut config = Config::default();
        assert_eq!(log_of(&Command::Doctor, &config).filter, "warn");
        let serve = Command::Serve(ServeArguments::default());
        assert_eq!(log_of(&serve, &config).filter, config.log.filter);
        config.log.filter = "debug".to_owned();
        assert_eq!(log_of(&Command::Doctor, &config).filter, "debug");
    }
}
