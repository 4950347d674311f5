//! Which issues are so frequent that most of their payloads are sampled away.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use chrono::NaiveDate;

use crate::base::{ProjectId, Timestamp};

/// More hot issues than this are not remembered; the rest is compressed in vain.
const MAX_HOT: usize = 10_000;

/// The primary hashes of today's hot issues: a hint, see [`super::prepared::Payload`].
#[derive(Debug, Default)]
pub struct HotIssues {
    today: RwLock<Today>,
}

#[derive(Debug, Default)]
struct Today {
    day: NaiveDate,
    hashes: HashSet<(ProjectId, String)>,
}

impl HotIssues {
    /// Whether the issue of this hash is hot on the day of `at`.
    pub fn contains(&self, project: ProjectId, hash: &str, at: Timestamp) -> bool {
        let today = self.today.read().unwrap_or_else(PoisonError::into_inner);
        // Most of the time nothing is hot, and then nothing is allocated.
        !today.hashes.is_empty()
            && today.day == at.date_naive()
            && today.hashes.contains(&(project, hash.to_owned()))
    }

    /// Remembers that the issue of this hash is hot on the day of `at`.
    pub fn insert(&self, project: ProjectId, hash: &str, at: Timestamp) {
        if self.contains(project, hash, at) {
            return;
        }
        let mut today = self.today.write().unwrap_or_else(PoisonError::into_inner);
        if today.day != at.date_naive() {
            *today = Today { day: at.date_naive(), hashes: HashSet::new() };
        }
        if today.hashes.len() < MAX_HOT {
            today.hashes.insert((project, hash.to_owned()));
        }
    }
}
