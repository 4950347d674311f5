//! Time comes in from here, so that tests can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A moment, always in UTC. Pages show it in the reader's zone; the API prints it with `Z`.
pub type Timestamp = DateTime<Utc>;

/// Where "now" comes from. Cloning shares the clock.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// `None` follows the system; `Some` holds microseconds since 1970 and stands still until moved.
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self { fixed: None }
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn fixed(start: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(start.timestamp_micros()))) }
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    pub fn now(&self) -> Timestamp {
        match &self.fixed {
            // As fine as Postgres keeps time, so that what was written is what is read.
            None => Utc::now().trunc_subsecs(6),
            Some(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }

    /// Moves a fixed clock; has no effect on the system's.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(micros) = &self.fixed {
            micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}
