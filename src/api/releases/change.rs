//! Making, changing and deleting releases: what builds do.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Deserializer};

use super::list::one;
use super::views::ReleaseView;
use super::{Named, require_of_project, resolve};
use crate::api::json::{Body, Json};
use crate::api::parameters::Parameters;
use crate::api::place::{InOrganization, InProject};
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::{OrganizationId, ProjectId, Timestamp};
use crate::domain::issues::assignees::assign_told;
use crate::domain::issues::fixes;
use crate::domain::releases::commits::{ChangedFile, FileChange, NewCommit};
use crate::domain::releases::{self, Change, Ref, Release, ReleaseStatus};

/// The largest body: a thousand commits with twenty files each.
const MAX_BODY_KIB: usize = 8 << 10;

/// What is said about a release; what is not named stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::api) struct ReleaseBody {
    version: Option<String>,
    projects: Option<Vec<Named>>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    url: Option<String>,
    date_started: Option<Timestamp>,
    date_released: Option<Timestamp>,
    refs: Option<Vec<Ref>>,
    commits: Option<Vec<CommitBody>>,
    status: Option<ReleaseStatus>,
}

/// A commit. The names of its fields are in two styles on the wire.
#[derive(Debug, Deserialize)]
struct CommitBody {
    id: String,
    #[serde(default)]
    repository: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    author_name: Option<String>,
    #[serde(default)]
    author_email: Option<String>,
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_none")]
    patch_set: Vec<FileBody>,
}

#[derive(Debug, Deserialize)]
struct FileBody {
    path: String,
    #[serde(rename = "type")]
    change: String,
}

/// A list that may be null.
fn or_none<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Vec<FileBody>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl From<CommitBody> for NewCommit {
    fn from(body: CommitBody) -> Self {
        let file = |file: FileBody| ChangedFile {
            change: FileChange::of_letter(&file.change),
            path: file.path,
        };
        Self {
            sha: body.id,
            repository: body.repository.unwrap_or_default(),
            message: body.message,
            author_name: body.author_name,
            author_email: body.author_email,
            committed_at: body.timestamp,
            files: body.patch_set.into_iter().map(file).collect(),
        }
    }
}

impl ReleaseBody {
    async fn parse(
        self,
        app: &App,
        organization: OrganizationId,
        project: Option<ProjectId>,
    ) -> Result<Change> {
        let mut projects =
            resolve(app, organization, self.projects.as_deref().unwrap_or_default()).await?;
        projects.extend(project);
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Change {
            projects,
            status: self.status,
            reference: filled(self.reference),
            url: filled(self.url),
            started_at: self.date_started,
            released_at: self.date_released,
            refs: self.refs,
            commits: self.commits.map(|commits| commits.into_iter().map(NewCommit::from).collect()),
        })
    }
}

/// Makes a release of an organization's projects.
pub(in crate::api) async fn create_release(
    State(app): State<App>,
    place: InOrganization,
    Body(body): Body<ReleaseBody, MAX_BODY_KIB>,
) -> Result<Response> {
    let organization = place.organization().id;
    if body.projects.as_ref().is_none_or(Vec::is_empty) {
        // Programs change a release by making it again, and then name none.
        let version = body.version.as_deref().unwrap_or_default().trim();
        let mut db = app.db.acquire().await?;
        if version.is_empty() || releases::find(&mut db, organization, version).await?.is_none() {
            return Err(Error::invalid("projects", "Name at least one project."));
        }
    }
    create(&app, organization, None, body).await
}

/// Makes a release of a project.
pub(in crate::api) async fn create_release_of_project(
    State(app): State<App>,
    place: InProject,
    Body(body): Body<ReleaseBody, MAX_BODY_KIB>,
) -> Result<Response> {
    create(&app, place.caller.organization.id, Some(place.project.id), body).await
}

async fn create(
    app: &App,
    organization: OrganizationId,
    project: Option<ProjectId>,
    mut body: ReleaseBody,
) -> Result<Response> {
    let version = body.version.take();
    let version = version.ok_or_else(|| Error::invalid("version", "This field is required."))?;
    let change = body.parse(app, organization, project).await?;
    let (release, is_new) = releases::create(app, organization, version.trim(), &change).await?;
    act_on_commits(app, &release, &change).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::ALREADY_REPORTED };
    let view = one(app, release, &Parameters::default()).await?;
    Ok((status, view).into_response())
}

/// Resolves what the commits that were told say that they repair.
async fn act_on_commits(app: &App, release: &Release, change: &Change) -> Result<()> {
    if let Some(commits) = &change.commits {
        fixes::apply(app, release, commits).await?;
        assign_told(app, release).await?;
    }
    Ok(())
}

/// Changes a release of an organization.
pub(in crate::api) async fn update_release(
    State(app): State<App>,
    place: InOrganization,
    Body(body): Body<ReleaseBody, MAX_BODY_KIB>,
) -> Result<Json<ReleaseView>> {
    let organization = place.organization().id;
    let change = body.parse(&app, organization, None).await?;
    let version = place.path.get("version")?;
    let release = releases::update(&app, organization, version, &change).await?;
    act_on_commits(&app, &release, &change).await?;
    one(&app, release, &Parameters::default()).await
}

/// Changes a release of a project.
pub(in crate::api) async fn update_release_of_project(
    State(app): State<App>,
    place: InProject,
    Body(body): Body<ReleaseBody, MAX_BODY_KIB>,
) -> Result<Json<ReleaseView>> {
    let release = require_of_project(&app, &place).await?;
    let organization = release.organization_id;
    let change = body.parse(&app, organization, Some(place.project.id)).await?;
    let release = releases::update(&app, organization, &release.version, &change).await?;
    act_on_commits(&app, &release, &change).await?;
    one(&app, release, &Parameters::default()).await
}

/// Deletes a release of an organization.
pub(in crate::api) async fn delete_release(
    State(app): State<App>,
    place: InOrganization,
) -> Result<StatusCode> {
    releases::delete(&app, place.organization().id, place.path.get("version")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a release of a project.
pub(in crate::api) async fn delete_release_of_project(
    State(app): State<App>,
    place: InProject,
) -> Result<StatusCode> {
    let release = require_of_project(&app, &place).await?;
    releases::delete(&app, release.organization_id, &release.version).await?;
    Ok(StatusCode::NO_CONTENT)
}
