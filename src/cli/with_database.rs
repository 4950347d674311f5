//! What commands on the database share: opening it, also beside a running server, and answering.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::app::Essentials;
use crate::base::Clock;
use crate::config::Config;
use crate::infra::db::{self, Purpose};

/// Opens the database, lets `act` work on it, and closes it again however that ends.
pub(super) async fn with_database<T>(
    config: Config,
    shim: &Path,
    act: impl AsyncFnOnce(&Essentials) -> Result<T>,
) -> Result<T> {
    let database = db::open(&config, Purpose::Command, shim).await?;
    let essentials = Essentials { db: database.pool.clone(), config, clock: Clock::system() };
    let done = act(&essentials).await;
    database.close().await;
    done
}

/// Prints the answer: one JSON value for programs, or what `words` makes of it for people.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) fn answer<T: Serialize>(
    as_json: bool,
    value: &T,
    words: impl FnOnce(&T) -> String,
) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string(value)?);
    } else {
        println!("{}", words(value));
    }
    Ok(())
}
