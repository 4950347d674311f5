//! One's own account: name, password, signed-in browsers, API tokens. One page, so that everything that
//! can let somebody in is seen at once; its forms live in the files beside this one.

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use http::StatusCode;

use super::browser;
use crate::app::App;
use crate::base::{ApiTokenId, SessionId, Timestamp};
use crate::domain::accounts::{self, ApiToken, Scope, Session};
use crate::domain::organizations::{self, Organization};
use crate::web::components::time::Moment;
use crate::web::forms::Problem;
use crate::web::{Error, Page, Result, Shell, SignedIn};

/// The account page.
#[derive(Clone, Copy, Debug, TypedPath)]
#[typed_path("/account", rejection(Error))]
pub struct AccountPath;

/// What the page shows besides what is stored: the outcome of one of its forms.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// What is wrong, if something is.
    pub(super) problem: Problem,
    /// What was typed as name and address, if that is where the problem is.
    pub(super) profile: Option<(String, String)>,
    /// A token that was created, to be seen this once.
    pub(super) new_token: Option<String>,
    /// What was typed as the token's name.
    pub(super) token_name: String,
    /// Which scopes were ticked; the first visit suggests reading.
    pub(super) token_scopes: Option<Vec<String>>,
}

#[derive(Template)]
#[template(path = "accounts/account.html")]
struct AccountView {
    shell: Shell,
    name: String,
    email: String,
    sessions: Vec<SessionRow>,
    has_other_sessions: bool,
    tokens: Vec<TokenRow>,
    token_name: String,
    scopes: Vec<ScopeFamily>,
    organizations: Vec<Organization>,
    new_token: Option<String>,
    problem: Problem,
}

struct SessionRow {
    id: SessionId,
    browser: String,
    ip_address: String,
    signed_in: Moment,
    last_seen: Moment,
    is_this_one: bool,
}

struct TokenRow {
    id: ApiTokenId,
    name: String,
    last_characters: String,
    scopes: String,
    organization: String,
    created: Moment,
    last_used: Option<Moment>,
}

struct ScopeFamily {
    name: &'static str,
    boxes: Vec<ScopeBox>,
}

struct ScopeBox {
    name: &'static str,
    level: &'static str,
    is_ticked: bool,
}

/// Shows the account.
pub async fn show_account(
    _: AccountPath,
    signed_in: SignedIn,
    State(app): State<App>,
) -> Result<Page> {
    show(&app, &signed_in, Outcome::default()).await
}

/// The page with the outcome of one of its forms.
pub(super) async fn show(app: &App, signed_in: &SignedIn, outcome: Outcome) -> Result<Page> {
    let now = app.clock.now();
    let user = &signed_in.user;
    let mut db = app.db.acquire().await?;
    let sessions = accounts::store::list_sessions(&mut db, user.id, now).await?;
    let tokens = accounts::tokens::store::list_of_user(&mut db, user.id).await?;
    let organizations = organizations::store::list_for_user(&mut db, user.id).await?;
    drop(db);

    let is_fine = outcome.problem == Problem::default();
    let (name, email) = outcome.profile.unwrap_or_else(|| (user.name.clone(), user.email.clone()));
    let view = AccountView {
        shell: shell(signed_in, &organizations),
        name,
        email,
        has_other_sessions: sessions.len() > 1,
        sessions: sessions.iter().map(|s| session_row(s, signed_in.session.id, now)).collect(),
        tokens: tokens.iter().map(|token| token_row(token, &organizations, now)).collect(),
        token_name: outcome.token_name,
        scopes: scope_families(outcome.token_scopes.as_deref()),
        organizations,
        new_token: outcome.new_token,
        problem: outcome.problem,
    };
    let status = if is_fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(Page::new(&view)?.with_status(status))
}

/// The account belongs to no organization; with the oldest in the bar, the way back to work is.
fn shell(signed_in: &SignedIn, organizations: &[Organization]) -> Shell {
    Shell { organization: organizations.first().map(Into::into), ..signed_in.shell("account") }
}

