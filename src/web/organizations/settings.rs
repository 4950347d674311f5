//! An organization's settings: its name, who belongs to it, and its tokens.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::quarantine::{self, QuarantinePath};
use crate::app::App;
use crate::base::{ApiTokenId, Slug, Timestamp};
use crate::domain::accounts::{ApiToken, tokens};
use crate::domain::organizations::{self, Person, Role};
use crate::web::components::time::Moment;
use crate::web::forms::Problem;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/settings", rejection(Error))]
pub struct OrganizationSettingsPath {
    /// Which organization.
    pub organization: Slug,
}

/// Ends a token of the organization.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/settings/tokens/{token}/revoke", rejection(Error))]
pub struct RevokeOrganizationTokenPath {
    /// Whose token.
    pub organization: Slug,
    /// Which one.
    pub token: ApiTokenId,
}

/// The new name.
#[derive(Debug, Deserialize)]
pub struct NameForm {
    name: String,
}

#[derive(Template)]
#[template(path = "organizations/settings.html")]
struct OrganizationSettingsView {
    shell: Shell,
    path: OrganizationSettingsPath,
    name: String,
    slug: Slug,
    is_owner: bool,
    people: Vec<PersonRow>,
    tokens: Vec<TokenRow>,
    quarantine: QuarantinePath,
    /// How much there is, for owners.
    quarantined: usize,
    problem: Problem,
}

struct PersonRow {
    name: String,
    email: String,
    is_owner: bool,
    last_sign_in: Option<Moment>,
}

struct TokenRow {
    name: String,
    last_characters: String,
    scopes: String,
    created: Moment,
    last_used: Option<Moment>,
    revoke: RevokeOrganizationTokenPath,
}

impl TokenRow {
    fn new(token: &ApiToken, organization: &Slug, now: Timestamp) -> Self {
        Self {
            name: token.name.clone(),
            last_characters: token.last_characters.clone(),
            scopes: token.scopes.to_strings().join(", "),
            created: Moment::new(token.created_at, now),
            last_used: token.last_used_at.map(|at| Moment::new(at, now)),
            revoke: RevokeOrganizationTokenPath {
                organization: organization.clone(),
                token: token.id,
            },
        }
    }
}

impl PersonRow {
    fn new(person: &Person, now: Timestamp) -> Self {
        Self {
            name: person.name.clone(),
            email: person.email.clone(),
            is_owner: person.role == Role::Owner,
            last_sign_in: person.last_sign_in_at.map(|at| Moment::new(at, now)),
        }
    }
}

/// Shows the settings.
pub async fn show_organization_settings(
    path: OrganizationSettingsPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    let name = member.organization.name.clone();
    show(&app, &member, path, name, Problem::default()).await
}

/// Gives the organization another name.
pub async fn rename_organization(
    path: OrganizationSettingsPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<NameForm>,
) -> Result<Response> {
    member.require_owner()?;
    match organizations::rename(&app, member.organization.id, &form.name).await {
        Ok(()) => Ok(Redirect::to(path).with_flash("Saved.").into_response()),
        Err(error) => {
            let problem = Problem::from_error(error)?;
            let page = show(&app, &member, path, form.name, problem).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// Ends a token of the organization.
pub async fn revoke_organization_token(
    path: RevokeOrganizationTokenPath,
    member: Member,
    State(app): State<App>,
) -> Result<Redirect> {
    member.require_owner()?;
    tokens::revoke_of_organization(&app, member.organization.id, path.token).await?;
    Ok(Redirect::to(OrganizationSettingsPath { organization: path.organization })
        .with_flash("The token is revoked. Programs that carry it are refused from now on."))
}

async fn show(
    app: &App,
    member: &Member,
    path: OrganizationSettingsPath,
    name: String,
    problem: Problem,
) -> Result<Page> {
    let mut db = app.db.acquire().await?;
    let people = organizations::store::list_people(&mut db, member.organization.id).await?;
    let tokens = tokens::store::list_of_organization(&mut db, member.organization.id).await?;
    drop(db);
    let is_owner = member.role == Role::Owner;
    let quarantined = if is_owner { quarantine::list(app, member).await?.len() } else { 0 };
    let now = app.clock.now();
    let slug = &member.organization.slug;
    Page::new(&OrganizationSettingsView {
        shell: member.shell("settings"),
        path,
        name,
        slug: slug.clone(),
        is_owner,
        people: people.iter().map(|person| PersonRow::new(person, now)).collect(),
        tokens: tokens.iter().map(|token| TokenRow::new(token, slug, now)).collect(),
        quarantine: QuarantinePath { organization: slug.clone() },
        quarantined,
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(is_owner: bool) -> String {
        let now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let view = OrganizationSettingsView {
            shell: Shell::sample(),
            path: OrganizationSettingsPath { organization: "default".parse().unwrap() },
            name: "Acme".to_owned(),
            slug: "default".parse().unwrap(),
            is_owner,
            people: vec![PersonRow {
                name: "Ada <3".to_owned(),
                email: "ada@example.com".to_owned(),
                is_owner: true,
                last_sign_in: None,
            }],
            tokens: vec![TokenRow {
                name: "Deploys <x>".to_owned(),
                last_characters: "9f3a".to_owned(),
                scopes: "org:ci".to_owned(),
                created: Moment::new(now, now),
                last_used: None,
                revoke: RevokeOrganizationTokenPath {
                    organization: "default".parse().unwrap(),
                    token: ApiTokenId(7),
                },
            }],
            quarantine: QuarantinePath { organization: "default".parse().unwrap() },
            quarantined: 2,
            problem: Problem::new("name", "Use a name of 1 to 100 characters."),
        };
        view.render().unwrap()
    }

    #[test]
    fn owners_can_rename_and_members_can_look() {
        assert!(sample(true).contains("action=\"/default/settings\""));
        assert!(sample(true).contains("value=\"Acme\""));
        assert!(!sample(false).contains("action=\"/default/settings\""));
        assert!(sample(true).contains("action=\"/default/settings/tokens/7/revoke\""));
        assert!(!sample(false).contains("/revoke"));
        assert!(sample(false).contains("Deploys &#60;x&#62;"));
        assert!(sample(false).contains("Ada &#60;3"));
    }
}
