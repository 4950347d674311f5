//! The first start, the next one, and what is refused.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use picket::infra::db::embedded::Binaries;
use picket::infra::db::{self, Purpose};
use sqlx::PgPool;

use super::helpers::{
    SHIM, config, count_kept, create_kept, insert_kept, open, pid_file, processes, refusal, serve,
    server_user, used_data_dir,
};
use crate::support::data_dir::open_directory;

async fn setting(pool: &PgPool, name: &str) -> String {
    sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn the_first_start_makes_a_private_durable_postgres_and_the_second_finds_its_data() {
    let directory = open_directory();
    let data_dir = directory.path().join("made/by/picket");

    let first = serve(&data_dir).await;
    for name in ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"] {
        assert_eq!(setting(&first.pool, name).await, "on", "{name}");
    }
    assert_eq!(setting(&first.pool, "listen_addresses").await, "");
    assert_eq!(setting(&first.pool, "server_encoding").await, "UTF8");
    let (collation, ctype): (String, String) = sqlx::query_as(
        "SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()",
    )
    .fetch_one(&first.pool)
    .await
    .unwrap();
    assert_eq!((collation.as_str(), ctype.as_str()), ("C", "C.UTF-8"));
    let upper: String =
        sqlx::query_scalar("SELECT upper('größe')").fetch_one(&first.pool).await.unwrap();
    assert_eq!(upper, "GRÖßE", "letters beyond ASCII have a case");
    create_kept(&first.pool).await;
    first.close().await;
    assert_eq!(processes(&data_dir), [], "nothing is left running");

    let second = serve(&data_dir).await;
    assert_eq!(count_kept(&second.pool).await, 0, "the table is there");
    second.close().await;
}

#[tokio::test]
async fn the_server_and_its_files_belong_to_an_unprivileged_user_alone() {
    let data_dir = used_data_dir();
    let database = serve(data_dir.path()).await;
    let user = server_user();

    for name in ["postgres", "run"] {
        let found = fs::metadata(data_dir.path().join(name)).unwrap();
        assert_eq!(found.uid(), user.uid.as_raw(), "{name}");
        assert_eq!(found.mode() & 0o777, 0o700, "{name}");
    }
    let running = processes(data_dir.path());
    assert!(running.len() > 1, "{running:?}");
    for pid in running {
        let process = fs::metadata(format!("/proc/{pid}")).unwrap();
        assert_eq!(process.uid(), user.uid.as_raw());
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let groups = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
        assert!(!groups.split_whitespace().any(|group| group == "0"), "groups of root: {groups}");
    }
    database.close().await;
}

