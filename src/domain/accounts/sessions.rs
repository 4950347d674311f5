//! Sessions: signed-in browsers.

use chrono::TimeDelta;

use super::{User, store};
use crate::app::Essentials;
use crate::base::{SessionId, Timestamp, UserId, secrets};
use crate::domain::{Error, Result};

/// How long a browser stays signed in without being used.
const IDLE_LIFETIME: TimeDelta = TimeDelta::days(30);

/// How exact "last seen" is; a write for every click would buy nothing.
const TOUCH_AFTER: TimeDelta = TimeDelta::minutes(5);

/// The most browsers of one person; a new one signs out the one unused for longest.
const MAX_SESSIONS: i64 = 50;

/// What is kept of a browser's description of itself.
const MAX_USER_AGENT_CHARS: usize = 400;

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: UserId,
    /// What the browser called itself.
    pub user_agent: String,
    /// Where it signed in from.
    pub ip_address: String,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When it was last used, give or take five minutes.
    pub last_seen_at: Timestamp,
    /// When it is signed out by itself.
    pub expires_at: Timestamp,
}

/// Where a sign-in comes from.
#[derive(Clone, Debug)]
pub struct Browser {
    /// What it calls itself.
    pub user_agent: String,
    /// The client's address.
    pub ip_address: String,
}

/// Signs a person in and gives the secret for the cookie. The caller has made sure who they are.
pub async fn start(app: &Essentials, user: UserId, browser: &Browser) -> Result<String> {
    let token = secrets::random_hex::<32>();
    let now = app.clock.now();
    let session = store::NewSession {
        user_id: user,
        token_hash: &secrets::hash(&token),
        user_agent: &browser.user_agent.chars().take(MAX_USER_AGENT_CHARS).collect::<String>(),
        ip_address: &browser.ip_address,
        created_at: now,
        expires_at: now + IDLE_LIFETIME,
    };
    let mut tx = app.db.begin().await?;
    store::delete_expired_sessions(&mut tx, now).await?;
    store::delete_surplus_sessions(&mut tx, user, MAX_SESSIONS - 1).await?;
    store::insert_session(&mut tx, session).await?;
    store::update_last_sign_in(&mut tx, user, now).await?;
    tx.commit().await?;
    Ok(token)
}

/// Who is signed in with this cookie; `None` if nobody is, any more.
pub async fn resume(app: &Essentials, token: &str) -> Result<Option<(User, Session)>> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let Some((user, session)) = store::find_session(&mut db, &secrets::hash(token), now).await?
    else {
        return Ok(None);
    };
    if now - session.last_seen_at >= TOUCH_AFTER {
        store::touch_session(&mut db, session.id, now, now + IDLE_LIFETIME).await?;
    }
    Ok(Some((user, session)))
}

/// Signs one browser of the person out.
pub async fn end(app: &Essentials, user: UserId, session: SessionId) -> Result<()> {
    let mut db = app.db.acquire().await?;
    if store::delete_session(&mut db, user, session).await? { Ok(()) } else { Err(Error::NotFound) }
}

/// Signs all browsers of the person out but the one they are using; says how many there were.
pub async fn end_others(app: &Essentials, user: UserId, keep: SessionId) -> Result<u64> {
    let mut db = app.db.acquire().await?;
    Ok(store::delete_other_sessions(&mut db, user, Some(keep)).await?)
}
