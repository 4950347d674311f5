//! `kill -9` of whatever there is, and what it leaves behind.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use picket::infra::db::embedded;
use sqlx::PgPool;

use super::helpers::{
    PATIENCE, count_kept, create_kept, eventually, insert_kept, pid_file, postmaster, processes,
    serve, server_user, used_data_dir,
};
use super::owner::Owner;
use crate::support::data_dir::open_directory;

/// Connects to the Postgres that somebody else runs.
async fn connect(data_dir: &Path) -> PgPool {
    let options = embedded::running(data_dir).unwrap().expect("it runs");
    picket::infra::db::connect::to_socket(options, 2).await.unwrap()
}

#[tokio::test]
async fn killing_picket_stops_its_postgres_and_loses_nothing() {
    let data_dir = used_data_dir();
    let mut owner = Owner::start(data_dir.path());
    let pool = connect(data_dir.path()).await;
    create_kept(&pool).await;
    for number in 0..100 {
        insert_kept(&pool, number).await.unwrap();
    }

    owner.kill();

    eventually("Postgres follows", || processes(data_dir.path()).is_empty());
    assert!(!pid_file(data_dir.path()).exists(), "it stopped in order");
    let again = serve(data_dir.path()).await;
    assert_eq!(count_kept(&again.pool).await, 100);
    again.close().await;
}

#[tokio::test]
async fn a_start_right_after_the_kill_waits_for_the_old_server() {
    let data_dir = used_data_dir();
    let mut owner = Owner::start(data_dir.path());
    let old = postmaster(data_dir.path());

    owner.kill();
    let again = serve(data_dir.path()).await;

    assert_ne!(postmaster(data_dir.path()), old);
    assert!(!processes(data_dir.path()).contains(&old), "the old one is gone");
    create_kept(&again.pool).await;
    again.close().await;
}

#[tokio::test]
async fn killing_everything_at_once_loses_nothing_that_was_acknowledged() {
    let data_dir = used_data_dir();
    let mut owner = Owner::start(data_dir.path());
    let pool = connect(data_dir.path()).await;
    create_kept(&pool).await;
    let mut acknowledged = 0;
    while acknowledged < 200 {
        insert_kept(&pool, acknowledged).await.unwrap();
        acknowledged += 1;
    }

    let all = processes(data_dir.path());
    owner.kill();
    for pid in all {
        let _ = kill(pid, Signal::SIGKILL);
    }

    let again = serve(data_dir.path()).await;
    assert_eq!(count_kept(&again.pool).await, acknowledged);
    again.close().await;
}

#[tokio::test]
async fn a_kill_in_the_middle_of_the_first_start_does_no_harm() {
    let directory = open_directory();
    let mut owner = Owner::spawn(directory.path(), None);
    let unfinished = directory.path().join("postgres.new");
    eventually("the database is being made", || unfinished.join("PG_VERSION").exists());

    owner.kill();
    let database = serve(directory.path()).await;

    assert!(!unfinished.exists());
    create_kept(&database.pool).await;
    database.close().await;
}

#[tokio::test]
async fn a_postgres_that_dies_is_started_again_and_the_pool_finds_it() {
    let data_dir = used_data_dir();
    let database = serve(data_dir.path()).await;
    create_kept(&database.pool).await;
    insert_kept(&database.pool, 1).await.unwrap();
    let old = postmaster(data_dir.path());

    kill(old, Signal::SIGKILL).unwrap();

    eventually("another server is up", || {
        fs::read_to_string(pid_file(data_dir.path())).is_ok_and(|text| {
            text.lines().next() != Some(&old.to_string()) && text.contains("ready")
        })
    });
    assert_eq!(count_kept(&database.pool).await, 1);
    database.close().await;
    assert_eq!(processes(data_dir.path()), []);
}

