//! How organizations look on the wire (`web-api.md` §3.3).

use serde::Serialize;

use crate::api::authenticate::Caller;
use crate::api::projects::ProjectView;
use crate::api::teams::TeamView;
use crate::api::users::AvatarView;
use crate::base::Timestamp;
use crate::config::ServerConfig;
use crate::domain::organizations::Organization;

/// An organization in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the wire's flags")]
pub(in crate::api) struct OrganizationView {
    id: String,
    slug: String,
    name: String,
    date_created: Timestamp,
    is_early_adopter: bool,
    #[serde(rename = "require2FA")]
    require_2fa: bool,
    require_email_verification: bool,
    features: [&'static str; 0],
    status: StatusView,
    avatar: AvatarView,
    links: LinksView,
    has_auth_provider: bool,
    allow_member_invite: bool,
    allow_member_project_creation: bool,
    allow_superuser_access: bool,
}

#[derive(Debug, Serialize)]
struct StatusView {
    id: &'static str,
    name: &'static str,
}

/// Clients call what stands here from then on, so both are the server's own URL.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LinksView {
    organization_url: String,
    region_url: String,
}

impl OrganizationView {
    pub(in crate::api) fn new(organization: &Organization, server: &ServerConfig) -> Self {
        Self {
            id: organization.id.to_string(),
            slug: organization.slug.to_string(),
            name: organization.name.clone(),
            date_created: organization.created_at,
            is_early_adopter: false,
            require_2fa: false,
            require_email_verification: false,
            features: [],
            status: StatusView { id: "active", name: "active" },
            avatar: AvatarView::LETTERS,
            links: LinksView { organization_url: server.base_url(), region_url: server.base_url() },
            has_auth_provider: false,
            allow_member_invite: true,
            allow_member_project_creation: true,
            allow_superuser_access: false,
        }
    }
}

/// An organization on its own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the wire's flags")]
pub(in crate::api) struct OrganizationDetailView {
    #[serde(flatten)]
    summary: OrganizationView,
    access: Vec<String>,
    org_role_list: [RoleView; 2],
    team_role_list: [RoleView; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    projects: Option<Vec<ProjectView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    teams: Option<Vec<TeamView>>,
    quota: QuotaView,
    default_role: &'static str,
    onboarding_tasks: [&'static str; 0],
    data_scrubber: bool,
    data_scrubber_defaults: bool,
    #[serde(rename = "scrubIPAddresses")]
    scrub_ip_addresses: bool,
    sensitive_fields: [&'static str; 0],
    safe_fields: [&'static str; 0],
    store_crash_reports: i32,
    attachments_role: &'static str,
    debug_files_role: &'static str,
    events_member_admin: bool,
    is_default: bool,
    pending_access_requests: i32,
}

#[derive(Debug, Serialize)]
struct RoleView {
    id: &'static str,
    name: &'static str,
}

/// Nothing is metered here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct QuotaView {
    max_rate: Option<i32>,
    max_rate_interval: i32,
    account_limit: i32,
    project_limit: i32,
}

impl OrganizationDetailView {
    pub(in crate::api) fn new(
        summary: OrganizationView,
        caller: &Caller,
        projects: Option<Vec<ProjectView>>,
        teams: Option<Vec<TeamView>>,
    ) -> Self {
        Self {
            summary,
            access: caller.scopes(),
            org_role_list: [
                RoleView { id: "member", name: "Member" },
                RoleView { id: "owner", name: "Owner" },
            ],
            team_role_list: [],
            projects,
            teams,
            quota: QuotaView {
                max_rate: None,
                max_rate_interval: 60,
                account_limit: 0,
                project_limit: 100,
            },
            default_role: "member",
            onboarding_tasks: [],
            data_scrubber: false,
            data_scrubber_defaults: false,
            scrub_ip_addresses: false,
            sensitive_fields: [],
            safe_fields: [],
            store_crash_reports: 0,
            attachments_role: "member",
            debug_files_role: "member",
            events_member_admin: true,
            is_default: false,
            pending_access_requests: 0,
        }
    }
}
