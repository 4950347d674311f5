//! The team that owns a project, to choose in forms.

use sqlx::PgConnection;

use crate::base::TeamId;
use crate::domain::organizations::teams;
use crate::web::{Member, Result};

/// A team to choose.
#[derive(Clone, Debug)]
pub(super) struct TeamChoice {
    pub(super) id: i64,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// The organization's teams; the chosen one is marked, or the first that there was.
pub(super) async fn team_choices(
    db: &mut PgConnection,
    member: &Member,
    chosen: Option<TeamId>,
) -> Result<Vec<TeamChoice>> {
    let teams = teams::store::list(db, member.organization.id).await?;
    let chosen = chosen.or_else(|| teams.iter().map(|team| team.id).min());
    let choice = |team: teams::Team| TeamChoice {
        is_chosen: Some(team.id) == chosen,
        id: team.id.0,
        label: team.name,
    };
    Ok(teams.into_iter().map(choice).collect())
}

/// The first of the teams that the member is in.
pub(super) async fn own_team(db: &mut PgConnection, member: &Member) -> Result<Option<TeamId>> {
    let all = teams::store::list_memberships(db, member.organization.id).await?;
    let own = all.into_iter().filter(|(_, user)| *user == member.user.id);
    Ok(own.map(|(team, _)| team).min())
}
