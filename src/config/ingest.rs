//! `[ingest]`

use std::path::PathBuf;

use serde::Deserialize;

/// The front door for telemetry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestConfig {
    /// Independent journals with their writer; 0 means half the cores, at least one.
    pub lanes: usize,
    /// The most bytes all journals together may hold before senders are told to wait.
    pub journal_max_bytes: u64,
    /// The most bytes of large request bodies in memory at a time, and so the most that one may have.
    pub body_memory_max_bytes: usize,
    /// The most events of one issue and day that keep their payload in full; after that one in ten,
    /// and after ten times as many one in a hundred.
    pub payloads_per_issue_and_day: i64,
    /// A database in MaxMind's format that tells where addresses are.
    pub geo_database: Option<PathBuf>,
    /// Google Play's list of the devices it supports.
    pub device_names: Option<PathBuf>,
    /// The most items of all projects together in a minute; 0 for any number.
    pub max_items_per_minute: u64,
}
