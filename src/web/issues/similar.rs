//! Issues that may be the same problem as the one that is looked at.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::base::{IssueId, Timestamp};
use crate::domain::issues::signatures::{self, Candidate};
use crate::domain::issues::{self, Issue};
use crate::grouping::{Signature, Similarity, similarity};
use crate::web::Result;
use crate::web::components::time::Moment;
use crate::web::components::tree::shortened;
use crate::web::components::{link, number};

/// The most issues that are suggested.
const MAX_SUGGESTED: usize = 10;

/// Longer titles are cut.
const MAX_TITLE_CHARS: usize = 300;

/// An issue that is suggested.
#[derive(Clone, Debug)]
pub(super) struct SimilarView {
    /// Its page.
    pub(super) url: String,
    /// What people call it.
    pub(super) short_id: String,
    /// Its title.
    pub(super) title: String,
    /// Where it happens; empty if unknown.
    pub(super) culprit: String,
    /// All events, in words.
    pub(super) events: String,
    /// When it was last seen.
    pub(super) last_seen: Moment,
    /// Why it is suggested: `same type, same innermost 2 of 3 frames`.
    pub(super) reasons: String,
}

impl SimilarView {
    fn new(issue: &Issue, found: &Similarity, list_url: &str, now: Timestamp) -> Self {
        let short_id = issue.short_id();
        Self {
            url: format!("{list_url}/{}", link::path_part(&short_id)),
            short_id,
            title: shortened(&issue.title, MAX_TITLE_CHARS).0,
            culprit: issue.culprit.clone(),
            events: number::counted(issue.event_count, "event", "events"),
            last_seen: Moment::new(issue.last_seen, now),
            reasons: found.reasons.join(", "),
        }
    }
}

/// The issues that are suggested beside `issue`, the most alike first.
pub(super) async fn load(
    db: &mut PgConnection,
    issue: &Issue,
    list_url: &str,
    now: Timestamp,
) -> Result<Vec<SimilarView>> {
    let own = signatures::own(db, issue.id).await?;
    let candidates = signatures::candidates(db, issue.id).await?;
    let suggested = suggest(&own, &candidates);
    let ids: Vec<IssueId> = suggested.iter().map(|(id, _)| *id).collect();
    let found = issues::find_many(db, &ids).await?;
    let with_reasons = found.iter().filter_map(|other| {
        let (_, reasons) = suggested.iter().find(|(id, _)| *id == other.id)?;
        Some(SimilarView::new(other, reasons, list_url, now))
    });
    Ok(with_reasons.collect())
}

/// What is alike enough, each issue once with the two parts that are most alike.
fn suggest(own: &[Vec<u8>], candidates: &[Candidate]) -> Vec<(IssueId, Similarity)> {
    let own: Vec<Signature> = own.iter().filter_map(|bytes| Signature::from_bytes(bytes)).collect();
    let mut best: HashMap<IssueId, Similarity> = HashMap::new();
    for candidate in candidates {
        let Some(theirs) = Signature::from_bytes(&candidate.bytes) else { continue };
        let found = own.iter().map(|mine| similarity(mine, &theirs));
        let Some(found) = found.max_by(|a, b| a.score.total_cmp(&b.score)) else { continue };
        let is_better = best.get(&candidate.issue).is_none_or(|known| known.score < found.score);
        if found.is_suggested() && is_better {
            best.insert(candidate.issue, found);
        }
    }
    let mut all: Vec<(IssueId, Similarity)> = best.into_iter().collect();
    all.sort_by(|(a, x), (b, y)| y.score.total_cmp(&x.score).then(b.cmp(a)));
    all.truncate(MAX_SUGGESTED);
    all
}

#[cfg(test)]
impl SimilarView {
    /// An issue with one other frame.
    pub(super) fn sample(issue: &Issue) -> Self {
        use super::sample;
        let reasons =
            ["same innermost 4 of 4 frames", "same type", "88% of all frames are the same"];
        let reasons = reasons.map(str::to_owned).to_vec();
        let found = Similarity { score: 0.9, reasons };
        Self::new(issue, &found, "/default/issues", sample::now())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::{IssueNumber, ProjectId};
    use crate::grouping::{Config, regroup};
    use crate::protocol::event::Event;
    use crate::protocol::lenient::Problems;

    fn signature(kind: &str, function: &str) -> Vec<u8> {
        let json = json!({"exception": [{"type": kind, "value": "it broke", "stacktrace": {"frames": [
            {"module": "shop", "function": "main", "in_app": true},
            {"module": "shop.cart", "function": function, "in_app": true},
        ]}}]});
        let event = Event::read(json.to_string().as_bytes(), &Problems::default());
        let grouping = regroup(&event.unwrap().unwrap(), &Config::default());
        Signature::of(&grouping).unwrap().to_bytes()
    }

    fn candidate(number: i64, bytes: Vec<u8>) -> Candidate {
        Candidate { issue: IssueId::new(ProjectId(1), IssueNumber(number)), bytes }
    }

    fn numbers(own: &[Vec<u8>], candidates: &[Candidate]) -> Vec<i64> {
        suggest(own, candidates).iter().map(|(issue, _)| issue.number().0).collect()
    }

    #[test]
    fn the_most_alike_come_first_each_issue_once() {
        let own = [signature("KeyError", "total")];
        let candidates = [
            candidate(2, signature("KeyError", "count")),
            candidate(3, signature("ValueError", "total")),
            candidate(4, signature("ValueError", "total")),
            candidate(4, signature("KeyError", "total")),
            candidate(5, signature("OSError", "close")),
            candidate(6, vec![99, 1, 2]),
        ];
        let found = numbers(&own, &candidates);
        assert_eq!(found, [4, 3], "neither another place nor what cannot be read");
        assert!(numbers(&[], &candidates).is_empty());
    }

    #[test]
    fn no_more_than_ten_are_suggested() {
        let own = [signature("KeyError", "total")];
        let candidates: Vec<Candidate> =
            (2..40).map(|number| candidate(number, own[0].clone())).collect();
        assert_eq!(numbers(&own, &candidates).len(), MAX_SUGGESTED);
    }
}
