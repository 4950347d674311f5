//! How sessions went, over time and by what they have in common (`web-api.md` §3.8).

mod fields;
mod views;

use axum::extract::State;
use chrono::TimeDelta;

use super::json::Json;
use super::parameters::Parameters;
use super::place::{InOrganization, scope};
use super::{Error, Result};
use crate::app::App;
use crate::domain::projects;
use crate::domain::query::{self, Expression, Pattern, QueryError};
use crate::domain::sessions::health::{self, Apart, MAX_STEPS, Users, Wanted, Window};
use fields::Field;
use views::{Asked, SessionsView};

/// How far back is looked, unless somebody says.
const USUAL_PERIOD: TimeDelta = TimeDelta::days(90);

/// The most fields that are asked for at once.
const MAX_FIELDS: usize = 20;

/// Answers sums and rates of sessions.
pub(super) async fn show_sessions(
    State(app): State<App>,
    place: InOrganization,
    parameters: Parameters,
) -> Result<Json<SessionsView>> {
    let now = app.clock.now();
    let fields = fields(&parameters)?;
    let (apart, by_status) = apart(&parameters)?;
    let period = parameters.period(now)?;
    let from = period.and_then(|period| period.since).unwrap_or(now - USUAL_PERIOD);
    let until = period.and_then(|period| period.until).unwrap_or(now).min(now);
    let step = parameters.length("interval")?.unwrap_or(TimeDelta::hours(1));
    let window = Window::in_steps(from, until, step)?;

    let organization = place.organization().id;
    let mut db = app.db.acquire().await?;
    let mut wanted = Wanted {
        projects: scope(&mut db, organization, &parameters).await?.projects,
        environments: parameters.environments(),
        releases: Vec::new(),
    };
    if wanted.projects.is_empty() {
        let all = projects::store::list(&mut db, organization).await?;
        wanted.projects = all.into_iter().map(|project| project.id).collect();
    }
    let query = parameters.query().unwrap_or_default().to_owned();
    narrow(&mut wanted, &query)?;
    let users = fields.iter().map(|field| field.users(by_status)).max().unwrap_or(Users::Ignored);
    let groups = health::groups(&mut db, &wanted, apart, window, users).await?;
    let points = groups.len() * window.steps().len();
    if points > usize::try_from(MAX_STEPS).unwrap_or(usize::MAX) {
        let problem = format!(
            "That makes {points} points of at most {MAX_STEPS}: choose a longer `interval`, a shorter period or fewer groups."
        );
        return Err(Error::BadRequest(problem));
    }
    let asked = Asked { fields, by_status, window, query };
    Ok(Json(SessionsView::new(asked, &groups, &parameters)))
}

fn fields(parameters: &Parameters) -> Result<Vec<Field>> {
    let fields = parameters.named("field").map(Field::parse).collect::<Result<Vec<Field>>>()?;
    match fields.len() {
        0 => Err(Error::invalid("field", "Name at least one, such as `sum(session)`.")),
        1..=MAX_FIELDS => Ok(fields),
        _ => Err(Error::invalid("field", format!("Name at most {MAX_FIELDS}."))),
    }
}

/// What is told apart, and whether that is how sessions ended, too.
fn apart(parameters: &Parameters) -> Result<(Apart, bool)> {
    let (mut apart, mut by_status) = (Apart::default(), false);
    for word in parameters.named("groupBy") {
        match word {
            "project" => apart.projects = true,
            "release" => apart.releases = true,
            "environment" => apart.environments = true,
            "session.status" => by_status = true,
            _ => {
                let problem = "Choose `project`, `release`, `environment` or `session.status`.";
                return Err(Error::invalid("groupBy", problem));
            }
        }
    }
    Ok((apart, by_status))
}

/// Narrows the question down to what the search names: releases and environments.
fn narrow(wanted: &mut Wanted, text: &str) -> Result<()> {
    let refuse = || {
        let problem =
            "sessions are searched by `release:` and `environment:`, without `*`, `!` and `OR`";
        Error::Query(QueryError(problem.to_owned()))
    };
    let parts = match query::parse(text)? {
        Expression::All(parts) => parts,
        single => vec![single],
    };
    for part in parts {
        let Expression::Filter(filter) = part else { return Err(refuse()) };
        let values = match filter.pattern()? {
            Pattern::Is(values) if !filter.is_inverted() => values,
            _ => return Err(refuse()),
        };
        match filter.key.name() {
            "release" => wanted.releases.extend(values),
            "environment" => wanted.environments.extend(values),
            _ => return Err(refuse()),
        }
    }
    Ok(())
}
