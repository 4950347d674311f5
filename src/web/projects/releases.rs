//! What a project tolerates of its releases: the thresholds of verdicts.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::settings::ProjectSettingsPath;
use crate::app::App;
use crate::base::Slug;
use crate::domain::projects::Project;
use crate::domain::releases::verdict::{self, MAX_HOURS, Thresholds};
use crate::web::forms::Problem;
use crate::web::releases::verdict::trimmed;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/releases", rejection(Error))]
pub struct ProjectReleasesPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

/// What was typed. Shares are percents here.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ThresholdsForm {
    min_sessions: String,
    tolerated_crashes: String,
    broken_crashes: String,
    tolerated_errors: String,
    max_new_unhandled_issues: String,
    max_regressed_issues: String,
    hours: String,
}

#[derive(Template)]
#[template(path = "projects/releases.html")]
struct ProjectReleasesView {
    shell: Shell,
    path: ProjectReleasesPath,
    settings_path: ProjectSettingsPath,
    heading: String,
    fields: Vec<Field>,
    problem: Problem,
}

/// A field of the form.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
}

impl ThresholdsForm {
    fn of(thresholds: &Thresholds) -> Self {
        let percent = |share: f64| trimmed(share * 100.0);
        Self {
            min_sessions: thresholds.min_sessions.to_string(),
            tolerated_crashes: percent(thresholds.tolerated_crashes),
            broken_crashes: percent(thresholds.broken_crashes),
            tolerated_errors: percent(thresholds.tolerated_errors),
            max_new_unhandled_issues: thresholds.max_new_unhandled_issues.to_string(),
            max_regressed_issues: thresholds.max_regressed_issues.to_string(),
            hours: thresholds.hours.to_string(),
        }
    }

    fn read(&self) -> std::result::Result<Thresholds, Problem> {
        let thresholds = Thresholds {
            min_sessions: count("min_sessions", &self.min_sessions, 20)?,
            tolerated_crashes: share("tolerated_crashes", &self.tolerated_crashes)?,
            broken_crashes: share("broken_crashes", &self.broken_crashes)?,
            tolerated_errors: share("tolerated_errors", &self.tolerated_errors)?,
            max_new_unhandled_issues: count(
                "max_new_unhandled_issues",
                &self.max_new_unhandled_issues,
                0,
            )?,
            max_regressed_issues: count("max_regressed_issues", &self.max_regressed_issues, 0)?,
            hours: hours(&self.hours)?,
        };
        if thresholds.broken_crashes < thresholds.tolerated_crashes {
            let words = "Write at least as much as is tolerated.";
            return Err(Problem::new("broken_crashes", words));
        }
        Ok(thresholds)
    }

    fn fields(self) -> Vec<Field> {
        let field = |name, label, value, hint| Field { name, label, hint, value };
        vec![
            field(
                "min_sessions",
                "Sessions that are needed",
                self.min_sessions,
                "Of the release, and of what it is compared with. With fewer there is not enough data; at least 20.",
            ),
            field(
                "tolerated_crashes",
                "More crashes that nobody minds, in percentage points",
                self.tolerated_crashes,
                "By how much the share of crashed sessions may rise.",
            ),
            field(
                "broken_crashes",
                "More crashes that break a release, in percentage points",
                self.broken_crashes,
                "If the share of crashed sessions certainly rose by that much.",
            ),
            field(
                "tolerated_errors",
                "More errors that nobody minds, in percentage points",
                self.tolerated_errors,
                "By how much the share of sessions with errors that did not crash may rise.",
            ),
            field(
                "max_new_unhandled_issues",
                "New issues that are tolerated",
                self.max_new_unhandled_issues,
                "Of errors that nothing in the program caught.",
            ),
            field(
                "max_regressed_issues",
                "Resolved issues that may come back",
                self.max_regressed_issues,
                "",
            ),
            field(
                "hours",
                "Hours that are looked at",
                self.hours,
                "After the release came, at most; 1 to 336.",
            ),
        ]
    }
}

