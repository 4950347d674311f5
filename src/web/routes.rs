//! Every page and form, and who may use it.

use std::any::Any;
use std::fmt;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;

use super::accounts::account::AccountPath;
use super::accounts::profile::{PasswordPath, ProfilePath};
use super::accounts::sessions::{EndOtherSessionsPath, EndSessionPath};
use super::accounts::setup::SetupPath;
use super::accounts::sign_in::SignInPath;
use super::accounts::sign_out::SignOutPath;
use super::accounts::tokens::{RevokeTokenPath, TokenRedirectPath, TokensPath};
use super::accounts::{account, profile, sessions, setup, sign_in, sign_out, tokens};
use super::error::{Error, Report};
use super::feedback::FeedbackPath;
use super::feedback::attachments::{FeedbackAttachmentPath, FeedbackImagePath};
use super::filters::project::ProjectFiltersPath;
use super::home::HomePath;
use super::issues::attachments::{AttachmentImagePath, AttachmentPath};
use super::issues::paths::{
    EventJsonPath, IssueActivityPath, IssueComparePath, IssueEventPath, IssueGroupingPath,
    IssueListPath, IssueMergingPath, IssuePath, IssueTagsPath,
};
use super::organizations::quarantine::{
    QuarantineDeletePath, QuarantineDownloadPath, QuarantinePath, QuarantineRetryPath,
};
use super::organizations::settings::{OrganizationSettingsPath, RevokeOrganizationTokenPath};
use super::organizations::team::TeamPath;
use super::organizations::teams::TeamsPath;
use super::ownership::ProjectOwnershipPath;
use super::privacy::organization::OrganizationPrivacyPath;
use super::privacy::project::ProjectPrivacyPath;
use super::projects::detail::ProjectPath;
use super::projects::first_event::FirstEventPath;
use super::projects::grouping::ProjectGroupingPath;
use super::projects::grouping::health::GroupingHealthPath;
use super::projects::key::KeyPath;
use super::projects::keys::KeysPath;
use super::projects::limits::ProjectLimitsPath;
use super::projects::list::ProjectListPath;
use super::projects::new::NewProjectPath;
use super::projects::releases::ProjectReleasesPath;
use super::projects::settings::ProjectSettingsPath;
use super::releases::compare::ComparePath;
use super::releases::paths::{ReleaseListPath, ReleasePath};
use super::releases::verdict::VerdictPath;
use super::sessions::SessionsPath;
use super::usage::UsagePath;
use super::{
    assets, feedback, filters, home, issues, organizations, ownership, privacy, projects, releases,
    session, sessions as sessions_pages, usage, visit,
};
use crate::app::App;
use crate::infra::http::{Routes, headers};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Files without anybody's data; nobody is asked who they are.
    Asset,
    /// Everybody, signed in or not.
    Public,
    /// Whoever has an account.
    SignedIn,
    /// Members of the organization in the path.
    Member,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asset => "asset",
            Self::Public => "public",
            Self::SignedIn => "signed in",
            Self::Member => "member",
        })
    }
}

/// The table.
pub fn routes() -> Routes<App, Access> {
    issues_routes(projects_routes(people_routes(Routes::new()))).get(
        assets::ASSET_PATH,
        Access::Asset,
        assets::show_asset,
    )
}