fn session_row(session: &Session, current: SessionId, now: Timestamp) -> SessionRow {
    SessionRow {
        id: session.id,
        browser: browser::describe(&session.user_agent),
        ip_address: session.ip_address.clone(),
        signed_in: Moment::new(session.created_at, now),
        last_seen: Moment::new(session.last_seen_at, now),
        is_this_one: session.id == current,
    }
}

fn token_row(token: &ApiToken, organizations: &[Organization], now: Timestamp) -> TokenRow {
    let organization = organizations.iter().find(|known| known.id == token.organization_id);
    TokenRow {
        id: token.id,
        name: token.name.clone(),
        last_characters: token.last_characters.clone(),
        scopes: token.scopes.to_strings().join(", "),
        organization: organization.map_or_else(String::new, |known| known.name.clone()),
        created: Moment::new(token.created_at, now),
        last_used: token.last_used_at.map(|at| Moment::new(at, now)),
    }
}

/// All scopes by family; without a choice, those that reading issues takes are ticked.
fn scope_families(ticked: Option<&[String]>) -> Vec<ScopeFamily> {
    let suggested = [Scope::EVENT_READ, Scope::PROJECT_READ, Scope::ORG_READ];
    let mut families: Vec<ScopeFamily> = Vec::new();
    for scope in Scope::all() {
        let (family, level) = scope.parts();
        let is_ticked = match ticked {
            Some(ticked) => ticked.iter().any(|name| name == scope.as_str()),
            None => suggested.contains(&scope),
        };
        let scope = ScopeBox { name: scope.as_str(), level, is_ticked };
        match families.last_mut() {
            Some(last) if last.name == family => last.boxes.push(scope),
            _ => families.push(ScopeFamily { name: family, boxes: vec![scope] }),
        }
    }
    families
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{OrganizationId, Slug};

    fn sample(problem: Problem) -> AccountView {
        let now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let moment = Moment::new(now - chrono::TimeDelta::hours(3), now);
        AccountView {
            shell: Shell::sample(),
            name: "Ada <b>".to_owned(),
            email: "ada@example.com".to_owned(),
            sessions: vec![SessionRow {
                id: SessionId(4),
                browser: "Firefox on Linux".to_owned(),
                ip_address: "192.0.2.7".to_owned(),
                signed_in: moment,
                last_seen: moment,
                is_this_one: false,
            }],
            has_other_sessions: true,
            tokens: vec![TokenRow {
                id: ApiTokenId(5),
                name: "Deploys".to_owned(),
                last_characters: "9f3a".to_owned(),
                scopes: "event:read".to_owned(),
                organization: "Default".to_owned(),
                created: moment,
                last_used: None,
            }],
            token_name: String::new(),
            scopes: scope_families(None),
            organizations: vec![Organization {
                id: OrganizationId(1),
                slug: "default".parse::<Slug>().unwrap(),
                name: "Default".to_owned(),
                created_at: now,
            }],
            new_token: Some("sntryu_0123".to_owned()),
            problem,
        }
    }

    #[test]
    fn the_page_shows_what_lets_somebody_in_and_the_new_token_once() {
        let html = sample(Problem::default()).render().unwrap();
        assert!(html.contains("value=\"Ada &#60;b&#62;\""));
        assert!(html.contains("/account/sessions/4/end"));
        assert!(html.contains("/account/tokens/5/revoke"));
        assert_eq!(html.matches("sntryu_0123").count(), 1);
    }

    #[test]
    fn a_problem_stands_at_its_form() {
        let html = sample(Problem::new("token_name", "Say what it is for.")).render().unwrap();
        assert!(html.contains("Say what it is for."));
    }

    #[test]
    fn reading_is_suggested_until_somebody_chooses() {
        let ticked = |families: Vec<ScopeFamily>| {
            let boxes = families.into_iter().flat_map(|family| family.boxes);
            boxes.filter(|scope| scope.is_ticked).map(|scope| scope.name).collect::<Vec<_>>()
        };
        assert_eq!(ticked(scope_families(None)), ["event:read", "project:read", "org:read"]);
        assert_eq!(ticked(scope_families(Some(&["org:ci".to_owned()]))), ["org:ci"]);
    }
}
