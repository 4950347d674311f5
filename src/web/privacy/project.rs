//! What is taken out of a project's events.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;
use sqlx::PgConnection;

use super::form::{Fields, PrivacyForm};
use super::trial::Trial;
use crate::app::App;
use crate::base::{PageRequest, ProjectId, Slug};
use crate::domain::events::payload::{self, Payload};
use crate::domain::events::{Condition, EventFilter};
use crate::domain::issues;
use crate::domain::privacy::{self, PrivacySettings, ProjectPrivacy, store};
use crate::domain::query::TimeRange;
use crate::web::forms::Problem;
use crate::web::privacy::organization::OrganizationPrivacyPath;
use crate::web::projects::settings::ProjectSettingsPath;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// Of so many of the latest events the first that was kept in full is tried.
const LATEST: u16 = 20;

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/privacy", rejection(Error))]
pub struct ProjectPrivacyPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

#[derive(Template)]
#[template(path = "privacy/project.html")]
struct ProjectPrivacyView {
    shell: Shell,
    path: ProjectPrivacyPath,
    settings_path: ProjectSettingsPath,
    organization_path: OrganizationPrivacyPath,
    heading: String,
    has_own: bool,
    fields: Fields,
    /// Names that count because the organization lists them.
    inherited: Vec<String>,
    event: String,
    trial: Option<Trial>,
    problem: Problem,
}

/// What the page shows besides what is stored.
#[derive(Default)]
struct Outcome {
    form: Option<PrivacyForm>,
    trial: Option<Trial>,
    problem: Problem,
}

/// Shows the settings.
pub async fn show_project_privacy(
    path: ProjectPrivacyPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    show(&app, &member, path, Outcome::default()).await
}

/// Saves the settings, or tries them on an event.
pub async fn update_project_privacy(
    path: ProjectPrivacyPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<PrivacyForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?.id;
    let own = (form.source == "own").then(|| form.settings());
    let outcome = if form.is_trial() {
        try_settings(&app, project, own, form).await?
    } else {
        match privacy::set_for_project(&app, project, own).await {
            Ok(()) => {
                let words = "Saved. Events that arrive from now on are treated like this.";
                return Ok(Redirect::to(path).with_flash(words).into_response());
            }
            Err(error) => {
                Outcome { problem: Problem::from_error(error)?, form: Some(form), trial: None }
            }
        }
    };
    Ok(show(&app, &member, path, outcome).await?.into_response())
}

async fn try_settings(
    app: &App,
    project: ProjectId,
    own: Option<PrivacySettings>,
    form: PrivacyForm,
) -> Result<Outcome> {
    let outcome = |trial, problem| Outcome { form: Some(form.clone()), trial, problem };
    let own = match own.map(PrivacySettings::checked).transpose() {
        Ok(own) => own,
        Err(error) => return Ok(outcome(None, Problem::from_error(error)?)),
    };
    let mut db = app.db.acquire().await?;
    let organization = store::find(&mut db, project).await?.organization;
    let settings = ProjectPrivacy { own, organization }.effective();
    if !form.event.trim().is_empty() {
        return Ok(match Trial::of_json(&form.event, &settings, app.clock.now()) {
            Ok(trial) => outcome(Some(trial), Problem::default()),
            Err(words) => outcome(None, Problem::new("event", words)),
        });
    }
    Ok(match latest(app, &mut db, project).await? {
        Some(Payload::Kept(kept)) => {
            outcome(Some(Trial::of(kept.event, &settings)), Problem::default())
        }
        _ => outcome(
            None,
            Problem::new("event", "No event of this project is stored yet. Paste one to try."),
        ),
    })
}

/// The latest event that was kept in full.
async fn latest(app: &App, db: &mut PgConnection, project: ProjectId) -> Result<Option<Payload>> {
    let filter = EventFilter {
        condition: Condition::All(Vec::new()),
        environments: Vec::new(),
        period: TimeRange::default(),
        page: PageRequest::new(None, LATEST),
    };
    let events = issues::list_events(db, project, &filter).await?;
    Ok(match events.items.iter().find(|event| event.has_payload) {
        Some(event) => Some(payload::read(db, &app.dictionaries, event).await?),
        None => None,
    })
}

async fn show(
    app: &App,
    member: &Member,
    path: ProjectPrivacyPath,
    outcome: Outcome,
) -> Result<Page> {
    let project = member.project(&path.project)?;
    let mut db = app.db.acquire().await?;
    let stored = store::find(&mut db, project.id).await?;
    drop(db);
    let is_fine = outcome.problem == Problem::default();
    let view = view(member, path, project.name.clone(), stored, outcome);
    let status = if is_fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(Page::new(&view)?.with_status(status))
}

fn view(
    member: &Member,
    path: ProjectPrivacyPath,
    heading: String,
    stored: ProjectPrivacy,
    Outcome { form, trial, problem }: Outcome,
) -> ProjectPrivacyView {
    let organization = path.organization.clone();
    let has_own = form.as_ref().map_or(stored.own.is_some(), |form| form.source == "own");
    let inherited = [&stored.organization.sensitive_fields, &stored.organization.safe_fields];
    let inherited = inherited.into_iter().flatten().cloned().collect();
    let shown = stored.own.unwrap_or(PrivacySettings {
        sensitive_fields: Vec::new(),
        safe_fields: Vec::new(),
        ..stored.organization
    });
    ProjectPrivacyView {
        shell: member.shell("projects"),
        settings_path: ProjectSettingsPath {
            organization: organization.clone(),
            project: path.project.clone(),
        },
        organization_path: OrganizationPrivacyPath { organization },
        path,
        heading,
        has_own,
        fields: Fields::new(form.as_ref().map_or(shown, PrivacyForm::settings)),
        inherited,
        event: form.map(|form| form.event).unwrap_or_default(),
        trial,
        problem,
    }
}
