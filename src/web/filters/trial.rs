//! What settings would have left out of the latest stored events.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use crate::app::App;
use crate::base::{IssueId, PageRequest, ProjectId};
use crate::domain::events::payload::{self, Payload};
use crate::domain::events::{Condition, EventFilter};
use crate::domain::filters::FilterSettings;
use crate::domain::issues;
use crate::domain::query::TimeRange;
use crate::pipeline::stages::{FilterConfig, SentBy, filter};
use crate::web::Result;

/// So many of the latest events are looked at.
const EVENTS: usize = 1_000;

/// So many are in memory at a time: an event may have a megabyte.
const AT_A_TIME: u16 = 50;

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
    fn add(&mut self, issue: IssueId, payload: &Payload, config: &FilterConfig) {
        let Some(event) = payload.event() else { return };
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
    let mut cursor = None;
    // Sampled events have nothing to look at, but must not make this endless.
    for _ in 0..2 * EVENTS / usize::from(AT_A_TIME) {
        let events = EventFilter {
            condition: Condition::All(Vec::new()),
            environments: Vec::new(),
            period: TimeRange::default(),
            page: PageRequest::new(cursor, AT_A_TIME),
        };
        let page = issues::list_events(db, project, &events).await?;
        let left = EVENTS - tally.looked_at;
        let payloads = payload::read_many(db, &app.dictionaries, &page.items).await?;
        for (event, payload) in page.items.iter().zip(&payloads).take(left) {
            tally.add(event.issue_id, payload, &config);
        }
        if !page.next.has_rows || tally.looked_at >= EVENTS {
            break;
        }
        cursor = Some(page.next.cursor);
    }
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
