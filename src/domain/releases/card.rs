//! Releases with everything a list shows of them.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::commits::{self, Author, Commit};
use super::deploys::{self, Deploy};
use super::{Release, store};
use crate::base::{ProjectId, ReleaseId, Slug, Timestamp};
use crate::domain::Result;

/// A release with everything a list shows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// The release.
    pub release: Release,
    /// Its projects, by their slugs.
    pub projects: Vec<CardProject>,
    /// How many commits are in it.
    pub commit_count: i64,
    /// The newest commit.
    pub last_commit: Option<Commit>,
    /// Who wrote the commits.
    pub authors: Vec<Author>,
    /// How often it was deployed.
    pub deploy_count: i64,
    /// Where it went last.
    pub last_deploy: Option<Deploy>,
}

impl Card {
    /// When its first event was received.
    pub fn first_event_at(&self) -> Option<Timestamp> {
        self.projects.iter().filter_map(|project| project.first_event_at).min()
    }

    /// When its last event was received, to the minute.
    pub fn last_event_at(&self) -> Option<Timestamp> {
        self.projects.iter().filter_map(|project| project.last_event_at).max()
    }

    /// How many issues began with it.
    pub fn new_issues(&self) -> i64 {
        self.projects.iter().map(|project| project.new_issues).sum()
    }
}

/// A project of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardProject {
    /// The release.
    pub release_id: ReleaseId,
    /// The project.
    pub project_id: ProjectId,
    /// Its slug.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// What it is written in.
    pub platform: Option<String>,
    /// When its first event of the release was received.
    pub first_event_at: Option<Timestamp>,
    /// And the last, to the minute.
    pub last_event_at: Option<Timestamp>,
    /// When its first session of the release was received; `None`: there is no health to speak of.
    pub first_session_at: Option<Timestamp>,
    /// How many issues of the project began with the release.
    pub new_issues: i64,
}

/// What a list shows of these releases, in their order. All are of one organization.
///
/// # Errors
/// When the database fails.
pub async fn cards(db: &mut PgConnection, releases: Vec<Release>) -> Result<Vec<Card>> {
    let Some(organization) = releases.first().map(|release| release.organization_id) else {
        return Ok(Vec::new());
    };
    let ids: Vec<i64> = releases.iter().map(|release| release.id.0).collect();
    let mut projects: BTreeMap<ReleaseId, Vec<CardProject>> = BTreeMap::new();
    for project in store::list_projects(db, organization, &ids).await? {
        projects.entry(project.release_id).or_default().push(project);
    }
    let mut commits = commits::summaries(db, organization, &ids).await?;
    let mut deploys = deploys::summaries(db, organization, &ids).await?;
    let card = |release: Release| {
        let commits = commits.remove(&release.id).unwrap_or_default();
        let (deploy_count, last_deploy) = deploys.remove(&release.id).unwrap_or_default();
        Card {
            projects: projects.remove(&release.id).unwrap_or_default(),
            commit_count: commits.count,
            last_commit: commits.last,
            authors: commits.authors,
            deploy_count,
            last_deploy,
            release,
        }
    };
    Ok(releases.into_iter().map(card).collect())
}
