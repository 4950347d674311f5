//! A private Postgres: without a `DATABASE_URL`, Picket makes and runs its own in the data directory.
//!
//! The programs are those of an installed Postgres; nothing is downloaded. The server listens on a Unix
//! socket in a directory of its own and on nothing else, with Postgres's default durability. It is a
//! child of Picket and shares its life: it is started again when it dies, stopped when Picket stops, and stopped
//! by the kernel when Picket is killed. What must stay true:
//!
//! - One Picket runs the server of a data directory: the holder of the [`Claim`](crate::infra::data_dir::Claim).
//! - The data is only ever touched by programs of the major version that made it.
//! - A cluster appears in its place whole or not at all.
//! - `kill -9` of anything, in any order, needs no cleaning up by hand.
//!
//! Decided against: the crates that bundle Postgres. One starts it with `fsync` off and leaves an orphan behind,
//! the other allows one connection (`docs/decisions/0002-embedded-postgres.md`).

mod account;
mod binaries;
mod cluster;
mod layout;
mod leftovers;
mod log;
mod server;
mod settings;
pub mod shim;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::infra::data_dir::is_to_be_opened;

pub use binaries::{Binaries, SUPPORTED};

use layout::Layout;
use server::Server;

/// The only user of the private server.
const SUPERUSER: &str = "picket";

/// Made by `initdb`; a database of another name would have to be made at every first start.
const DATABASE: &str = "postgres";

/// What a private server is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory, absolute.
    pub data_dir: PathBuf,
    /// Where `initdb` and `postgres` are, if somebody said.
    pub bin_dir: Option<PathBuf>,
    /// The `picket` program, started once more as the [`shim`].
    pub shim: PathBuf,
    /// How many connections Picket's pool may open.
    pub max_connections: u32,
    /// Settings of Postgres that the operator wants different.
    pub settings: BTreeMap<String, String>,
    /// Whether the data must survive a crash of the machine.
    pub durability: Durability,
}

/// Whether the data must survive a crash of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Postgres's defaults. Everything but tests.
    #[default]
    Full,
    /// Nothing is flushed to disk. Only for the cluster of a test run, which is deleted after it.
    NoneForTests,
}

/// A private server that is running.
#[derive(Debug)]
pub struct Embedded {
    server: Server,
    layout: Layout,
}

impl Embedded {
    /// Starts the server of a data directory whose claim the caller holds.
    pub async fn start(options: Options) -> Result<Self> {
        let layout = Layout::new(&options.data_dir);
        let server = Server::start(options, layout.clone()).await?;
        Ok(Self { server, layout })
    }

    /// How to connect to it.
    pub fn connect_options(&self) -> PgConnectOptions {
        connect_options(&self.layout.socket_dir, layout::PORT)
    }

    /// Stops it and waits until it is gone.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// The major version of the data in a data directory; none before the first start.
pub fn existing_version(data_dir: &Path) -> Result<Option<u32>> {
    cluster::major_version(&Layout::new(data_dir).cluster)
}

/// Whether the user that will run Postgres can reach the data directory, or what is there of its path, and
/// can run the programs.
pub fn rehearse(data_dir: &Path, binaries: &Binaries, shim: &Path) -> Result<()> {
    let account = account::choose(&Layout::new(data_dir).cluster)?;
    let nearest = data_dir
        .ancestors()
        .find(|path| path.is_dir() && (*path != data_dir || !is_to_be_opened(path)))
        .unwrap_or(Path::new("/"));
    let output = shim::command(shim, account.as_ref(), nearest, &binaries.program("postgres"))
        .arg("--version")
        .output()
        .with_context(|| format!("could not run `{}`", shim.display()))?;
    let words = String::from_utf8_lossy(&output.stderr);
    match shim::complaint(&words) {
        Some(complaint) => Err(anyhow!("{complaint}")),
        None if output.status.success() => Ok(()),
        None => Err(anyhow!("Postgres does not run: {}", words.trim())),
    }
}

/// How to connect to the server that another Picket runs on this data directory; none if it is not ready.
pub fn running(data_dir: &Path) -> Result<Option<PgConnectOptions>> {
    let path = Layout::new(data_dir).cluster.join(leftovers::PID_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(parse_pid_file(&text)
            .map(|(socket_dir, port)| connect_options(Path::new(socket_dir), port))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(anyhow!(
            "Picket runs as another user in `{}`; run this command as that user or as root",
            data_dir.display()
        )),
        Err(error) => Err(error).with_context(|| format!("could not read `{}`", path.display())),
    }
}

/// The socket's directory and port of a server that says it is ready.
///
/// Lines of `postmaster.pid`: process, data directory, start, port, socket directory, address, shared
/// memory, status.
fn parse_pid_file(text: &str) -> Option<(&str, u16)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    if *lines.get(7)? != "ready" {
        return None;
    }
    Some((lines.get(4)?, lines.get(3)?.parse().ok()?))
}

fn connect_options(socket_dir: &Path, port: u16) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket_dir)
        .port(port)
        .username(SUPERUSER)
        .database(DATABASE)
        .ssl_mode(PgSslMode::Disable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_by_its_pid_file_once_it_is_ready() {
        let file =
            "4711\n/data/postgres\n1795364000\n5432\n/data/run\n\n  5432001   65536\nready   \n";
        assert_eq!(parse_pid_file(file), Some(("/data/run", 5432)));
        assert_eq!(parse_pid_file(&file.replace("ready   ", "starting")), None);
        assert_eq!(parse_pid_file("4711\n"), None);
    }
}
