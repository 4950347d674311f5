//! What can be done with a key.
//!
//! A key that many deployments carry is replaced without a gap: the new one is made while the old one goes
//! on, for ever or for a chosen time. A key that is off is answered 403 and its requests are still counted
//! with it; one that is deleted is unknown, and so are they.

use chrono::TimeDelta;

use super::{MAX_KEYS, MAX_NAME_CHARS, ProjectKey, new_key, store};
use crate::app::Essentials;
use crate::base::{ProjectId, Timestamp};
use crate::domain::limits::{Limits, Windows};
use crate::domain::{Error, Result};

/// The longest time that a replaced key can be given.
pub const MAX_REPLACED_DAYS: i64 = 365;

impl ProjectKey {
    /// Whether events are accepted with it at `now`.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.is_active && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Adds a key, so that a deployment can be told apart or cut off on its own.
pub async fn create_key(app: &Essentials, project: ProjectId, label: &str) -> Result<ProjectKey> {
    let key = new_key(project, checked_label(label)?, app.clock.now());
    let mut tx = app.db.begin().await?;
    insert(&mut tx, &key).await?;
    tx.commit().await?;
    Ok(key)
}

/// Switches a key on or off; the front door notices within a minute. What is switched on has no end.
pub async fn set_key_active(
    app: &Essentials,
    project: ProjectId,
    public_key: &str,
    is_active: bool,
) -> Result<()> {
    let mut db = app.db.acquire().await?;
    found(store::update_key_active(&mut db, project, public_key, is_active).await?)
}

/// Calls a key something else.
pub async fn rename_key(
    app: &Essentials,
    project: ProjectId,
    public_key: &str,
    label: &str,
) -> Result<()> {
    let label = checked_label(label)?;
    let mut db = app.db.acquire().await?;
    found(store::update_key_label(&mut db, project, public_key, label).await?)
}

/// What of a key is to be different.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// What it is for.
    pub label: Option<String>,
    /// Whether events are accepted with it.
    pub is_active: Option<bool>,
    /// Its own limits of error events, by minute and by hour.
    pub errors: Option<(Option<u64>, Option<u64>)>,
}

/// Adds a key that is as `change` says, all at once.
pub async fn create_key_with(
    app: &Essentials,
    project: ProjectId,
    change: &KeyChange,
) -> Result<ProjectKey> {
    let mut key = new_key(project, "Default", app.clock.now());
    apply(change, &mut key)?;
    let mut tx = app.db.begin().await?;
    insert(&mut tx, &key).await?;
    tx.commit().await?;
    Ok(key)
}

/// Changes a key, all at once.
pub async fn change_key(
    app: &Essentials,
    project: ProjectId,
    public_key: &str,
    change: &KeyChange,
) -> Result<ProjectKey> {
    let mut tx = app.db.begin().await?;
    let key = store::lock_key(&mut tx, public_key).await?;
    let mut key = key.filter(|key| key.project_id == project).ok_or(Error::NotFound)?;
    apply(change, &mut key)?;
    store::update_key(&mut tx, &key).await?;
    tx.commit().await?;
    Ok(key)
}

fn apply(change: &KeyChange, key: &mut ProjectKey) -> Result<()> {
    if let Some(label) = &change.label {
        checked_label(label)?.clone_into(&mut key.label);
    }
    if let Some(is_active) = change.is_active {
        key.is_active = is_active;
        if is_active {
            key.expires_at = None;
        }
    }
    if let Some((minute, hour)) = change.errors {
        key.limits.errors = Windows { minute, hour, ..key.limits.errors };
        key.limits = key.limits.checked()?;
    }
    Ok(())
}

/// Makes a key that takes the place of another one, with its name and its limits. The other one goes on
/// for `days`; without a number until somebody switches it off.
pub async fn replace_key(
    app: &Essentials,
    project: ProjectId,
    public_key: &str,
    days: Option<i64>,
) -> Result<ProjectKey> {
    if days.is_some_and(|days| !(0..=MAX_REPLACED_DAYS).contains(&days)) {
        let problem = format!("Choose up to {MAX_REPLACED_DAYS} days.");
        return Err(Error::invalid("days", problem));
    }
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let old = store::find_key(&mut tx, public_key).await?;
    let old = old.filter(|key| key.project_id == project).ok_or(Error::NotFound)?;
    let key = ProjectKey { limits: old.limits, ..new_key(project, &old.label, now) };
    insert(&mut tx, &key).await?;
    let label: String = format!("{} (replaced)", old.label).chars().take(MAX_NAME_CHARS).collect();
    store::update_key_label(&mut tx, project, public_key, &label).await?;
    if let Some(days) = days {
        let end = now + TimeDelta::days(days);
        store::update_key_end(&mut tx, project, public_key, end).await?;
    }
    tx.commit().await?;
    Ok(key)
}

/// Deletes a key for good; the last one stays.
pub async fn delete_key(app: &Essentials, project: ProjectId, public_key: &str) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let keys = store::list_keys(&mut tx, project).await?;
    if !keys.iter().any(|key| key.public_key == public_key) {
        return Err(Error::NotFound);
    }
    if keys.len() == 1 {
        let words = "This is the project's only key. Create another one first, or switch it off.";
        return Err(Error::Conflict(words.to_owned()));
    }
    store::delete_key(&mut tx, project, public_key).await?;
    tx.commit().await?;
    Ok(())
}

/// Sets a key's own limits.
pub async fn limit_key(
    app: &Essentials,
    project: ProjectId,
    public_key: &str,
    limits: Limits,
) -> Result<()> {
    crate::domain::limits::set_of_key(app, project, public_key, limits).await
}

async fn insert(db: &mut sqlx::PgConnection, key: &ProjectKey) -> Result<()> {
    if store::list_keys(db, key.project_id).await?.len() >= MAX_KEYS {
        return Err(Error::LimitReached(format!(
            "This project has {MAX_KEYS} keys, the most there can be."
        )));
    }
    Ok(store::insert_key(db, key).await?)
}

fn checked_label(label: &str) -> Result<&str> {
    let label = label.trim();
    if label.is_empty() || label.chars().count() > MAX_NAME_CHARS {
        return Err(Error::invalid(
            "label",
            format!("Say what the key is for, in up to {MAX_NAME_CHARS} characters."),
        ));
    }
    Ok(label)
}

fn found(is_found: bool) -> Result<()> {
    if is_found { Ok(()) } else { Err(Error::NotFound) }
}
