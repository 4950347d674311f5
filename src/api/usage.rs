//! What became of everything that was sent, for programs (`web-api.md` §3.8).

use axum::extract::State;
use chrono::{DateTime, TimeDelta};
use serde::Serialize;
use serde_json::{Map, Value};

use super::json::Json;
use super::parameters::Parameters;
use super::place::{InOrganization, InProject, scope};
use super::{Error, Result};
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::projects;
use crate::domain::usage::{Apart, Series, Steps, Wanted, series};

/// The one field there is: Picket counts items, and bytes where a category is one of bytes.
const QUANTITY: &str = "sum(quantity)";

/// How far back is looked, unless somebody says.
const USUAL_PERIOD: TimeDelta = TimeDelta::days(90);

/// Outcomes over time.
#[derive(Debug, Serialize)]
pub(super) struct StatsView {
    start: Timestamp,
    end: Timestamp,
    intervals: Vec<Timestamp>,
    groups: Vec<GroupView>,
}

#[derive(Debug, Serialize)]
struct GroupView {
    by: Map<String, Value>,
    totals: Map<String, Value>,
    /// Projects are told apart without steps, as clients expect it.
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Map<String, Value>>,
}

/// Answers how many items met which end.
pub(super) async fn show_stats(
    State(app): State<App>,
    place: InOrganization,
    parameters: Parameters,
) -> Result<Json<StatsView>> {
    check_fields(&parameters)?;
    let apart = apart(&parameters)?;
    let steps = steps(&parameters, app.clock.now())?;
    let organization = place.organization().id;
    let mut db = app.db.acquire().await?;
    let mut chosen = scope(&mut db, organization, &parameters).await?.projects;
    if chosen.is_empty() {
        let all = projects::store::list(&mut db, organization).await?;
        chosen = all.into_iter().map(|project| project.id).collect();
    }
    let named = |name: &str| parameters.named(name).map(ToOwned::to_owned).collect();
    let reasons = parameters.named("reason").map(|word| stored_reason(word).to_owned()).collect();
    let wanted = Wanted {
        projects: chosen,
        categories: named("category"),
        outcomes: named("outcome"),
        reasons,
    };
    let found = series(&mut db, &wanted, apart, &steps).await?;
    Ok(Json(StatsView {
        start: steps.from(),
        end: steps.until(),
        intervals: steps.starts(),
        groups: found.into_iter().map(|series| GroupView::new(series, apart)).collect(),
    }))
}

impl GroupView {
    fn new(series: Series, apart: Apart) -> Self {
        let key = series.key;
        let reason = key.reason.map(|reason| match reason.as_str() {
            "" => "none".to_owned(),
            _ => reason,
        });
        let parts = [
            ("project", key.project.map(|id| Value::from(id.0))),
            ("category", key.category.map(Value::from)),
            ("outcome", key.outcome.map(Value::from)),
            ("reason", reason.map(Value::from)),
        ];
        let part = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        let quantity = |value: Value| Map::from_iter([(QUANTITY.to_owned(), value)]);
        Self {
            by: parts.into_iter().filter_map(part).collect(),
            totals: quantity(series.total.into()),
            series: (!apart.projects).then(|| quantity(series.steps.into())),
        }
    }
}

/// What is accepted has no reason, which has a word on the wire.
fn stored_reason(word: &str) -> &str {
    if word == "none" { "" } else { word }
}

fn check_fields(parameters: &Parameters) -> Result<()> {
    let mut fields = parameters.named("field").peekable();
    if fields.peek().is_some() && fields.all(|field| field == QUANTITY) {
        return Ok(());
    }
    Err(Error::invalid("field", format!("Choose `{QUANTITY}`: Picket counts nothing else.")))
}

fn apart(parameters: &Parameters) -> Result<Apart> {
    let mut apart = Apart::default();
    for word in parameters.named("groupBy") {
        match word {
            "project" => apart.projects = true,
            "category" => apart.categories = true,
            "outcome" => apart.outcomes = true,
            "reason" => apart.reasons = true,
            _ => {
                let problem = "Choose `outcome`, `category`, `reason` or `project`.";
                return Err(Error::invalid("groupBy", problem));
            }
        }
    }
    if apart == Apart::default() {
        return Err(Error::invalid("groupBy", "Name at least one, such as `outcome`."));
    }
    Ok(apart)
}

fn steps(parameters: &Parameters, now: Timestamp) -> Result<Steps> {
    let period = parameters.period(now)?.unwrap_or_default();
    let from = period.since.unwrap_or(now - USUAL_PERIOD);
    let until = period.until.unwrap_or(now).min(now);
    let step = parameters.length("interval")?.unwrap_or(TimeDelta::hours(1));
    Ok(Steps::new(from, until, step)?)
}

/// Answers the events of a project by hour or day: pairs of a moment and a number.
pub(super) async fn show_project_stats(
    State(app): State<App>,
    place: InProject,
    parameters: Parameters,
) -> Result<Json<Vec<(i64, i64)>>> {
    let outcomes: &[&str] = match parameters.get("stat") {
        None | Some("" | "received") => &[],
        Some("generated") => &["accepted"],
        Some("rejected") => &["rate_limited", "invalid"],
        Some("blacklisted") => &["filtered"],
        Some(_) => {
            let problem = "Choose received, generated, rejected or blacklisted.";
            return Err(Error::invalid("stat", problem));
        }
    };
    let step = match parameters.get("resolution") {
        // Hours are the finest that Picket counts.
        None | Some("" | "10s" | "1h") => TimeDelta::hours(1),
        Some("1d") => TimeDelta::days(1),
        Some(_) => return Err(Error::invalid("resolution", "Choose 1h or 1d.")),
    };
    let now = app.clock.now();
    let until = moment(&parameters, "until")?.unwrap_or(now).min(now);
    let from = moment(&parameters, "since")?.unwrap_or(until - TimeDelta::days(1));
    let steps = Steps::new(from, until, step)?;
    let wanted = Wanted {
        projects: vec![place.project.id],
        categories: vec!["error".to_owned()],
        outcomes: outcomes.iter().map(|word| (*word).to_owned()).collect(),
        reasons: Vec::new(),
    };
    let mut db = app.db.acquire().await?;
    let found = series(&mut db, &wanted, Apart::default(), &steps).await?;
    let starts = steps.starts();
    let none = vec![0; starts.len()];
    let counts = found.first().map_or(&none, |series| &series.steps);
    let pairs = starts.iter().map(Timestamp::timestamp).zip(counts.iter().copied());
    Ok(Json(pairs.collect()))
}

/// A moment in seconds since 1970.
fn moment(parameters: &Parameters, name: &'static str) -> Result<Option<Timestamp>> {
    let Some(text) = parameters.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    // Some clients send fractions.
    let whole = text.split('.').next().unwrap_or_default();
    let moment = whole.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let known = moment.filter(|moment| (1970..=9999).contains(&chrono::Datelike::year(moment)));
    known.map(Some).ok_or_else(|| Error::invalid(name, "Use seconds since 1970."))
}