/// Who somebody is, and what belongs to them and their organization.
#[rustfmt::skip]
fn people_routes(routes: Routes<App, Access>) -> Routes<App, Access> {
    routes
        .get (HomePath::PATH,                 Access::Public,   home::show_home)
        .get (SetupPath::PATH,                Access::Public,   setup::show_setup)
        .post(SetupPath::PATH,                Access::Public,   setup::set_up)
        .get (SignInPath::PATH,               Access::Public,   sign_in::show_sign_in)
        .post(SignInPath::PATH,               Access::Public,   sign_in::sign_in)
        .post(SignOutPath::PATH,              Access::Public,   sign_out::sign_out)

        .get (AccountPath::PATH,              Access::SignedIn, account::show_account)
        .post(ProfilePath::PATH,              Access::SignedIn, profile::update_profile)
        .post(PasswordPath::PATH,             Access::SignedIn, profile::change_password)
        .post(EndSessionPath::PATH,           Access::SignedIn, sessions::end_session)
        .post(EndOtherSessionsPath::PATH,     Access::SignedIn, sessions::end_other_sessions)
        .post(TokensPath::PATH,               Access::SignedIn, tokens::create_token)
        .post(RevokeTokenPath::PATH,          Access::SignedIn, tokens::revoke_token)
        .get (TokenRedirectPath::PATH,        Access::Public,   tokens::redirect_to_tokens)

        .get (OrganizationSettingsPath::PATH, Access::Member,   organizations::settings::show_organization_settings)
        .post(OrganizationSettingsPath::PATH, Access::Member,   organizations::settings::rename_organization)
        .post(RevokeOrganizationTokenPath::PATH, Access::Member, organizations::settings::revoke_organization_token)
        .get (TeamsPath::PATH,                Access::Member,   organizations::teams::show_teams)
        .post(TeamsPath::PATH,                Access::Member,   organizations::teams::create_team)
        .get (TeamPath::PATH,                 Access::Member,   organizations::team::show_team)
        .post(TeamPath::PATH,                 Access::Member,   organizations::team::change_team)
        .get (QuarantinePath::PATH,           Access::Member,   organizations::quarantine::show_quarantine)
        .get (QuarantineDownloadPath::PATH,   Access::Member,   organizations::quarantine::download_quarantined)
        .post(QuarantineRetryPath::PATH,      Access::Member,   organizations::quarantine::retry_quarantined)
        .post(QuarantineDeletePath::PATH,     Access::Member,   organizations::quarantine::delete_quarantined)

        .get (OrganizationPrivacyPath::PATH,  Access::Member,   privacy::organization::show_organization_privacy)
        .post(OrganizationPrivacyPath::PATH,  Access::Member,   privacy::organization::update_organization_privacy)
}

/// Projects and their settings.
#[rustfmt::skip]
fn projects_routes(routes: Routes<App, Access>) -> Routes<App, Access> {
    routes
        .get (ProjectListPath::PATH,          Access::Member,   projects::list::show_project_list)
        .get (NewProjectPath::PATH,           Access::Member,   projects::new::show_new_project)
        .post(NewProjectPath::PATH,           Access::Member,   projects::new::create_project)
        .get (ProjectPath::PATH,              Access::Member,   projects::detail::show_project)
        .get (FirstEventPath::PATH,           Access::Member,   projects::first_event::check_first_event)
        .get (ProjectSettingsPath::PATH,      Access::Member,   projects::settings::show_project_settings)
        .post(ProjectSettingsPath::PATH,      Access::Member,   projects::settings::update_project_settings)
        .get (ProjectPrivacyPath::PATH,       Access::Member,   privacy::project::show_project_privacy)
        .post(ProjectPrivacyPath::PATH,       Access::Member,   privacy::project::update_project_privacy)
        .get (ProjectFiltersPath::PATH,       Access::Member,   filters::project::show_project_filters)
        .post(ProjectFiltersPath::PATH,       Access::Member,   filters::project::update_project_filters)
        .get (KeysPath::PATH,                 Access::Member,   projects::keys::show_keys)
        .post(KeysPath::PATH,                 Access::Member,   projects::keys::create_key)
        .get (KeyPath::PATH,                  Access::Member,   projects::key::show_key)
        .post(KeyPath::PATH,                  Access::Member,   projects::key::change_key)
        .get (ProjectLimitsPath::PATH,        Access::Member,   projects::limits::show_project_limits)
        .post(ProjectLimitsPath::PATH,        Access::Member,   projects::limits::update_project_limits)
        .get (GroupingHealthPath::PATH,       Access::Member,   projects::grouping::health::show_grouping_health)
        .get (ProjectGroupingPath::PATH,      Access::Member,   projects::grouping::show_project_grouping)
        .post(ProjectGroupingPath::PATH,      Access::Member,   projects::grouping::update_project_grouping)
        .get (ProjectOwnershipPath::PATH,     Access::Member,   ownership::show_project_ownership)
        .post(ProjectOwnershipPath::PATH,     Access::Member,   ownership::change_project_ownership)
        .get (ProjectReleasesPath::PATH,      Access::Member,   projects::releases::show_project_releases)
        .post(ProjectReleasesPath::PATH,      Access::Member,   projects::releases::update_project_releases)

        .get (UsagePath::PATH,                Access::Member,   usage::overview::show_usage)
}

