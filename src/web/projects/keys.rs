//! Creating keys and switching them on and off, from the project's settings.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use serde::Deserialize;

use super::settings::{self, Outcome, ProjectSettingsPath};
use crate::app::App;
use crate::base::Slug;
use crate::domain::projects;
use crate::web::forms::Problem;
use crate::web::{Error, Form, Member, Redirect, Result};

/// Takes a new key.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/keys", rejection(Error))]
pub struct KeysPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

/// Switches a key.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/keys/{key}", rejection(Error))]
pub struct KeyPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
    /// The public key.
    pub key: String,
}

/// What the key is for.
#[derive(Debug, Deserialize)]
pub struct KeyForm {
    label: String,
}

/// On or off.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct SwitchForm {
    switch: Switch,
}

/// The two positions of a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// Events are accepted.
    On,
    /// They are not.
    Off,
}

/// Adds a key.
pub async fn create_key(
    path: KeysPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<KeyForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?;
    match projects::create_key(&app, project.id, &form.label).await {
        Ok(_) => Ok(to_keys(path.organization, path.project, "The key is ready.").into_response()),
        Err(error) => {
            let problem = Problem::from_error(error)?;
            let outcome = Outcome { problem, label: form.label, ..Outcome::default() };
            Ok(settings::show(&app, &member, &path.project, outcome).await?.into_response())
        }
    }
}

/// Switches a key on or off.
pub async fn switch_key(
    path: KeyPath,
    member: Member,
    State(app): State<App>,
    Form(SwitchForm { switch }): Form<SwitchForm>,
) -> Result<Redirect> {
    let project = member.project(&path.project)?;
    projects::set_key_active(&app, project.id, &path.key, switch == Switch::On).await?;
    let words = match switch {
        Switch::On => "The key is on.",
        Switch::Off => "The key is off. Events that come with it are refused within a minute.",
    };
    Ok(to_keys(path.organization, path.project, words))
}

fn to_keys(organization: Slug, project: Slug, words: &str) -> Redirect {
    let settings = ProjectSettingsPath { organization, project };
    Redirect::to(format!("{settings}#keys")).with_flash(words)
}
