//! Projects: where DSNs point, and the unit by which everything sent is kept apart.
//!
//! A project is found in two ways. SDKs bring a public key, which names the project whatever id stands in
//! the URL; people and programs bring a slug, which is unique within the organization. A project is never
//! without a key: it is created together with its first one. A key that is no longer wanted is best switched
//! off and not deleted: a deployed application may carry a DSN for years, and what it still sends is counted.

mod dsn;
mod keys;
mod options;
pub mod sent;
pub mod starter;
pub mod store;

pub use dsn::dsn;
pub use keys::{
    KeyChange, MAX_REPLACED_DAYS, change_key, create_key, create_key_with, delete_key, limit_key,
    rename_key, replace_key, set_key_active,
};
pub use options::{Options, environment_problem, update};

use sqlx::PgConnection;

use crate::app::Essentials;
use crate::base::{OrganizationId, ProjectId, Slug, TeamId, Timestamp, secrets};
use crate::domain::limits::Limits;
use crate::domain::organizations::teams::{self, Team};
use crate::domain::{Error, Result};

/// Slugs that would shadow a page beside `/{organization}/projects/{project}`.
const RESERVED_SLUGS: &[&str] = &["new"];

/// How many numbered slugs are tried before the name is refused.
const MAX_SLUG_ATTEMPTS: u32 = 100;

/// The longest name of a project or key, so that a page's title stays one line.
pub const MAX_NAME_CHARS: usize = 100;

/// The longest name of a platform.
const MAX_PLATFORM_BYTES: usize = 64;

/// The most keys of one project: more than one per environment of the largest set-ups.
pub const MAX_KEYS: usize = 50;

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Stands at the end of every DSN.
    pub id: ProjectId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Who looks after it.
    pub team_id: TeamId,
    /// Names it in URLs and in short ids; unique in the organization, and kept when the name changes.
    pub slug: Slug,
    /// What people call it.
    pub name: String,
    /// What it is written in, as chosen at creation.
    pub platform: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its first event was stored.
    pub first_event_at: Option<Timestamp>,
}

/// The public half of a DSN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectKey {
    /// 32 hex digits.
    pub public_key: String,
    /// The project whose events arrive with it.
    pub project_id: ProjectId,
    /// What it is for, in the owner's words.
    pub label: String,
    /// Whether events are accepted with it.
    pub is_active: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it stops to be good by itself; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// Limits of its own.
    pub limits: Limits,
}

/// What somebody says about a project that is to be created.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Whose it will be.
    pub organization_id: OrganizationId,
    /// What people will call it; the slug is made from it.
    pub name: String,
    /// What it is written in, if known.
    pub platform: Option<String>,
    /// Who will look after it; `None`: the organization's first team.
    pub team: Option<TeamId>,
}

/// Creates a project with a free slug and its first key.
pub async fn create(app: &Essentials, new: NewProject) -> Result<(Project, ProjectKey)> {
    let name = checked_name(&new.name)?;
    check_platform(new.platform.as_deref())?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let team = owning_team(&mut tx, new.organization_id, new.team).await?;
    // Whoever has already pasted the starter's DSN must not have to change it.
    let starter = store::take_unused_starter(&mut tx, new.organization_id).await?;
    let id = starter.as_ref().map(|(id, _)| *id);
    let project = insert_with_free_slug(&mut tx, &new, (name, team.id), id, now).await?;
    let mut key = new_key(project.id, "Default", now);
    if let Some((_, public_key)) = starter {
        key.public_key = public_key;
    }
    store::insert_key(&mut tx, &key).await?;
    tx.commit().await?;
    Ok((project, key))
}

/// The team that was chosen, if it is one of the organization; without a choice, its first.
async fn owning_team(
    db: &mut PgConnection,
    organization: OrganizationId,
    chosen: Option<TeamId>,
) -> Result<Team> {
    let found = match chosen {
        Some(team) => teams::store::find(db, organization, team).await?,
        None => teams::store::find_first(db, organization).await?,
    };
    found.ok_or_else(|| Error::invalid("team", "Choose one of the organization's teams."))
}

/// Has another team look after a project.
pub async fn set_team(app: &Essentials, project: &Project, team: TeamId) -> Result<()> {
    let mut db = app.db.acquire().await?;
    let team = owning_team(&mut db, project.organization_id, Some(team)).await?;
    store::update_team(&mut db, project.id, team.id).await?;
    Ok(())
}

async fn insert_with_free_slug(
    tx: &mut PgConnection,
    new: &NewProject,
    (name, team_id): (&str, TeamId),
    id: Option<ProjectId>,
    now: Timestamp,
) -> Result<Project> {
    let plain = Slug::from_name(name, "project");
    for number in 1..=MAX_SLUG_ATTEMPTS {
        let slug = if number == 1 { plain.clone() } else { plain.numbered(number) };
        if RESERVED_SLUGS.contains(&slug.as_str()) {
            continue;
        }
        let project = store::NewRow {
            organization_id: new.organization_id,
            team_id,
            slug: &slug,
            name,
            platform: new.platform.as_deref(),
            created_at: now,
            id,
            is_starter: false,
        };
        if let Some(project) = store::insert(tx, project).await? {
            return Ok(project);
        }
    }
    Err(Error::invalid("name", "Too many projects have this name. Choose another one."))
}

fn new_key(project_id: ProjectId, label: &str, now: Timestamp) -> ProjectKey {
    ProjectKey {
        public_key: secrets::random_hex::<16>(),
        project_id,
        label: label.to_owned(),
        is_active: true,
        created_at: now,
        expires_at: None,
        limits: Limits::default(),
    }
}

/// Whatever SDK somebody uses may have its own name; only its shape is given.
fn check_platform(platform: Option<&str>) -> Result<()> {
    let is_word = |text: &str| {
        (1..=MAX_PLATFORM_BYTES).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    match platform {
        Some(platform) if !is_word(platform) => Err(Error::invalid(
            "platform",
            "Use a platform's short name, like `python-django`: lower-case letters, digits and `-`.",
        )),
        _ => Ok(()),
    }
}

fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(Error::invalid("name", "Give the project a name.")),
        1..=MAX_NAME_CHARS => Ok(name),
        _ => Err(Error::invalid("name", format!("Use {MAX_NAME_CHARS} characters or fewer."))),
    }
}
