//! Postgres: connecting to one or running a private one, the schema, and the days of partitioned tables.
//!
//! Everything above gets a pool that is connected and migrated and need not know where it leads.

pub mod connect;
pub mod embedded;
pub mod migrate;
pub mod partitions;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::time::{Instant, sleep};

use crate::base::Timestamp;
use crate::base::secrets::Secret;
use crate::config::Config;
use crate::infra::data_dir::{self, Claim, Role};

use embedded::{Durability, Embedded, Options};

/// What the database is opened for.
pub use crate::infra::data_dir::Role as Purpose;

/// How long to wait for a process that holds the data directory: for a command to end, or for a server
/// that is starting to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often to look whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Connections of a command, which does one thing after the other.
const COMMAND_CONNECTIONS: u32 = 2;

/// Postgres, connected and migrated.
#[derive(Debug)]
pub struct Database {
    /// The connections.
    pub pool: PgPool,
    embedded: Option<Embedded>,
    /// Held as long as the private server runs or the data directory is used.
    claim: Option<Claim>,
}

impl Database {
    /// Closes the connections, stops the private server if it is ours, and gives the data directory back.
    pub async fn close(self) {
        self.pool.close().await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
        drop(self.claim);
    }
}

/// Whether Postgres answers.
pub async fn ping(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query("SELECT 1").execute(pool).await.map(drop)
}

/// What Postgres takes for now.
pub async fn server_time(pool: &PgPool) -> sqlx::Result<Timestamp> {
    sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(pool).await
}

/// Opens the database that the settings name and brings its schema up to date.
///
/// To serve, the data directory is claimed, whichever database is used: the journal is in it. A command
/// works beside a server that has it, and starts the private Postgres for itself when nobody runs it. `shim` is the
/// `picket` program.
pub async fn open(config: &Config, purpose: Purpose, shim: &Path) -> Result<Database> {
    let database = open_as_is(config, purpose, shim).await?;
    match migrate::run(&database.pool).await {
        Ok(()) => Ok(database),
        Err(error) => {
            database.close().await;
            Err(error)
        }
    }
}

/// Opens the database as [`open`] does, but leaves the schema as it is.
pub async fn open_as_is(config: &Config, purpose: Purpose, shim: &Path) -> Result<Database> {
    match &config.database.url {
        Some(url) => open_server(config, purpose, url).await,
        None => open_private(config, purpose, shim).await,
    }
}

async fn open_server(config: &Config, purpose: Purpose, url: &Secret) -> Result<Database> {
    let claim = match purpose {
        Purpose::Serve => Some(claim_to_serve(&data_dir::prepare(&config.data_dir)?).await?),
        Purpose::Command => None,
    };
    let pool = connect::to_server(url, connections(config, purpose)).await?;
    Ok(Database { pool, embedded: None, claim })
}

async fn open_private(config: &Config, purpose: Purpose, shim: &Path) -> Result<Database> {
    let data_dir = data_dir::prepare(&config.data_dir)?;
    let connections = connections(config, purpose);
    let claim = match purpose {
        Purpose::Serve => claim_to_serve(&data_dir).await?,
        Purpose::Command => match claim_or_join(&data_dir).await? {
            Access::Alone(claim) => claim,
            Access::Beside(options) => {
                let pool = connect::to_socket(*options, connections).await?;
                return Ok(Database { pool, embedded: None, claim: None });
            }
        },
    };
    let embedded = Embedded::start(options(config, data_dir, shim)).await?;
    match connect::to_socket(embedded.connect_options(), connections).await {
        Ok(pool) => Ok(Database { pool, embedded: Some(embedded), claim: Some(claim) }),
        Err(error) => {
            embedded.stop().await;
            Err(error)
        }
    }
}

fn options(config: &Config, data_dir: PathBuf, shim: &Path) -> Options {
    Options {
        data_dir,
        bin_dir: config.database.bin_dir.clone(),
        shim: shim.to_owned(),
        max_connections: config.database.max_connections,
        settings: config.database.settings.clone(),
        durability: Durability::Full,
    }
}

fn connections(config: &Config, purpose: Purpose) -> u32 {
    match purpose {
        Purpose::Serve => config.database.max_connections,
        Purpose::Command => COMMAND_CONNECTIONS,
    }
}

/// Takes the data directory for a server: waits for a command, gives up at another server.
async fn claim_to_serve(data_dir: &Path) -> Result<Claim> {
    let deadline = Instant::now() + PATIENCE;
    let mut seen = None;
    loop {
        let holder = match Claim::take(data_dir, Role::Serve)? {
            Ok(claim) => return Ok(claim),
            Err(holder) => holder,
        };
        // Seen twice: once may be what the last holder wrote, before the next one has.
        if (holder.role == Role::Serve && seen == Some(holder)) || Instant::now() > deadline {
            bail!(
                "another Picket (process {}) uses the data directory `{}`; stop that one, or set \
                 PICKET__DATA_DIR to another directory for this one",
                holder.pid,
                data_dir.display()
            );
        }
        seen = Some(holder);
        sleep(LOOK_AGAIN).await;
    }
}

/// How a command gets at the private Postgres.
enum Access {
    /// Nobody runs it; now the command does.
    Alone(Claim),
    /// A server runs it.
    Beside(Box<PgConnectOptions>),
}

/// Waits for other commands and for a server to be ready.
async fn claim_or_join(data_dir: &Path) -> Result<Access> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let holder = match Claim::take(data_dir, Role::Command)? {
            Ok(claim) => return Ok(Access::Alone(claim)),
            Err(holder) => holder,
        };
        // Not beside another command, which stops Postgres when it is done.
        if holder.role == Role::Serve
            && let Some(options) = embedded::running(data_dir)?
        {
            return Ok(Access::Beside(Box::new(options)));
        }
        if Instant::now() > deadline {
            bail!(
                "another Picket (process {}) uses the data directory `{}`, but its Postgres is not ready; see \
                 its log, or stop it",
                holder.pid,
                data_dir.display()
            );
        }
        sleep(LOOK_AGAIN).await;
    }
}
