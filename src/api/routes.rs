//! Every endpoint, and the scope it needs.

use std::any::Any;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, any};
use tower_http::catch_panic::CatchPanicLayer;

use super::authenticate::{Access, Guard, check};
use super::error::{self, Error};
use super::limits::Limiter;
use super::{
    cors, events, feedback, issues, keys, organizations, ownership, projects, releases, root,
    sessions, tags, teams, usage, users,
};
use crate::app::App;
use crate::domain::accounts::Scope;
use crate::infra::http::Routes;

const EVENT_READ: Access = Access::Scopes(&[Scope::EVENT_READ]);
const EVENT_WRITE: Access = Access::Scopes(&[Scope::EVENT_WRITE]);
const USER_FEEDBACK: Access = Access::ScopesOrDsn(&[Scope::EVENT_WRITE, Scope::PROJECT_WRITE]);
const PROJECT_READ: Access = Access::Scopes(&[Scope::PROJECT_READ]);
const PROJECT_WRITE: Access = Access::Scopes(&[Scope::PROJECT_WRITE]);
const PROJECT_ADMIN: Access = Access::Scopes(&[Scope::PROJECT_ADMIN]);
const RELEASE_READ: Access =
    Access::Scopes(&[Scope::PROJECT_READ, Scope::PROJECT_RELEASES, Scope::ORG_CI]);
const RELEASE_WRITE: Access =
    Access::Scopes(&[Scope::PROJECT_WRITE, Scope::PROJECT_RELEASES, Scope::ORG_CI]);
const RELEASE_DELETE: Access =
    Access::Scopes(&[Scope::PROJECT_ADMIN, Scope::PROJECT_RELEASES, Scope::ORG_CI]);
const ORG_READ: Access = Access::Scopes(&[Scope::ORG_READ]);
const TEAM_READ: Access = Access::Scopes(&[Scope::TEAM_READ]);
const TEAM_WRITE: Access = Access::Scopes(&[Scope::TEAM_WRITE]);
const TEAM_ADMIN: Access = Access::Scopes(&[Scope::TEAM_ADMIN]);
const MEMBER_READ: Access = Access::Scopes(&[Scope::MEMBER_READ]);
const MEMBER_WRITE: Access = Access::Scopes(&[Scope::MEMBER_WRITE]);

/// The table. Paths are those of `web-api.md` §2; each matches with and without its last slash.
pub fn routes() -> Routes<App, Access> {
    issues_routes(releases_routes(teams_routes(projects_routes(Routes::new()))))
}

/// Who asks, organizations and projects.
#[rustfmt::skip]
fn projects_routes(routes: Routes<App, Access>) -> Routes<App, Access> {
    routes
        .get("/api/0/",      Access::Anybody, root::show_root)
        .get("/api/0/auth/", Access::Token,   users::get_current_user)
        .get("/api/0/users/me/", Access::Token, users::get_current_user)
        .get("/api/0/users/me/regions/", Access::Token, users::list_regions)

        .get("/api/0/organizations/",                ORG_READ, organizations::list_organizations)
        .get("/api/0/organizations/{organization}/", ORG_READ, organizations::get_organization)
        .get("/api/0/organizations/{organization}/environments/", ORG_READ, tags::list_environments_of_organization)
        .get("/api/0/organizations/{organization}/tags/",              ORG_READ, tags::list_tags_of_organization)
        .get("/api/0/organizations/{organization}/tags/{key}/values/", ORG_READ, tags::list_tag_values_of_organization)

        .get("/api/0/organizations/{organization}/stats_v2/",           ORG_READ,     usage::show_stats)

        .get("/api/0/projects/",                                        PROJECT_READ, projects::list_projects)
        .get("/api/0/organizations/{organization}/projects/",           ORG_READ,     projects::list_projects_of_organization)
        .get("/api/0/projects/{organization}/{project}/",               PROJECT_READ, projects::get_project)
        .put("/api/0/projects/{organization}/{project}/",               PROJECT_WRITE, projects::settings::update_project)
        .get("/api/0/projects/{organization}/{project}/environments/",  PROJECT_READ, tags::list_environments_of_project)
        .get("/api/0/projects/{organization}/{project}/tags/",              PROJECT_READ, tags::list_tags_of_project)
        .get("/api/0/projects/{organization}/{project}/tags/{key}/values/", PROJECT_READ, tags::list_tag_values_of_project)
        .get("/api/0/projects/{organization}/{project}/stats/",         PROJECT_READ, usage::show_project_stats)
        .get("/api/0/projects/{organization}/{project}/keys/",          PROJECT_READ, keys::list_keys_of_project)
        .get("/api/0/projects/{organization}/{project}/keys/{key}/",    PROJECT_READ, keys::get_key)
        .post  ("/api/0/projects/{organization}/{project}/keys/",       PROJECT_WRITE, keys::change::create_key)
        .put   ("/api/0/projects/{organization}/{project}/keys/{key}/", PROJECT_WRITE, keys::change::update_key)
        .delete("/api/0/projects/{organization}/{project}/keys/{key}/", PROJECT_ADMIN, keys::change::delete_key)
        .get("/api/0/organizations/{organization}/project-keys/",       PROJECT_READ, keys::list_keys_of_organization)
}

