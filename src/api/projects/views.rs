//! How projects look in lists (`web-api.md` §3.4).

use serde::Serialize;

use crate::api::authenticate::Caller;
use crate::api::teams::TeamSummaryView;
use crate::base::{TeamId, Timestamp};
use crate::domain::projects::Project;
use crate::domain::projects::sent::Sent;

/// A project in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct ProjectView {
    id: String,
    slug: String,
    name: String,
    platform: Option<String>,
    date_created: Timestamp,
    is_bookmarked: bool,
    is_member: bool,
    has_access: bool,
    features: [&'static str; 0],
    access: Vec<String>,
    first_event: Option<Timestamp>,
    #[serde(flatten)]
    flags: FlagsView,
    team: Option<TeamSummaryView>,
    teams: Vec<TeamSummaryView>,
    platforms: Vec<String>,
    environments: Vec<String>,
    latest_release: Option<LatestReleaseView>,
    #[serde(skip)]
    team_id: TeamId,
}

/// The release that counts as the latest of a project.
#[derive(Debug, Serialize)]
struct LatestReleaseView {
    version: String,
}

/// What is known of a project besides its own row.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) environments: Vec<String>,
    pub(super) sent: Sent,
    pub(super) latest_release: Option<String>,
}

/// What else a project might have been sent; the rest Picket does not keep.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the wire's flags")]
struct FlagsView {
    first_transaction_event: bool,
    has_feedbacks: bool,
    has_flags: bool,
    has_minified_stack_trace: bool,
    has_monitors: bool,
    has_new_feedbacks: bool,
    has_profiles: bool,
    has_replays: bool,
    has_sessions: bool,
    has_insights_http: bool,
    has_insights_db: bool,
    has_insights_assets: bool,
    has_insights_app_start: bool,
    has_insights_screen_load: bool,
    has_insights_vitals: bool,
    has_insights_caches: bool,
    has_insights_queues: bool,
    has_insights_agent_monitoring: bool,
    #[serde(rename = "hasInsightsMCP")]
    has_insights_mcp: bool,
    has_logs: bool,
    has_trace_metrics: bool,
    has_user_reports: bool,
}

impl ProjectView {
    pub(super) fn new(
        project: &Project,
        caller: &Caller,
        team: Option<TeamSummaryView>,
        known: Known,
    ) -> Self {
        let Known { environments, sent, latest_release } = known;
        Self {
            id: project.id.to_string(),
            slug: project.slug.to_string(),
            name: project.name.clone(),
            platform: project.platform.clone(),
            date_created: project.created_at,
            is_bookmarked: false,
            is_member: caller.user.is_some(),
            has_access: true,
            features: [],
            access: caller.scopes(),
            first_event: project.first_event_at,
            flags: FlagsView {
                has_sessions: sent.has_sessions,
                has_feedbacks: sent.has_feedback,
                has_new_feedbacks: sent.has_feedback,
                has_user_reports: sent.has_feedback,
                ..FlagsView::default()
            },
            teams: team.iter().cloned().collect(),
            team,
            team_id: project.team_id,
            platforms: project.platform.iter().cloned().collect(),
            environments,
            latest_release: latest_release.map(|version| LatestReleaseView { version }),
        }
    }

    /// Whether this team owns it.
    pub(in crate::api) fn is_of(&self, team: TeamId) -> bool {
        self.team_id == team
    }

    /// Whether its slug or name has this in it; `sought` is in lower case.
    pub(super) fn is_called(&self, sought: &str) -> bool {
        self.slug.contains(sought) || self.name.to_lowercase().contains(sought)
    }
}
