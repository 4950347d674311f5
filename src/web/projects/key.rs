//! One key: what it is called, whether it is on, its own limits, what takes its place.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::keys::KeysPath;
use super::limit_fields::{LimitForm, LimitRow};
use super::limits::ProjectLimitsPath;
use super::settings::ProjectSettingsPath;
use crate::app::App;
use crate::base::{ProjectId, Slug, Timestamp};
use crate::domain::projects::{self, Project, ProjectKey};
use crate::web::components::time::Moment;
use crate::web::forms::Problem;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/keys/{key}", rejection(Error))]
pub struct KeyPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
    /// The public key.
    pub key: String,
}

/// What to do with the key, and what was typed for it.
#[derive(Debug, Deserialize)]
pub struct KeyForm {
    verb: Verb,
    #[serde(default)]
    label: String,
    /// Days for which a replaced key goes on; empty: until it is switched off.
    #[serde(default)]
    days: String,
    #[serde(flatten)]
    limits: LimitForm,
}

/// What can be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Rename,
    On,
    Off,
    Limit,
    Replace,
    Delete,
}

/// Whether a key opens, in words.
#[derive(Clone, Debug)]
pub(super) struct KeyState {
    pub(super) is_active: bool,
    pub(super) word: &'static str,
    pub(super) tone: &'static str,
    /// When it ends or ended by itself.
    pub(super) end: Option<Moment>,
}

impl KeyState {
    pub(super) fn new(key: &ProjectKey, now: Timestamp) -> Self {
        let (word, tone) = match (key.is_active, key.is_usable(now), key.expires_at) {
            (false, ..) => ("Off", ""),
            (true, false, _) => ("Ended", ""),
            (true, true, Some(_)) => ("Ends", "warning"),
            (true, true, None) => ("On", "good"),
        };
        let end = key.expires_at.filter(|_| key.is_active).map(|end| Moment::new(end, now));
        Self { is_active: key.is_usable(now), word, tone, end }
    }
}

#[derive(Template)]
#[template(path = "projects/key.html")]
struct KeyView {
    shell: Shell,
    path: KeyPath,
    keys_path: KeysPath,
    settings_path: ProjectSettingsPath,
    limits_path: ProjectLimitsPath,
    heading: String,
    name: String,
    dsn: String,
    state: KeyState,
    created: Moment,
    /// What is typed as its name.
    label: String,
    rows: Vec<LimitRow>,
    problem: Problem,
}

/// Shows the key.
pub async fn show_key(path: KeyPath, member: Member, State(app): State<App>) -> Result<Page> {
    show(&app, &member, path, None, Problem::default()).await
}

/// Does something with the key.
pub async fn change_key(
    path: KeyPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<KeyForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?.id;
    let problem = match change(&app, project, &path, &form).await {
        Ok(done) => return Ok(done.into_response()),
        Err(Problematic::Problem(problem)) => problem,
        Err(Problematic::Error(error)) => Problem::from_error(error)?,
    };
    let page = show(&app, &member, path, Some(form), problem).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// What keeps a change from being made.
enum Problematic {
    Problem(Problem),
    Error(crate::domain::Error),
}

impl From<crate::domain::Error> for Problematic {
    fn from(error: crate::domain::Error) -> Self {
        Self::Error(error)
    }
}

async fn change(
    app: &App,
    project: ProjectId,
    path: &KeyPath,
    form: &KeyForm,
) -> std::result::Result<Redirect, Problematic> {
    let key = path.key.as_str();
    let words = match form.verb {
        Verb::Rename => {
            projects::rename_key(app, project, key, &form.label).await?;
            "Saved."
        }
        Verb::On => {
            projects::set_key_active(app, project, key, true).await?;
            "The key is on."
        }
        Verb::Off => {
            projects::set_key_active(app, project, key, false).await?;
            "The key is off. Events that come with it are refused within a minute."
        }
        Verb::Limit => {
            let limits = form.limits.limits().map_err(Problematic::Problem)?;
            projects::limit_key(app, project, key, limits).await?;
            "Saved. The limits hold within seconds."
        }
        Verb::Replace => {
            projects::replace_key(app, project, key, days(&form.days)?).await?;
            "The new key is ready. Give its DSN to your programs."
        }
        Verb::Delete => {
            projects::delete_key(app, project, key).await?;
            "The key is deleted."
        }
    };
    let (organization, slug) = (path.organization.clone(), path.project.clone());
    let to = match form.verb {
        Verb::Replace | Verb::Delete => KeysPath { organization, project: slug }.to_string(),
        _ => path.to_string(),
    };
    Ok(Redirect::to(to).with_flash(words))
}

fn days(text: &str) -> std::result::Result<Option<i64>, Problematic> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let problem = || Problematic::Problem(Problem::new("days", "Choose one of these."));
    text.parse().map(Some).map_err(|_| problem())
}