#[tokio::test]
async fn secrets_in_the_environment_are_not_handed_on() {
    let data_dir = used_data_dir();
    let database = serve(data_dir.path()).await;
    let pid = super::helpers::postmaster(data_dir.path());
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(!environment.contains("CARGO_MANIFEST_DIR"), "{environment}");
    assert!(environment.contains("LC_ALL=C"), "{environment}");
    database.close().await;
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_gets_one_in_the_temporary_folder() {
    let outer = used_data_dir();
    let data_dir = outer.path().join("x".repeat(130));
    fs::create_dir(&data_dir).unwrap();
    fs::rename(outer.path().join("postgres"), data_dir.join("postgres")).unwrap();
    crate::support::data_dir::open_to_all(&data_dir);

    let database = serve(&data_dir).await;
    create_kept(&database.pool).await;
    let beside = open(&data_dir, Purpose::Command).await.unwrap();
    assert_eq!(count_kept(&beside.pool).await, 0, "a command finds the socket, too");
    beside.close().await;
    let socket_dir = fs::read_to_string(pid_file(&data_dir)).unwrap();
    let socket_dir = socket_dir.lines().nth(4).unwrap().to_owned();
    assert!(Path::new(&socket_dir).starts_with(std::env::temp_dir()), "{socket_dir}");
    assert_eq!(fs::metadata(&socket_dir).unwrap().mode() & 0o777, 0o700);

    database.close().await;
    assert!(!Path::new(&socket_dir).exists(), "it is removed in the end");
}

#[tokio::test]
async fn a_path_with_every_odd_character_is_a_path_like_others() {
    let outer = used_data_dir();
    let data_dir = outer.path().join("it's, \"here\" 100% $HOME \\é");
    fs::create_dir(&data_dir).unwrap();
    fs::rename(outer.path().join("postgres"), data_dir.join("postgres")).unwrap();
    crate::support::data_dir::open_to_all(&data_dir);

    let database = serve(&data_dir).await;
    create_kept(&database.pool).await;
    let beside = open(&data_dir, Purpose::Command).await.unwrap();
    assert_eq!(count_kept(&beside.pool).await, 0);
    beside.close().await;
    assert!(data_dir.join("run/.s.PGSQL.5432").exists());
    database.close().await;
}

#[tokio::test]
async fn data_of_a_version_that_is_not_installed_is_refused_untouched() {
    let data_dir = used_data_dir();
    let version = data_dir.path().join("postgres/PG_VERSION");
    let own = fs::read_to_string(&version).unwrap();
    let other = if own.trim() == "18" { "17" } else { "18" };
    fs::write(&version, format!("{other}\n")).unwrap();
    let mut config = config(data_dir.path());
    // Whatever else is installed here, this directory has another version.
    config.database.bin_dir = Some(binaries_of(own.trim()));

    let error = db::open(&config, Purpose::Serve, Path::new(SHIM)).await.unwrap_err();

    let message = format!("{error:#}");
    assert!(message.contains(&format!("made by Postgres {other}")), "{message}");
    assert!(message.contains(&format!("postgresql-{other}")), "{message}");
    assert!(!data_dir.path().join("postgres.new").exists());
}

/// Where the programs of a version are, found as Picket finds them.
fn binaries_of(version: &str) -> PathBuf {
    let found = Binaries::find(version.parse().ok(), None, Path::new(SHIM)).unwrap();
    found.program("postgres").parent().unwrap().to_owned()
}

#[tokio::test]
async fn data_of_a_version_that_is_too_old_or_too_new_is_refused() {
    let data_dir = used_data_dir();
    for version in ["12", "27"] {
        fs::write(data_dir.path().join("postgres/PG_VERSION"), version).unwrap();
        let message = refusal(data_dir.path()).await;
        assert!(message.contains(&format!("made by Postgres {version}")), "{message}");
        assert!(message.contains("Postgres 14 to 18"), "{message}");
    }
}

#[tokio::test]
async fn without_the_programs_it_says_what_to_install() {
    let directory = open_directory();
    let mut config = config(directory.path());
    config.database.bin_dir = Some("/nowhere".into());

    let error = db::open(&config, Purpose::Serve, Path::new(SHIM)).await.unwrap_err();

    let message = format!("{error:#}");
    assert!(message.contains("PICKET__DATABASE__BIN_DIR is `/nowhere`"), "{message}");
}

#[tokio::test]
async fn a_half_made_database_is_made_anew() {
    let directory = open_directory();
    let unfinished = directory.path().join("postgres.new");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();

    let database = serve(directory.path()).await;

    assert!(!unfinished.exists());
    create_kept(&database.pool).await;
    database.close().await;
}

#[tokio::test]
async fn a_directory_that_holds_something_else_is_left_alone() {
    let directory = open_directory();
    let cluster = directory.path().join("postgres");
    fs::create_dir(&cluster).unwrap();
    super::access::give_to_server_user(&cluster);
    fs::write(cluster.join("letter.txt"), "dear").unwrap();

    let message = refusal(directory.path()).await;

    assert!(message.contains("holds no Postgres data"), "{message}");
    assert_eq!(fs::read_to_string(cluster.join("letter.txt")).unwrap(), "dear");
}

#[tokio::test]
async fn the_operator_may_tune_but_not_make_it_forgetful() {
    let data_dir = used_data_dir();
    let mut config = config(data_dir.path());
    config.database.settings = [("work_mem".to_owned(), "20MB".to_owned())].into();
    let database = db::open(&config, Purpose::Serve, Path::new(SHIM)).await.unwrap();
    assert_eq!(setting(&database.pool, "work_mem").await, "20MB");
    database.close().await;

    config.database.settings = [("fsync".to_owned(), "off".to_owned())].into();
    let error = db::open(&config, Purpose::Serve, Path::new(SHIM)).await.unwrap_err();
    assert!(format!("{error:#}").contains("database.settings.fsync"), "{error:#}");
}

#[tokio::test]
async fn a_setting_that_postgres_refuses_is_explained_in_its_words() {
    let data_dir = used_data_dir();
    let mut config = config(data_dir.path());
    config.database.settings = [("shared_buffers".to_owned(), "lots".to_owned())].into();

    let error = db::open(&config, Purpose::Serve, Path::new(SHIM)).await.unwrap_err();

    let message = format!("{error:#}");
    assert!(message.contains("invalid value for parameter \"shared_buffers\""), "{message}");
    assert_eq!(processes(data_dir.path()), []);
    // And nothing stands in the way of the corrected one.
    let database = serve(data_dir.path()).await;
    create_kept(&database.pool).await;
    insert_kept(&database.pool, 1).await.unwrap();
    database.close().await;
}
