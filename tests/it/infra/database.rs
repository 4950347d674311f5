//! Opening a database that somebody else runs.

use std::path::Path;

use picket::base::secrets::Secret;
use picket::config::Config;
use picket::infra::db::{self, Purpose};

use crate::support;

#[tokio::test]
async fn a_server_of_ones_own_is_used_as_it_is_found() {
    let database = support::database().await;
    let data_dir = tempfile::tempdir().unwrap();
    let mut config = Config { data_dir: data_dir.path().join("data"), ..Config::default() };
    config.database.url = Some(Secret::new(database.url()));

    let opened = db::open(&config, Purpose::Serve, Path::new("/nowhere")).await.unwrap();

    let name: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&opened.pool).await.unwrap();
    assert_eq!(name, database.name);
    assert!(!config.data_dir.join("postgres").exists(), "no private one is made");
    opened.close().await;
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_with_what_to_do() {
    let database = support::database().await;
    let mut config = Config::default();
    let url = database.url().replace(&database.name, "missing");
    config.database.url = Some(Secret::new(url));

    let error = db::open(&config, Purpose::Command, Path::new("/nowhere")).await.unwrap_err();

    assert!(format!("{error:#}").contains("`createdb missing`"), "{error:#}");
}