#[tokio::test]
async fn a_connection_that_is_killed_is_replaced() {
    let data_dir = used_data_dir();
    let database = serve(data_dir.path()).await;
    create_kept(&database.pool).await;
    let backend: i32 =
        sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&database.pool).await.unwrap();

    // Postgres ends all its connections then, and recovers.
    kill(nix::unistd::Pid::from_raw(backend), Signal::SIGKILL).unwrap();

    // Another number each time: the first may be stored although its answer was lost.
    let recovered = async {
        let mut number = 0;
        while insert_kept(&database.pool, number).await.is_err() {
            number += 1;
        }
    };
    tokio::time::timeout(PATIENCE, recovered).await.expect("it recovers");
    database.close().await;
}

/// A process that is alive and not Postgres, of the user that Postgres takes seriously: its own.
struct Stranger(Child);

impl Stranger {
    fn start() -> Self {
        let user = server_user();
        let child = Command::new("sleep")
            .arg("600")
            .uid(user.uid.as_raw())
            .gid(user.gid.as_raw())
            .current_dir("/")
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn lock_files_that_name_somebody_else_are_no_obstacle() {
    let data_dir = used_data_dir();
    let stranger = Stranger::start();
    let cluster = data_dir.path().join("postgres");
    let run = data_dir.path().join("run");
    let names_stranger = format!(
        "{}\n{}\n1795000000\n5432\n{}\n\n  5432001   65536\nready   \n",
        stranger.0.id(),
        cluster.display(),
        run.display()
    );
    fs::write(pid_file(data_dir.path()), &names_stranger).unwrap();
    fs::write(run.join(".s.PGSQL.5432.lock"), &names_stranger).unwrap();

    let database = serve(data_dir.path()).await;

    create_kept(&database.pool).await;
    database.close().await;
    assert_eq!(kill(nix::unistd::Pid::from_raw(stranger.0.id().cast_signed()), None), Ok(()));
}

#[tokio::test]
async fn a_pid_file_of_a_zombie_or_of_nobody_or_empty_is_no_obstacle() {
    let data_dir = used_data_dir();
    let mut zombie = Command::new("true").stdout(Stdio::null()).spawn().unwrap();
    let path = format!("/proc/{}/stat", zombie.id());
    eventually("it is a zombie", || fs::read_to_string(&path).unwrap().contains(") Z "));
    for pid in [zombie.id().to_string(), "4194000".to_owned(), String::new()] {
        fs::write(pid_file(data_dir.path()), format!("{pid}\n")).unwrap();
        let database = serve(data_dir.path()).await;
        database.close().await;
    }
    zombie.wait().unwrap();
}

#[tokio::test]
async fn a_postgres_that_nobody_minds_is_stopped_and_started_anew() {
    let data_dir = used_data_dir();
    let mut orphan = start_orphan(data_dir.path());
    let pool = connect(data_dir.path()).await;
    create_kept(&pool).await;
    insert_kept(&pool, 1).await.unwrap();

    let database = serve(data_dir.path()).await;

    assert!(orphan.wait().unwrap().success(), "it was stopped in order");
    assert_ne!(postmaster(data_dir.path()).as_raw(), orphan.id().cast_signed());
    assert_eq!(count_kept(&database.pool).await, 1);
    database.close().await;
}

/// A server without a Picket, as a system without a signal of the parent's death leaves it.
fn start_orphan(data_dir: &Path) -> Child {
    let version = embedded::existing_version(data_dir).unwrap();
    let binaries =
        embedded::Binaries::find(version, None, Path::new(super::helpers::SHIM)).unwrap();
    let user = server_user();
    let child = Command::new(binaries.program("postgres"))
        .arg("-D")
        .arg(data_dir.join("postgres"))
        .args(["-c", "listen_addresses=", "-p", "5432", "-k"])
        .arg(data_dir.join("run"))
        .uid(user.uid.as_raw())
        .gid(user.gid.as_raw())
        .current_dir("/")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the orphan is up", || embedded::running(data_dir).unwrap().is_some());
    child
}
