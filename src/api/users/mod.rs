//! People.

mod views;

pub(super) use views::{AvatarView, PersonView, UserView};

use axum::extract::State;
use serde::Serialize;

use super::authenticate::Caller;
use super::json::Json;
use super::{Error, Result};
use crate::app::App;

/// The person whose token this is.
pub(super) async fn get_current_user(caller: Caller) -> Result<Json<UserView>> {
    // A token of an organization acts for nobody.
    caller.user.map(|user| Json(UserView::new(user))).ok_or(Error::Unauthenticated)
}

#[derive(Debug, Serialize)]
pub(super) struct RegionsView {
    regions: [RegionView; 1],
}

#[derive(Debug, Serialize)]
struct RegionView {
    name: &'static str,
    url: String,
}

/// Where the organizations' data are: all of them here.
pub(super) async fn list_regions(State(app): State<App>) -> Json<RegionsView> {
    Json(RegionsView {
        regions: [RegionView { name: "picket", url: app.config.server.base_url() }],
    })
}
