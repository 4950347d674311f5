//! The usage page: what became of everything that was sent, and why.

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;
use sqlx::PgConnection;

use super::notices::{self, NoticeView};
use super::words;
use crate::app::App;
use crate::base::{ProjectId, Slug};
use crate::domain::releases::annotations;
use crate::domain::usage::{self, Outcome, Overview, Scope, Span};
use crate::web::components::markers::Markers;
use crate::web::components::number;
use crate::web::components::stacked::Stacked;
use crate::web::releases::paths::ReleaseUrls;
use crate::web::{Error, Member, Page, Query, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/usage", rejection(Error))]
pub struct UsagePath {
    /// Whose.
    pub organization: Slug,
}

/// What the page shows, as its address says it; everything may be missing or wrong.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct UsageQuery {
    /// `24h`, `7d`, `30d` or `90d`.
    #[serde(default)]
    period: String,
    /// A project's slug; empty for all.
    #[serde(default)]
    project: String,
    /// The category of the bars.
    #[serde(default)]
    category: String,
}

/// The periods one can choose: in the address, on the button, in a sentence, and what they are.
const PERIODS: [(&str, &str, &str, Span); 4] = [
    ("24h", "24 hours", "the last 24 hours", Span::DAY),
    ("7d", "7 days", "the last 7 days", Span::days(7)),
    ("30d", "30 days", "the last 30 days", Span::days(30)),
    ("90d", "90 days", "the last 90 days", Span::days(90)),
];

#[derive(Template)]
#[template(path = "usage/overview.html")]
struct UsageView {
    shell: Shell,
    path: UsagePath,
    period: &'static str,
    periods: Vec<Choice>,
    projects: Vec<Choice>,
    /// Empty if nothing was sent.
    category: String,
    categories: Vec<CategoryRow>,
    totals: Vec<Total>,
    chart: Stacked,
    reasons: Vec<ReasonRow>,
    /// In a sentence: `the last 24 hours`.
    span: &'static str,
    /// Limits that are used up or nearly so.
    notices: Vec<NoticeView>,
    /// Set where more is asked for than is kept.
    retention_days: Option<u32>,
}

struct Choice {
    value: String,
    label: String,
    url: String,
    is_chosen: bool,
}

/// How many items of the chosen category met an end.
struct Total {
    class: &'static str,
    label: String,
    meaning: &'static str,
    quantity: String,
    share: String,
}

/// Why items of the chosen category met it.
struct ReasonRow {
    class: &'static str,
    outcome: String,
    reason: String,
    words: String,
    quantity: String,
}

/// A category and what became of it.
struct CategoryRow {
    label: String,
    url: String,
    is_chosen: bool,
    quantities: Vec<String>,
}

/// Shows the page.
pub async fn show_usage(
    path: UsagePath,
    member: Member,
    Query(query): Query<UsageQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let (period, _, _, span) = period(&query);
    let chosen = |slug: &Slug| query.project.is_empty() || slug.as_str() == query.project;
    let projects: Vec<ProjectId> = member
        .projects
        .iter()
        .filter(|project| chosen(&project.slug))
        .map(|project| project.id)
        .collect();
    let scope = Scope { projects: &projects, category: &query.category, span };
    let mut db = app.db.acquire().await?;
    let overview = usage::overview(&mut db, scope, app.clock.now()).await?;
    let notices = notices::find(&mut db, &member, scope.projects, app.clock.now()).await?;
    let markers = markers(&mut db, &member, &query, (&overview, scope)).await?;
    drop(db);
    let kept = app.config.retention.events_days;
    let is_long = i64::from(kept) < i64::from(span.steps) && period != "24h";
    let retention_days = is_long.then_some(kept);
    let mut view = view(&member, path, &query, &overview);
    view.chart.markers = markers;
    Page::new(&UsageView { notices, retention_days, ..view })
}

/// What came while this was sent.
async fn markers(
    db: &mut PgConnection,
    member: &Member,
    query: &UsageQuery,
    (overview, scope): (&Overview, Scope<'_>),
) -> Result<Markers> {
    let [(from, _), .., (last, _)] = overview.steps.as_slice() else {
        return Ok(Markers::default());
    };
    let ends = (*from, *last + scope.span.step);
    let organization = member.organization.id;
    let came = annotations::list(db, organization, scope.projects, &[], ends).await?;
    let project = Some(query.project.as_str()).filter(|slug| !slug.is_empty());
    let urls = ReleaseUrls::new(member.organization.slug.as_str(), project);
    Ok(Markers::new(&came, ends, &urls))
}

fn period(query: &UsageQuery) -> (&'static str, &'static str, &'static str, Span) {
    PERIODS.into_iter().find(|(value, ..)| *value == query.period).unwrap_or(PERIODS[0])
}

fn view(member: &Member, path: UsagePath, query: &UsageQuery, overview: &Overview) -> UsageView {
    let (period, _, span, steps) = period(query);
    let url = |period: &str, project: &str, category: &str| {
        let mut address = form_urlencoded::Serializer::new(String::new());
        address.append_pair("period", period);
        for (name, value) in [("project", project), ("category", category)] {
            if !value.is_empty() {
                address.append_pair(name, value);
            }
        }
        format!("{path}?{}", address.finish())
    };
    let choice = |(value, label, _, _): (&str, &str, &str, Span)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        url: url(value, &query.project, &query.category),
        is_chosen: value == period,
    };
    let label =
        format!("{} in {span}, by what became of them", words::category(&overview.category));
    UsageView {
        shell: member.shell("usage"),
        period,
        periods: PERIODS.map(choice).into(),
        projects: projects(member, query),
        categories: categories(overview, |category| url(period, &query.project, category)),
        totals: totals(overview),
        chart: Stacked::new(&words::SERIES, &overview.steps, steps.step, label),
        reasons: reasons(overview),
        category: if overview.category.is_empty() {
            String::new()
        } else {
            words::category(&overview.category)
        },
        span,
        retention_days: None,
        notices: Vec::new(),
        path,
    }
}

