//! The page of a project's filters.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::form::{Fields, FilterForm};
use super::trial::{self, Trial};
use crate::app::App;
use crate::base::{ProjectId, Slug};
use crate::domain::filters::{self, FilterSettings, store};
use crate::web::components::number;
use crate::web::forms::Problem;
use crate::web::issues::paths::IssuePath;
use crate::web::projects::settings::ProjectSettingsPath;
use crate::web::usage::UsagePath;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/filters", rejection(Error))]
pub struct ProjectFiltersPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

#[derive(Template)]
#[template(path = "filters/project.html")]
struct ProjectFiltersView {
    shell: Shell,
    path: ProjectFiltersPath,
    settings_path: ProjectSettingsPath,
    usage_path: UsagePath,
    heading: String,
    fields: Fields,
    trial: Option<TrialView>,
    problem: Problem,
}

/// A trial as the page shows it.
struct TrialView {
    sentence: String,
    reasons: Vec<(&'static str, String)>,
    issues: Vec<IssueRow>,
    more_issues: usize,
}

struct IssueRow {
    path: IssuePath,
    short_id: String,
    title: String,
    dropped: String,
    looked_at: String,
}

/// What the page shows besides what is stored.
#[derive(Default)]
struct Outcome {
    form: Option<FilterForm>,
    trial: Option<Trial>,
    problem: Problem,
}

/// Shows the settings.
pub async fn show_project_filters(
    path: ProjectFiltersPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    show(&app, &member, path, Outcome::default()).await
}

/// Saves the settings, or tries them on stored events.
pub async fn update_project_filters(
    path: ProjectFiltersPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<FilterForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?.id;
    let result = if form.is_trial() {
        try_settings(&app, project, form.settings()).await
    } else {
        filters::set(&app, project, form.settings()).await.map(|()| None).map_err(Error::from)
    };
    let outcome = match result {
        Ok(None) => {
            let words = "Saved. What arrives from now on is treated like this.";
            return Ok(Redirect::to(path).with_flash(words).into_response());
        }
        Ok(trial) => Outcome { trial, form: Some(form), problem: Problem::default() },
        Err(Error::Domain(error)) => {
            Outcome { problem: Problem::from_error(error)?, form: Some(form), trial: None }
        }
        Err(other) => return Err(other),
    };
    Ok(show(&app, &member, path, outcome).await?.into_response())
}

async fn try_settings(
    app: &App,
    project: ProjectId,
    settings: FilterSettings,
) -> Result<Option<Trial>> {
    let settings = settings.checked()?;
    let mut db = app.db.acquire().await?;
    Ok(Some(trial::run(app, &mut db, project, &settings).await?))
}

async fn show(
    app: &App,
    member: &Member,
    path: ProjectFiltersPath,
    outcome: Outcome,
) -> Result<Page> {
    let project = member.project(&path.project)?;
    let mut db = app.db.acquire().await?;
    let stored = store::find(&mut db, project.id).await?;
    drop(db);
    let is_fine = outcome.problem == Problem::default();
    let status = if is_fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = view(member, path, project.name.clone(), stored, outcome);
    Ok(Page::new(&view)?.with_status(status))
}

fn view(
    member: &Member,
    path: ProjectFiltersPath,
    heading: String,
    stored: FilterSettings,
    Outcome { form, trial, problem }: Outcome,
) -> ProjectFiltersView {
    let organization = &path.organization;
    ProjectFiltersView {
        shell: member.shell("projects"),
        settings_path: ProjectSettingsPath {
            organization: organization.clone(),
            project: path.project.clone(),
        },
        usage_path: UsagePath { organization: organization.clone() },
        heading,
        fields: Fields::new(form.map_or(stored, |form| form.settings())),
        trial: trial.map(|trial| trial_view(organization, trial)),
        problem,
        path,
    }
}

fn trial_view(organization: &Slug, trial: Trial) -> TrialView {
    let row = |issue: trial::Affected| IssueRow {
        path: IssuePath { organization: organization.clone(), issue: issue.short_id.clone() },
        short_id: issue.short_id,
        title: issue.title,
        dropped: number::of_len(issue.dropped),
        looked_at: number::of_len(issue.looked_at),
    };
    let of = number::counted_len(trial.looked_at, "stored event", "stored events");
    TrialView {
        sentence: match (trial.looked_at, trial.dropped) {
            (0, _) => "No event of this project is stored in full yet.".to_owned(),
            (_, 0) => format!("Would have left out none of the last {of}."),
            (_, dropped) => {
                format!("Would have left out {} of the last {of}.", number::of_len(dropped))
            }
        },
        reasons: trial
            .reasons
            .into_iter()
            .map(|(reason, count)| (reason, number::of_len(count)))
            .collect(),
        issues: trial.issues.into_iter().map(row).collect(),
        more_issues: trial.more_issues,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::projects::sample_project;

    fn sample(outcome: Outcome) -> String {
        let member = Member::sample(sample_project("checkout", None, true));
        let path = ProjectFiltersPath {
            organization: "default".parse().unwrap(),
            project: "checkout".parse().unwrap(),
        };
        let stored = FilterSettings {
            legacy_browsers: vec!["ie".to_owned()],
            error_messages: vec!["<b>*".to_owned()],
            ..FilterSettings::default()
        };
        view(&member, path, "Checkout".to_owned(), stored, outcome).render().unwrap()
    }

    #[test]
    fn what_is_stored_is_filled_in_and_escaped() {
        let html = sample(Outcome::default());
        assert!(html.contains("name=\"chunk_load\" value=\"on\" checked"), "{html}");
        assert!(!html.contains("name=\"localhost\" value=\"on\" checked"), "{html}");
        assert!(html.contains("value=\"ie\" checked") && !html.contains("value=\"ie9\" checked"));
        assert!(html.contains("&#60;b&#62;*") && !html.contains("<b>*"), "{html}");
        assert!(!html.contains("trial-result"), "{html}");
    }

    #[test]
    fn a_trial_says_how_many_why_and_of_which_issues() {
        let issue = trial::Affected {
            short_id: "CHECKOUT-7".to_owned(),
            title: "<i>Error".to_owned(),
            dropped: 200,
            looked_at: 300,
        };
        let trial = Trial {
            looked_at: 1_000,
            dropped: 213,
            reasons: vec![("error-message", 213)],
            issues: vec![issue],
            more_issues: 2,
        };
        let html = sample(Outcome { trial: Some(trial), ..Outcome::default() });
        assert!(
            html.contains("Would have left out 213 of the last 1,000 stored events."),
            "{html}"
        );
        assert!(html.contains("/default/issues/CHECKOUT-7") && html.contains("&#60;i&#62;Error"));
        let none = Trial { looked_at: 1, ..Trial::default() };
        let html = sample(Outcome { trial: Some(none), ..Outcome::default() });
        assert!(html.contains("none of the last 1 stored event."), "{html}");
    }
}