/// What is broken, what brought it, and what users say about it.
#[rustfmt::skip]
fn issues_routes(routes: Routes<App, Access>) -> Routes<App, Access> {
    routes
        .get (IssueListPath::PATH,            Access::Member,   issues::list::show_issue_list)
        .post(IssueListPath::PATH,            Access::Member,   issues::actions::change_issues)
        .get (IssuePath::PATH,                Access::Member,   issues::detail::show_issue)
        .post(IssuePath::PATH,                Access::Member,   issues::actions::change_issue)
        .get (IssueEventPath::PATH,           Access::Member,   issues::detail::show_event)
        .get (EventJsonPath::PATH,            Access::Member,   issues::detail::show_event_json)
        .get (AttachmentPath::PATH,           Access::Member,   issues::attachments::download_attachment)
        .get (AttachmentImagePath::PATH,      Access::Member,   issues::attachments::show_attachment_image)
        .get (IssueTagsPath::PATH,            Access::Member,   issues::tags::show_issue_tags)
        .get (IssueGroupingPath::PATH,        Access::Member,   issues::grouping::show_issue_grouping)
        .get (IssueComparePath::PATH,         Access::Member,   issues::compare::show_comparison)
        .get (IssueMergingPath::PATH,         Access::Member,   issues::merging::show_merging)
        .post(IssueMergingPath::PATH,         Access::Member,   issues::merging::change_merging)
        .get (IssueActivityPath::PATH,        Access::Member,   issues::activity::show_issue_activity)

        .get (ReleaseListPath::PATH,          Access::Member,   releases::list::show_release_list)
        .get (ComparePath::PATH,              Access::Member,   releases::compare::show_release_comparison)
        .get (ReleasePath::PATH,              Access::Member,   releases::detail::show_release)
        .post(ReleasePath::PATH,              Access::Member,   releases::actions::change_release)
        .get (SessionsPath::PATH,             Access::Member,   sessions_pages::explorer::show_sessions)
        .get (VerdictPath::PATH,              Access::Member,   releases::verdict::show_verdict)

        .get (FeedbackPath::PATH,             Access::Member,   feedback::list::show_feedback)
        .get (FeedbackAttachmentPath::PATH,   Access::Member,   feedback::attachments::download_feedback_attachment)
        .get (FeedbackImagePath::PATH,        Access::Member,   feedback::attachments::show_feedback_image)
}

/// The pages as a router, with the check of every route's access in front of it.
pub fn router(app: App) -> Router {
    let lost = any(async || Error::NotFound);
    let wrong_method = any(async || Error::WrongMethod);
    routes()
        .into_router(|access, handler| guard(&app, access, handler))
        .fallback(guard(&app, Access::Public, lost))
        .method_not_allowed_fallback(guard(&app, Access::Public, wrong_method))
        .with_state(app)
}

/// Outermost first: headers, who is looking, a page for panics, the access.
fn guard(app: &App, access: Access, handler: MethodRouter<App>) -> MethodRouter<App> {
    let checked = match access {
        Access::Asset => return handler.layer(from_fn(headers::secure)),
        Access::Public => handler,
        Access::SignedIn => handler.layer(from_fn(session::require_sign_in)),
        Access::Member => {
            handler.layer(from_fn_with_state(app.clone(), session::require_membership))
        }
    };
    checked
        .layer(CatchPanicLayer::custom(page_for_panic))
        .layer(from_fn_with_state(app.clone(), visit::visit))
        .layer(from_fn(headers::secure))
}

/// A handler that panicked is a bug of ours; the person gets a page, the log the words.
fn page_for_panic(panic: Box<dyn Any + Send>) -> Response {
    let words = panic.downcast::<String>().map_or_else(
        |panic| {
            panic.downcast::<&str>().map_or_else(|_| String::new(), |words| (*words).to_owned())
        },
        |words| *words,
    );
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Report::panicked(format!("panicked: {words}")));
    response
}
