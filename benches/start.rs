//! How long Picket takes to start, against what Postgres alone takes for the same.
//!
//! In turns, each in a fresh directory:
//! - `bare, first`: `initdb` and the start of a server, until it takes connections; nothing of ours;
//! - `bare, again`: the start of that server alone;
//! - `first`: `picket serve` on an empty data directory, until `/health/live` answers;
//! - `again`: the same on the directory that the first start left.
//!
//! `cargo bench --bench start [-- ROUNDS]`; `TMPDIR` decides on which disk, and must be short: it holds sockets.
//! Prints medians.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use picket::infra::db::embedded::Binaries;
use tempfile::TempDir;

const PICKET: &str = env!("CARGO_BIN_EXE_picket");

/// Where the started servers listen.
const ADDRESS: &str = "127.0.0.1:18999";

/// How often to look whether a server is up.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

fn main() {
    // `cargo bench` passes `--bench`.
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(7);
    let binaries = Binaries::find(None, None, Path::new(PICKET)).unwrap();
    println!("Postgres {}, {rounds} rounds, medians:", binaries.version);
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..rounds {
        let bare = Bare::new(&binaries);
        times[0].push(timed(|| bare.create_and_start()));
        times[1].push(timed(|| bare.start()));
        let directory = directory();
        times[2].push(timed(|| serve(directory.path())));
        times[3].push(timed(|| serve(directory.path())));
    }
    let [bare_first, bare_again, first, again] = times.map(median);
    println!("bare, first  {:>6} ms", bare_first.as_millis());
    println!("first        {:>6} ms   {:.2} of bare", first.as_millis(), ratio(first, bare_first));
    println!("bare, again  {:>6} ms", bare_again.as_millis());
    println!("again        {:>6} ms   {:.2} of bare", again.as_millis(), ratio(again, bare_again));
}

/// The time until `start` returns; what it started is stopped after that.
fn timed(start: impl FnOnce() -> Running) -> Duration {
    let began = Instant::now();
    let running = start();
    let elapsed = began.elapsed();
    drop(running);
    elapsed
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// A directory that Postgres may pass through, as whomever it runs.
fn directory() -> TempDir {
    let directory = tempfile::Builder::new().prefix("picket").tempdir().unwrap();
    std::fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).unwrap();
    directory
}

/// A process that is asked to stop, and waited for, when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        kill(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGINT).unwrap();
        self.0.wait().unwrap();
    }
}

/// Starts Picket and waits until it answers.
fn serve(directory: &Path) -> Running {
    let child = Command::new(PICKET)
        .arg("serve")
        .env_remove("DATABASE_URL")
        .env("PICKET__DATA_DIR", directory.join("data"))
        .env("PICKET__SERVER__LISTEN", ADDRESS)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until(is_live);
    Running(child)
}

fn is_live() -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(ADDRESS) else { return false };
    let request =
        format!("GET /health/live HTTP/1.1\r\nHost: {ADDRESS}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).is_ok_and(|_| answer.starts_with("HTTP/1.1 200"))
}

#[expect(clippy::disallowed_methods, reason = "a process has no other way to say that it is up")]
fn wait_until(is_up: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_up() {
        assert!(began.elapsed() < Duration::from_mins(1), "it does not come up");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Postgres by itself.
struct Bare {
    directory: TempDir,
    binaries: Binaries,
}

impl Bare {
    fn new(binaries: &Binaries) -> Self {
        let directory = directory();
        let cluster = directory.path().join("cluster");
        std::fs::create_dir(&cluster).unwrap();
        std::fs::set_permissions(&cluster, Permissions::from_mode(0o700)).unwrap();
        if let Some(user) = unprivileged() {
            chown(&cluster, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        }
        Self { directory, binaries: binaries.clone() }
    }

    fn cluster(&self) -> PathBuf {
        self.directory.path().join("cluster/data")
    }

    fn create_and_start(&self) -> Running {
        let created = self
            .command("initdb")
            .args(["--username=picket", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--data-checksums", "--no-instructions"])
            .status();
        assert!(created.unwrap().success());
        self.start()
    }

    fn start(&self) -> Running {
        let sockets = self.directory.path().join("cluster");
        let setting = |name: &str, value: &str| format!("--{name}={value}");
        let child = self
            .command("postgres")
            .arg(setting("listen_addresses", ""))
            .arg(setting("unix_socket_directories", sockets.to_str().unwrap()))
            .spawn()
            .unwrap();
        let ready = || {
            std::fs::read_to_string(self.cluster().join("postmaster.pid"))
                .is_ok_and(|f| f.contains("ready"))
        };
        wait_until(|| ready() && UnixStream::connect(sockets.join(".s.PGSQL.5432")).is_ok());
        Running(child)
    }

    /// A program of Postgres on this cluster, as somebody who may run it.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.program(program));
        command.arg("-D").arg(self.cluster()).current_dir(self.directory.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(user) = unprivileged() {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }
}

/// Postgres does not run as root.
fn unprivileged() -> Option<User> {
    if !geteuid().is_root() {
        return None;
    }
    ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).unwrap())
}
