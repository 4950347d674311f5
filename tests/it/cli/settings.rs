//! Settings that are wrong are told in one sentence, before anything is touched.

use std::fs;
use std::net::TcpListener;

use super::{answer, complaint, picket};
use crate::support::data_dir::open_directory;

#[test]
fn the_printed_settings_are_a_file_to_start_from() {
    let directory = tempfile::tempdir().unwrap();
    let printed = answer(&mut picket(directory.path(), &["serve", "--print-config"]));
    assert_eq!(printed, picket::config::DEFAULTS);

    let file = directory.path().join("picket.toml");
    fs::write(&file, printed).unwrap();
    let file = file.to_str().unwrap();
    answer(&mut picket(&directory.path().join("data"), &["doctor", "--config", file]));
}

#[test]
fn an_unknown_setting_stops_it_and_names_the_nearest() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let mut command = picket(&data_dir, &[]);

    let message = complaint(command.env("PICKET__SERVER__LISSEN", "x"));

    assert!(message.contains("did you mean PICKET__SERVER__LISTEN?"), "{message}");
    assert!(!data_dir.exists());
}

#[test]
fn the_file_may_be_named_in_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("picket.toml");
    fs::write(&file, "[log]\nformat = \"loud\"\n").unwrap();
    let message = complaint(picket(directory.path(), &["doctor"]).env("PICKET_CONFIG", &file));
    assert!(message.contains("`loud`"), "{message}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let directory = open_directory();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let message = complaint(picket(directory.path(), &[]).env("PICKET__SERVER__LISTEN", &address));

    assert!(message.contains(&address) && message.contains("PICKET__SERVER__LISTEN"), "{message}");
    assert!(!directory.path().join("postgres").exists(), "nothing was started for nothing");
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = picket(directory.path(), &["migrate"]);
    let message = complaint(command.env("DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/db"));
    assert!(message.contains("`127.0.0.1:1`") && message.contains("DATABASE_URL"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}