/// Teams, what they own, and who is in them.
#[rustfmt::skip]
fn teams_routes(routes: Routes<App, Access>) -> Routes<App, Access> {
    routes
        .get   ("/api/0/organizations/{organization}/teams/",                   TEAM_READ,     teams::list_teams)
        .post  ("/api/0/organizations/{organization}/teams/",                   TEAM_WRITE,    teams::change::create_team)
        .get   ("/api/0/teams/{organization}/{team}/",                          TEAM_READ,     teams::get_team)
        .put   ("/api/0/teams/{organization}/{team}/",                          TEAM_WRITE,    teams::change::update_team)
        .delete("/api/0/teams/{organization}/{team}/",                          TEAM_ADMIN,    teams::change::delete_team)
        .get   ("/api/0/teams/{organization}/{team}/members/",                  MEMBER_READ,   teams::members::list_members_of_team)
        .get   ("/api/0/teams/{organization}/{team}/projects/",                 PROJECT_READ,  teams::list_projects_of_team)
        .post  ("/api/0/teams/{organization}/{team}/projects/",                 PROJECT_WRITE, teams::change::create_project)
        .get   ("/api/0/projects/{organization}/{project}/teams/",              PROJECT_READ,  teams::list_teams_of_project)
        .post  ("/api/0/projects/{organization}/{project}/teams/{team}/",       PROJECT_WRITE, teams::change::give_project)
        .delete("/api/0/projects/{organization}/{project}/teams/{team}/",       PROJECT_ADMIN, teams::change::take_project)
        .get   ("/api/0/projects/{organization}/{project}/ownership/",          PROJECT_READ,  ownership::get_ownership)
        .put   ("/api/0/projects/{organization}/{project}/ownership/",          PROJECT_WRITE, ownership::update_ownership)
        .get   ("/api/0/organizations/{organization}/members/",                 MEMBER_READ,   teams::members::list_members)
        .get   ("/api/0/organizations/{organization}/members/{member}/",        MEMBER_READ,   teams::members::get_member)
        .post  ("/api/0/organizations/{organization}/members/{member}/teams/{team}/", MEMBER_WRITE, teams::members::join_team)
        .delete("/api/0/organizations/{organization}/members/{member}/teams/{team}/", MEMBER_WRITE, teams::members::leave_team)
}

