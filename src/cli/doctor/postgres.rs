//! Postgres: is it there, can it be reached, is its schema current.

use std::path::Path;

use anyhow::Result;
use sqlx::PgPool;

use super::Finding;
use crate::base::Clock;
use crate::config::Config;
use crate::infra::db::embedded::{self, Binaries};
use crate::infra::db::{self, Purpose, migrate};

/// How far the clocks of Picket and Postgres may differ before times on pages look odd.
const CLOCK_TOLERANCE_SECONDS: i64 = 5;

pub(super) async fn examine(config: &Config, shim: &Path) -> Vec<Finding> {
    if config.database.url.is_none() {
        let (binaries, has_data) = private(config, shim);
        let is_usable = binaries.verdict != super::Verdict::Problem;
        if !(has_data && is_usable) {
            return vec![binaries];
        }
        return [vec![binaries], connected(config, shim).await].concat();
    }
    connected(config, shim).await
}

/// The programs of the private Postgres, and whether it has data yet.
fn private(config: &Config, shim: &Path) -> (Finding, bool) {
    let subject = "Postgres";
    let existing = match embedded::existing_version(&config.data_dir) {
        Ok(existing) => existing,
        Err(error) => return (Finding::problem(subject, format!("{error:#}")), false),
    };
    let finding = match usable(existing, config, shim) {
        Ok(binaries) if existing.is_some() => {
            Finding::good(subject, format!("a private {}; its data is there", binaries.version))
        }
        Ok(binaries) => Finding::good(
            subject,
            format!("a private {}; the first start makes its database", binaries.version),
        ),
        Err(error) => Finding::problem(subject, format!("{error:#}")),
    };
    (finding, existing.is_some())
}

fn usable(existing: Option<u32>, config: &Config, shim: &Path) -> Result<Binaries> {
    let binaries = Binaries::find(existing, config.database.bin_dir.as_deref(), shim)?;
    embedded::rehearse(&std::path::absolute(&config.data_dir)?, &binaries, shim)?;
    Ok(binaries)
}

/// What only a connection shows.
async fn connected(config: &Config, shim: &Path) -> Vec<Finding> {
    let database = match db::open_as_is(config, Purpose::Command, shim).await {
        Ok(database) => database,
        Err(error) => return vec![Finding::problem("connection", format!("{error:#}"))],
    };
    let mut findings = vec![Finding::good("connection", "Postgres answers")];
    findings.push(or_problem("schema", schema(&database.pool).await));
    findings.push(or_problem("Postgres clock", clock(&database.pool).await));
    database.close().await;
    findings
}

fn or_problem(subject: &'static str, finding: Result<Finding>) -> Finding {
    finding.unwrap_or_else(|error| Finding::problem(subject, format!("{error:#}")))
}

async fn schema(pool: &PgPool) -> Result<Finding> {
    let pending = migrate::pending(pool).await?;
    Ok(if pending.is_empty() {
        Finding::good("schema", "up to date")
    } else {
        let text = format!(
            "{} migrations are not applied yet; the next start does it, or `picket migrate`",
            pending.len()
        );
        Finding::warning("schema", text)
    })
}

async fn clock(pool: &PgPool) -> Result<Finding> {
    let theirs = db::server_time(pool).await?;
    let seconds = (Clock::system().now() - theirs).num_seconds();
    Ok(if seconds.abs() > CLOCK_TOLERANCE_SECONDS {
        let text = format!("differs from this machine's by {seconds} s; synchronise both (NTP)");
        Finding::warning("Postgres clock", text)
    } else {
        Finding::good("Postgres clock", "agrees with this machine's")
    })
}
