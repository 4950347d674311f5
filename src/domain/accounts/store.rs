//! All SQL about people, their sessions and links.

use sqlx::{PgConnection, query, query_as, query_scalar};

use super::{Email, Link, NewUser, Session, User};
use crate::base::{SessionId, Timestamp, UserId};

/// Whether anybody has an account.
pub async fn has_users(db: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar!(r#"SELECT EXISTS (SELECT FROM users) AS "exists!""#).fetch_one(db).await
}

/// Everybody, by address.
pub async fn list_users(db: &mut PgConnection) -> sqlx::Result<Vec<User>> {
    query_as!(
        User,
        "SELECT id, email, name, created_at, last_sign_in_at FROM users ORDER BY email",
    )
    .fetch_all(db)
    .await
}

/// The person with this id.
pub async fn find_user(db: &mut PgConnection, id: UserId) -> sqlx::Result<Option<User>> {
    query_as!(
        User,
        "SELECT id, email, name, created_at, last_sign_in_at FROM users WHERE id = $1",
        id.0,
    )
    .fetch_optional(db)
    .await
}

/// The person with this address.
pub async fn find_user_by_email(
    db: &mut PgConnection,
    email: &Email,
) -> sqlx::Result<Option<User>> {
    query_as!(
        User,
        "SELECT id, email, name, created_at, last_sign_in_at FROM users WHERE email = $1",
        email.as_str(),
    )
    .fetch_optional(db)
    .await
}

/// The person with this address and the hash of their password.
pub async fn find_credentials(
    db: &mut PgConnection,
    email: &Email,
) -> sqlx::Result<Option<(User, String)>> {
    let row = query!(
        r#"
        SELECT id, email, name, password_hash, created_at, last_sign_in_at
        FROM users
        WHERE email = $1
        "#,
        email.as_str(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let user = User {
            id: row.id,
            email: row.email,
            name: row.name,
            created_at: row.created_at,
            last_sign_in_at: row.last_sign_in_at,
        };
        (user, row.password_hash)
    }))
}

/// The hash of a person's password.
pub async fn find_password_hash(
    db: &mut PgConnection,
    user: UserId,
) -> sqlx::Result<Option<String>> {
    query_scalar!("SELECT password_hash FROM users WHERE id = $1", user.0).fetch_optional(db).await
}

