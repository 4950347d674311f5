//! Signing in with a password, and what stands in the way of guessing one.
//!
//! Attempts are counted before the password is looked at, so a thousand at once gain nothing. Two counters
//! meet: five attempts for an account from one address, and thirty from one address for any account.
//! An account is not locked for everybody, or anybody could lock its owner out.

use std::net::IpAddr;

use chrono::TimeDelta;

use super::sessions::{self, Browser};
use super::{Email, User, passwords, store};
use crate::app::App;
use crate::domain::Error;
use crate::infra::throttle::{Limit, TryAgain};

/// Attempts for one account from one address.
const PER_ACCOUNT: Limit = Limit { attempts: 5, window: TimeDelta::minutes(15) };

/// Attempts from one address, whatever the account: an office behind one address fits.
const PER_ADDRESS: Limit = Limit { attempts: 30, window: TimeDelta::minutes(15) };

/// What somebody typed, and from where.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The address, as typed.
    pub email: &'a str,
    /// The password, as typed.
    pub password: &'a str,
    /// The client's address.
    pub address: IpAddr,
    /// The browser.
    pub user_agent: &'a str,
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Address or password is wrong; which of them is not said.
    #[error("the address or the password is wrong")]
    Wrong,
    /// Too many attempts; this long until the next counts.
    #[error("too many attempts")]
    TooMany(TimeDelta),
    /// Something else.
    #[error(transparent)]
    Other(#[from] Error),
}

/// Checks the password and signs the browser in; gives the secret for its cookie.
pub async fn sign_in(app: &App, attempt: Attempt<'_>) -> Result<(User, String), SignInError> {
    let keys = keys(&attempt);
    let now = app.clock.now();
    let limits = [(keys.0.as_str(), PER_ACCOUNT), (keys.1.as_str(), PER_ADDRESS)];
    app.sign_in_throttle.take(&limits, now).map_err(|TryAgain(wait)| SignInError::TooMany(wait))?;

    let user = check_password(app, &attempt).await?.ok_or(SignInError::Wrong)?;
    app.sign_in_throttle.forget(&keys.0);
    let browser = Browser {
        user_agent: attempt.user_agent.to_owned(),
        ip_address: attempt.address.to_string(),
    };
    let token = sessions::start(app, user.id, &browser).await?;
    Ok((user, token))
}

async fn check_password(app: &App, attempt: &Attempt<'_>) -> Result<Option<User>, Error> {
    let found = match attempt.email.parse::<Email>() {
        Ok(email) => {
            let mut db = app.db.acquire().await?;
            store::find_credentials(&mut db, &email).await?
        }
        Err(_) => None,
    };
    if let Some((user, hash)) = found {
        return Ok(passwords::verify(attempt.password, hash).await?.then_some(user));
    }
    passwords::verify_nobody(attempt.password).await?;
    Ok(None)
}

/// The counters of an attempt: account and address together, and the address alone.
fn keys(attempt: &Attempt<'_>) -> (String, String) {
    let network = network(attempt.address);
    let email = attempt.email.trim().to_lowercase();
    (format!("account {network} {email}"), format!("address {network}"))
}

/// The address as far as one household or server has it to itself: an IPv6 client owns its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_escape_its_counter_within_its_own_network() {
        let network = |text: &str| super::network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::7"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::7"), network("2001:db8:1:3::7"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn spelling_an_address_differently_does_not_start_a_new_counter() {
        let attempt = |email| Attempt {
            email,
            password: "",
            address: "192.0.2.1".parse().unwrap(),
            user_agent: "",
        };
        assert_eq!(keys(&attempt(" Ada@Example.com")), keys(&attempt("ada@example.com")));
    }
}
