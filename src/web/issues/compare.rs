//! Two events side by side: where they differ first, and the rules that would join or separate them.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use sqlx::PgConnection;

use super::issue::{ChartQuery, IssueFrame};
use super::paths::{self, IssueComparePath};
use super::toast::Toast;
use crate::app::App;
use crate::base::{EventId, Slug};
use crate::domain::events::{self, EventRow, Which, payload};
use crate::domain::grouping_rules;
use crate::domain::issues::{self, Issue};
use crate::grouping::{Comparison, Language, Proposal, Purpose, compare};
use crate::pipeline::ProjectGrouping;
use crate::protocol::event::Event;
use crate::web::components::link;
use crate::web::components::time::Moment;
use crate::web::projects::grouping::ProjectGroupingPath;
use crate::web::{Member, Page, Query, Result, Shell};

/// What to compare.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CompareQuery {
    /// An event of the issue; empty for the one that tells most.
    event: String,
    /// Another event, or an issue, of the same project: an id or an address.
    with: String,
    /// The period of the chart.
    #[serde(flatten)]
    chart: ChartQuery,
}

/// One of the two events.
#[derive(Clone, Debug)]
struct SideView {
    short_id: String,
    event_url: String,
    title: String,
    occurred: Moment,
}

/// A rule that would change it.
#[derive(Clone, Debug)]
struct ProposalView {
    heading: &'static str,
    rule: String,
    effect: String,
    /// The settings with the rule filled in.
    try_url: String,
}

#[derive(Template)]
#[template(path = "issues/compare.html")]
pub(super) struct CompareView {
    shell: Shell,
    issue: IssueFrame,
    toast: Option<Toast>,
    event: String,
    with: String,
    /// Why nothing is compared; empty if something is.
    problem: String,
    sides: Option<(SideView, SideView)>,
    comparison: Option<Comparison>,
    proposals: Vec<ProposalView>,
}

/// Shows two events side by side.
pub async fn show_comparison(
    path: IssueComparePath,
    member: Member,
    Query(query): Query<CompareQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    let frame = IssueFrame::load(&mut db, &member, &issue, &query.chart, now).await?;
    let mut view = CompareView {
        shell: member.shell("issues"),
        issue: frame.on("grouping"),
        toast: None,
        event: query.event.clone(),
        with: query.with.clone(),
        problem: String::new(),
        sides: None,
        comparison: None,
        proposals: Vec::new(),
    };
    match find_both(&app, &mut db, &member, &issue, &query).await? {
        Err(problem) => view.problem = problem,
        Ok((left, right)) => {
            let settings = grouping_rules::find(&mut db, issue.project_id).await?;
            let grouping = ProjectGrouping::of_stored(&settings);
            let comparison = compare(&left.event, &right.event, &grouping.current);
            let view_of = |it| proposal(it, rule_url(&path.organization, &issue, it));
            view.proposals = comparison.proposals.iter().map(view_of).collect();
            view.comparison = Some(comparison);
            let list_url = view.issue.list_url.clone();
            view.sides = Some((left.view(&list_url, now), right.view(&list_url, now)));
        }
    }
    Page::new(&view)
}

/// Where a rule is filled in, to be previewed.
pub(super) fn rule_url(organization: &Slug, issue: &Issue, proposal: &Proposal) -> String {
    let path = ProjectGroupingPath {
        organization: organization.clone(),
        project: issue.project_slug.clone(),
    };
    let name = match proposal.language {
        Language::StackTrace => "stack_trace",
        Language::Fingerprint => "fingerprint",
    };
    format!("{path}?{name}={}", link::query_value(&proposal.rule))
}

fn proposal(proposal: &Proposal, try_url: String) -> ProposalView {
    ProposalView {
        heading: match proposal.purpose {
            Purpose::Join => "To make them one issue",
            Purpose::Separate => "To tell them apart",
        },
        rule: proposal.rule.clone(),
        effect: proposal.effect.clone(),
        try_url,
    }
}

/// An event with its issue.
struct Side {
    row: EventRow,
    issue: Issue,
    event: Event,
}

impl Side {
    fn view(&self, list_url: &str, now: crate::base::Timestamp) -> SideView {
        let short_id = self.issue.short_id();
        SideView {
            event_url: format!(
                "{list_url}/{}/events/{}",
                link::path_part(&short_id),
                self.row.event_id
            ),
            short_id,
            title: self.row.title.clone(),
            occurred: Moment::new(self.row.occurred_at, now),
        }
    }
}

type Found<T> = std::result::Result<T, String>;

async fn find_both(
    app: &App,
    db: &mut PgConnection,
    member: &Member,
    issue: &Issue,
    query: &CompareQuery,
) -> Result<Found<(Side, Side)>> {
    if query.with.trim().is_empty() {
        return Ok(Err(String::new()));
    }
    let own = if query.event.trim().is_empty() { issue.short_id() } else { query.event.clone() };
    let left = match find_side(app, db, member, issue, &own).await? {
        Ok(side) => side,
        Err(problem) => return Ok(Err(problem)),
    };
    Ok(find_side(app, db, member, issue, &query.with).await?.map(|right| (left, right)))
}

/// The event that a text names: by its id, or as the one of an issue that tells most.
async fn find_side(
    app: &App,
    db: &mut PgConnection,
    member: &Member,
    issue: &Issue,
    typed: &str,
) -> Result<Found<Side>> {
    let name = link::last_part(typed);
    let row = if let Ok(id) = name.parse::<EventId>() {
        events::find(db, issue.project_id, id).await?
    } else {
        match paths::find(db, member, name).await {
            Ok(other) if other.project_id != issue.project_id => {
                return Ok(Err(format!("{name} is of another project, which groups by itself.")));
            }
            Ok(other) => events::find_in_issue(db, &other.span(), Which::Recommended).await?,
            Err(_) => None,
        }
    };
    let Some(row) = row else {
        return Ok(Err(format!("This project has no event and no issue “{name}”.")));
    };
    let payload = payload::read(db, &app.dictionaries, &row).await?;
    let Some(event) = payload.event().cloned() else {
        return Ok(Err(format!("The event {name} was counted but not kept in full.")));
    };
    let Some(issue) = issues::find(db, row.issue_id).await? else {
        return Ok(Err(format!("The issue of {name} is gone.")));
    };
    Ok(Ok(Side { row, issue, event }))
}
