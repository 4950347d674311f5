//! What is taken out of the events of all projects of an organization.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::form::{Fields, PrivacyForm};
use crate::app::App;
use crate::base::Slug;
use crate::domain::organizations::Role;
use crate::domain::privacy::{self, PrivacySettings, store};
use crate::web::forms::Problem;
use crate::web::organizations::settings::OrganizationSettingsPath;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/settings/privacy", rejection(Error))]
pub struct OrganizationPrivacyPath {
    /// Which organization.
    pub organization: Slug,
}

#[derive(Template)]
#[template(path = "privacy/organization.html")]
struct OrganizationPrivacyView {
    shell: Shell,
    path: OrganizationPrivacyPath,
    settings_path: OrganizationSettingsPath,
    is_owner: bool,
    fields: Fields,
    problem: Problem,
}

/// Shows the settings.
pub async fn show_organization_privacy(
    path: OrganizationPrivacyPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    let mut db = app.db.acquire().await?;
    let settings = store::find_of_organization(&mut db, member.organization.id).await?;
    page(&member, path, settings, Problem::default())
}

/// Saves the settings.
pub async fn update_organization_privacy(
    path: OrganizationPrivacyPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<PrivacyForm>,
) -> Result<Response> {
    member.require_owner()?;
    let settings = form.settings();
    match privacy::set_for_organization(&app, member.organization.id, settings.clone()).await {
        Ok(()) => {
            let words = "Saved. Events that arrive from now on are treated like this.";
            Ok(Redirect::to(path).with_flash(words).into_response())
        }
        Err(error) => {
            let page = page(&member, path, settings, Problem::from_error(error)?)?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

fn page(
    member: &Member,
    path: OrganizationPrivacyPath,
    settings: PrivacySettings,
    problem: Problem,
) -> Result<Page> {
    Page::new(&OrganizationPrivacyView {
        shell: member.shell("settings"),
        settings_path: OrganizationSettingsPath { organization: path.organization.clone() },
        path,
        is_owner: member.role == Role::Owner,
        fields: Fields::new(settings),
        problem,
    })
}
