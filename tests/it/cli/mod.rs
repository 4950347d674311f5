//! The commands, as people and scripts run them.

mod demo;
mod doctor;
mod migrate;
mod release;
mod settings;

use std::path::Path;
use std::process::{Command, Output};

/// `picket` with nothing in its environment but the data directory and a free port.
fn picket(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_picket"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PICKET__DATA_DIR", data_dir)
        .env("PICKET__SERVER__LISTEN", "127.0.0.1:0");
    command
}

/// What a command answered, if it did what it was asked.
#[track_caller]
fn answer(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// What a command had to complain about: one line, and an exit code that says so.
#[track_caller]
fn complaint(command: &mut Command) -> String {
    let output: Output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let complaint = text(&output.stderr);
    assert!(complaint.starts_with("picket: "), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
