//! A Picket as people run it: the program, its data directory, its private Postgres.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// A data directory, in which Pickets are started and killed one after the other.
pub(crate) struct Installation {
    data: TempDir,
}

/// A running `picket serve`.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) url: String,
    // Kept open: a closed pipe would end it.
    _output: tokio::io::Lines<BufReader<ChildStdout>>,
}

impl Installation {
    /// A fresh one.
    pub(crate) fn new() -> Self {
        Self { data: tempfile::Builder::new().prefix("picket").tempdir_in("/tmp").unwrap() }
    }

    /// A fresh one on another disk.
    pub(crate) fn on(disk: &Path) -> Self {
        Self { data: tempfile::Builder::new().prefix("picket").tempdir_in(disk).unwrap() }
    }

    /// Its data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// The program with the settings of this installation and no others.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_picket"));
        command
            .args(arguments)
            .env_remove("DATABASE_URL")
            .env("PICKET__DATA_DIR", self.data_dir())
            .env("PICKET__SERVER__LISTEN", "127.0.0.1:0")
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end and reads its JSON.
    pub(crate) async fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.command(arguments).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts the server and waits until it answers.
    pub(crate) async fn start(&self) -> Process {
        let mut child =
            self.command(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = async {
            while let Some(line) = output.next_line().await.unwrap() {
                if let Some((_, url)) = line.split_once(" is running at ") {
                    return url.to_owned();
                }
            }
            panic!("it ended before it was running");
        };
        let url = tokio::time::timeout(PATIENCE, url).await.expect("it starts");
        let process = Process { child, url, _output: output };
        process.wait_until_ready().await;
        process
    }

    /// A connection to the private Postgres of a running server, once it is up (again).
    pub(crate) async fn connect(&self) -> PgConnection {
        let connected = async {
            loop {
                if let Ok(Some(options)) = picket::infra::db::embedded::running(&self.data_dir())
                    && let Ok(connection) = PgConnection::connect_with(&options).await
                {
                    return connection;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, connected).await.expect("Postgres runs")
    }
}

impl Process {
    async fn wait_until_ready(&self) {
        let ready = async {
            let url = format!("{}/health/ready", self.url);
            while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("it becomes ready");
    }

    /// A figure of its memory in bytes, as Linux calls it: `VmRSS`, `VmHWM`.
    pub(crate) fn memory(&self, figure: &str) -> u64 {
        let id = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(figure)).expect(figure);
        let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kibibytes << 10
    }

    /// Kills it without warning.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop and checks that it does so in order.
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().expect("it runs");
        kill(Pid::from_raw(id.cast_signed()), Signal::SIGTERM).unwrap();
        let status =
            tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it stops").unwrap();
        assert!(status.success(), "{status}");
    }
}

/// The process id of the Postgres of a data directory.
pub(crate) fn postmaster(data_dir: &Path) -> Pid {
    let file = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    Pid::from_raw(file.lines().next().unwrap().trim().parse().unwrap())
}
