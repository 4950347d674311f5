//! Counts refused requests until they are written.

use std::borrow::Cow;
use std::sync::Mutex;

use sqlx::PgPool;

use super::{Counter, Counts, Outcome, hour_of, store};
use crate::base::{ProjectId, Timestamp};

/// More counters than this are not gathered between two writes: a flood of refused requests must not
/// cost memory while Postgres is away.
const MAX_COUNTERS: usize = 10_000;

/// Gathers outcomes of requests that never reached the journal.
#[derive(Debug, Default)]
pub struct Recorder {
    counts: Mutex<Counts>,
}

impl Recorder {
    /// Counts refused items: `counted` is their category and how many.
    pub fn refused(
        &self,
        project_id: ProjectId,
        public_key: &str,
        now: Timestamp,
        counted: (&'static str, u64),
        why: (Outcome, &'static str),
    ) {
        let (category, quantity) = counted;
        let (outcome, reason) = why;
        let (public_key, reason) = (public_key.to_owned(), Cow::Borrowed(reason));
        let counter =
            Counter { project_id, hour: hour_of(now), category, outcome, reason, public_key };
        let quantity = i64::try_from(quantity).unwrap_or(i64::MAX);
        if !self.lock().add_within(MAX_COUNTERS, counter, quantity) {
            metrics::counter!("picket_usage_uncounted_total").increment(1);
        }
    }

    /// Writes what was gathered; on failure it stays gathered.
    ///
    /// # Errors
    /// When the database does.
    pub async fn flush(&self, db: &PgPool) -> sqlx::Result<()> {
        let counts = std::mem::take(&mut *self.lock());
        if counts.is_empty() {
            return Ok(());
        }
        let written = async {
            let mut connection = db.acquire().await?;
            store::add(&mut connection, &counts).await
        };
        let result = written.await;
        if result.is_err() {
            self.lock().merge(counts);
        }
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_are_there_go_on_when_there_is_no_room_for_new_ones() {
        let recorder = Recorder::default();
        let refuse = |project| {
            let why = (Outcome::RateLimited, "key_errors_minute");
            recorder.refused(ProjectId(project), "key", Timestamp::UNIX_EPOCH, ("error", 1), why);
        };
        (0..=10_000).for_each(refuse);
        refuse(0);
        let counts = recorder.lock();
        assert_eq!(counts.len(), MAX_COUNTERS);
        let rows = counts.sorted();
        assert_eq!((rows[0].0.project_id, rows[0].1), (ProjectId(0), 2));
    }
}
