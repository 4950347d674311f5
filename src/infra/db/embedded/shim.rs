//! The step between Picket and a program of Postgres: `picket internal-postgres`.
//!
//! What must happen in the new process before Postgres takes it over (leaving Picket's terminal, giving up
//! root, asking to be told of Picket's death) cannot be done safely between `fork` and `exec` of a process
//! with threads. So Picket starts itself once more, does it there in peace, and becomes Postgres.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Error, Result, anyhow, bail};
use nix::unistd::{Gid, Pid, Uid, getppid, setgid, setsid, setuid};

use super::account::{self, Account};

/// The hidden subcommand that is the shim.
pub const SUBCOMMAND: &str = "internal-postgres";

/// How the command line begins what it has to complain about.
const COMPLAINT: &str = "picket: ";

/// What Postgres may see of Picket's environment. The rest is none of its business (secrets), or would
/// change what it does (`PG…`).
const KEPT_VARIABLES: [&str; 7] = [
    "PATH",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    // A container with a random user id names it through nss_wrapper.
    "LD_PRELOAD",
    "NSS_WRAPPER_PASSWD",
    "NSS_WRAPPER_GROUP",
];

/// The shim's arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The process that started the shim; when that is not the parent any more, all is over.
    #[arg(long)]
    parent: i32,
    /// Whom to become.
    #[arg(long)]
    uid: Option<u32>,
    /// The group to become.
    #[arg(long, requires = "uid")]
    gid: Option<u32>,
    /// The directory to work in.
    #[arg(long)]
    directory: PathBuf,
    /// What to become, and its arguments.
    #[arg(last = true, required = true)]
    program: Vec<OsString>,
}

/// The command that runs `program` through the shim, as `account`.
///
/// The program is stopped when the *thread* that spawns this ends: spawn it from one that lives as long as
/// the program shall.
pub(super) fn command(
    shim: &Path,
    account: Option<&Account>,
    directory: &Path,
    program: &Path,
) -> Command {
    let mut command = Command::new(shim);
    command
        .arg(SUBCOMMAND)
        .arg("--parent")
        .arg(std::process::id().to_string())
        .arg("--directory")
        .arg(directory);
    if let Some(account) = account {
        command.arg("--uid").arg(account.uid.to_string());
        command.arg("--gid").arg(account.gid.to_string());
    }
    command.arg("--").arg(program);
    command
        .env_clear()
        .envs(KEPT_VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        // Ours may be closed to the user that the shim becomes.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// The shim's own complaint in what a program wrote, if it never came to be that program.
pub(super) fn complaint(output: &str) -> Option<&str> {
    output.lines().find_map(|line| line.strip_prefix(COMPLAINT))
}

/// Becomes the program; returns only to say why that was not possible.
pub fn run(arguments: &Arguments) -> Error {
    match prepare(arguments) {
        Ok(mut command) => {
            let error = command.exec();
            cannot_run(command.get_program(), &error)
        }
        Err(error) => error,
    }
}

fn prepare(arguments: &Arguments) -> Result<Command> {
    // A session of its own: a Ctrl-C in Picket's terminal must reach only Picket, which stops Postgres
    // after everything else. Fails when the process already leads one, which is as good.
    let _ = setsid();
    if let (Some(uid), Some(gid)) = (arguments.uid, arguments.gid) {
        become_user(Uid::from_raw(uid), Gid::from_raw(gid))?;
    }
    die_with(Pid::from_raw(arguments.parent))?;
    std::env::set_current_dir(&arguments.directory)
        .map_err(|error| cannot_enter(&arguments.directory, &error))?;
    let (program, rest) = arguments.program.split_first().context("no program is named")?;
    let mut command = Command::new(program);
    command.args(rest);
    Ok(command)
}

fn become_user(uid: Uid, gid: Gid) -> Result<()> {
    let become_it = || {
        // Supplementary groups of root would stay otherwise. macOS has no such call in `nix`.
        #[cfg(not(target_vendor = "apple"))]
        nix::unistd::setgroups(&[])?;
        setgid(gid)?;
        setuid(uid)
    };
    become_it().map_err(|error| {
        anyhow!(
            "could not become {} to run Postgres ({}); run Picket as an ordinary user instead of root",
            account::describe(uid),
            error.desc()
        )
    })
}

/// Asks the kernel for the signal that stops Postgres when Picket is gone, however it went.
///
/// After `setuid`, which clears the request.
#[cfg(target_os = "linux")]
fn die_with(parent: Pid) -> Result<()> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGINT)
        .context("could not ask for a signal at the end of Picket")?;
    require_parent(parent)
}

/// Other systems have no such signal: there the next start stops what was left running.
#[cfg(not(target_os = "linux"))]
fn die_with(parent: Pid) -> Result<()> {
    require_parent(parent)
}

/// Picket may have gone before the request was made.
fn require_parent(parent: Pid) -> Result<()> {
    if getppid() == parent {
        return Ok(());
    }
    bail!("Picket ended while it was starting Postgres")
}

/// Says which directory on the way is closed to the user that Postgres runs as.
fn cannot_enter(directory: &Path, error: &std::io::Error) -> Error {
    let user = account::describe(nix::unistd::geteuid());
    if error.kind() != ErrorKind::PermissionDenied {
        return anyhow!("{user} could not enter `{}`: {error}", directory.display());
    }
    let closed = directory
        .ancestors()
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .find(|ancestor| fs::metadata(ancestor.join(".")).is_err())
        .unwrap_or(directory);
    anyhow!(
        "Postgres runs as {user}, because it does not run as root, but that user may not enter `{closed}` on \
         the way to its data in `{}`. Set PICKET__DATA_DIR to a directory that every user can reach (such as \
         /var/lib/picket), or run Picket as an ordinary user, or open the way with `chmod o+x {closed}`",
        directory.display(),
        closed = closed.display(),
    )
}

fn cannot_run(program: &OsStr, error: &std::io::Error) -> Error {
    anyhow!(
        "{} could not run `{}`: {error}",
        account::describe(nix::unistd::geteuid()),
        program.display()
    )
}