async fn show(
    app: &App,
    member: &Member,
    path: KeyPath,
    typed: Option<KeyForm>,
    problem: Problem,
) -> Result<Page> {
    let project = member.project(&path.project)?;
    let mut db = app.db.acquire().await?;
    let key = projects::store::find_key(&mut db, &path.key).await?;
    drop(db);
    let key = key.filter(|key| key.project_id == project.id).ok_or(Error::NotFound)?;
    let dsn = projects::dsn(&app.config.server, &key.public_key, project.id);
    let mut view = view(member, path, project, &key, (dsn, app.clock.now()));
    if let Some(typed) = typed {
        match typed.verb {
            Verb::Rename => view.label = typed.label,
            Verb::Limit => view.rows = typed.limits.rows(&problem),
            _ => {}
        }
    }
    view.problem = problem;
    Page::new(&view)
}

fn view(
    member: &Member,
    path: KeyPath,
    project: &Project,
    key: &ProjectKey,
    (dsn, now): (String, Timestamp),
) -> KeyView {
    let place = || (path.organization.clone(), path.project.clone());
    let ((organization, slug), (o, p), (l, q)) = (place(), place(), place());
    KeyView {
        shell: member.shell("projects"),
        keys_path: KeysPath { organization, project: slug },
        settings_path: ProjectSettingsPath { organization: o, project: p },
        limits_path: ProjectLimitsPath { organization: l, project: q },
        heading: project.name.clone(),
        name: key.label.clone(),
        dsn,
        state: KeyState::new(key, now),
        created: Moment::new(key.created_at, now),
        label: key.label.clone(),
        rows: LimitForm::of(&key.limits).rows(&Problem::default()),
        problem: Problem::default(),
        path,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::web::projects::tests::{key, project};

    fn sample(key: &ProjectKey) -> String {
        let project = project("checkout", None, true);
        let member = Member::sample(project.clone());
        let path = KeyPath {
            organization: "default".parse().unwrap(),
            project: "checkout".parse().unwrap(),
            key: key.public_key.clone(),
        };
        view(&member, path, &project, key, ("dsn".to_owned(), project.created_at)).render().unwrap()
    }

    #[test]
    fn a_key_says_whether_it_opens_and_for_how_long() {
        let on = key("<i>Old app");
        let html = sample(&on);
        assert!(html.contains("&#60;i&#62;Old app") && html.contains(">On<"), "{html}");
        assert!(html.contains("value=\"off\"") && !html.contains("value=\"on\""), "{html}");
        let end = Some(on.created_at + TimeDelta::days(2));
        let html = sample(&ProjectKey { expires_at: end, ..on.clone() });
        assert!(html.contains(">Ends<") && html.contains("in 2 days"), "{html}");
        let end = Some(on.created_at);
        let html = sample(&ProjectKey { expires_at: end, ..on.clone() });
        assert!(html.contains(">Ended<") && html.contains("value=\"on\""), "{html}");
        let html = sample(&ProjectKey { is_active: false, ..on });
        assert!(html.contains(">Off<") && html.contains("value=\"on\""), "{html}");
    }
}
