//! Teams: who looks after projects and issues.
//!
//! A team is for owning, not for seeing: every member of the organization sees all of it. An organization is
//! never without a team, and a project never without the one that owns it, so that nothing that breaks is
//! nobody's. While there is one team only, whoever joins the organization is in it.

pub mod store;

use std::fmt::Write;

use sqlx::PgConnection;

use super::checked_name;
use crate::app::Essentials;
use crate::base::{OrganizationId, Slug, TeamId, Timestamp, UserId};
use crate::domain::{Error, Result};

/// How many numbered slugs are tried before the name is refused.
const MAX_SLUG_ATTEMPTS: u32 = 100;

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Names it in rules and searches: `#payments`; kept when the name changes.
    pub slug: Slug,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many people are in it.
    pub member_count: i64,
    /// How many projects it owns.
    pub project_count: i64,
}

/// What keeps a team from being deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Projects that it owns, by name.
    pub projects: Vec<String>,
    /// Projects whose ownership rules name it.
    pub ruled: Vec<String>,
    /// Issues that are assigned to it.
    pub issues: i64,
}

/// Makes a team with a free slug.
///
/// # Errors
/// When the name cannot be used, or the database fails.
pub async fn create(app: &Essentials, organization: OrganizationId, name: &str) -> Result<Team> {
    let name = checked_name(name)?;
    let now = app.clock.now();
    let plain = Slug::from_name(name, "team");
    let mut db = app.db.acquire().await?;
    for number in 1..=MAX_SLUG_ATTEMPTS {
        let slug = if number == 1 { plain.clone() } else { plain.numbered(number) };
        if let Some(team) = store::insert(&mut db, organization, (&slug, name), now).await? {
            return Ok(team);
        }
    }
    Err(Error::invalid("name", "Too many teams have this name. Choose another one."))
}

/// Gives a team another name; its slug, and with it rules and searches, stays.
///
/// # Errors
/// When the name cannot be used, there is no such team, or the database fails.
pub async fn rename(
    app: &Essentials,
    organization: OrganizationId,
    team: TeamId,
    name: &str,
) -> Result<()> {
    let name = checked_name(name)?;
    let mut db = app.db.acquire().await?;
    let is_found = store::update_name(&mut db, organization, team, name).await?;
    if is_found { Ok(()) } else { Err(Error::NotFound) }
}

/// Puts a member of the organization into a team; does nothing if they are in it.
///
/// # Errors
/// When there is no such team or member, or the database fails.
pub async fn add_member(
    app: &Essentials,
    organization: OrganizationId,
    team: TeamId,
    user: UserId,
) -> Result<()> {
    let mut db = app.db.acquire().await?;
    let team = store::find(&mut db, organization, team).await?.ok_or(Error::NotFound)?;
    if super::store::find_role(&mut db, organization, user).await?.is_none() {
        return Err(Error::invalid("member", "Choose somebody who belongs to the organization."));
    }
    Ok(store::insert_member(&mut db, team.id, user, app.clock.now()).await?)
}

/// Takes somebody out of a team; does nothing if they are not in it.
///
/// # Errors
/// When there is no such team, or the database fails.
pub async fn remove_member(
    app: &Essentials,
    organization: OrganizationId,
    team: TeamId,
    user: UserId,
) -> Result<()> {
    let mut db = app.db.acquire().await?;
    let team = store::find(&mut db, organization, team).await?.ok_or(Error::NotFound)?;
    Ok(store::delete_member(&mut db, team.id, user).await?)
}

/// Deletes a team that owns nothing.
///
/// # Errors
/// When it owns something, there is no such team, or the database fails.
pub async fn delete(app: &Essentials, organization: OrganizationId, team: TeamId) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let team = store::lock(&mut tx, organization, team).await?.ok_or(Error::NotFound)?;
    if store::count(&mut tx, organization).await? < 2 {
        return Err(Error::Conflict("This is the only team, and projects need one.".to_owned()));
    }
    let holdings = store::find_holdings(&mut tx, &team).await?;
    if let Some(words) = holdings.words() {
        return Err(Error::Conflict(format!("The team cannot be deleted: {words}.")));
    }
    store::delete(&mut tx, team.id).await?;
    tx.commit().await?;
    Ok(())
}

impl Holdings {
    /// What it owns, and what to do about it; nothing if it owns nothing.
    fn words(&self) -> Option<String> {
        let mut words = String::new();
        if !self.projects.is_empty() {
            let _ = write!(
                words,
                "it owns {}; choose another team in their settings",
                self.projects.join(", ")
            );
        } else if !self.ruled.is_empty() {
            let _ = write!(
                words,
                "ownership rules of {} name it; take it out of them first",
                self.ruled.join(", ")
            );
        } else if self.issues > 0 {
            let _ = write!(
                words,
                "{} issues are assigned to it; assign them to somebody else first",
                self.issues
            );
        }
        Some(words).filter(|words| !words.is_empty())
    }
}

/// Puts somebody who joins the organization into its team, while it has one only.
pub(super) async fn join_only(
    db: &mut PgConnection,
    organization: OrganizationId,
    user: UserId,
    now: Timestamp,
) -> Result<()> {
    if store::count(db, organization).await? == 1
        && let Some(team) = store::find_first(db, organization).await?
    {
        store::insert_member(db, team.id, user, now).await?;
    }
    Ok(())
}

/// The organization's team with this slug.
///
/// # Errors
/// When the database fails.
pub async fn find_by_slug(
    db: &mut PgConnection,
    organization: OrganizationId,
    slug: &str,
) -> Result<Option<Team>> {
    Ok(store::find_by_slug(db, organization, slug).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_team_owns_is_said_with_the_way_out() {
        assert_eq!(Holdings::default().words(), None);
        let holdings = Holdings {
            projects: vec!["Shop".to_owned(), "Blog".to_owned()],
            ruled: vec!["Shop".to_owned()],
            issues: 3,
        };
        let words = "it owns Shop, Blog; choose another team in their settings";
        assert_eq!(holdings.words().as_deref(), Some(words));
        let ruled = Holdings { projects: Vec::new(), ..holdings };
        assert!(ruled.words().unwrap().starts_with("ownership rules of Shop name it"));
        let assigned = Holdings { ruled: Vec::new(), ..ruled };
        assert!(assigned.words().unwrap().starts_with("3 issues are assigned to it"));
    }
}
