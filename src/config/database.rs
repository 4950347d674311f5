//! `[database]`

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::base::secrets::Secret;

/// Fewer, and the writers of the lanes alone could starve every page.
const FEWEST_CONNECTIONS: u32 = 4;

/// Postgres.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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

impl DatabaseConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.max_connections >= FEWEST_CONNECTIONS {
            return Ok(());
        }
        Err(format!(
            "`database.max_connections` is {}; Picket needs at least {FEWEST_CONNECTIONS}",
            self.max_connections
        ))
    }
}
