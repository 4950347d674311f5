//! A project's keys: all of them, and a new one.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use chrono::{DurationRound, TimeDelta};
use http::StatusCode;
use serde::Deserialize;

use super::key::{KeyPath, KeyState};
use super::settings::ProjectSettingsPath;
use crate::app::App;
use crate::base::{Slug, Timestamp};
use crate::config::ServerConfig;
use crate::domain::projects::{self, Project, ProjectKey};
use crate::domain::usage;
use crate::domain::usage::store::KeyRow as Used;
use crate::web::components::number;
use crate::web::components::time::Moment;
use crate::web::forms::Problem;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/keys", rejection(Error))]
pub struct KeysPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

/// What the key is for.
#[derive(Debug, Default, Deserialize)]
pub struct NewKeyForm {
    label: String,
}

#[derive(Template)]
#[template(path = "projects/keys.html")]
struct KeysView {
    shell: Shell,
    path: KeysPath,
    settings_path: ProjectSettingsPath,
    heading: String,
    keys: Vec<KeyRow>,
    has_usable_key: bool,
    label: String,
    problem: Problem,
}

struct KeyRow {
    element_id: String,
    path: KeyPath,
    label: String,
    dsn: String,
    state: KeyState,
    created: Moment,
    /// Whether it was used in the running hour.
    is_in_use: bool,
    /// The end of the hour in which it was used last: uses are counted by the hour.
    last_used: Option<Moment>,
    today: String,
    has_limits: bool,
}

impl KeyRow {
    fn new(
        path: &KeysPath,
        key: &ProjectKey,
        used: Option<&Used>,
        (server, now): (&ServerConfig, Timestamp),
    ) -> Self {
        Self {
            element_id: format!("dsn-{}", key.public_key),
            path: KeyPath {
                organization: path.organization.clone(),
                project: path.project.clone(),
                key: key.public_key.clone(),
            },
            label: key.label.clone(),
            dsn: projects::dsn(server, &key.public_key, key.project_id),
            state: KeyState::new(key, now),
            created: Moment::new(key.created_at, now),
            is_in_use: used.is_some_and(|used| now < hour_after(used.last_hour)),
            last_used: used.map(|used| Moment::new(hour_after(used.last_hour), now)),
            today: number::counted(used.map_or(0, |used| used.today), "event", "events"),
            has_limits: !key.limits.is_empty(),
        }
    }
}

fn hour_after(hour: Timestamp) -> Timestamp {
    hour + TimeDelta::hours(1)
}

/// Shows the keys.
pub async fn show_keys(path: KeysPath, member: Member, State(app): State<App>) -> Result<Page> {
    show(&app, &member, path, NewKeyForm::default(), Problem::default()).await
}

/// Adds a key.
pub async fn create_key(
    path: KeysPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<NewKeyForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?;
    match projects::create_key(&app, project.id, &form.label).await {
        Ok(_) => Ok(Redirect::to(path).with_flash("The key is ready.").into_response()),
        Err(error) => {
            let problem = Problem::from_error(error)?;
            let page = show(&app, &member, path, form, problem).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn show(
    app: &App,
    member: &Member,
    path: KeysPath,
    form: NewKeyForm,
    problem: Problem,
) -> Result<Page> {
    let project = member.project(&path.project)?;
    let now = app.clock.now();
    let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    let mut db = app.db.acquire().await?;
    let keys = projects::store::list_keys(&mut db, project.id).await?;
    let used = usage::store::list_keys(&mut db, project.id, today).await?;
    drop(db);
    let at = (&app.config.server, now);
    let mut view = view(member, path, project, (&keys, &used), at);
    view.label = form.label;
    view.problem = problem;
    Page::new(&view)
}

fn view(
    member: &Member,
    path: KeysPath,
    project: &Project,
    (keys, used): (&[ProjectKey], &[Used]),
    at: (&ServerConfig, Timestamp),
) -> KeysView {
    let used: HashMap<&str, &Used> =
        used.iter().map(|row| (row.public_key.as_str(), row)).collect();
    let row =
        |key: &ProjectKey| KeyRow::new(&path, key, used.get(key.public_key.as_str()).copied(), at);
    let (organization, slug) = (path.organization.clone(), path.project.clone());
    KeysView {
        shell: member.shell("projects"),
        settings_path: ProjectSettingsPath { organization, project: slug },
        heading: project.name.clone(),
        keys: keys.iter().map(row).collect(),
        has_usable_key: keys.iter().any(|key| key.is_usable(at.1)),
        label: String::new(),
        problem: Problem::default(),
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::projects::tests::{key, project};

    fn sample(key: &ProjectKey, used: &[Used]) -> String {
        let project = project("checkout", None, true);
        let member = Member::sample(project.clone());
        let path = KeysPath {
            organization: "default".parse().unwrap(),
            project: "checkout".parse().unwrap(),
        };
        let now = project.created_at + TimeDelta::hours(3);
        let keys = std::slice::from_ref(key);
        view(&member, path, &project, (keys, used), (&ServerConfig::default(), now))
            .render()
            .unwrap()
    }

    #[test]
    fn a_key_shows_its_dsn_when_it_was_used_and_the_way_to_its_page() {
        let key = key("<b>Production");
        let last_hour = key.created_at + TimeDelta::hours(1);
        let used = Used { public_key: key.public_key.clone(), last_hour, today: 1_204 };
        let html = sample(&key, &[used]);
        assert!(html.contains("http://0123456789abcdef0123456789abcdef@127.0.0.1:8000/7"));
        let page = "/default/projects/checkout/settings/keys/0123456789abcdef0123456789abcdef";
        assert!(html.contains(&format!("href=\"{page}\"")), "{html}");
        assert!(html.contains("1,204 events today") && html.contains("1 hour ago"), "{html}");
        assert!(html.contains("&#60;b&#62;Production") && !html.contains("nothing can be sent"));
    }

    #[test]
    fn a_project_without_a_key_that_opens_is_warned_about() {
        let off = ProjectKey { is_active: false, ..key("Old") };
        let html = sample(&off, &[]);
        assert!(html.contains("nothing can be sent") && html.contains("Never used"), "{html}");
        let ended = ProjectKey { expires_at: Some(off.created_at), ..key("Old") };
        assert!(sample(&ended, &[]).contains("nothing can be sent"));
    }
}
