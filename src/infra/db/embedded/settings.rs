//! The settings of the private Postgres.
//!
//! They are given on the command line at every start: nothing is written into files that belong to the
//! server's user, and a new Picket brings its new tuning along. What the operator sets in `database.settings`
//! comes last and wins, except for what Picket's promises rest on.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::Durability;
use super::layout::{self, Layout};

/// Connections beyond Picket's pool: commands beside a running server, `psql`, Postgres's own reserve.
const SPARE_CONNECTIONS: u32 = 20;

/// What is different from Postgres's defaults, for many small transactions on a small machine.
///
/// Nothing here trades safety for speed: `fsync`, `full_page_writes` and `synchronous_commit` stay on.
const TUNING: [(&str, &str); 13] = [
    // The tables that every batch touches (issues and their counters) stay in memory at 10,000 issues;
    // memory that is not used is not taken.
    ("shared_buffers", "256MB"),
    // Sorting a page of issues or the events of a chart must not go to disk.
    ("work_mem", "16MB"),
    ("maintenance_work_mem", "128MB"),
    // A checkpoint makes every page be logged whole once more: fewer checkpoints, less to write. The price
    // is a longer recovery after a crash.
    ("checkpoint_timeout", "15min"),
    ("max_wal_size", "2GB"),
    // Whole pages shrink to a third; events are compressed already and are not tried again.
    ("wal_compression", "on"),
    // Disks without heads: an index is worth using earlier.
    ("random_page_cost", "1.1"),
    // Our queries take milliseconds. Compiling one takes a hundred, and so does starting workers for it.
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    // Nobody subscribes to a private server: one process less.
    ("max_logical_replication_workers", "0"),
    // A transaction that somebody forgot must not hold back cleaning for ever.
    ("idle_in_transaction_session_timeout", "5min"),
    // A statement that fails is reported to Picket; its text may hold what users sent.
    ("log_min_error_statement", "panic"),
    ("cluster_name", "picket"),
];

/// Settings that decide whether an acknowledged event survives a crash.
const DURABILITY: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

/// Settings that Picket itself needs to find and understand its server.
const OURS: [&str; 13] = [
    "cluster_name",
    "data_directory",
    "lc_messages",
    "listen_addresses",
    "log_destination",
    "log_line_prefix",
    "log_min_messages",
    "logging_collector",
    "port",
    "timezone",
    "unix_socket_directories",
    "unix_socket_group",
    "unix_socket_permissions",
];

/// Everything to start the server with, in order: a later value of a name replaces an earlier one.
pub(super) fn all(
    layout: &Layout,
    pool_size: u32,
    durability: Durability,
    operator: &BTreeMap<String, String>,
) -> Result<Vec<(String, String)>> {
    let mut settings: Vec<(String, String)> =
        TUNING.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let connections = pool_size + SPARE_CONNECTIONS;
    settings.push(("max_connections".to_owned(), connections.to_string()));
    for (name, value) in operator {
        check(name)?;
        settings.push((name.clone(), value.clone()));
    }
    settings.extend(required(layout));
    if durability == Durability::NoneForTests {
        settings.extend(DURABILITY.iter().map(|name| ((*name).to_owned(), "off".to_owned())));
    }
    Ok(settings)
}

fn check(name: &str) -> Result<()> {
    let name = name.to_ascii_lowercase();
    if DURABILITY.contains(&name.as_str()) {
        bail!(
            "`database.settings.{name}` cannot be set: without it an event that Picket has accepted could \
             be lost. To decide for yourself, run a Postgres server and set DATABASE_URL"
        );
    }
    if OURS.contains(&name.as_str()) {
        bail!("`database.settings.{name}` cannot be set: Picket sets it to find its own Postgres");
    }
    Ok(())
}

fn required(layout: &Layout) -> Vec<(String, String)> {
    let socket_dir = layout.socket_dir.to_string_lossy().replace('"', "\"\"");
    [
        ("listen_addresses", String::new()),
        ("port", layout::PORT.to_string()),
        // Quoted: a comma in the path would begin a second directory.
        ("unix_socket_directories", format!("\"{socket_dir}\"")),
        ("unix_socket_permissions", "0700".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        // Its log comes to us line by line, in English: we wait for one of the sentences.
        ("logging_collector", "off".to_owned()),
        ("log_destination", "stderr".to_owned()),
        ("log_line_prefix", String::new()),
        ("log_min_messages", "warning".to_owned()),
        ("lc_messages", "C".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn with(operator: &[(&str, &str)]) -> Result<Vec<(String, String)>> {
        let operator = operator
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        all(&Layout::new(Path::new("/data")), 16, Durability::Full, &operator)
    }

    fn last(settings: &[(String, String)], name: &str) -> Option<String> {
        settings.iter().rfind(|(other, _)| other == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn the_operator_may_tune() {
        assert_eq!(last(&with(&[]).unwrap(), "shared_buffers").unwrap(), "256MB");
        let settings = with(&[("shared_buffers", "4GB")]).unwrap();
        assert_eq!(last(&settings, "shared_buffers").unwrap(), "4GB");
    }

    #[test]
    fn nobody_may_turn_durability_off() {
        for name in ["fsync", "synchronous_commit", "Full_Page_Writes"] {
            let error = with(&[(name, "off")]).unwrap_err().to_string();
            assert!(error.contains("could be lost"), "{error}");
        }
        for name in DURABILITY {
            assert_eq!(last(&with(&[]).unwrap(), name), None, "left at Postgres's default");
        }
    }

    #[test]
    fn nobody_may_move_the_socket() {
        assert!(with(&[("unix_socket_directories", "/tmp")]).is_err());
        assert!(with(&[("listen_addresses", "*")]).is_err());
    }
}
