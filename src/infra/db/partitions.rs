//! The days of the tables that are partitioned by day: made ahead, dropped whole when they are too old.
//!
//! A day's keys and indexes are on its partition, not on the table, so nothing but this module makes partitions.
//! A table's days are found by the names of its partitions: `events_20261122`.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tracing::info;

/// A table that is partitioned by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitioned {
    /// Stored events, by day of reception.
    Events,
    /// Files of events, by day of reception.
    Attachments,
    /// Their bytes.
    AttachmentChunks,
    /// What users wrote, by day of reception.
    Feedback,
    /// What became of items, by day of their hour.
    Outcomes,
    /// Sessions that steps may still arrive of, by day of their beginning.
    SessionStates,
    /// Sessions counted by the hour, by day of their beginning.
    SessionHours,
}

impl Partitioned {
    /// All such tables.
    pub const ALL: [Self; 7] = [
        Self::Events,
        Self::Attachments,
        Self::AttachmentChunks,
        Self::Feedback,
        Self::Outcomes,
        Self::SessionStates,
        Self::SessionHours,
    ];

    /// The table's name.
    pub fn table(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Attachments => "attachments",
            Self::AttachmentChunks => "attachment_chunks",
            Self::Feedback => "feedback",
            Self::Outcomes => "outcomes",
            Self::SessionStates => "session_states",
            Self::SessionHours => "session_hours",
        }
    }

    /// What a day's partition gets of its own, `{}` being its name.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Events => &[
                "ALTER TABLE {} ADD CONSTRAINT {}_event UNIQUE (project_id, event_id)",
                "CREATE INDEX {}_part ON {} (project_id, part_id, occurred_at DESC, event_id DESC)",
            ],
            Self::Attachments => &["ALTER TABLE {} ADD CONSTRAINT {}_pkey \
                 PRIMARY KEY (project_id, event_id, attachment_id)"],
            Self::AttachmentChunks => &["ALTER TABLE {} ADD CONSTRAINT {}_pkey \
                 PRIMARY KEY (project_id, attachment_id, position)"],
            Self::Feedback => &[
                "ALTER TABLE {} ADD CONSTRAINT {}_pkey PRIMARY KEY (project_id, feedback_id)",
                "CREATE INDEX {}_latest ON {} (project_id, received_at DESC, feedback_id DESC)",
                "CREATE INDEX {}_event ON {} (project_id, event_id)",
            ],
            Self::Outcomes => &["ALTER TABLE {} ADD CONSTRAINT {}_pkey \
                 PRIMARY KEY (project_id, hour, category, outcome, reason, public_key)"],
            Self::SessionStates => {
                &["ALTER TABLE {} ADD CONSTRAINT {}_pkey PRIMARY KEY (project_id, sid)"]
            }
            Self::SessionHours => &["ALTER TABLE {} ADD CONSTRAINT {}_pkey \
                 PRIMARY KEY (project_id, span_hours, started, release, environment)"],
        }
    }

    fn partition(self, day: NaiveDate) -> String {
        format!("{}_{}", self.table(), day.format("%Y%m%d"))
    }

    fn day_of(self, partition: &str) -> Option<NaiveDate> {
        let digits = partition.strip_prefix(self.table())?.strip_prefix('_')?;
        NaiveDate::parse_from_str(digits, "%Y%m%d").ok()
    }
}

/// Makes the days of `days` that are missing and answers them.
///
/// Costs one small query when all are there. Readers and writers of the table go on meanwhile, and several
/// processes may call this at once.
pub async fn ensure(
    db: &mut PgConnection,
    table: Partitioned,
    days: RangeInclusive<NaiveDate>,
) -> sqlx::Result<Vec<NaiveDate>> {
    if missing(db, table, &days).await?.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = db.begin().await?;
    // Conflicts with itself and with nothing that reads or writes: whoever comes second sees the first's days.
    let lock = format!("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE", table.table());
    sqlx::query(AssertSqlSafe(lock)).execute(&mut *tx).await?;
    let missing = missing(&mut tx, table, &days).await?;
    for day in &missing {
        create(&mut tx, table, *day).await?;
    }
    tx.commit().await?;
    if let (Some(first), Some(last)) = (missing.first(), missing.last()) {
        info!(
            table = table.table(),
            "Made {} days of `{}`, {first} to {last}",
            missing.len(),
            table.table()
        );
    }
    Ok(missing)
}

/// The days that a table has, in order.
pub async fn list(db: &mut PgConnection, table: Partitioned) -> sqlx::Result<Vec<NaiveDate>> {
    let names = sqlx::query_scalar!(
        r#"
        SELECT child.relname AS "name!"
        FROM pg_inherits
        JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
        WHERE pg_inherits.inhparent = to_regclass($1)
        ORDER BY child.relname
        "#,
        table.table(),
    )
    .fetch_all(db)
    .await?;
    Ok(names.iter().filter_map(|name| table.day_of(name)).collect())
}

/// Drops the days before `first_kept` and answers them; their disk space is free at once.
///
/// A day that is being read is left for the next time: waiting for it would make every writer wait, too.
pub async fn drop_before(
    db: &mut PgConnection,
    table: Partitioned,
    first_kept: NaiveDate,
) -> sqlx::Result<Vec<NaiveDate>> {
    let mut dropped = Vec::new();
    for day in list(db, table).await?.into_iter().filter(|day| *day < first_kept) {
        match drop_day(db, table, day).await {
            Ok(()) => dropped.push(day),
            Err(error) if is_busy(&error) => {
                info!(
                    table = table.table(),
                    "`{}` is in use; it is dropped next time",
                    table.partition(day)
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(dropped)
}

async fn missing(
    db: &mut PgConnection,
    table: Partitioned,
    days: &RangeInclusive<NaiveDate>,
) -> sqlx::Result<Vec<NaiveDate>> {
    let present: HashSet<NaiveDate> = list(db, table).await?.into_iter().collect();
    Ok(days
        .start()
        .iter_days()
        .take_while(|day| day <= days.end())
        .filter(|day| !present.contains(day))
        .collect())
}

/// Made apart and attached: `CREATE TABLE … PARTITION OF` would lock out every reader and writer of the
/// table, attaching locks out neither.
async fn create(db: &mut PgConnection, table: Partitioned, day: NaiveDate) -> sqlx::Result<()> {
    let (parent, name) = (table.table(), table.partition(day));
    let next = day.succ_opt().unwrap_or(NaiveDate::MAX);
    let mut statements =
        vec![format!("CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS INCLUDING STORAGE)")];
    statements.extend(table.keys().iter().map(|statement| statement.replace("{}", &name)));
    statements.push(format!(
        "ALTER TABLE {parent} ATTACH PARTITION {name} \
         FOR VALUES FROM ('{day} 00:00:00+00') TO ('{next} 00:00:00+00')"
    ));
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *db).await?;
    }
    Ok(())
}

async fn drop_day(db: &mut PgConnection, table: Partitioned, day: NaiveDate) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '1s'").execute(&mut *tx).await?;
    let statement = format!("DROP TABLE IF EXISTS {}", table.partition(day));
    sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    tx.commit().await
}

/// `lock_not_available`.
fn is_busy(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("55P03"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_named_by_its_day_and_the_day_is_read_from_the_name() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        assert_eq!(Partitioned::Events.partition(day), "events_20261122");
        assert_eq!(Partitioned::Events.day_of("events_20261122"), Some(day));
        assert_eq!(Partitioned::Events.day_of("events_default"), None);
        assert_eq!(Partitioned::Events.day_of("outcomes_20261122"), None);
    }
}
