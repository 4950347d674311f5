//! API tokens: what programs carry instead of a password.
//!
//! A token of a person is `sntryu_` and 64 hex digits. A token of an organization is `sntrys_` and says in
//! itself which server and organization it is for, so that `sentry-cli` needs no further setting
//! (`web-api.md` §1.2). Both are looked up by the hash of the whole text.

pub mod store;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chrono::TimeDelta;

use super::Scopes;
use crate::app::Essentials;
use crate::base::{ApiTokenId, OrganizationId, Slug, Timestamp, UserId, secrets};
use crate::domain::{Error, Result};

/// How exact "last used" is.
const TOUCH_AFTER: TimeDelta = TimeDelta::minutes(1);

/// Longer texts are no token of ours.
const MAX_TOKEN_BYTES: usize = 2048;

/// The most tokens of one organization.
const MAX_TOKENS: i64 = 500;

/// The longest name of a token.
const MAX_NAME_CHARS: usize = 100;

/// A token as it is known after it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// The only organization it reaches.
    pub organization_id: OrganizationId,
    /// For whom it acts; nobody if it belongs to the organization.
    pub user_id: Option<UserId>,
    /// What it is for, in the owner's words.
    pub name: String,
    /// Its last characters, by which people recognise it.
    pub last_characters: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token to be created.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// The organization it reaches.
    pub organization_id: OrganizationId,
    /// The organization's slug, which a token of an organization carries in itself.
    pub organization_slug: &'a Slug,
    /// For whom it acts; `None` makes a token of the organization.
    pub user_id: Option<UserId>,
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub scopes: Scopes,
}

/// Creates a token. The second value is its text, which cannot be had again.
pub async fn create(app: &Essentials, new: NewToken<'_>) -> Result<(ApiToken, String)> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(Error::invalid(
            "name",
            format!("Say what the token is for, in up to {MAX_NAME_CHARS} characters."),
        ));
    }
    if new.scopes.is_empty() {
        return Err(Error::invalid(
            "scopes",
            "Choose at least one scope; without, it can do nothing.",
        ));
    }
    let now = app.clock.now();
    let text = match new.user_id {
        Some(_) => format!("sntryu_{}", secrets::random_hex::<32>()),
        None => organization_token(&app.config.server.base_url(), new.organization_slug, now),
    };
    let row = store::NewRow {
        organization_id: new.organization_id,
        user_id: new.user_id,
        name,
        token_hash: &secrets::hash(&text),
        last_characters: &text[text.len() - 4..],
        scopes: &new.scopes.to_strings(),
        created_at: now,
    };
    let mut tx = app.db.begin().await?;
    if store::count(&mut tx, new.organization_id).await? >= MAX_TOKENS {
        return Err(Error::LimitReached(format!(
            "There are {MAX_TOKENS} tokens, the most there can be. Revoke one that is not used any more."
        )));
    }
    let token = store::insert(&mut tx, row).await?;
    tx.commit().await?;
    Ok((token, text))
}

/// The token that a program sent, if it is one of ours; notes that it is used.
pub async fn authenticate(app: &Essentials, text: &str) -> Result<Option<ApiToken>> {
    if text.len() > MAX_TOKEN_BYTES {
        return Ok(None);
    }
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let Some(token) = store::find(&mut db, &secrets::hash(text)).await? else {
        return Ok(None);
    };
    if token.last_used_at.is_none_or(|last| now - last >= TOUCH_AFTER) {
        store::touch(&mut db, token.id, now).await?;
    }
    Ok(Some(token))
}

/// Ends a person's token; programs that carry it are refused from now on.
pub async fn revoke(app: &Essentials, user: UserId, token: ApiTokenId) -> Result<()> {
    let mut db = app.db.acquire().await?;
    if store::delete_of_user(&mut db, user, token).await? { Ok(()) } else { Err(Error::NotFound) }
}

/// Ends a token of the organization, one that acts for nobody.
pub async fn revoke_of_organization(
    app: &Essentials,
    organization: OrganizationId,
    token: ApiTokenId,
) -> Result<()> {
    let mut db = app.db.acquire().await?;
    if store::delete_of_organization(&mut db, organization, token).await? {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Both alphabets are the standard ones: the text must have exactly two underscores.
fn organization_token(base_url: &str, organization: &Slug, now: Timestamp) -> String {
    let facts = serde_json::json!({
        "iat": now.timestamp(),
        "url": base_url,
        "region_url": base_url,
        "org": organization,
    });
    let facts = STANDARD.encode(facts.to_string());
    let secret = STANDARD_NO_PAD.encode(secrets::random_bytes::<32>());
    format!("sntrys_{facts}_{secret}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_token_says_where_it_belongs() {
        let now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let token = organization_token("https://picket.example.com", &"acme".parse().unwrap(), now);
        let parts: Vec<&str> = token.split('_').collect();
        let [prefix, facts, secret] = parts[..] else { panic!("two underscores: {token}") };
        assert_eq!(prefix, "sntrys");
        let facts: serde_json::Value =
            serde_json::from_slice(&STANDARD.decode(facts).unwrap()).unwrap();
        assert_eq!(
            facts,
            serde_json::json!({
                "iat": 1_800_000_000,
                "url": "https://picket.example.com",
                "region_url": "https://picket.example.com",
                "org": "acme",
            })
        );
        assert_eq!(secret.len(), 43);
        assert_eq!(STANDARD_NO_PAD.decode(secret).unwrap().len(), 32);
    }
}