/// Releases, what builds tell of them, and how their sessions go.
#[rustfmt::skip]
fn releases_routes(routes: Routes<App, Access>) -> Routes<App, Access> {
    routes
        .get   ("/api/0/organizations/{organization}/releases/",                        RELEASE_READ,   releases::list::list_releases)
        .post  ("/api/0/organizations/{organization}/releases/",                        RELEASE_WRITE,  releases::change::create_release)
        .get   ("/api/0/organizations/{organization}/releases/{version}/",              RELEASE_READ,   releases::list::get_release)
        .put   ("/api/0/organizations/{organization}/releases/{version}/",              RELEASE_WRITE,  releases::change::update_release)
        .delete("/api/0/organizations/{organization}/releases/{version}/",              RELEASE_DELETE, releases::change::delete_release)
        .get   ("/api/0/organizations/{organization}/releases/{version}/commits/",      RELEASE_READ,   releases::commits::list_commits)
        .get   ("/api/0/organizations/{organization}/releases/{version}/commitfiles/",  RELEASE_READ,   releases::commits::list_files)
        .get   ("/api/0/organizations/{organization}/releases/{version}/previous-with-commits/", RELEASE_READ, releases::list::get_previous_with_commits)
        .get   ("/api/0/organizations/{organization}/releases/{version}/deploys/",      RELEASE_READ,   releases::deploys::list_deploys)
        .post  ("/api/0/organizations/{organization}/releases/{version}/deploys/",      RELEASE_WRITE,  releases::deploys::create_deploy)
        .get   ("/api/0/projects/{organization}/{project}/releases/",                   RELEASE_READ,   releases::list::list_releases_of_project)
        .post  ("/api/0/projects/{organization}/{project}/releases/",                   RELEASE_WRITE,  releases::change::create_release_of_project)
        .get   ("/api/0/projects/{organization}/{project}/releases/{version}/",         RELEASE_READ,   releases::list::get_release_of_project)
        .put   ("/api/0/projects/{organization}/{project}/releases/{version}/",         RELEASE_WRITE,  releases::change::update_release_of_project)
        .delete("/api/0/projects/{organization}/{project}/releases/{version}/",         RELEASE_DELETE, releases::change::delete_release_of_project)
        .get   ("/api/0/projects/{organization}/{project}/releases/{version}/commits/", RELEASE_READ,   releases::commits::list_commits_of_project)
        .get   ("/api/0/projects/{organization}/{project}/releases/{version}/verdict/", RELEASE_READ,   releases::verdict::get_verdict)
        .get   ("/api/0/projects/{organization}/{project}/verdict-thresholds/",         PROJECT_READ,   releases::verdict::get_thresholds)
        .put   ("/api/0/projects/{organization}/{project}/verdict-thresholds/",         PROJECT_WRITE,  releases::verdict::set_thresholds)
        .get   ("/api/0/organizations/{organization}/sessions/",                        ORG_READ,       sessions::show_sessions)
}

