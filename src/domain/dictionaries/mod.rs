//! Dictionaries: what events of a family have in common, so that each takes a third of the room.
//!
//! They are trained from the installation's own events, one for each family of platforms. A dictionary
//! never changes. When a better one takes over, the old one stays until the last event that may have
//! been packed with it is past its retention.

mod store;
mod training;

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use chrono::TimeDelta;
use sqlx::PgConnection;

use crate::app::App;
use crate::base::Timestamp;
use crate::domain::Result;
use crate::infra::compression::{Dictionaries, Dictionary};

pub use training::{Trained, train_due};

/// Longer than another process takes to notice that a dictionary was replaced.
const GRACE_DAYS: i64 = 2;

/// A dictionary's row without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct DictionaryRow {
    id: i32,
    family: String,
    created_at: Timestamp,
}

/// The family of a platform: platforms whose events resemble each other share a dictionary.
pub fn family(platform: &str) -> &str {
    match platform {
        "node" => "javascript",
        other => other,
    }
}

/// The dictionary of this id, from memory or from the database.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn find(
    db: &mut PgConnection,
    dictionaries: &Dictionaries,
    id: u32,
) -> Result<Arc<Dictionary>> {
    if let Some(known) = dictionaries.get(id) {
        return Ok(known);
    }
    let bytes = match i32::try_from(id) {
        Ok(id) => store::find_bytes(db, id).await?,
        Err(_) => None,
    };
    let bytes = bytes.ok_or_else(|| anyhow!("dictionary {id} of a stored event is missing"))?;
    let dictionary = Dictionary::new(&bytes).context("could not prepare a dictionary")?;
    Ok(dictionaries.insert(dictionary))
}

/// Learns which dictionaries are current; this process or another one may have made new ones.
///
/// # Errors
/// When the database fails.
pub async fn refresh(app: &App) -> Result<()> {
    let mut db = app.db.acquire().await?;
    let mut current = HashMap::new();
    for row in store::list_current(&mut db).await? {
        let dictionary = find(&mut db, &app.dictionaries, row.id.cast_unsigned()).await?;
        current.insert(row.family, dictionary);
    }
    app.dictionaries.set_current(current);
    Ok(())
}

/// Deletes replaced dictionaries that no stored event can need any more; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn delete_unneeded(app: &App) -> Result<u64> {
    let days = i64::from(app.config.retention.events_days) + GRACE_DAYS;
    let before = app.clock.now() - TimeDelta::days(days);
    let mut db = app.db.acquire().await?;
    Ok(store::delete_retired(&mut db, before).await?)
}
