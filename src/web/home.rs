//! The start page: it has nothing of its own to show and knows where to go.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use sqlx::PgConnection;

use super::accounts::sign_in::SignInPath;
use super::issues::paths::IssueListPath;
use super::projects::new::NewProjectPath;
use super::{Page, Redirect, Result, Shell, Visit};
use crate::app::App;
use crate::domain::organizations::{self, Organization};
use crate::domain::{accounts, projects};

/// The start page.
#[derive(Clone, Copy, Debug, TypedPath)]
#[typed_path("/", rejection(super::Error))]
pub struct HomePath;

/// Why somebody stays on the start page: there is nowhere to go yet.
#[derive(Template)]
#[template(path = "home.html")]
struct HomeView {
    shell: Shell,
    is_fresh: bool,
}

/// Goes to the issues, or to the step that comes before there can be any.
pub async fn show_home(_: HomePath, visit: Visit, State(app): State<App>) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let Some((user, _)) = &visit.signed_in else {
        return if accounts::store::has_users(&mut db).await? {
            Ok(Redirect::to(SignInPath).into_response())
        } else {
            stay(&visit, true)
        };
    };
    let organizations = organizations::store::list_for_user(&mut db, user.id).await?;
    let Some(organization) = organizations.into_iter().next() else { return stay(&visit, false) };
    Ok(to_first_page(&mut db, organization).await?.into_response())
}

/// Leads into an organization: to its issues, or to the first project.
pub(super) async fn to_first_page(
    db: &mut PgConnection,
    organization: Organization,
) -> Result<Redirect> {
    Ok(if projects::store::exists(db, organization.id).await? {
        Redirect::to(IssueListPath { organization: organization.slug })
    } else {
        Redirect::to(NewProjectPath { organization: organization.slug })
    })
}

fn stay(visit: &Visit, is_fresh: bool) -> Result<Response> {
    Ok(Page::new(&HomeView { shell: visit.shell(), is_fresh })?.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_states_render() {
        let fresh = HomeView { shell: Shell::sample(), is_fresh: true }.render().unwrap();
        assert!(fresh.contains("log"));
        let lonely = HomeView { shell: Shell::sample(), is_fresh: false }.render().unwrap();
        assert!(lonely.contains("organization"));
    }
}