/// Issues, their events, and what users say about them.
#[rustfmt::skip]
fn issues_routes(routes: Routes<App, Access>) -> Routes<App, Access> {
    routes
        .get("/api/0/organizations/{organization}/issues/",         EVENT_READ,  issues::list::list_issues_of_organization)
        .put("/api/0/organizations/{organization}/issues/",         EVENT_WRITE, issues::bulk::update_issues_of_organization)
        .get("/api/0/projects/{organization}/{project}/issues/",    EVENT_READ,  issues::list::list_issues_of_project)
        .put("/api/0/projects/{organization}/{project}/issues/",    EVENT_WRITE, issues::bulk::update_issues_of_project)
        .get("/api/0/organizations/{organization}/shortids/{issue}/", EVENT_READ, issues::detail::get_short_id)

        .get("/api/0/organizations/{organization}/issues/{issue}/", EVENT_READ,  issues::detail::get_issue)
        .get("/api/0/issues/{issue}/",                              EVENT_READ,  issues::detail::get_issue)
        .put("/api/0/organizations/{organization}/issues/{issue}/", EVENT_WRITE, issues::update::update_issue)
        .put("/api/0/issues/{issue}/",                              EVENT_WRITE, issues::update::update_issue)
        .get("/api/0/organizations/{organization}/issues/{issue}/activities/", EVENT_READ, issues::activities::list_activities)
        .get("/api/0/issues/{issue}/activities/",                              EVENT_READ, issues::activities::list_activities)
        .get("/api/0/organizations/{organization}/issues/{issue}/hashes/",     EVENT_READ, issues::hashes::list_hashes)
        .delete("/api/0/organizations/{organization}/issues/{issue}/hashes/",     EVENT_WRITE, issues::hashes::delete_hashes)
        .get("/api/0/issues/{issue}/hashes/",                                  EVENT_READ, issues::hashes::list_hashes)
        .delete("/api/0/issues/{issue}/hashes/",                                  EVENT_WRITE, issues::hashes::delete_hashes)
        .get("/api/0/organizations/{organization}/issues/{issue}/tags/",              EVENT_READ, issues::tags::list_tags)
        .get("/api/0/issues/{issue}/tags/",                                           EVENT_READ, issues::tags::list_tags)
        .get("/api/0/organizations/{organization}/issues/{issue}/tags/{key}/",        EVENT_READ, issues::tags::get_tag)
        .get("/api/0/issues/{issue}/tags/{key}/",                                     EVENT_READ, issues::tags::get_tag)
        .get("/api/0/organizations/{organization}/issues/{issue}/tags/{key}/values/", EVENT_READ, issues::tags::list_tag_values)
        .get("/api/0/issues/{issue}/tags/{key}/values/",                              EVENT_READ, issues::tags::list_tag_values)

        .get("/api/0/organizations/{organization}/issues/{issue}/events/",         EVENT_READ, events::list::list_events_of_issue)
        .get("/api/0/issues/{issue}/events/",                                      EVENT_READ, events::list::list_events_of_issue)
        .get("/api/0/organizations/{organization}/issues/{issue}/events/{event}/", EVENT_READ, events::detail::get_event_of_issue)
        .get("/api/0/issues/{issue}/events/{event}/",                              EVENT_READ, events::detail::get_event_of_issue)
        .get("/api/0/projects/{organization}/{project}/events/",                   PROJECT_READ, events::list::list_events_of_project)
        .get("/api/0/projects/{organization}/{project}/events/{event}/",           PROJECT_READ, events::detail::get_event_of_project)
        .get("/api/0/projects/{organization}/{project}/events/{event}/json/",      PROJECT_READ, events::detail::get_event_json)
        .get("/api/0/projects/{organization}/{project}/events/{event}/committers/", PROJECT_READ, events::committers::list_committers)
        .get   ("/api/0/projects/{organization}/{project}/events/{event}/attachments/",              PROJECT_READ,  events::attachments::list_attachments)
        .get   ("/api/0/projects/{organization}/{project}/events/{event}/attachments/{attachment}/", PROJECT_READ,  events::attachments::get_attachment)
        .delete("/api/0/projects/{organization}/{project}/events/{event}/attachments/{attachment}/", PROJECT_ADMIN, events::attachments::delete_attachment)
        .get ("/api/0/projects/{organization}/{project}/user-feedback/", PROJECT_READ,  feedback::list_reports)
        .post("/api/0/projects/{organization}/{project}/user-feedback/", USER_FEEDBACK, feedback::create_report)
        .get("/api/0/organizations/{organization}/eventids/{event}/",              EVENT_READ, events::detail::get_event_id)
}

/// The endpoints as a router, with the check of every route's access in front of it.
pub fn router(app: App) -> Router {
    let limiter = Limiter::default();
    let guard = |access, handler: MethodRouter<App>| {
        let guard = Guard { app: app.clone(), access, limiter: limiter.clone() };
        handler.layer(from_fn_with_state(guard, check))
    };
    let lost = any(async || Error::NotFound);
    routes()
        .into_router(guard)
        // Everything under this path is for programs, which cannot read a page: also what is sent to
        // an endpoint for telemetry that there is not.
        .route("/api/{*rest}", lost)
        .method_not_allowed_fallback(async || Error::WrongMethod)
        .layer(CatchPanicLayer::custom(answer_for_panic))
        .layer(from_fn(cors::allow))
        .with_state(app)
}

/// A handler that panicked is a bug of ours: an id for the caller, the words for the log.
#[expect(clippy::needless_pass_by_value, reason = "what the layer calls")]
fn answer_for_panic(panic: Box<dyn Any + Send>) -> Response {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    error::internal(anyhow::anyhow!("panicked: {words}").as_ref())
}
