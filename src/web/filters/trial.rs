//! What settings would have left out of the latest stored events.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use crate::app::App;
use crate::base::{IssueId, ProjectId};
use crate::domain::filters::FilterSettings;
use crate::domain::issues;
use crate::pipeline::preview::visit_latest;
use crate::pipeline::stages::{FilterConfig, SentBy, filter};
use crate::protocol::event::Event;
use crate::web::Result;

/// So many of the latest events are looked at.
const EVENTS: usize = 1_000;

/// More issues are not listed.
const MAX_ISSUES: usize = 50;

/// What settings would have done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trial {
    /// How many events were looked at.
    pub(super) looked_at: usize,
    /// How many would have been left out.
    pub(super) dropped: usize,
    /// Why, the most frequent first.
    pub(super) reasons: Vec<(&'static str, usize)>,
    /// The issues they belong to, the most affected first.
    pub(super) issues: Vec<Affected>,
    /// Issues that are not listed.
    pub(super) more_issues: usize,
}

/// An issue of which events would have been left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Affected {
    pub(super) short_id: String,
    pub(super) title: String,
    pub(super) dropped: usize,
    /// How many of its events were looked at.
    pub(super) looked_at: usize,
}

/// What is counted on the way.
#[derive(Default)]
struct Tally {
    looked_at: usize,
    reasons: BTreeMap<&'static str, usize>,
    /// By issue: left out, looked at.
    issues: HashMap<IssueId, (usize, usize)>,
}

impl Tally {
    fn add(&mut self, issue: IssueId, event: &Event, config: &FilterConfig) {
        self.looked_at += 1;
        let counted = self.issues.entry(issue).or_default();
        counted.1 += 1;
        if let Err(reason) = filter(event, SentBy::of_stored(event), config) {
            counted.0 += 1;
            *self.reasons.entry(reason).or_default() += 1;
        }
    }
}

/// Tries `settings` on the latest events of a project that were kept in full.
pub(super) async fn run(
    app: &App,
    db: &mut PgConnection,
    project: ProjectId,
    settings: &FilterSettings,
) -> Result<Trial> {
    let config = FilterConfig::new(settings);
    let mut tally = Tally::default();
    visit_latest(db, &app.dictionaries, project, EVENTS, |row, event| {
        tally.add(row.issue_id, event, &config);
    })
    .await?;
    summary(db, tally).await
}

async fn summary(db: &mut PgConnection, tally: Tally) -> Result<Trial> {
    let mut affected: Vec<(IssueId, (usize, usize))> =
        tally.issues.into_iter().filter(|(_, (dropped, _))| *dropped > 0).collect();
    affected.sort_unstable_by_key(|(id, (dropped, _))| (std::cmp::Reverse(*dropped), id.0));
    let more_issues = affected.len().saturating_sub(MAX_ISSUES);
    affected.truncate(MAX_ISSUES);
    let ids: Vec<IssueId> = affected.iter().map(|(id, _)| *id).collect();
    let known = issues::find_many(db, &ids).await?;
    let listed = affected.into_iter().filter_map(|(id, (dropped, looked_at))| {
        let issue = known.iter().find(|issue| issue.id == id)?;
        let (short_id, title) = (issue.short_id(), issue.title.clone());
        Some(Affected { short_id, title, dropped, looked_at })
    });
    let mut reasons: Vec<_> = tally.reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(Trial {
        looked_at: tally.looked_at,
        dropped: reasons.iter().map(|(_, count)| count).sum(),
        reasons,
        issues: listed.collect(),
        more_issues,
    })
}
