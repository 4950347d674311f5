//! What is in a release, and which files that changed.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::require;
use crate::api::Result;
use crate::api::pagination::ListUrl;
use crate::api::parameters::Parameters;
use crate::api::place::{InOrganization, InProject};
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::issues::suspects::Suspect;
use crate::domain::releases::commits::{self, Author, Commit, ReleaseFile};
use crate::domain::releases::{self, Release};

/// Who wrote a commit.
#[derive(Debug, Serialize)]
pub(in crate::api) struct AuthorView {
    name: Option<String>,
    email: Option<String>,
}

/// A commit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct CommitView {
    id: String,
    message: Option<String>,
    date_created: Timestamp,
    author: Option<AuthorView>,
    repository: RepositoryView,
    suspect_commit_type: &'static str,
    releases: [&'static str; 0],
    pull_request: Option<&'static str>,
}

/// A repository, of which nothing is known but its name.
#[derive(Debug, Serialize)]
struct RepositoryView {
    name: String,
}

/// A file that a release changed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileView {
    id: String,
    filename: String,
    #[serde(rename = "type")]
    change: &'static str,
    commit_message: Option<String>,
    date_created: Timestamp,
    author: Option<AuthorView>,
    repo_name: String,
    commit_id: String,
}

impl AuthorView {
    pub(in crate::api) fn new(author: Author) -> Self {
        Self { name: author.name, email: author.email }
    }

    fn of(author: Author) -> Option<Self> {
        (author != Author::default()).then(|| Self::new(author))
    }
}

impl CommitView {
    pub(super) fn new(commit: Commit) -> Self {
        Self {
            id: commit.sha,
            message: commit.message,
            date_created: commit.committed_at,
            author: AuthorView::of(commit.author),
            repository: RepositoryView { name: commit.repository },
            suspect_commit_type: "",
            releases: [],
            pull_request: None,
        }
    }
}

impl CommitView {
    /// A commit that may have brought an issue.
    pub(in crate::api) fn suspected(suspect: Suspect) -> Self {
        Self {
            id: suspect.sha,
            message: Some(suspect.message).filter(|message| !message.is_empty()),
            date_created: suspect.committed_at,
            author: AuthorView::of(suspect.author),
            repository: RepositoryView { name: suspect.repository },
            suspect_commit_type: "via commit in release",
            releases: [],
            pull_request: None,
        }
    }
}

impl FileView {
    fn new(file: ReleaseFile) -> Self {
        Self {
            id: format!("{}:{}", file.sha, file.file.path),
            filename: file.file.path,
            change: file.file.change.letter(),
            commit_message: file.message,
            date_created: file.committed_at,
            author: AuthorView::of(file.author),
            repo_name: file.repository,
            commit_id: file.sha,
        }
    }
}

/// Lists the commits of an organization's release.
pub(in crate::api) async fn list_commits(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let release = require(&app, place.organization().id, &place.path).await?;
    commits_of(&app, &release, &url, &parameters).await
}

/// Lists the commits of a project's release.
pub(in crate::api) async fn list_commits_of_project(
    State(app): State<App>,
    place: InProject,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let release = super::require_of_project(&app, &place).await?;
    commits_of(&app, &release, &url, &parameters).await
}

async fn commits_of(
    app: &App,
    release: &Release,
    url: &ListUrl,
    parameters: &Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let commits = commits::list(&mut db, release).await?;
    Ok(url.slice(commits.into_iter().map(CommitView::new).collect(), &parameters.page()?))
}

/// Lists the files that a release changed.
pub(in crate::api) async fn list_files(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let release = require(&app, place.organization().id, &place.path).await?;
    let mut db = app.db.acquire().await?;
    let files = releases::commits::list_files(&mut db, &release).await?;
    Ok(url.slice(files.into_iter().map(FileView::new).collect(), &parameters.page()?))
}
