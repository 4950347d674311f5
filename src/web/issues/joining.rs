//! The smallest rule that would have joined issues which somebody has just merged (`grouping-problems.md` 9): without
//! one, the next variation opens an issue again.

use sqlx::PgConnection;

use super::compare::rule_url;
use crate::app::App;
use crate::base::{PageRequest, Slug};
use crate::domain::events::{self, Condition, EventFilter, payload};
use crate::domain::grouping_rules;
use crate::domain::issues::Issue;
use crate::domain::issues::moves::{self, PartOf};
use crate::domain::query::TimeRange;
use crate::grouping::{Purpose, compare};
use crate::pipeline::ProjectGrouping;
use crate::protocol::event::Event;
use crate::web::Result;

/// So many of a part's latest events are looked at for one that was kept in full.
const LOOKED_AT: u16 = 20;

/// A rule that joins what people merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// The rule.
    pub(super) rule: String,
    /// Where it is filled in, to be previewed.
    pub(super) url: String,
}

/// The rule that joins an issue's own events with those of `merged`, tried on one of each; `None` if there is none.
pub(super) async fn offer(
    app: &App,
    db: &mut PgConnection,
    organization: &Slug,
    (issue, merged): (&Issue, &Issue),
) -> Result<Option<Offer>> {
    let parts = moves::parts(db, issue).await?;
    // The busiest first.
    let of = |home| parts.iter().find(|part| part.home == home);
    let (Some(own), Some(other)) = (of(issue.id), of(merged.id)) else { return Ok(None) };
    let (Some(left), Some(right)) = (latest(app, db, own).await?, latest(app, db, other).await?)
    else {
        return Ok(None);
    };
    let settings = grouping_rules::find(db, issue.project_id).await?;
    let grouping = ProjectGrouping::of_stored(&settings);
    let proposals = compare(&left, &right, &grouping.current).proposals;
    let found = proposals.into_iter().find(|proposal| proposal.purpose == Purpose::Join);
    Ok(found.map(|proposal| Offer {
        url: rule_url(organization, issue, &proposal),
        rule: proposal.rule,
    }))
}

/// The latest event of a part that was kept in full.
async fn latest(app: &App, db: &mut PgConnection, part: &PartOf) -> Result<Option<Event>> {
    let filter = EventFilter {
        condition: Condition::All(Vec::new()),
        environments: Vec::new(),
        period: TimeRange::default(),
        page: PageRequest::new(None, LOOKED_AT),
    };
    let project = part.id.project();
    let rows = events::read_of_parts(db, project, &[part.id], part.first_seen, &filter).await?;
    let payloads = payload::read_many(db, &app.dictionaries, &rows).await?;
    Ok(payloads.iter().find_map(|payload| payload.event().cloned()))
}
