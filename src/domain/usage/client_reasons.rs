//! Reasons that clients choose, bounded: a word for every request would make a counter for every request.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::{Counter, Counts, store};
use crate::base::ProjectId;

/// The most different words that a project's clients may have in a day; what comes after is counted
/// as [`OTHER_REASON`].
const MAX_REASONS: usize = 100;

/// Stands for the words that were too many.
pub const OTHER_REASON: &str = "other";

/// `counts` with the client's own words that are too many folded into one.
pub(super) async fn bounded(db: &mut PgConnection, counts: Counts) -> sqlx::Result<Counts> {
    let theirs = || counts.keys().filter(|counter| matches!(counter.reason, Cow::Owned(_)));
    let Some(first) = theirs().map(|counter| counter.hour).min() else { return Ok(counts) };
    let projects: HashSet<i64> = theirs().map(|counter| counter.project_id.0).collect();
    let projects: Vec<i64> = projects.into_iter().collect();
    let since = first - TimeDelta::days(1);
    let stored = store::list_client_reasons(db, &projects, since).await?;
    Ok(fold(&counts, stored))
}

fn fold(counts: &Counts, stored: Vec<(ProjectId, String)>) -> Counts {
    let mut known: HashMap<ProjectId, HashSet<String>> = HashMap::new();
    for (project, reason) in stored {
        known.entry(project).or_default().insert(reason);
    }
    let mut folded = Counts::default();
    // In order, so that a batch that is tried again folds the same words.
    for (counter, quantity) in counts.sorted() {
        let mut counter: Counter = counter.clone();
        if matches!(counter.reason, Cow::Owned(_)) {
            let words = known.entry(counter.project_id).or_default();
            if words.len() < MAX_REASONS {
                words.insert(counter.reason.to_string());
            } else if !words.contains(&*counter.reason) {
                counter.reason = Cow::Borrowed(OTHER_REASON);
            }
        }
        folded.add(counter, quantity);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::domain::usage::Outcome;

    fn counter(project: i64, reason: Cow<'static, str>) -> Counter {
        Counter {
            project_id: ProjectId(project),
            hour: Timestamp::UNIX_EPOCH,
            category: "error",
            outcome: Outcome::ClientDiscard,
            reason,
            public_key: String::new(),
        }
    }

    fn quantity(counts: &Counts, project: i64, reason: &str) -> i64 {
        let rows = counts.sorted();
        let found =
            rows.iter().find(|(key, _)| key.project_id.0 == project && key.reason == reason);
        found.map_or(0, |(_, quantity)| *quantity)
    }

    #[test]
    fn words_that_are_too_many_are_one_and_nothing_is_lost() {
        let mut counts = Counts::default();
        for number in 0..150 {
            counts.add(counter(1, Cow::Owned(format!("made up {number:03}"))), 2);
        }
        counts.add(counter(1, Cow::Borrowed("ours")), 5);
        counts.add(counter(2, Cow::Owned("before_send".to_owned())), 3);
        let stored = vec![(ProjectId(1), "made up 149".to_owned())];
        let folded = fold(&counts, stored);
        assert_eq!(folded.len(), MAX_REASONS + 3);
        assert_eq!(quantity(&folded, 1, "made up 149"), 2, "it was there before");
        assert_eq!(quantity(&folded, 1, "made up 098"), 2);
        assert_eq!(quantity(&folded, 1, "made up 099"), 0);
        assert_eq!(quantity(&folded, 1, OTHER_REASON), 2 * 50);
        assert_eq!(quantity(&folded, 1, "ours"), 5);
        assert_eq!(quantity(&folded, 2, "before_send"), 3);
    }
}
