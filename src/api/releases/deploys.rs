//! Where releases went.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Named, require, resolve};
use crate::api::Result;
use crate::api::json::{Body, Json};
use crate::api::pagination::ListUrl;
use crate::api::parameters::Parameters;
use crate::api::place::InOrganization;
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::releases::deploys::{self, Deploy, NewDeploy};

/// A deploy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct DeployView {
    id: String,
    environment: String,
    name: Option<String>,
    url: Option<String>,
    date_started: Option<Timestamp>,
    date_finished: Timestamp,
}

impl DeployView {
    pub(super) fn new(deploy: Deploy) -> Self {
        Self {
            id: deploy.id.to_string(),
            environment: deploy.environment,
            name: deploy.name,
            url: deploy.url,
            date_started: deploy.started_at,
            date_finished: deploy.finished_at,
        }
    }
}

/// A deploy as a program tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct DeployBody {
    environment: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    date_started: Option<Timestamp>,
    #[serde(default)]
    date_finished: Option<Timestamp>,
    #[serde(default)]
    projects: Option<Vec<Named>>,
}

/// Lists the deploys of a release.
pub(in crate::api) async fn list_deploys(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let release = require(&app, place.organization().id, &place.path).await?;
    let mut db = app.db.acquire().await?;
    let deploys = deploys::list(&mut db, &release).await?;
    Ok(url.slice(deploys.into_iter().map(DeployView::new).collect(), &parameters.page()?))
}

/// Notes that a release was deployed.
pub(in crate::api) async fn create_deploy(
    State(app): State<App>,
    place: InOrganization,
    Body(body): Body<DeployBody>,
) -> Result<Response> {
    let organization = place.organization().id;
    let release = require(&app, organization, &place.path).await?;
    let new = NewDeploy {
        environment: body.environment,
        name: body.name,
        url: body.url,
        started_at: body.date_started,
        finished_at: body.date_finished,
        projects: resolve(&app, organization, &body.projects.unwrap_or_default()).await?,
    };
    let deploy = deploys::create(&app, &release, &new).await?;
    Ok((StatusCode::CREATED, Json(DeployView::new(deploy))).into_response())
}
