//! What the tests of the private Postgres have in common.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::unistd::{Pid, User, geteuid};
use picket::config::Config;
use picket::infra::db::{self, Database, Purpose};
use sqlx::PgPool;

pub(super) use crate::support::data_dir::used_data_dir;

/// How long anything may take before a test gives up; only reached when something is broken.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

pub(super) const SHIM: &str = env!("CARGO_BIN_EXE_picket");

/// Settings for a private Postgres in `data_dir`.
pub(super) fn config(data_dir: &Path) -> Config {
    Config { data_dir: data_dir.to_owned(), ..Config::default() }
}

pub(super) async fn open(data_dir: &Path, purpose: Purpose) -> anyhow::Result<Database> {
    db::open(&config(data_dir), purpose, Path::new(SHIM)).await
}

pub(super) async fn serve(data_dir: &Path) -> Database {
    open(data_dir, Purpose::Serve).await.unwrap()
}

/// The error of an attempt to serve, as people read it.
pub(super) async fn refusal(data_dir: &Path) -> String {
    match open(data_dir, Purpose::Serve).await {
        Ok(_) => panic!("it started"),
        Err(error) => format!("{error:#}"),
    }
}

/// Polls until `condition` holds.
#[expect(clippy::disallowed_methods, reason = "processes of others do not tell us")]
pub(super) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "{what}: still not after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(super) fn pid_file(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres/postmaster.pid")
}

/// The process id of the server of a data directory.
pub(super) fn postmaster(data_dir: &Path) -> Pid {
    let text = fs::read_to_string(pid_file(data_dir)).unwrap();
    Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap())
}

/// All processes of the server of a data directory: its working directory is theirs.
pub(super) fn processes(data_dir: &Path) -> Vec<Pid> {
    let cluster = data_dir.join("postgres");
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.unwrap();
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let directory = fs::read_link(entry.path().join("cwd")).ok()?;
            (directory == cluster).then(|| Pid::from_raw(pid))
        })
        .collect()
}

/// Who runs Postgres: `postgres` or `nobody` when the tests run as root, else whoever runs them.
pub(super) fn server_user() -> User {
    if !geteuid().is_root() {
        return User::from_uid(geteuid()).unwrap().unwrap();
    }
    let by_name = |name| User::from_name(name).unwrap();
    by_name("postgres").or_else(|| by_name("nobody")).unwrap()
}

/// Makes a table to write into.
pub(super) async fn create_kept(pool: &PgPool) {
    sqlx::query("CREATE TABLE kept (number bigint PRIMARY KEY)").execute(pool).await.unwrap();
}

pub(super) async fn insert_kept(pool: &PgPool, number: i64) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO kept VALUES ($1)").bind(number).execute(pool).await.map(drop)
}

pub(super) async fn count_kept(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(pool).await.unwrap()
}
