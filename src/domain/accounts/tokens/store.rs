//! All SQL about API tokens.

use sqlx::{PgConnection, query, query_as, query_scalar};

use super::ApiToken;
use crate::base::{ApiTokenId, OrganizationId, Timestamp, UserId};

/// A token to be inserted.
#[derive(Debug)]
pub struct NewRow<'a> {
    /// The organization it reaches.
    pub organization_id: OrganizationId,
    /// For whom it acts.
    pub user_id: Option<UserId>,
    /// What it is for.
    pub name: &'a str,
    /// SHA-256 of its text.
    pub token_hash: &'a [u8],
    /// Its last characters.
    pub last_characters: &'a str,
    /// What it may do.
    pub scopes: &'a [String],
    /// Now.
    pub created_at: Timestamp,
}

/// Inserts a token.
pub async fn insert(db: &mut PgConnection, new: NewRow<'_>) -> sqlx::Result<ApiToken> {
    query_as!(
        ApiToken,
        r#"
        INSERT INTO api_tokens
            (organization_id, user_id, name, token_hash, last_characters, scopes, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        RETURNING id, organization_id, user_id, name, last_characters, scopes, created_at, last_used_at
        "#,
        new.organization_id.0,
        new.user_id.map(|id| id.0),
        new.name,
        new.token_hash,
        new.last_characters,
        new.scopes,
        new.created_at,
    )
    .fetch_one(db)
    .await
}

/// The token with this hash.
pub async fn find(db: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<Option<ApiToken>> {
    query_as!(
        ApiToken,
        r#"
        SELECT id, organization_id, user_id, name, last_characters, scopes, created_at, last_used_at
        FROM api_tokens
        WHERE token_hash = $1
        "#,
        token_hash,
    )
    .fetch_optional(db)
    .await
}

/// A person's tokens, the newest first.
pub async fn list_of_user(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<ApiToken>> {
    query_as!(
        ApiToken,
        r#"
        SELECT id, organization_id, user_id, name, last_characters, scopes, created_at, last_used_at
        FROM api_tokens
        WHERE user_id = $1
        ORDER BY created_at DESC, id DESC
        "#,
        user.0,
    )
    .fetch_all(db)
    .await
}

/// The tokens of an organization that act for nobody, the newest first.
pub async fn list_of_organization(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<Vec<ApiToken>> {
    query_as!(
        ApiToken,
        r#"
        SELECT id, organization_id, user_id, name, last_characters, scopes, created_at, last_used_at
        FROM api_tokens
        WHERE organization_id = $1 AND user_id IS NULL
        ORDER BY created_at DESC, id DESC
        "#,
        organization.0,
    )
    .fetch_all(db)
    .await
}

/// How many tokens reach an organization.
pub async fn count(db: &mut PgConnection, organization: OrganizationId) -> sqlx::Result<i64> {
    query_scalar!(
        r#"SELECT count(*) AS "count!" FROM api_tokens WHERE organization_id = $1"#,
        organization.0,
    )
    .fetch_one(db)
    .await
}

/// Notes that a token is used.
pub async fn touch(db: &mut PgConnection, id: ApiTokenId, now: Timestamp) -> sqlx::Result<()> {
    query!("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1", id.0, now).execute(db).await?;
    Ok(())
}

/// Deletes a token of the person; `false` if they have no such token.
pub async fn delete_of_user(
    db: &mut PgConnection,
    user: UserId,
    id: ApiTokenId,
) -> sqlx::Result<bool> {
    let done = query!("DELETE FROM api_tokens WHERE id = $1 AND user_id = $2", id.0, user.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a token of the organization that acts for nobody; `false` if there is no such token.
pub async fn delete_of_organization(
    db: &mut PgConnection,
    organization: OrganizationId,
    id: ApiTokenId,
) -> sqlx::Result<bool> {
    let done = query!(
        "DELETE FROM api_tokens WHERE id = $1 AND organization_id = $2 AND user_id IS NULL",
        id.0,
        organization.0,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