fn count(name: &'static str, text: &str, least: i64) -> std::result::Result<i64, Problem> {
    let number = text.trim().parse::<i64>().ok().filter(|number| *number >= least);
    number.ok_or_else(|| Problem::new(name, format!("Write a whole number, {least} or more.")))
}

fn share(name: &'static str, text: &str) -> std::result::Result<f64, Problem> {
    let text = text.trim().trim_end_matches('%').trim_end().replace(',', ".");
    let percent = text.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
    let words = "Write a number from 0 to 100, such as 0.5.";
    percent.map(|percent| percent / 100.0).ok_or_else(|| Problem::new(name, words))
}

fn hours(text: &str) -> std::result::Result<u32, Problem> {
    let number = text.trim().parse::<u32>().ok().filter(|hours| (1..=MAX_HOURS).contains(hours));
    number.ok_or_else(|| Problem::new("hours", format!("Write a number from 1 to {MAX_HOURS}.")))
}

/// Shows what is tolerated.
pub async fn show_project_releases(
    path: ProjectReleasesPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    let project = member.project(&path.project)?;
    let mut db = app.db.acquire().await?;
    let found = verdict::store::find_thresholds(&mut db, project.id).await?;
    drop(db);
    let form = ThresholdsForm::of(&found.unwrap_or_default());
    Page::new(&view(&member, project, form, Problem::default()))
}

/// Sets it.
pub async fn update_project_releases(
    path: ProjectReleasesPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<ThresholdsForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?;
    let problem = match form.read() {
        Ok(thresholds) => match verdict::set_thresholds(&app, project.id, &thresholds).await {
            Ok(()) => return Ok(Redirect::to(path).with_flash("Saved.").into_response()),
            Err(error) => Problem::from_error(error)?,
        },
        Err(problem) => problem,
    };
    let page = Page::new(&view(&member, project, form, problem))?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

fn view(
    member: &Member,
    project: &Project,
    form: ThresholdsForm,
    problem: Problem,
) -> ProjectReleasesView {
    let (organization, slug) = (member.organization.slug.clone(), project.slug.clone());
    ProjectReleasesView {
        shell: member.shell("projects"),
        path: ProjectReleasesPath { organization: organization.clone(), project: slug.clone() },
        settings_path: ProjectSettingsPath { organization, project: slug },
        heading: project.name.clone(),
        fields: form.fields(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::projects::tests::project;

    #[test]
    fn what_is_usual_is_read_back_as_it_was_written() {
        let form = ThresholdsForm::of(&Thresholds::default());
        assert_eq!((form.tolerated_crashes.as_str(), form.broken_crashes.as_str()), ("0.1", "2"));
        assert_eq!(form.read(), Ok(Thresholds::default()));
        let comma = ThresholdsForm { tolerated_errors: " 1,5 % ".to_owned(), ..form };
        assert!((comma.read().unwrap().tolerated_errors - 0.015).abs() < 1e-9);
    }

    #[test]
    fn what_makes_no_sense_is_said_at_its_field() {
        let usual = || ThresholdsForm::of(&Thresholds::default());
        let problem = |form: ThresholdsForm| form.read().unwrap_err();
        let few = ThresholdsForm { min_sessions: "19".to_owned(), ..usual() };
        assert!(problem(few).of("min_sessions").contains("20 or more"));
        let words = ThresholdsForm { tolerated_errors: "NaN".to_owned(), ..usual() };
        assert!(problem(words).of("tolerated_errors").contains("0 to 100"));
        let order = ThresholdsForm { broken_crashes: "0.01".to_owned(), ..usual() };
        assert!(problem(order).of("broken_crashes").contains("at least as much"));
        let long = ThresholdsForm { hours: "337".to_owned(), ..usual() };
        let project = project("checkout", None, true);
        let member = Member::sample(project.clone());
        let found = problem(long.clone());
        let html = view(&member, &project, long, found).render().unwrap();
        assert!(html.contains("value=\"337\"") && html.contains("1 to 336."), "{html}");
    }
}
