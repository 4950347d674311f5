//! `GET /`: which server this is and who is asking; the first thing every client calls.

use serde::Serialize;

use super::authenticate::{Anybody, Caller};
use super::json::Json;
use super::users::UserView;

#[derive(Debug, Serialize)]
pub(super) struct RootView {
    /// Of the API, not of Picket.
    version: &'static str,
    auth: Option<AuthView>,
    /// Null for a token that belongs to the organization, and without a token.
    user: Option<UserView>,
}

#[derive(Debug, Serialize)]
struct AuthView {
    scopes: Vec<String>,
}

pub(super) async fn show_root(Anybody(caller): Anybody) -> Json<RootView> {
    Json(RootView {
        version: "0",
        auth: caller.as_ref().map(|caller| AuthView { scopes: caller.scopes() }),
        user: caller.and_then(|Caller { user, .. }| user).map(UserView::new),
    })
}
