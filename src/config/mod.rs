//! Settings: one documented struct per section.
//!
//! The defaults are one commented file, `default.toml`, compiled in and printed by `picket serve --print-config`. A file
//! of the operator's and `PICKET__SECTION__KEY` from the environment override it, in this order; an unknown
//! key is an error.
//!
//! # Adding a setting
//!
//! A documented field in the section's struct → its default with a comment in `default.toml` (or a line `#key =
//! example` if it has none) → use it → a line in `check` or in `cli/doctor` if it can be wrong.

mod database;
mod ingest;
mod load;
mod log;
mod nearest;
mod retention;
mod schema;
mod server;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use database::DatabaseConfig;
pub use ingest::IngestConfig;
pub use load::Sources;
pub use log::{LogConfig, LogFormat};
pub use retention::RetentionConfig;
pub use server::ServerConfig;

/// All settings with their defaults, as a file to start from.
pub const DEFAULTS: &str = include_str!("default.toml");

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the journal, the private Postgres and quarantined envelopes live.
    #[serde(default = "default_data_dir")]
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

impl Config {
    /// Finds what is wrong with values that are fine by themselves; says so in one sentence.
    fn check(&self) -> Result<(), String> {
        self.server.check()?;
        self.database.check()?;
        self.retention.check()
    }
}

/// As root not the current directory: the private Postgres could not reach it in root's home.
fn default_data_dir() -> PathBuf {
    let path = if nix::unistd::geteuid().is_root() { "/var/lib/picket" } else { "data" };
    Path::new(path).to_owned()
}

impl Default for Config {
    fn default() -> Self {
        toml::from_str(DEFAULTS).expect("the defaults are valid, a test reads them")
    }
}

/// A section's defaults are those of the whole.
macro_rules! section_defaults {
    ($($section:ident: $config:ident;)+) => {$(
        impl Default for $config {
            fn default() -> Self {
                Config::default().$section
            }
        }
    )+};
}

section_defaults! {
    server: ServerConfig;
    database: DatabaseConfig;
    ingest: IngestConfig;
    retention: RetentionConfig;
    log: LogConfig;
}
