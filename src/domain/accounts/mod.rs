//! Accounts: the people who sign in, the browsers they use, and the tokens their programs carry.
//!
//! Nothing here can be read back from the database: passwords are kept as argon2id, and the random secrets
//! (session cookies, API tokens, first-run links) as their SHA-256, which is enough for 256 random bits and
//! lets a look-up use an index. A secret is shown once, when it is made.
//!
//! Signing in costs the same work whether or not the address has an account, and failures are counted per
//! address of the caller and per account ([`sign_in`]), so neither names nor passwords can be found by trying.

pub mod passwords;
mod scopes;
pub mod sessions;
pub mod sign_in;
pub mod store;
pub mod tokens;

pub use passwords::Password;
pub use scopes::{Scope, Scopes, UnknownScope};
pub use sessions::Session;
pub use tokens::ApiToken;

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;

use crate::app::{App, Essentials};
use crate::base::{Timestamp, UserId};
use crate::domain::{Error, Result};
use crate::infra::throttle::Limit;

/// The longest e-mail address there is (RFC 5321, 4.5.3.1).
const MAX_EMAIL_BYTES: usize = 254;

/// The longest name of a person.
const MAX_NAME_CHARS: usize = 100;

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their address, in lower case.
    pub email: String,
    /// What they want to be called.
    pub name: String,
    /// When the account was created.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_sign_in_at: Option<Timestamp>,
}

/// An e-mail address, in lower case.
///
/// Only its shape is checked: whether it exists is known when a message arrives, and Picket sends none here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`, which has to do for a name when nobody gave one.
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Email {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let address = text.trim().to_lowercase();
        let is_address = address.len() <= MAX_EMAIL_BYTES
            && !address.chars().any(|c| c.is_whitespace() || c.is_control())
            && address.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains('@')
            });
        if is_address {
            Ok(Self(address))
        } else {
            Err(Error::invalid("email", "Enter an e-mail address, like `ada@example.com`."))
        }
    }
}

/// An account to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their address.
    pub email: Email,
    /// What they want to be called.
    pub name: String,
    /// Their password.
    pub password: Password,
}

impl NewUser {
    /// Checks what somebody typed; without a name, the address gives one.
    pub fn parse(email: &str, name: &str, password: &str) -> Result<Self> {
        let email: Email = email.parse()?;
        let name = match name.trim() {
            "" => email.local_part().to_owned(),
            given => checked_name(given)?,
        };
        let password = Password::parse(password, &email)?;
        Ok(Self { email, name, password })
    }
}

/// A first-run link as it is stored.
#[derive(Clone, Debug)]
pub struct Link {
    /// SHA-256 of the token in its URL.
    pub token_hash: Vec<u8>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Changes what a person is called and where they are reached.
pub async fn update_profile(app: &Essentials, user: UserId, name: &str, email: &str) -> Result<()> {
    let email: Email = email.parse()?;
    let name = checked_name(name)?;
    let mut db = app.db.acquire().await?;
    match store::update_profile(&mut db, user, &name, &email).await {
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("users_email_unique") => {
            Err(Error::invalid("email", "Somebody has an account with this address."))
        }
        other => Ok(other?),
    }
}

/// Attempts to change a password: whoever took over a session must not find the password with it.
const PASSWORD_CHANGES: Limit = Limit { attempts: 5, window: TimeDelta::minutes(15) };

/// Changes a person's password, given the present one. Every other browser of theirs is signed out.
pub async fn change_password(
    app: &App,
    user: &User,
    keep: crate::base::SessionId,
    current: &str,
    new: &str,
) -> Result<()> {
    let counter = format!("password {}", user.id);
    let limits = [(counter.as_str(), PASSWORD_CHANGES)];
    app.sign_in_throttle.take(&limits, app.clock.now()).map_err(|_| {
        Error::LimitReached(
            "There were too many attempts. Try again in a quarter of an hour.".into(),
        )
    })?;
    let mut db = app.db.acquire().await?;
    let stored = store::find_password_hash(&mut db, user.id).await?.ok_or(Error::NotFound)?;
    drop(db);
    let new = Password::parse_for("new_password", new, &user.email)?;
    if !passwords::verify(current, stored).await? {
        return Err(Error::invalid("current_password", "This is not your present password."));
    }
    app.sign_in_throttle.forget(&counter);
    let hash = passwords::hash(&new).await?;
    let mut tx = app.db.begin().await?;
    store::update_password_hash(&mut tx, user.id, &hash).await?;
    store::delete_other_sessions(&mut tx, user.id, Some(keep)).await?;
    Ok(tx.commit().await?)
}

/// Sets a password for somebody who lost theirs, and signs out all their browsers. For the operator.
pub async fn reset_password(app: &Essentials, email: &str, new: &str) -> Result<User> {
    let email: Email = email.parse()?;
    let password = Password::parse(new, &email)?;
    let hash = passwords::hash(&password).await?;
    let mut tx = app.db.begin().await?;
    let user = store::find_user_by_email(&mut tx, &email)
        .await?
        .ok_or_else(|| Error::invalid("email", "Nobody has an account with this address."))?;
    store::update_password_hash(&mut tx, user.id, &hash).await?;
    store::delete_other_sessions(&mut tx, user.id, None).await?;
    tx.commit().await?;
    Ok(user)
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if (1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
        Ok(name.to_owned())
    } else {
        Err(Error::invalid("name", format!("Enter a name of up to {MAX_NAME_CHARS} characters.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_lower_cased() {
        let email: Email = " Ada@Example.COM ".parse().unwrap();
        assert_eq!(email.as_str(), "ada@example.com");
        assert_eq!(email.local_part(), "ada");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in ["", "ada", "@example.com", "ada@", "a da@example.com", "a@b@c", &long] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
    }

    #[test]
    fn without_a_name_the_address_gives_one() {
        let new = NewUser::parse("ada@example.com", "  ", "correct horse").unwrap();
        assert_eq!(new.name, "ada");
    }
}