/// Inserts a person; `None` if the address has an account.
pub async fn insert_user(
    db: &mut PgConnection,
    new: &NewUser,
    password_hash: &str,
    now: Timestamp,
) -> sqlx::Result<Option<User>> {
    query_as!(
        User,
        r#"
        INSERT INTO users (email, name, password_hash, created_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT ON CONSTRAINT users_email_unique DO NOTHING
        RETURNING id, email, name, created_at, last_sign_in_at
        "#,
        new.email.as_str(),
        new.name,
        password_hash,
        now,
    )
    .fetch_optional(db)
    .await
}

/// Sets name and address.
pub async fn update_profile(
    db: &mut PgConnection,
    user: UserId,
    name: &str,
    email: &Email,
) -> sqlx::Result<()> {
    query!("UPDATE users SET name = $2, email = $3 WHERE id = $1", user.0, name, email.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Sets the hash of a person's password.
pub async fn update_password_hash(
    db: &mut PgConnection,
    user: UserId,
    password_hash: &str,
) -> sqlx::Result<()> {
    query!("UPDATE users SET password_hash = $2 WHERE id = $1", user.0, password_hash)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes when a person signed in.
pub async fn update_last_sign_in(
    db: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> sqlx::Result<()> {
    query!("UPDATE users SET last_sign_in_at = $2 WHERE id = $1", user.0, now).execute(db).await?;
    Ok(())
}

/// A session to be inserted.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Who is signed in.
    pub user_id: UserId,
    /// SHA-256 of the cookie's secret.
    pub token_hash: &'a [u8],
    /// What the browser calls itself.
    pub user_agent: &'a str,
    /// The client's address.
    pub ip_address: &'a str,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends if it is not used.
    pub expires_at: Timestamp,
}

/// Inserts a session.
pub async fn insert_session(db: &mut PgConnection, new: NewSession<'_>) -> sqlx::Result<()> {
    query!(
        r#"
        INSERT INTO sessions
            (user_id, token_hash, user_agent, ip_address, created_at, last_seen_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $5, $6)
        "#,
        new.user_id.0,
        new.token_hash,
        new.user_agent,
        new.ip_address,
        new.created_at,
        new.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The session with this secret and the person it belongs to, unless it is over.
pub async fn find_session(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<(User, Session)>> {
    let row = query!(
        r#"
        SELECT sessions.id, sessions.user_id, sessions.user_agent, sessions.ip_address,
            sessions.created_at, sessions.last_seen_at, sessions.expires_at,
            users.email, users.name, users.created_at AS user_created_at, users.last_sign_in_at
        FROM sessions
        JOIN users ON users.id = sessions.user_id
        WHERE sessions.token_hash = $1 AND sessions.expires_at > $2
        "#,
        token_hash,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let user = User {
            id: row.user_id,
            email: row.email,
            name: row.name,
            created_at: row.user_created_at,
            last_sign_in_at: row.last_sign_in_at,
        };
        let session = Session {
            id: row.id,
            user_id: row.user_id,
            user_agent: row.user_agent,
            ip_address: row.ip_address,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        };
        (user, session)
    }))
}

/// A person's sessions that are not over, the one used last first.
pub async fn list_sessions(
    db: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> sqlx::Result<Vec<Session>> {
    query_as!(
        Session,
        r#"
        SELECT id, user_id, user_agent, ip_address, created_at, last_seen_at, expires_at
        FROM sessions
        WHERE user_id = $1 AND expires_at > $2
        ORDER BY last_seen_at DESC, id DESC
        "#,
        user.0,
        now,
    )
    .fetch_all(db)
    .await
}

/// Notes that a session is used.
pub async fn touch_session(
    db: &mut PgConnection,
    id: SessionId,
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    query!(
        "UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE id = $1",
        id.0,
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends a session of the person; `false` if they have no such session.
pub async fn delete_session(
    db: &mut PgConnection,
    user: UserId,
    id: SessionId,
) -> sqlx::Result<bool> {
    let done = query!("DELETE FROM sessions WHERE id = $1 AND user_id = $2", id.0, user.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the person's sessions, all or all but one; says how many.
pub async fn delete_other_sessions(
    db: &mut PgConnection,
    user: UserId,
    keep: Option<SessionId>,
) -> sqlx::Result<u64> {
    let done = query!(
        "DELETE FROM sessions WHERE user_id = $1 AND ($2::bigint IS NULL OR id <> $2)",
        user.0,
        keep.map(|id| id.0),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes everybody's sessions that are over.
pub async fn delete_expired_sessions(db: &mut PgConnection, now: Timestamp) -> sqlx::Result<()> {
    query!("DELETE FROM sessions WHERE expires_at <= $1", now).execute(db).await?;
    Ok(())
}

/// Deletes the person's sessions but for the `keep` used last.
pub async fn delete_surplus_sessions(
    db: &mut PgConnection,
    user: UserId,
    keep: i64,
) -> sqlx::Result<()> {
    query!(
        r#"
        DELETE FROM sessions
        WHERE id IN (
            SELECT id FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC, id DESC OFFSET $2
        )
        "#,
        user.0,
        keep,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Inserts a link and forgets those that are too old.
pub async fn insert_link(
    db: &mut PgConnection,
    token_hash: &[u8],
    purpose: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    query!("DELETE FROM sign_in_links WHERE expires_at <= $1", now).execute(&mut *db).await?;
    query!(
        r#"
        INSERT INTO sign_in_links (token_hash, purpose, created_at, expires_at)
        VALUES ($1, $2, $3, $4)
        "#,
        token_hash,
        purpose,
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The links made for a purpose.
pub async fn list_links(db: &mut PgConnection, purpose: &str) -> sqlx::Result<Vec<Link>> {
    query_as!(Link, "SELECT token_hash, expires_at FROM sign_in_links WHERE purpose = $1", purpose,)
        .fetch_all(db)
        .await
}

/// Removes the links made for a purpose and says which there were.
pub async fn take_links(db: &mut PgConnection, purpose: &str) -> sqlx::Result<Vec<Link>> {
    query_as!(
        Link,
        "DELETE FROM sign_in_links WHERE purpose = $1 RETURNING token_hash, expires_at",
        purpose,
    )
    .fetch_all(db)
    .await
}
