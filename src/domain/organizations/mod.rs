//! Organizations: the owner of projects and the circle of people who see them.
//!
//! Most installations have one, called `default` until somebody names it. It is here from the start
//! because it stands in every URL and API path, and adding it later would break them all. People belong
//! to organizations by a membership; whoever has none sees nothing and learns of nothing. Within it, [`teams`]
//! say who looks after what; everybody sees everything all the same.

pub mod first_run;
pub mod store;
pub mod teams;

use sqlx::PgConnection;

use crate::app::Essentials;
use crate::base::{OrganizationId, Slug, Timestamp, UserId};
use crate::domain::accounts::{self, NewUser, User};
use crate::domain::{Error, Result};

/// The longest name, so that it fits the bar on top of every page.
const MAX_NAME_CHARS: usize = 100;

/// The organization that is made when nobody named one.
pub const DEFAULT_NAME: &str = "Default";

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Names it in URLs.
    pub slug: Slug,
    /// What people call it.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, also deciding who belongs.
    Owner,
    /// The daily work.
    Member,
}

impl Role {
    /// The role as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    /// Reads a stored role; what a newer Picket may have written counts as the least.
    fn from_stored(text: &str) -> Self {
        if text == "owner" { Self::Owner } else { Self::Member }
    }
}

/// For rows that have it as a column.
impl From<String> for Role {
    fn from(stored: String) -> Self {
        Self::from_stored(&stored)
    }
}

/// Somebody who belongs to an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Since when they belong.
    pub joined_at: Timestamp,
    /// When they last signed in.
    pub last_sign_in_at: Option<Timestamp>,
}

/// Gives an organization another name; its slug, and with it every link, stays.
pub async fn rename(app: &Essentials, id: OrganizationId, name: &str) -> Result<()> {
    let name = checked_name(name)?;
    let mut db = app.db.acquire().await?;
    if store::update_name(&mut db, id, name).await? { Ok(()) } else { Err(Error::NotFound) }
}

fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.contains('\0') {
        Ok(name)
    } else {
        Err(Error::invalid("name", format!("Use a name of 1 to {MAX_NAME_CHARS} characters.")))
    }
}

/// The oldest organization, or a new one called `default` in a fresh installation.
pub async fn find_or_create_default(db: &mut PgConnection, now: Timestamp) -> Result<Organization> {
    if let Some(organization) = store::find_oldest(db).await? {
        return Ok(organization);
    }
    let slug = Slug::from_name(DEFAULT_NAME, "organization");
    if let Some(organization) = store::insert(db, &slug, DEFAULT_NAME, now).await? {
        return Ok(organization);
    }
    // Somebody else made it meanwhile; the insert waited for them.
    store::find_oldest(db).await?.ok_or(Error::NotFound)
}

/// The organization with this slug; without one, the default.
pub async fn find_or_default(app: &Essentials, slug: Option<&Slug>) -> Result<Organization> {
    let mut db = app.db.acquire().await?;
    match slug {
        Some(slug) => find_named(&mut db, slug).await,
        None => find_or_create_default(&mut db, app.clock.now()).await,
    }
}

async fn find_named(db: &mut PgConnection, slug: &Slug) -> Result<Organization> {
    store::find_by_slug(db, slug).await?.ok_or_else(|| {
        Error::invalid("organization", format!("There is no organization `{slug}`."))
    })
}

/// Creates an account that belongs to an organization: the given one, or else the default. The first
/// member of an organization owns it.
pub async fn create_member(
    app: &Essentials,
    new: NewUser,
    organization: Option<&Slug>,
) -> Result<(User, Organization)> {
    let password_hash = accounts::passwords::hash(&new.password).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let organization = match organization {
        Some(slug) => find_named(&mut tx, slug).await?,
        None => find_or_create_default(&mut tx, now).await?,
    };
    let user = join(&mut tx, &new, &password_hash, &organization, now).await?;
    tx.commit().await?;
    Ok((user, organization))
}

/// Inserts the account and its membership.
async fn join(
    tx: &mut PgConnection,
    new: &NewUser,
    password_hash: &str,
    organization: &Organization,
    now: Timestamp,
) -> Result<User> {
    let user = accounts::store::insert_user(tx, new, password_hash, now)
        .await?
        .ok_or_else(|| Error::invalid("email", "Somebody has an account with this address."))?;
    let role =
        if store::has_members(tx, organization.id).await? { Role::Member } else { Role::Owner };
    store::insert_membership(tx, organization.id, user.id, role, now).await?;
    teams::join_only(tx, organization.id, user.id, now).await?;
    Ok(user)
}

/// The organization with this slug and what the user may do in it; `None` hides it from everybody else.
pub async fn find_for_member(
    db: &mut PgConnection,
    slug: &Slug,
    user: UserId,
) -> sqlx::Result<Option<(Organization, Role)>> {
    let Some(organization) = store::find_by_slug(db, slug).await? else { return Ok(None) };
    let role = store::find_role(db, organization.id, user).await?;
    Ok(role.map(|role| (organization, Role::from_stored(&role))))
}
