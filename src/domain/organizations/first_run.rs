//! Letting the first person into a fresh installation.
//!
//! There is no default password and no open sign-up. While nobody has an account, every start prints a
//! link that only somebody who can read the log has; whoever opens it creates the first account and owns
//! the installation. The first use ends all links.

use chrono::TimeDelta;

use super::{Organization, find_or_create_default, join};
use crate::app::Essentials;
use crate::base::{Timestamp, secrets};
use crate::domain::accounts::{self, NewUser, User};
use crate::domain::{Error, Result};

/// How long a printed link works. The next start prints a new one.
const LINK_LIFETIME: TimeDelta = TimeDelta::hours(24);

/// What a link is stored as being for.
const PURPOSE: &str = "first_run";

/// What became of a link that somebody opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It creates the first account.
    Open,
    /// Unknown or too old, and nobody has an account yet.
    Expired,
    /// Somebody has an account already, so there is nothing to set up.
    Finished,
}

/// Makes the link for the first person and gives its full URL; `None` once somebody has an account.
pub async fn link(app: &Essentials) -> Result<Option<String>> {
    let mut db = app.db.acquire().await?;
    if accounts::store::has_users(&mut db).await? {
        return Ok(None);
    }
    let token = secrets::random_hex::<32>();
    let now = app.clock.now();
    accounts::store::insert_link(
        &mut db,
        &secrets::hash(&token),
        PURPOSE,
        now,
        now + LINK_LIFETIME,
    )
    .await?;
    Ok(Some(format!("{}/setup/{token}", app.config.server.base_url())))
}

/// Whether this link still creates the first account.
pub async fn check(app: &Essentials, token: &str) -> Result<LinkState> {
    let mut db = app.db.acquire().await?;
    if accounts::store::has_users(&mut db).await? {
        return Ok(LinkState::Finished);
    }
    let links = accounts::store::list_links(&mut db, PURPOSE).await?;
    Ok(if is_valid(&links, token, app.clock.now()) { LinkState::Open } else { LinkState::Expired })
}

/// Creates the first account and makes it the owner of the default organization.
pub async fn complete(app: &Essentials, token: &str, new: NewUser) -> Result<(User, Organization)> {
    // Hashing is dear; whoever guesses links shall not make us do it.
    if check(app, token).await? != LinkState::Open {
        return Err(Error::NotFound);
    }
    let password_hash = accounts::passwords::hash(&new.password).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // Taking all links, not only this one: whoever comes second waits here and finds none left.
    let links = accounts::store::take_links(&mut tx, PURPOSE).await?;
    if !is_valid(&links, token, now) || accounts::store::has_users(&mut tx).await? {
        return Err(Error::NotFound);
    }
    let organization = find_or_create_default(&mut tx, now).await?;
    let user = join(&mut tx, &new, &password_hash, &organization, now).await?;
    tx.commit().await?;
    Ok((user, organization))
}

fn is_valid(links: &[accounts::Link], token: &str, now: Timestamp) -> bool {
    let hash = secrets::hash(token);
    links.iter().any(|link| secrets::equal(&link.token_hash, &hash) && link.expires_at > now)
}
