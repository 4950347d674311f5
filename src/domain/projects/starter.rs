//! The project of a fresh installation.
//!
//! The first start prints a DSN that works at once: whoever tries Picket pastes it before opening a
//! browser. The project behind it is hidden while it is empty; the first project that somebody creates
//! takes its id and its key over, and an event that arrives earlier makes it an ordinary project.

use super::{Project, new_key, store};
use crate::app::Essentials;
use crate::base::{ProjectId, Slug};
use crate::domain::{Result, organizations};

/// What the starter is called should it become an ordinary project.
const NAME: &str = "My first project";

/// What is needed to print a DSN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The project.
    pub project_id: ProjectId,
    /// Its name.
    pub name: String,
    /// An active key of it.
    pub public_key: String,
}

/// The oldest project with an active key. Makes the starter where there is no project at all; `None` if
/// all keys are switched off.
pub async fn offer(app: &Essentials) -> Result<Option<Offer>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let organization = organizations::find_or_create_default(&mut tx, now).await?;
    if !store::has_any(&mut tx).await? {
        let team = super::owning_team(&mut tx, organization.id, None).await?;
        let slug = Slug::from_name(NAME, "project");
        let row = store::NewRow {
            organization_id: organization.id,
            team_id: team.id,
            slug: &slug,
            name: NAME,
            platform: None,
            created_at: now,
            id: None,
            is_starter: true,
        };
        if let Some(Project { id, .. }) = store::insert(&mut tx, row).await? {
            store::insert_key(&mut tx, &new_key(id, "Default", now)).await?;
        }
    }
    let found = store::find_oldest(&mut tx).await?;
    tx.commit().await?;
    Ok(found.map(|(project_id, name, public_key)| Offer { project_id, name, public_key }))
}
