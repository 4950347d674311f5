//! `picket doctor`: finds what is wrong, says what to do, and changes nothing.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::unistd::geteuid;

use super::{answer, picket, text};
use crate::support;
use crate::support::data_dir::{open_directory, used_data_dir};

/// The report of a doctor that found a problem.
#[track_caller]
fn problems(data_dir: &Path, environment: &[(&str, &str)]) -> String {
    let output = picket(data_dir, &["doctor"]).envs(environment.iter().copied()).output().unwrap();
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{report}{}", text(&output.stderr));
    report
}

/// The line about a subject.
#[track_caller]
fn line<'a>(report: &'a str, subject: &str) -> &'a str {
    report.lines().find(|line| line[9..].starts_with(subject)).expect(report)
}

#[test]
fn before_the_first_start_all_is_well_and_nothing_is_made() {
    let directory = open_directory();
    let data_dir = directory.path().join("data");

    let report = answer(&mut picket(&data_dir, &["doctor"]));

    assert!(line(&report, "Postgres").contains("the first start makes its database"), "{report}");
    assert!(!report.contains("PROBLEM"), "{report}");
    assert!(!data_dir.exists());
}

#[test]
fn with_data_it_looks_inside() {
    let data_dir = used_data_dir();
    let report = answer(&mut picket(data_dir.path(), &["doctor"]));
    for subject in ["data directory", "connection", "schema"] {
        assert!(line(&report, subject).starts_with("ok "), "{report}");
    }
}

#[tokio::test]
async fn a_schema_that_is_behind_is_a_warning() {
    let database = support::empty_database().await;
    let directory = open_directory();
    let mut command = picket(directory.path(), &["doctor"]);

    let report = answer(command.env("DATABASE_URL", database.url()));

    assert!(line(&report, "schema").contains("migrations are not applied yet"), "{report}");
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            .fetch_one(&database.pool)
            .await
            .unwrap();
    assert_eq!(tables, 0, "it changes nothing");
}

#[test]
fn a_missing_postgres_is_a_problem_with_what_to_install() {
    let directory = open_directory();
    let report = problems(directory.path(), &[("PICKET__DATABASE__BIN_DIR", "/nowhere")]);
    assert!(line(&report, "Postgres").contains("/nowhere"), "{report}");
}

#[test]
fn a_directory_that_postgres_cannot_reach_is_a_problem() {
    if !geteuid().is_root() {
        eprintln!("skipped: Postgres can go wherever an ordinary user can");
        return;
    }
    let directory = open_directory();
    let closed = directory.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();

    let report = problems(&closed.join("data"), &[]);

    let expected = format!("may not enter `{}`", closed.display());
    assert!(line(&report, "Postgres").contains(&expected), "{report}");
}

#[test]
fn the_data_directory_itself_may_be_closed_as_mktemp_makes_it() {
    let directory = open_directory();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
    answer(&mut picket(directory.path(), &["doctor"]));
    let mode = fs::metadata(directory.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "it changes nothing");
}

#[test]
fn what_was_set_aside_is_reported() {
    let directory = open_directory();
    let quarantine = directory.path().join("quarantine");
    fs::create_dir(&quarantine).unwrap();
    fs::write(quarantine.join("lane-0-00000000000000000001.json"), "{}").unwrap();
    let report = answer(&mut picket(directory.path(), &["doctor"]));
    assert!(line(&report, "quarantine").starts_with("warning"), "{report}");
}

#[test]
fn a_list_of_devices_is_read() {
    let directory = open_directory();
    let list = directory.path().join("supported_devices.csv");
    fs::write(&list, "Retail Branding,Marketing Name,Device,Model\nSony,Xperia 1,j8110,J8110\n")
        .unwrap();
    let mut doctor = picket(directory.path(), &["doctor"]);
    let report = answer(doctor.env("PICKET__INGEST__DEVICE_NAMES", &list));
    assert!(line(&report, "device names").contains("1 models of devices"), "{report}");

    fs::write(&list, "Device\nj8110\n").unwrap();
    let setting = ("PICKET__INGEST__DEVICE_NAMES", list.to_str().unwrap());
    let report = problems(directory.path(), &[setting]);
    let line = line(&report, "device names");
    assert!(line.contains("names no `Marketing Name` and `Model`"), "{report}");
    assert!(line.contains("unset PICKET__INGEST__DEVICE_NAMES"), "{report}");
}

#[test]
fn a_geo_database_is_read() {
    let directory = open_directory();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/geo/places.mmdb");
    let mut doctor = picket(directory.path(), &["doctor"]);
    let report = answer(doctor.env("PICKET__INGEST__GEO_DATABASE", fixture));
    assert!(line(&report, "geo database").contains("Picket-City-Test of 20"), "{report}");

    let broken = directory.path().join("broken.mmdb");
    fs::write(&broken, "no database").unwrap();
    for (path, why) in
        [(&broken, "no database in MaxMind's format"), (&broken.join("x"), "cannot be read")]
    {
        let path = path.to_str().unwrap();
        let report = problems(directory.path(), &[("PICKET__INGEST__GEO_DATABASE", path)]);
        let line = line(&report, "geo database");
        assert!(line.contains(path) && line.contains(why), "{report}");
        assert!(line.contains("unset PICKET__INGEST__GEO_DATABASE"), "{report}");
    }
}