fn projects(member: &Member, query: &UsageQuery) -> Vec<Choice> {
    let choice = |slug: &str, name: &str| Choice {
        value: slug.to_owned(),
        label: name.to_owned(),
        url: String::new(),
        is_chosen: slug == query.project,
    };
    let all = &member.projects;
    all.iter().map(|project| choice(project.slug.as_str(), &project.name)).collect()
}

/// How many items of a category met each end.
fn sums(overview: &Overview, category: &str) -> [i64; Outcome::ALL.len()] {
    let mut sums = [0_i64; Outcome::ALL.len()];
    for row in overview.rows.iter().filter(|row| row.category == category) {
        let sum = &mut sums[row.outcome as usize];
        *sum = sum.saturating_add(row.quantity);
    }
    sums
}

fn totals(overview: &Overview) -> Vec<Total> {
    let sums = sums(overview, &overview.category);
    let all = sums.iter().fold(0_i64, |sum, quantity| sum.saturating_add(*quantity));
    let total = |outcome: Outcome| {
        let series = &words::SERIES[outcome as usize];
        let quantity = sums[outcome as usize];
        Total {
            class: series.class,
            label: series.label.to_string(),
            meaning: words::meaning(outcome),
            quantity: number::grouped(quantity),
            share: number::percent(quantity, all),
        }
    };
    Outcome::ALL.map(total).into()
}

fn reasons(overview: &Overview) -> Vec<ReasonRow> {
    let rows = overview.rows.iter().filter(|row| row.category == overview.category);
    rows.filter(|row| row.outcome != Outcome::Accepted)
        .map(|row| ReasonRow {
            class: words::SERIES[row.outcome as usize].class,
            outcome: words::SERIES[row.outcome as usize].label.to_string(),
            reason: row.reason.clone(),
            words: words::reason(row.outcome, &row.reason),
            quantity: number::grouped(row.quantity),
        })
        .collect()
}

fn categories(overview: &Overview, url: impl Fn(&str) -> String) -> Vec<CategoryRow> {
    let mut names: Vec<&str> = overview.rows.iter().map(|row| row.category.as_str()).collect();
    names.dedup();
    let row = |name: &str| CategoryRow {
        label: words::category(name),
        url: url(name),
        is_chosen: name == overview.category,
        quantities: sums(overview, name).map(number::grouped).into(),
    };
    names.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::domain::usage::Row;
    use crate::web::projects::sample_project;

    fn sample(rows: Vec<Row>) -> String {
        let category = rows.first().map(|row| row.category.clone()).unwrap_or_default();
        let start = Timestamp::from_timestamp(1_799_900_000, 0).unwrap();
        let steps = vec![(start, [3, 0, 0, 1, 0, 0])];
        let member = Member::sample(sample_project("checkout", None, true));
        let path = UsagePath { organization: "default".parse().unwrap() };
        let query = UsageQuery { project: "checkout".to_owned(), ..UsageQuery::default() };
        let overview = Overview { category, steps, rows };
        UsageView { retention_days: Some(30), ..view(&member, path, &query, &overview) }
            .render()
            .unwrap()
    }

    fn row(category: &str, outcome: Outcome, reason: &str, quantity: i64) -> Row {
        Row { category: category.to_owned(), outcome, reason: reason.to_owned(), quantity }
    }

    #[test]
    fn every_reason_is_explained_and_what_a_client_says_is_escaped() {
        let html = sample(vec![
            row("error", Outcome::Accepted, "", 3),
            row("error", Outcome::Invalid, "duplicate", 1),
            row("error", Outcome::ClientDiscard, "<script>", 1_204),
            row("session", Outcome::Unsupported, "not_yet_supported", 7),
        ]);
        assert!(html.contains("The same event was stored before"), "{html}");
        assert!(html.contains("&#60;script&#62;") && !html.contains("<script>"), "{html}");
        assert!(html.contains("1,204") && html.contains("part-invalid"), "{html}");
        assert!(
            html.contains("/default/usage?period=24h&#38;project=checkout&#38;category=session")
        );
        assert!(html.contains("for 30 days"), "{html}");
    }

    #[test]
    fn where_nothing_was_sent_that_is_what_it_says() {
        let html = sample(Vec::new());
        assert!(html.contains("Nothing was sent"), "{html}");
        assert!(!html.contains("<figure"), "{html}");
    }
}
