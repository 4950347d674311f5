//! How releases look on the wire (`web-api.md` §3.6).

use std::collections::BTreeMap;

use serde::Serialize;

use super::commits::{AuthorView, CommitView};
use super::deploys::DeployView;
use super::health::HealthView;
use crate::base::Timestamp;
use crate::domain::releases::version::{Name, Numbers, Version};
use crate::domain::releases::{Card, CardProject, ReleaseStatus};

/// A release.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct ReleaseView {
    id: i64,
    version: String,
    short_version: String,
    status: ReleaseStatus,
    #[serde(rename = "ref")]
    reference: Option<String>,
    url: Option<String>,
    date_created: Timestamp,
    date_released: Option<Timestamp>,
    date_started: Option<Timestamp>,
    data: BTreeMap<&'static str, &'static str>,
    new_groups: i64,
    owner: Option<&'static str>,
    commit_count: i64,
    last_commit: Option<CommitView>,
    deploy_count: i64,
    last_deploy: Option<DeployView>,
    authors: Vec<AuthorView>,
    projects: Vec<ProjectView>,
    first_event: Option<Timestamp>,
    last_event: Option<Timestamp>,
    version_info: VersionInfoView,
    #[serde(skip_serializing_if = "Option::is_none")]
    adoption_stages: Option<BTreeMap<String, StageView>>,
}

/// A project of a release.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProjectView {
    id: i64,
    slug: String,
    name: String,
    platform: Option<String>,
    platforms: Vec<String>,
    new_groups: i64,
    has_health_data: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    health_data: Option<HealthView>,
}

/// Where a release is on its way in a project.
#[derive(Debug, Serialize)]
pub(super) struct StageView {
    pub(super) stage: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionInfoView {
    description: String,
    package: Option<String>,
    version: VersionView,
    build_hash: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum VersionView {
    Numbered(NumbersView),
    Raw { raw: String },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NumbersView {
    raw: String,
    major: u64,
    minor: u64,
    patch: u64,
    pre: Option<String>,
    build_code: Option<String>,
    components: usize,
}

/// A release's health by project slug, if it was asked for.
pub(super) type HealthByProject = BTreeMap<String, HealthView>;

impl ReleaseView {
    /// Without its health.
    pub(in crate::api) fn new(card: Card) -> Self {
        Self::with_health(card, None)
    }

    pub(super) fn with_health(card: Card, health: Option<HealthByProject>) -> Self {
        let (first_event, last_event) = (card.first_event_at(), card.last_event_at());
        let new_groups = card.new_issues();
        let name = Name::parse(&card.release.version);
        let adoption_stages = health.as_ref().map(|health| {
            health.iter().map(|(slug, health)| (slug.clone(), health.stage())).collect()
        });
        let mut health = health.unwrap_or_default();
        let project = |project: CardProject| {
            let health = health.remove(project.slug.as_str());
            ProjectView::new(project, health)
        };
        Self {
            id: card.release.id.0,
            short_version: name.short().to_owned(),
            version_info: VersionInfoView::new(&name),
            status: card.release.status,
            reference: card.release.reference,
            url: card.release.url,
            date_created: card.release.created_at,
            date_released: card.release.released_at,
            date_started: card.release.started_at,
            data: BTreeMap::new(),
            new_groups,
            owner: None,
            commit_count: card.commit_count,
            last_commit: card.last_commit.map(CommitView::new),
            deploy_count: card.deploy_count,
            last_deploy: card.last_deploy.map(DeployView::new),
            authors: card.authors.into_iter().map(AuthorView::new).collect(),
            projects: card.projects.into_iter().map(project).collect(),
            first_event,
            last_event,
            adoption_stages,
            version: card.release.version,
        }
    }
}

impl ProjectView {
    fn new(project: CardProject, health_data: Option<HealthView>) -> Self {
        Self {
            id: project.project_id.0,
            slug: project.slug.to_string(),
            name: project.name,
            platforms: project.platform.iter().cloned().collect(),
            platform: project.platform,
            new_groups: project.new_issues,
            has_health_data: project.first_session_at.is_some(),
            health_data,
        }
    }
}

impl VersionInfoView {
    fn new(name: &Name<'_>) -> Self {
        let (version, build_hash) = match name.version {
            Version::Numbered(numbers) => (NumbersView::new(name.raw, &numbers), None),
            Version::Hash(hash) => {
                (VersionView::Raw { raw: name.raw.to_owned() }, Some(hash.to_owned()))
            }
            Version::Text => (VersionView::Raw { raw: name.raw.to_owned() }, None),
        };
        Self {
            description: name.short().to_owned(),
            package: name.package.map(str::to_owned),
            version,
            build_hash,
        }
    }
}

impl NumbersView {
    #[expect(clippy::new_ret_no_self, reason = "one of two ways a version looks")]
    fn new(raw: &str, numbers: &Numbers<'_>) -> VersionView {
        let [major, minor, patch, _] = numbers.parts;
        VersionView::Numbered(Self {
            raw: raw.to_owned(),
            major,
            minor,
            patch,
            pre: numbers.pre.map(str::to_owned),
            build_code: numbers.build.map(str::to_owned),
            components: numbers.components,
        })
    }
}
