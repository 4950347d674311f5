//! Settings: one documented struct per section.
//!
//! Defaults, then the file, then `PICKET__SECTION__KEY` from the environment; an unknown key is an error.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::base::secrets::Secret;

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the journal, the private Postgres and quarantined envelopes live.
    pub data_dir: PathBuf,
    /// The HTTP server.
    pub server: ServerConfig,
    /// Postgres.
    pub database: DatabaseConfig,
    /// The front door for telemetry.
    pub ingest: IngestConfig,
    /// How long things are kept.
    pub retention: RetentionConfig,
    /// Picket's own log.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            server: ServerConfig::default(),
            database: DatabaseConfig::default(),
            ingest: IngestConfig::default(),
            retention: RetentionConfig::default(),
            log: LogConfig::default(),
        }
    }
}

/// The HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// The address to listen on.
    pub listen: String,
    /// The URL under which people and SDKs reach Picket, without a slash at the end; empty means
    /// `http://` and the listen address. It stands in every DSN.
    pub public_url: String,
    /// How many proxies in front may be believed about the client's address (`X-Forwarded-For`).
    pub trusted_proxies: usize,
    /// How long to finish requests and batches after the first signal, in seconds.
    pub shutdown_timeout_seconds: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8000".to_owned(),
            public_url: String::new(),
            trusted_proxies: 0,
            shutdown_timeout_seconds: 20,
        }
    }
}

impl ServerConfig {
    /// The URL under which people and SDKs reach Picket, without a slash at the end.
    pub fn base_url(&self) -> String {
        if self.public_url.is_empty() {
            format!("http://{}", self.listen)
        } else {
            self.public_url.trim_end_matches('/').to_owned()
        }
    }

    /// Whether browsers reach Picket over TLS; cookies are then kept off plain connections.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Postgres.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// The server to use; none means a private one in the data directory. `DATABASE_URL` sets it too.
    pub url: Option<Secret>,
    /// Where `initdb` and `postgres` are, if not on the usual paths.
    pub bin_dir: Option<PathBuf>,
    /// The most connections at a time.
    pub max_connections: u32,
    /// Settings of the private Postgres that shall be different, such as `shared_buffers`.
    pub settings: BTreeMap<String, String>,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: None, bin_dir: None, max_connections: 16, settings: BTreeMap::new() }
    }
}

/// The front door for telemetry.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// Independent journals with their writer; 0 means half the cores, at least one.
    pub lanes: usize,
    /// The most bytes all journals together may hold before senders are told to wait.
    pub journal_max_bytes: u64,
    /// The most events of one issue and day that keep their payload in full; after that one in ten,
    /// and after ten times as many one in a hundred.
    pub payloads_per_issue_and_day: i64,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self { lanes: 0, journal_max_bytes: 4 << 30, payloads_per_issue_and_day: 1000 }
    }
}

/// How long things are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Days until an event is deleted.
    pub events_days: u32,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { events_days: 90 }
    }
}

/// Picket's own log.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// What to log, in the language of tracing's `EnvFilter`.
    pub filter: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info,sqlx=warn".to_owned(), format: LogFormat::Text }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}
