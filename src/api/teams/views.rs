//! How teams and members look on the wire (`web-api.md` §3.5).

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::PgConnection;

use crate::api::Result;
use crate::api::authenticate::Caller;
use crate::api::users::{AvatarView, PersonView};
use crate::base::{TeamId, Timestamp, UserId};
use crate::domain::organizations::teams::{self, Team};
use crate::domain::organizations::{Person, Role};

/// The teams of an organization, and who is in which.
#[derive(Debug)]
pub(in crate::api) struct Directory {
    teams: Vec<Team>,
    memberships: Vec<(TeamId, UserId)>,
    caller: Option<UserId>,
    access: Vec<String>,
}

impl Directory {
    /// Looks them up.
    pub(in crate::api) async fn load(db: &mut PgConnection, caller: &Caller) -> Result<Self> {
        let organization = caller.organization.id;
        Ok(Self {
            teams: teams::store::list(db, organization).await?,
            memberships: teams::store::list_memberships(db, organization).await?,
            caller: caller.user.as_ref().map(|user| user.id),
            access: caller.scopes(),
        })
    }

    /// All teams, by name.
    pub(in crate::api) fn views(&self) -> Vec<TeamView> {
        self.teams.iter().map(|team| TeamView::new(self, team)).collect()
    }

    /// The team of this id.
    pub(in crate::api) fn view(&self, id: TeamId) -> Option<TeamView> {
        self.find(id).map(|team| TeamView::new(self, team))
    }

    /// The team of this id in passing.
    pub(in crate::api) fn summary(&self, id: TeamId) -> Option<TeamSummaryView> {
        self.find(id).map(TeamSummaryView::new)
    }

    fn find(&self, id: TeamId) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    fn is_in(&self, team: TeamId, user: UserId) -> bool {
        self.memberships.contains(&(team, user))
    }

    /// A person with the teams that they are in.
    pub(super) fn member(&self, person: Person) -> MemberView {
        let own = self.teams.iter().filter(|team| self.is_in(team.id, person.id));
        let own = own.map(|team| team.slug.to_string()).collect();
        MemberView::new(person, own)
    }
}

/// A team in passing.
#[derive(Clone, Debug, Serialize)]
pub(in crate::api) struct TeamSummaryView {
    id: String,
    slug: String,
    name: String,
}

impl TeamSummaryView {
    fn new(team: &Team) -> Self {
        Self { id: team.id.to_string(), slug: team.slug.to_string(), name: team.name.clone() }
    }
}

/// A team on its own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct TeamView {
    #[serde(flatten)]
    summary: TeamSummaryView,
    date_created: Timestamp,
    is_member: bool,
    team_role: Option<&'static str>,
    flags: BTreeMap<&'static str, bool>,
    access: Vec<String>,
    has_access: bool,
    is_pending: bool,
    member_count: i64,
    avatar: AvatarView,
    /// Asked for by name where they matter: `/teams/{organization}/{team}/projects/`.
    projects: [&'static str; 0],
}

impl TeamView {
    fn new(directory: &Directory, team: &Team) -> Self {
        Self {
            summary: TeamSummaryView::new(team),
            date_created: team.created_at,
            is_member: directory.caller.is_some_and(|user| directory.is_in(team.id, user)),
            team_role: None,
            flags: BTreeMap::from([("idp:provisioned", false)]),
            access: directory.access.clone(),
            has_access: true,
            is_pending: false,
            member_count: team.member_count,
            avatar: AvatarView::LETTERS,
            projects: [],
        }
    }

    /// Whether its slug or name has this in it; `sought` is in lower case.
    pub(super) fn is_called(&self, sought: &str) -> bool {
        self.summary.slug.contains(sought) || self.summary.name.to_lowercase().contains(sought)
    }
}

/// Somebody who belongs to the organization. The id is that of the person: nobody belongs twice.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct MemberView {
    id: String,
    email: String,
    name: String,
    user: PersonView,
    role: &'static str,
    org_role: &'static str,
    pending: bool,
    expired: bool,
    flags: BTreeMap<&'static str, bool>,
    date_created: Timestamp,
    invite_status: &'static str,
    inviter_name: Option<&'static str>,
    teams: Vec<String>,
    team_roles: Vec<TeamRoleView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TeamRoleView {
    team_slug: String,
    role: Option<&'static str>,
}

impl MemberView {
    fn new(person: Person, teams: Vec<String>) -> Self {
        let role = match person.role {
            Role::Owner => "owner",
            Role::Member => "member",
        };
        let roles = teams.iter().map(|slug| TeamRoleView { team_slug: slug.clone(), role: None });
        let flags = [
            "idp:provisioned",
            "idp:role-restricted",
            "sso:linked",
            "sso:invalid",
            "member-limit:restricted",
            "partnership:restricted",
        ];
        Self {
            id: person.id.to_string(),
            email: person.email.clone(),
            name: person.name.clone(),
            user: PersonView::new(person.id, person.name, person.email),
            role,
            org_role: role,
            pending: false,
            expired: false,
            flags: flags.map(|flag| (flag, false)).into(),
            date_created: person.joined_at,
            invite_status: "approved",
            inviter_name: None,
            team_roles: roles.collect(),
            teams,
        }
    }
}
