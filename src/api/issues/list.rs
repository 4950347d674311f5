//! Lists of issues.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use sqlx::PgConnection;

use super::expand;
use super::views::{self, ActorView, Collapsed, IssueView, Shown};
use crate::api::pagination::{ListUrl, with_notes};
use crate::api::parameters::Parameters;
use crate::api::place::{InOrganization, InProject, scope};
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::{IssueId, Page, Slug, Timestamp};
use crate::domain::issues::{self, Condition, Issue, IssueFilter, Scope, Sort};
use crate::domain::ownership::Owners;
use crate::domain::query::TimeRange;

/// What a list shows that is not asked for anything.
const DEFAULT_QUERY: &str = "is:unresolved";

/// How far a list looks back that is not asked for a period, in days.
const DEFAULT_DAYS: i64 = 90;

/// The issues of an organization.
pub(in crate::api) async fn list_issues_of_organization(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let organization = place.organization();
    let viewer = place.caller.user.as_ref().map(|user| user.id);
    let scope = scope(&mut db, organization.id, &parameters).await?.seen_by(viewer);
    let list = List { app: &app, scope, organization: &organization.slug, parameters: &parameters };
    list.answer(&mut db, &url).await
}

/// The issues of a project.
pub(in crate::api) async fn list_issues_of_project(
    State(app): State<App>,
    place: InProject,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let organization = &place.caller.organization.slug;
    let viewer = place.caller.user.as_ref().map(|user| user.id);
    let scope = place.scope().seen_by(viewer);
    let list = List { app: &app, scope, organization, parameters: &parameters };
    list.answer(&mut db, &url).await
}

/// A list being answered.
struct List<'a> {
    app: &'a App,
    scope: Scope,
    organization: &'a Slug,
    parameters: &'a Parameters,
}

impl List<'_> {
    async fn answer(&self, db: &mut PgConnection, url: &ListUrl) -> Result<Response> {
        if let Some(issue) = self.direct_hit(db).await? {
            let page = Page::of(vec![issue], &self.parameters.page()?, place);
            let mut response = url.page(self.views(db, page).await?);
            let name = HeaderName::from_static("x-sentry-direct-hit");
            response.headers_mut().insert(name, HeaderValue::from_static("1"));
            return Ok(response);
        }
        let now = self.app.clock.now();
        let mut filter = filter(self.parameters, now)?;
        let notes = issues::settle_releases(db, &self.scope, &mut filter, now).await?;
        let page = issues::search(db, &self.scope, &filter, now).await?;
        Ok(with_notes(url.page(self.views(db, page).await?), &notes))
    }

    /// With `shortIdLookup`, a search that is a short id leads straight to its issue.
    async fn direct_hit(&self, db: &mut PgConnection) -> Result<Option<Issue>> {
        let short_id = self.parameters.query().unwrap_or_default().trim();
        if !self.parameters.is_on("shortIdLookup") || short_id.is_empty() {
            return Ok(None);
        }
        let issue = issues::find_by_short_id(db, self.scope.organization, short_id).await?;
        let projects = &self.scope.projects;
        Ok(issue.filter(|issue| projects.is_empty() || projects.contains(&issue.project_id)))
    }

    async fn views(&self, db: &mut PgConnection, page: Page<Issue>) -> Result<Page<IssueView>> {
        let now = self.app.clock.now();
        let ids: Vec<IssueId> = page.items.iter().map(|issue| issue.id).collect();
        let environments = self.parameters.environments();
        let collapsed = collapsed(self.parameters);
        let period = self.parameters.stats_period()?;
        let mut series = if collapsed.stats {
            BTreeMap::default()
        } else {
            issues::series(db, &ids, &environments, period, now).await?.into_iter().collect()
        };
        let owners = Owners::find(db, self.scope.organization).await?;
        let assignees = issues::assignees(db, &ids).await?;
        let window = self.parameters.period(now)?.unwrap_or_default();
        let counts = if window.is_open() && environments.is_empty() {
            None
        } else {
            Some(issues::counts(db, &ids, &environments, window).await?)
        };
        let mut expanded =
            expand::expanded(self.app, db, (&owners, &page.items), self.parameters).await?;
        Ok(page.map(|issue| {
            let shown = Shown {
                stats: series.remove(&issue.id).map(|series| views::stats([(period, series)])),
                event_count: counts
                    .as_ref()
                    .map(|counts| counts.get(&issue.id).map_or(0, |counts| counts.event_count)),
                assigned_to: assignees
                    .get(&issue.id)
                    .and_then(|owner| ActorView::new(*owner, &owners)),
                collapsed,
                expanded: expanded.remove(&issue.id).unwrap_or_default(),
            };
            IssueView::new(&issue, self.organization, &self.app.config.server, shown)
        }))
    }
}

fn place(issue: &Issue) -> (i64, u128) {
    (issue.last_seen.timestamp_micros(), issue.id.0.unsigned_abs().into())
}

/// What the parameters ask for.
fn filter(parameters: &Parameters, now: Timestamp) -> Result<IssueFilter> {
    let period = parameters.period(now)?;
    let mut condition = issues::query::parse(parameters.query().unwrap_or(DEFAULT_QUERY), now)?;
    if period.is_none() {
        let from = now - chrono::TimeDelta::days(DEFAULT_DAYS);
        condition = condition.and(Condition::LastSeen(TimeRange { from: Some(from), until: None }));
    }
    let sort = match parameters.get("sort") {
        None | Some("") => Sort::Date,
        Some(word) => Sort::from_word(word).ok_or_else(|| {
            Error::invalid("sort", "Choose date, new, freq, user or recommended.")
        })?,
    };
    Ok(IssueFilter {
        condition,
        environments: parameters.environments(),
        period: period.unwrap_or_default(),
        sort,
        page: parameters.page()?,
    })
}

fn collapsed(parameters: &Parameters) -> Collapsed {
    Collapsed {
        stats: parameters.has("collapse", "stats"),
        lifetime: parameters.has("collapse", "lifetime"),
        filtered: parameters.has("collapse", "filtered"),
        unhandled: parameters.has("collapse", "unhandled"),
    }
}
