//! `picket migrate`.

use std::process::Stdio;

use super::{answer, complaint, picket};
use crate::support;
use crate::support::data_dir::used_data_dir;

#[tokio::test]
async fn it_brings_an_empty_database_up_to_date_and_then_has_nothing_to_do() {
    let database = support::empty_database().await;
    let directory = tempfile::tempdir().unwrap();
    let migrate = || {
        let mut command = picket(directory.path(), &["migrate"]);
        answer(command.env("DATABASE_URL", database.url()))
    };

    assert!(migrate().contains("applied: create accounts\n"));
    assert_eq!(migrate(), "The schema is up to date.\n");
}

#[tokio::test]
async fn processes_that_start_at_once_take_turns() {
    let database = support::empty_database().await;
    let directory = tempfile::tempdir().unwrap();
    let started: Vec<_> = (0..4)
        .map(|_| {
            let mut command = picket(directory.path(), &["migrate"]);
            command.env("DATABASE_URL", database.url()).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();

    for mut process in started {
        assert!(process.wait().unwrap().success());
    }
}

#[tokio::test]
async fn a_database_of_a_newer_picket_is_used_as_it_is() {
    let database = support::database().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (20990101000000, 'from the future', true, '', 0)",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let directory = tempfile::tempdir().unwrap();

    let mut command = picket(directory.path(), &["migrate"]);
    assert_eq!(answer(command.env("DATABASE_URL", database.url())), "The schema is up to date.\n");
}

#[tokio::test]
async fn a_migration_that_was_changed_afterwards_is_not_glossed_over() {
    let database = support::database().await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = '\\x00'")
        .execute(&database.pool)
        .await
        .unwrap();
    let directory = tempfile::tempdir().unwrap();

    let mut command = picket(directory.path(), &["migrate"]);
    let message = complaint(command.env("DATABASE_URL", database.url()));

    assert!(message.contains("was changed after this database applied it"), "{message}");
}

#[test]
fn without_a_server_it_runs_the_private_postgres_for_itself() {
    let data_dir = used_data_dir();
    let answered = answer(&mut picket(data_dir.path(), &["migrate"]));
    assert_eq!(answered, "The schema is up to date.\n");
    assert!(!data_dir.path().join("postgres/postmaster.pid").exists(), "and stops it");
}
