//! How a project's events are grouped: its algorithm, switches and rules, and every state they had.
//!
//! Kept as texts. What they mean is `grouping`'s business, which is above; whoever saves them has them read
//! there first. Every change is a revision, so that any of them can be brought back.

pub mod store;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::app::Essentials;
use crate::base::{ProjectId, Timestamp, UserId};
use crate::domain::{Error, Result};

/// The algorithm of projects that have set nothing. It never changes, or their issues would begin anew: a
/// project that should begin with another one is created with a revision that says so.
pub const FIRST_ALGORITHM: &str = "newstyle:2026-01-20";

/// The longest text of rules, in bytes.
pub const MAX_RULES_BYTES: usize = 64 << 10;

/// For how long issues are still found by the hashes of the algorithm before.
pub const TRANSITION: TimeDelta = TimeDelta::days(90);

/// How a project groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupingSettings {
    /// The algorithm's name.
    pub algorithm: String,
    /// The algorithm before, while issues are still found by its hashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// The switches, as `grouping` writes them; null for the defaults.
    pub switches: serde_json::Value,
    /// The stack trace rules.
    pub stack_trace_rules: String,
    /// The fingerprint rules.
    pub fingerprint_rules: String,
}

impl Default for GroupingSettings {
    fn default() -> Self {
        Self {
            algorithm: FIRST_ALGORITHM.to_owned(),
            former: None,
            switches: serde_json::Value::Null,
            stack_trace_rules: String::new(),
            fingerprint_rules: String::new(),
        }
    }
}

impl GroupingSettings {
    /// The same settings, if their texts can be kept. Whether rules can be read is the caller's business.
    ///
    /// # Errors
    /// When a text is too long.
    pub fn checked(self) -> Result<Self> {
        let texts = [
            ("stack_trace_rules", &self.stack_trace_rules),
            ("fingerprint_rules", &self.fingerprint_rules),
        ];
        if let Some((field, _)) = texts.iter().find(|(_, text)| text.len() > MAX_RULES_BYTES) {
            let problem = format!("Use up to {} KiB of rules.", MAX_RULES_BYTES >> 10);
            return Err(Error::invalid(field, problem));
        }
        Ok(self)
    }
}

/// The algorithm that a project had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Its name.
    pub algorithm: String,
    /// Until when issues are found by its hashes.
    pub until: Timestamp,
}

/// A state that the settings had.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Counts from one.
    pub number: i64,
    /// The settings.
    pub settings: GroupingSettings,
    /// Whether an older one was brought back.
    pub is_restored: bool,
    /// Who did it; none for people who are gone.
    pub actor_name: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

/// How a project groups now.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut PgConnection, project: ProjectId) -> Result<GroupingSettings> {
    Ok(store::find(db, project).await?.unwrap_or_default())
}

/// The latest states, the present one first.
///
/// # Errors
/// When the database fails.
pub async fn revisions(db: &mut PgConnection, project: ProjectId) -> Result<Vec<Revision>> {
    Ok(store::list_revisions(db, project, MAX_LISTED).await?)
}

/// The number of the present state; 0 if nothing was set yet.
///
/// # Errors
/// When the database fails.
pub async fn latest_number(db: &mut PgConnection, project: ProjectId) -> Result<i64> {
    Ok(store::find_latest_number(db, project).await?)
}

/// The most revisions that are listed.
const MAX_LISTED: i64 = 20;

/// Sets how a project groups from now on. Where that is another algorithm, its issues are still found by the
/// hashes of the one before for [`TRANSITION`]. Setting what is set already does nothing.
///
/// # Errors
/// When a text is too long, there is no such project, or the database fails. Whether rules can be read is the
/// caller's business.
pub async fn set(
    app: &Essentials,
    project: ProjectId,
    wanted: GroupingSettings,
    actor: Option<UserId>,
) -> Result<()> {
    change(app, project, wanted.checked()?, actor, "saved").await
}

/// Brings back a state that the settings had.
///
/// # Errors
/// When there is no such revision, or the database fails.
pub async fn restore(
    app: &Essentials,
    project: ProjectId,
    number: i64,
    actor: Option<UserId>,
) -> Result<()> {
    let mut db = app.db.acquire().await?;
    let settings = store::find_revision(&mut db, project, number).await?;
    drop(db);
    change(app, project, settings.ok_or(Error::NotFound)?, actor, "restored").await
}

async fn change(
    app: &Essentials,
    project: ProjectId,
    wanted: GroupingSettings,
    actor: Option<UserId>,
    kind: &str,
) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !store::lock_project(&mut tx, project).await? {
        return Err(Error::NotFound);
    }
    let present = store::find(&mut tx, project).await?.unwrap_or_default();
    let settings = wanted.after(&present, now);
    if settings == present {
        return Ok(());
    }
    store::insert(&mut tx, project, &settings, (kind, actor), now).await?;
    tx.commit().await?;
    Ok(())
}

impl GroupingSettings {
    /// These settings with the way back to the hashes of `present`, if the algorithm changes.
    fn after(self, present: &Self, now: Timestamp) -> Self {
        let former = if self.algorithm == present.algorithm {
            present.former.clone()
        } else {
            let until = now.checked_add_signed(TRANSITION).unwrap_or(now);
            Some(Former { algorithm: present.algorithm.clone(), until })
        };
        Self { former, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_algorithm_remembers_the_one_before() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let old = GroupingSettings::default();
        let new = GroupingSettings { algorithm: "newer".to_owned(), ..old.clone() };
        let changed = new.after(&old, now);
        let former = changed.former.clone().unwrap();
        assert_eq!(former.algorithm, FIRST_ALGORITHM);
        assert_eq!(former.until.to_rfc3339(), "2027-02-21T12:00:00+00:00");

        let later = now + TimeDelta::days(1);
        let rules = "function:main -group".to_owned();
        let ruled = GroupingSettings { stack_trace_rules: rules, former: None, ..changed.clone() };
        assert_eq!(ruled.after(&changed, later).former, changed.former, "rules do not end it");
    }

    #[test]
    fn what_was_stored_before_a_setting_came_about_can_be_read() {
        let read: GroupingSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(read, GroupingSettings::default());
    }
}
