//! Another process that runs a private Postgres, to be killed.
//!
//! It is this same program, started once more for the one ignored test below.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::unistd::User;
use picket::infra::db::Purpose;

use super::helpers;

const VARIABLE: &str = "PICKET_TEST_OWNER";

/// The process; killed when dropped.
pub(super) struct Owner {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Owner {
    /// Starts the process without waiting for its Postgres.
    pub(super) fn spawn(data_dir: &Path, user: Option<&User>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "infra::embedded::owner::process", "--ignored", "--nocapture"])
            .env(VARIABLE, data_dir)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(user) = user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// Starts the process and waits until its Postgres is up.
    pub(super) fn start(data_dir: &Path) -> Self {
        let mut owner = Self::spawn(data_dir, None);
        owner.wait_until_up();
        owner
    }

    pub(super) fn wait_until_up(&mut self) {
        let mut seen = String::new();
        while !seen.contains("it is up\n") {
            assert_ne!(self.output.read_line(&mut seen).unwrap(), 0, "it ended early: {seen}");
        }
    }

    /// Everything it says until it ends by itself.
    pub(super) fn words(mut self) -> String {
        let mut words = String::new();
        self.output.read_to_string(&mut words).unwrap();
        words
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it stop its Postgres in order.
    pub(super) fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
#[ignore = "no test but the process that other tests kill"]
#[expect(clippy::disallowed_methods, reason = "a program for the tests")]
async fn process() {
    let Ok(data_dir) = std::env::var(VARIABLE) else { return };
    let database = match helpers::open(Path::new(&data_dir), Purpose::Serve).await {
        Ok(database) => database,
        Err(error) => {
            println!("refused: {error:#}");
            return;
        }
    };
    println!("it is up");
    std::io::stdout().flush().unwrap();
    // Until the test closes its end, or is gone.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    database.close().await;
}
