//! `picket release`: whether it is safe to go on, for the pipeline that deploys.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use tokio::time::Instant;

use super::with_database::{answer, with_database};
use crate::app::Essentials;
use crate::base::Slug;
use crate::config::Config;
use crate::domain::organizations;
use crate::domain::projects::{self, Project};
use crate::domain::query;
use crate::domain::releases::verdict::{self, Answer, Question, Verdict};

/// How often is asked while waiting.
const PAUSE: Duration = Duration::from_secs(15);

/// What to do with releases.
#[derive(Debug, Subcommand)]
pub(super) enum Arguments {
    /// Compare a release with the one it replaces, and say whether it is safe to go on.
    ///
    /// Ends with 0 if it is healthy, 2 if it is degraded, 3 if it is broken, 4 if there is not enough data, and 1 if that
    /// could not be found out.
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// The release, such as `shop@1.2.3`.
    version: String,
    /// The project's slug; may be left out if there is one project.
    #[arg(long)]
    project: Option<Slug>,
    /// The environment; all together if left out.
    #[arg(long)]
    environment: Option<String>,
    /// How long to watch, such as `30m`. Ends early if the release is broken.
    #[arg(long, value_parser = length)]
    wait: Option<Duration>,
    /// The slug of the organization; the oldest if left out.
    #[arg(long)]
    organization: Option<Slug>,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

fn length(text: &str) -> Result<Duration, String> {
    let length = query::duration(text).and_then(|length| length.to_std().ok());
    length.ok_or_else(|| "give a length of time such as `30m` or `1h`".to_owned())
}

#[derive(Debug, Serialize)]
struct Answered {
    version: String,
    environment: Option<String>,
    answer: Answer,
    summary: String,
    evidence: Vec<String>,
}

impl From<Verdict> for Answered {
    fn from(verdict: Verdict) -> Self {
        Self {
            version: verdict.version,
            environment: verdict.environment,
            answer: verdict.answer,
            summary: verdict.summary,
            evidence: verdict.evidence,
        }
    }
}

pub(super) async fn run(arguments: Arguments, config: Config, shim: &Path) -> Result<ExitCode> {
    let Arguments::Verify(arguments) = arguments;
    with_database(config, shim, async |app| verify(app, arguments).await).await
}

async fn verify(app: &Essentials, arguments: VerifyArguments) -> Result<ExitCode> {
    let organization = organizations::find_or_default(app, arguments.organization.as_ref())
        .await
        .context("could not find the organization")?;
    let project = find_project(app, organization.id, arguments.project.as_ref()).await?;
    let question = Question {
        organization: organization.id,
        project: project.id,
        version: &arguments.version,
        environment: arguments.environment.as_deref(),
    };
    let verdict = watch(app, &question, arguments.wait.unwrap_or_default()).await?;
    let code = match verdict.answer {
        Answer::Healthy => 0,
        Answer::Degraded => 2,
        Answer::Broken => 3,
        Answer::NotEnoughData => 4,
    };
    answer(arguments.json, &Answered::from(verdict), |answered| {
        let evidence = answered.evidence.iter().map(|sentence| format!("\n  {sentence}"));
        answered.summary.clone() + &evidence.collect::<String>()
    })?;
    Ok(ExitCode::from(code))
}

/// The verdict at the end of the time, or the first that says that the release is broken. A release that nobody registered yet
/// may come while it is waited for.
async fn watch(app: &Essentials, question: &Question<'_>, wait: Duration) -> Result<Verdict> {
    let end = Instant::now() + wait;
    loop {
        let mut db = app.db.acquire().await.context("could not reach the database")?;
        let verdict = verdict::verify(&mut db, question, app.clock.now()).await;
        drop(db);
        let is_last = Instant::now() >= end;
        match verdict {
            Ok(verdict) if is_last || verdict.answer == Answer::Broken => return Ok(verdict),
            Err(error) if is_last => {
                let what = format!("could not judge the release `{}`", question.version);
                return Err(error).context(what);
            }
            Ok(_) | Err(crate::domain::Error::NotFound) => {}
            Err(error) => return Err(error).context("could not judge the release"),
        }
        tokio::time::sleep_until((Instant::now() + PAUSE).min(end)).await;
    }
}

async fn find_project(
    app: &Essentials,
    organization: crate::base::OrganizationId,
    slug: Option<&Slug>,
) -> Result<Project> {
    let mut db = app.db.acquire().await.context("could not reach the database")?;
    if let Some(slug) = slug {
        let found = projects::store::find_by_slug(&mut db, organization, slug).await?;
        return found.with_context(|| format!("there is no project `{slug}`"));
    }
    let mut all = projects::store::list(&mut db, organization).await?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => bail!("there is no project yet"),
        _ => bail!("there are several projects; name one with --project"),
    }
}
