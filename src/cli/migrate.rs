//! `picket migrate`: brings the schema up to date and ends.

use std::path::Path;

use anyhow::Result;

use crate::config::Config;
use crate::infra::db::{self, Database, Purpose, migrate};

pub(super) async fn run(config: &Config, shim: &Path) -> Result<()> {
    let database = db::open_as_is(config, Purpose::Command, shim).await?;
    let migrated = apply(&database).await;
    database.close().await;
    migrated
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
async fn apply(database: &Database) -> Result<()> {
    let pending = migrate::pending(&database.pool).await?;
    migrate::run(&database.pool).await?;
    for name in &pending {
        println!("applied: {name}");
    }
    println!("The schema is up to date.");
    Ok(())
}
