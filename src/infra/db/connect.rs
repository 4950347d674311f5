//! Connecting, and saying in one sentence why that is not possible.

use std::io::ErrorKind;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::{Instant, sleep};
use tracing::info;

use crate::base::secrets::Secret;

/// The oldest server that is understood, as `server_version_num` tells it.
const OLDEST_SERVER: i32 = 140_000;

/// How long a server may take to come up beside Picket, as it does when both are started together.
const PATIENCE: Duration = Duration::from_secs(15);

/// The pause between two attempts.
const TRY_AGAIN: Duration = Duration::from_millis(250);

/// How long a request waits for a free connection before it is told that there is none.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects to the server of a `DATABASE_URL`.
pub async fn to_server(url: &Secret, connections: u32) -> Result<PgPool> {
    let options: PgConnectOptions = url.expose().parse().map_err(|error| {
        anyhow!(
            "DATABASE_URL cannot be understood ({error}); it looks like \
             `postgres://user:password@host:5432/database`"
        )
    })?;
    let options = options.application_name("picket");
    let mut db = patiently(&options).await.map_err(|error| explain(&error, &options))?;
    require_version(&mut db).await?;
    // Another error than that of the first connection is not worth a sentence of its own.
    pool(connections).connect_with(options).await.context("could not connect to Postgres again")
}

/// Connects to a private server that is ready.
pub async fn to_socket(options: PgConnectOptions, connections: u32) -> Result<PgPool> {
    pool(connections)
        .connect_with(options.application_name("picket"))
        .await
        .context("could not connect to the private Postgres")
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT)
}

/// Tries until the server answers or says something that waiting will not change. Not through a pool: that
/// would tell only that it got no connection in time, and not why.
async fn patiently(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let deadline = Instant::now() + PATIENCE;
    let mut is_told = false;
    loop {
        match PgConnection::connect_with(options).await {
            Err(error) if is_passing(&error) && Instant::now() < deadline => {
                if !std::mem::replace(&mut is_told, true) {
                    info!(error = %error, "Waiting for Postgres at {}", place(options));
                }
                sleep(TRY_AGAIN).await;
            }
            result => return result,
        }
    }
}

/// Whether the server may just not be up yet.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        // Starting up, shutting down, or out of connections for the moment.
        sqlx::Error::Database(error) => {
            matches!(error.code().as_deref(), Some("57P03" | "57P01" | "53300"))
        }
        _ => false,
    }
}

/// Where the server is, without user and password.
fn place(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => format!("`{}`", socket.display()),
        None => format!("`{}:{}`", options.get_host(), options.get_port()),
    }
}

/// A sentence with what to do, and the server's own words.
fn explain(error: &sqlx::Error, options: &PgConnectOptions) -> Error {
    let (place, user) = (place(options), options.get_username());
    let database = options.get_database().unwrap_or(user);
    let (code, words) = match error {
        sqlx::Error::Database(error) => {
            (error.code().unwrap_or_default().into_owned(), error.message().to_owned())
        }
        other => (String::new(), other.to_string()),
    };
    let advice = match (code.as_str(), error) {
        ("28P01" | "28000", _) => format!(
            "Postgres at {place} does not let user `{user}` in; check user and password in DATABASE_URL"
        ),
        ("3D000", _) => format!(
            "Postgres at {place} has no database `{database}`; create it with `createdb {database}` or name \
             another in DATABASE_URL"
        ),
        ("53300", _) => format!(
            "Postgres at {place} has no free connections; raise its `max_connections` or lower \
             PICKET__DATABASE__MAX_CONNECTIONS"
        ),
        (_, sqlx::Error::Io(io)) if io.kind() == ErrorKind::ConnectionRefused => {
            format!("nothing listens at {place}; start Postgres there or correct DATABASE_URL")
        }
        (_, sqlx::Error::Tls(_)) => {
            format!(
                "could not agree on TLS with Postgres at {place}; see `sslmode` in DATABASE_URL"
            )
        }
        _ => format!("could not connect to Postgres at {place}; is DATABASE_URL right?"),
    };
    anyhow!("{advice} ({words})")
}

async fn require_version(db: &mut PgConnection) -> Result<()> {
    let number: i32 = sqlx::query_scalar!(
        r#"SELECT current_setting('server_version_num')::integer AS "number!""#
    )
    .fetch_one(db)
    .await
    .context("could not ask Postgres for its version")?;
    if number < OLDEST_SERVER {
        bail!(
            "the server in DATABASE_URL is Postgres {}; Picket needs {} or newer",
            number / 10_000,
            OLDEST_SERVER / 10_000
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_url_that_is_none_says_so_without_showing_itself() {
        let error = to_server(&Secret::new("hunter2"), 1).await.unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains("postgres://user:password@host"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn only_what_may_pass_is_waited_for() {
        let refused = std::io::Error::from(ErrorKind::ConnectionRefused);
        assert!(is_passing(&sqlx::Error::Io(refused)));
        assert!(!is_passing(&sqlx::Error::Protocol("not Postgres".to_owned())));
    }

    #[test]
    fn the_place_tells_no_password() {
        let options: PgConnectOptions =
            "postgres://picket:hunter2@db.example:6432/picket".parse().unwrap();
        assert_eq!(place(&options), "`db.example:6432`");
    }
}
