//! The schema: `migrations/`, compiled in and applied at every start.
//!
//! Migrations are expand-then-contract, so the previous binary runs on the new schema: migrations that this
//! binary does not know are no error. Two processes that start at once against one server take turns by sqlx's own
//! lock.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::{Context, Error, Result, anyhow};
use chrono::NaiveDate;
use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};
use tracing::info;

/// The migrations of this binary.
fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.set_ignore_missing(true);
    migrator
}

/// Applies what is missing.
pub async fn run(pool: &PgPool) -> Result<()> {
    let pending = pending(pool).await?;
    if pending.is_empty() {
        return Ok(());
    }
    let started = Instant::now();
    migrator().run(pool).await.map_err(explain)?;
    info!(duration_ms = started.elapsed().as_millis(), "Applied {} migrations", pending.len());
    Ok(())
}

/// The migrations that the database does not have yet, by name. An error if it has others of the same
/// version.
pub async fn pending(pool: &PgPool) -> Result<Vec<String>> {
    let applied = applied(pool).await.context("could not read which migrations are applied")?;
    let mut pending = Vec::new();
    for migration in migrator().iter() {
        match applied.get(&migration.version) {
            None => pending.push(migration.description.to_string()),
            Some(checksum) if *checksum == *migration.checksum => {}
            Some(_) => return Err(explain(MigrateError::VersionMismatch(migration.version))),
        }
    }
    Ok(pending)
}

/// The day of the newest migration: this binary was made then or later.
pub fn latest_day() -> NaiveDate {
    let version = migrator().iter().map(|migration| migration.version).max().unwrap_or_default();
    // The version is the date and time of day in the file's name.
    NaiveDate::parse_from_str(&(version / 1_000_000).to_string(), "%Y%m%d").unwrap_or_default()
}

/// The applied migrations with their checksums. sqlx keeps them in a table that a fresh database does not
/// have, so the macros cannot know it.
async fn applied(pool: &PgPool) -> sqlx::Result<HashMap<i64, Vec<u8>>> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(pool)
        .await?;
    if !exists {
        return Ok(HashMap::new());
    }
    let applied: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success")
            .fetch_all(pool)
            .await?;
    Ok(applied.into_iter().collect())
}

fn explain(error: MigrateError) -> Error {
    match error {
        MigrateError::VersionMismatch(version) => anyhow!(
            "migration {version} was changed after this database applied it; use a released version of \
             Picket, or a new database"
        ),
        MigrateError::Dirty(version) => anyhow!(
            "migration {version} was interrupted; restore the database from a backup, or remove what it did \
             and its row in `_sqlx_migrations`"
        ),
        error => anyhow!(error).context("could not bring the database's schema up to date"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_in_migrations_is_compiled_in() {
        let mut on_disk: Vec<i64> = std::fs::read_dir("migrations")
            .unwrap()
            .filter_map(|entry| {
                entry
                    .unwrap()
                    .file_name()
                    .to_str()?
                    .strip_suffix(".sql")?
                    .split('_')
                    .next()?
                    .parse()
                    .ok()
            })
            .collect();
        on_disk.sort_unstable();

        let compiled: Vec<i64> = migrator().iter().map(|migration| migration.version).collect();

        // The macro does not see new files by itself.
        assert_eq!(compiled, on_disk, "run `touch src/infra/db/migrate.rs` and build again");
    }

    #[test]
    fn the_latest_day_is_read_from_a_file_name() {
        assert!(latest_day() >= NaiveDate::from_ymd_opt(2026, 11, 22).unwrap());
    }
}
