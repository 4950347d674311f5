//! `picket demo`: fills a fresh instance with two weeks of believable errors.
//!
//! For newcomers who want to see a living product, for screenshots, and for benchmarks of the pages.
//! Six projects in as many languages send what their Sentry SDKs would: [`scene`] says what is broken,
//! [`timeline`] when, [`releases`] what came when and who uses it, [`plan`] draws it all from a seed, and
//! [`mod@fill`] hands each event to the pipeline as if it had been received at its time. The same seed, size and moment give the same demo.
//!
//! # Adding a project
//! A file in `scenes/` → its line in [`scene`] → the test that every scene makes events.

mod chance;
mod event;
mod field;
mod fill;
mod people;
mod plan;
mod progress;
mod releases;
mod scene;
#[cfg(test)]
mod tests;
mod timeline;

use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;

use crate::app::Essentials;
use crate::config::Config;
use crate::domain::{organizations, projects};

use super::with_database::with_database;
use fill::Fill;
use plan::Plan;
use progress::Progress;

/// The size at which every page has something to show and a laptop is done in seconds.
const DEFAULT_EVENTS: u64 = 20_000;

/// What the demo is to be like.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    /// How many events to make; there is an issue for about every hundred.
    #[arg(long, default_value_t = DEFAULT_EVENTS, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    events: u64,
    /// Another number makes another demo; the same number makes the same one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Fill an instance that has projects of its own. The projects of the demo stay until deleted.
    #[arg(long)]
    force: bool,
}

/// Fills the instance.
pub(crate) async fn run(arguments: Arguments, config: Config, shim: &Path) -> Result<()> {
    with_database(config, shim, async |app| {
        let projects = fill(app, &arguments, &mut Progress::new(arguments.events)).await?;
        report(app, arguments.events, projects);
        Ok(())
    })
    .await
}

/// Fills the database of `app`; returns how many projects it made.
async fn fill(app: &Essentials, arguments: &Arguments, progress: &mut Progress) -> Result<usize> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let organization = organizations::find_or_create_default(&mut db, now).await?;
    let existing = projects::store::list(&mut db, organization.id).await?;
    drop(db);
    if let Some(project) = existing.first().filter(|_| !arguments.force) {
        bail!(
            "this instance is in use: it has the project `{}`. The demo is for a fresh one, for instance with \
             PICKET__DATA_DIR set to an empty directory; `--force` adds it here all the same",
            project.slug
        );
    }
    let plan = Plan::new(arguments.events, arguments.seed, now)?;
    let projects = plan.scenes.len();
    Fill::prepare(app, &organization, plan).await?.run(progress).await?;
    Ok(projects)
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn report(app: &Essentials, events: u64, projects: usize) {
    let url = app.config.server.base_url();
    println!(
        "Made {events} events in {projects} projects. Look at them on {url}, where `picket` serves."
    );
}
