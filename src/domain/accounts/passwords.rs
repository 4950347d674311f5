//! Passwords: argon2id, off the runtime, a few at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::Email;
use crate::base::secrets::Secret;
use crate::domain::{Error, Result};

/// Short enough for a sentence, long enough that guessing over the network is hopeless with the throttle.
const MIN_PASSWORD_CHARS: usize = 10;

/// Longer ones add nothing and cost time to hash.
const MAX_PASSWORD_BYTES: usize = 1024;

/// Each hash takes 19 MiB for tens of milliseconds; two at once keep the memory of an idle server small.
static HASHING: Semaphore = Semaphore::const_new(2);

/// How many may wait for their turn before the next is told to come back.
const MAX_WAITING: usize = 64;

static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Hash of nobody's password, with the parameters of all others, for attempts on unknown addresses.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$cGlja2V0IG9mIG5vYm9keQ$\
                      4KGNpYXk1b9pXAjNMEtRzRf7q7qgUx3Wc0nLY1mGm8k";

/// A password that may be used.
#[derive(Clone, Debug)]
pub struct Password(Secret);

impl Password {
    /// Checks a password that the person with this address chose.
    pub fn parse(text: &str, email: &Email) -> Result<Self> {
        Self::parse_for("password", text, email.as_str())
    }

    /// The same, with problems reported for the form field `field`.
    pub fn parse_for(field: &'static str, text: &str, email: &str) -> Result<Self> {
        if text.chars().count() < MIN_PASSWORD_CHARS {
            return Err(Error::invalid(
                field,
                format!("Use at least {MIN_PASSWORD_CHARS} characters; a short sentence is good."),
            ));
        }
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(Error::invalid(field, format!("Use at most {MAX_PASSWORD_BYTES} bytes.")));
        }
        if text.eq_ignore_ascii_case(email) {
            return Err(Error::invalid(field, "Choose something other than your address."));
        }
        Ok(Self(Secret::new(text)))
    }
}

/// What is stored of a password.
pub async fn hash(password: &Password) -> Result<String> {
    let password = password.0.clone();
    on_a_blocking_thread(move || {
        Argon2::default()
            .hash_password(password.expose().as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| anyhow::anyhow!("could not hash a password: {error}"))
    })
    .await?
    .map_err(Error::Other)
}

/// Whether this is the password that was stored.
pub async fn verify(password: &str, stored: String) -> Result<bool> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Ok(false);
    }
    let password = Secret::new(password);
    on_a_blocking_thread(move || {
        PasswordHash::new(&stored).is_ok_and(|stored| {
            Argon2::default().verify_password(password.expose().as_bytes(), &stored).is_ok()
        })
    })
    .await
}

/// Does the work of [`verify`] for an address without an account, so that time does not tell.
pub async fn verify_nobody(password: &str) -> Result<()> {
    verify(password, NOBODY.to_owned()).await?;
    Ok(())
}

async fn on_a_blocking_thread<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let _place = Place::take()?;
    let _permit = HASHING.acquire().await.expect("the semaphore is never closed");
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::Other(anyhow::Error::new(error).context("password hashing stopped"))
    })
}

/// A place in the queue; dropping it gives it back, also when the caller hangs up.
struct Place;

impl Place {
    fn take() -> Result<Self> {
        let place = Self;
        if WAITING.fetch_add(1, Ordering::SeqCst) < MAX_WAITING {
            Ok(place)
        } else {
            Err(Error::LimitReached(
                "Many people are signing in at this moment. Try again in a few seconds.".to_owned(),
            ))
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Password> {
        Password::parse(text, &"ada@example.com".parse().unwrap())
    }

    #[tokio::test]
    async fn only_the_password_that_was_hashed_is_accepted() {
        let stored = hash(&parse("correct horse").unwrap()).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("correct horse", stored.clone()).await.unwrap());
        assert!(!verify("correct hors", stored.clone()).await.unwrap());
        assert!(!verify(&"x".repeat(MAX_PASSWORD_BYTES + 1), stored).await.unwrap());
    }

    #[tokio::test]
    async fn an_unknown_address_costs_the_same_work_as_a_known_one() {
        let stored = hash(&parse("correct horse").unwrap()).await.unwrap();
        let real = PasswordHash::new(&stored).unwrap();
        let nobody = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(nobody.algorithm, real.algorithm);
        assert_eq!(nobody.version, real.version);
        assert_eq!(nobody.params, real.params);
        assert_eq!(nobody.hash.map(|h| h.len()), real.hash.map(|h| h.len()));
    }

    #[test]
    fn short_overlong_and_self_evident_passwords_are_refused() {
        assert!(parse("ten chars!").is_ok());
        assert!(parse("nine char").is_err());
        assert!(parse(&"x".repeat(MAX_PASSWORD_BYTES + 1)).is_err());
        assert!(parse("Ada@Example.com").is_err());
    }
}
