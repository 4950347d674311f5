//! What a killed Picket, a killed Postgres or a restarted container leaves behind.
//!
//! Postgres guards its data with the process id in `postmaster.pid` and in the socket's lock. After a crash
//! that number may by now belong to somebody else (in a restarted container it nearly always does), and
//! Postgres would refuse to start. We know more than it does: we hold the data directory's lock, so no
//! other Picket runs a server here, and we can see which processes work in the directory.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tracing::warn;

use super::layout::Layout;

/// Where Postgres says who runs on a cluster.
pub(super) const PID_FILE: &str = "postmaster.pid";

/// How long each way of stopping may take before the next, harsher one. The first writes a checkpoint,
/// which on a slow disk takes its time; after the last nothing can remain.
const WAYS_TO_STOP: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_mins(1)),
    (Signal::SIGQUIT, Duration::from_secs(10)),
    (Signal::SIGKILL, Duration::from_secs(10)),
];

/// How often to look whether a process has ended; it is not our child, so nobody tells us.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Makes the cluster ready for a new server. Only for the holder of the data directory's lock.
pub(super) fn clear(layout: &Layout) -> Result<()> {
    let pid_file = layout.cluster.join(PID_FILE);
    if pid_file.exists() {
        stop_processes_in(&layout.cluster)?;
        // When it names a process that is dead, Postgres sees that itself and looks for its shared memory,
        // too. A number that is somebody else's, or none after a power cut, it does not survive.
        if !read_pid(&pid_file)?.is_some_and(is_dead) {
            warn!("`{}` names no Postgres of this data any more; removing it", pid_file.display());
            remove(&pid_file)?;
        }
    }
    remove(&layout.socket())?;
    remove(&layout.socket_lock())
}

/// Stops the server that works in `directory`, and what is left of one.
pub(super) fn stop_processes_in(directory: &Path) -> Result<()> {
    for (signal, patience) in WAYS_TO_STOP {
        let running = processes_in(directory);
        if running.is_empty() {
            return Ok(());
        }
        warn!("Stopping a Postgres that was left running in `{}` ({signal})", directory.display());
        // Only to its head, as long as there is one: it tells the others.
        let head = read_pid(&directory.join(PID_FILE))?.filter(|pid| running.contains(pid));
        for pid in head.map_or(running, |head| vec![head]) {
            let _ = kill(pid, signal);
        }
        wait_until_empty(directory, patience);
    }
    if processes_in(directory).is_empty() {
        return Ok(());
    }
    bail!("a Postgres that was left running in `{}` does not stop; kill it", directory.display())
}

fn wait_until_empty(directory: &Path, patience: Duration) {
    let started = Instant::now();
    while !processes_in(directory).is_empty() && started.elapsed() < patience {
        pause(LOOK_AGAIN);
    }
}

#[expect(clippy::disallowed_methods, reason = "on Postgres's own thread, not on a worker")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// The process id in the first line of a pid file; none if there is no such file, or nothing in it.
fn read_pid(path: &Path) -> Result<Option<Pid>> {
    match fs::read_to_string(path) {
        // Negative while a single-user server runs.
        Ok(text) => Ok(text
            .lines()
            .next()
            .and_then(|line| line.trim().parse::<i32>().ok())
            .map(|pid| Pid::from_raw(pid.saturating_abs()))
            .filter(|pid| pid.as_raw() > 0)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("could not read `{}`", path.display())),
    }
}

/// Nobody has this number, not even a zombie.
fn is_dead(pid: Pid) -> bool {
    kill(pid, None) == Err(nix::errno::Errno::ESRCH)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// The processes whose working directory is `directory`: of all programs only a Postgres has it there.
#[cfg(target_os = "linux")]
fn processes_in(directory: &Path) -> Vec<Pid> {
    let Ok(directory) = fs::canonicalize(directory) else { return Vec::new() };
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = entry.file_name().to_str()?.parse().ok()?;
            // A zombie has none, and those of other users are not ours: Postgres runs as the owner.
            let works_in = fs::read_link(entry.path().join("cwd")).ok()?;
            (works_in == directory && is_postgres(&entry.path())).then(|| Pid::from_raw(pid))
        })
        .collect()
}

/// Not the shell of somebody who looks around in there.
#[cfg(target_os = "linux")]
fn is_postgres(process: &Path) -> bool {
    fs::read_to_string(process.join("comm"))
        .is_ok_and(|name| matches!(name.trim(), "postgres" | "postmaster" | "initdb"))
}

/// Without `/proc`, the process that `postmaster.pid` names, if it is a Postgres on this directory.
#[cfg(not(target_os = "linux"))]
fn processes_in(directory: &Path) -> Vec<Pid> {
    let Ok(Some(pid)) = read_pid(&directory.join(PID_FILE)) else { return Vec::new() };
    let command_line = std::process::Command::new("ps")
        .args(["-o", "command=", "-p", &pid.to_string()])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let is_ours = command_line.contains("postgres")
        && command_line.contains(&directory.to_string_lossy().into_owned());
    if is_ours { vec![pid] } else { Vec::new() }
}
