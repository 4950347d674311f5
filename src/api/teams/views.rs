//! How teams look on the wire (`web-api.md` §3.5).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::authenticate::Caller;
use crate::api::users::AvatarView;
use crate::base::Timestamp;
use crate::domain::organizations::Organization;

/// A team in passing.
#[derive(Clone, Debug, Serialize)]
pub(in crate::api) struct TeamSummaryView {
    id: String,
    slug: String,
    name: String,
}

impl TeamSummaryView {
    pub(in crate::api) fn new(organization: &Organization) -> Self {
        Self {
            id: organization.id.to_string(),
            slug: organization.slug.to_string(),
            name: organization.name.clone(),
        }
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
    member_count: i32,
    avatar: AvatarView,
    /// Asked for by name where they matter: `/teams/{organization}/{team}/projects/`.
    projects: [&'static str; 0],
}

impl TeamView {
    pub(in crate::api) fn new(caller: &Caller) -> Self {
        Self {
            summary: TeamSummaryView::new(&caller.organization),
            date_created: caller.organization.created_at,
            is_member: caller.user.is_some(),
            team_role: None,
            flags: BTreeMap::from([("idp:provisioned", false)]),
            access: caller.scopes(),
            has_access: true,
            is_pending: false,
            member_count: i32::from(caller.user.is_some()),
            avatar: AvatarView::LETTERS,
            projects: [],
        }
    }
}
