//! Has the first event arrived? Asked every two seconds by the page that waits for it.

use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use sqlx::PgConnection;

use super::detail::ProjectPath;
use super::issues_of_project;
use crate::base::{IssueId, IssueNumber, Slug};
use crate::domain::issues;
use crate::domain::projects::Project;
use crate::web::issues::paths::IssuePath;
use crate::web::{Error, Member, Result};

/// The question.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/first-event", rejection(Error))]
pub struct FirstEventPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

/// Nothing while there is nothing; then the way to the project's page, which goes on to the issue.
pub async fn check_first_event(path: FirstEventPath, member: Member) -> Result<Response> {
    let project = member.project(&path.project)?;
    if project.first_event_at.is_none() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let page = ProjectPath { organization: path.organization, project: path.project };
    let next =
        HeaderValue::try_from(format!("{page}?waiting=1")).expect("slugs are allowed in headers");
    Ok((StatusCode::OK, [("hx-redirect", next)]).into_response())
}

/// The first issue of a project, or the list if it is gone already.
pub(super) async fn first_issue_url(
    db: &mut PgConnection,
    organization: &Slug,
    project: &Project,
) -> Result<String> {
    let first = issues::find(db, IssueId::new(project.id, IssueNumber(1))).await?;
    Ok(match first {
        Some(issue) => {
            IssuePath { organization: organization.clone(), issue: issue.short_id() }.to_string()
        }
        None => issues_of_project(organization, &project.slug),
    })
}
