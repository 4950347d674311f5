//! Is it safe to go on? A release beside the one it replaces, in the same time after each of them came.
//!
//! [`verify`] gathers the figures, [`judge()`] answers from them, [`words`] says it. The method is described for users in
//! `docs/release-health.md`; what it promises is tested on releases that are made up ([`simulation`]).

mod judge;
pub mod simulation;
mod statistics;
pub mod store;
#[cfg(test)]
mod tests;
mod words;

pub use judge::{Answer, Figures, Finding, MAX_HOURS, Measure, Thresholds, judge};
pub use statistics::{Sample, difference};

use chrono::{DurationRound, TimeDelta};
use sqlx::PgConnection;

use super::{Release, deploys, order};
use crate::base::{OrganizationId, ProjectId, Timestamp};
use crate::domain::sessions::health::{self, Wanted, Window};
use crate::domain::{Error, Result};

/// Days before a release in which what ran then is looked at, if nothing is known of the release before it.
const DAYS_BEFORE: i64 = 7;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// Whose release.
    pub organization: OrganizationId,
    /// Of which project.
    pub project: ProjectId,
    /// The release's name.
    pub version: &'a str,
    /// Where; `None`: everywhere.
    pub environment: Option<&'a str>,
}

/// The answer, and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The answer.
    pub answer: Answer,
    /// The same in a sentence.
    pub summary: String,
    /// What it rests on, a sentence each.
    pub evidence: Vec<String>,
    /// The release.
    pub version: String,
    /// Where; `None`: everywhere.
    pub environment: Option<String>,
    /// When it came, and until when it is looked at.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What it is compared with; `None`: nothing.
    pub baseline: Option<Baseline>,
    /// What was seen.
    pub figures: Figures,
    /// What the shares tell.
    pub findings: Vec<Finding>,
    /// What is tolerated.
    pub thresholds: Thresholds,
}

/// What a release is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The release it replaces; `None`: whatever ran before it.
    pub version: Option<String>,
    /// The time that is looked at.
    pub span: (Timestamp, Timestamp),
}

/// Compares a release with the one it replaces.
///
/// # Errors
/// When there is no such release in the project, or the database fails.
pub async fn verify(
    db: &mut PgConnection,
    question: &Question<'_>,
    now: Timestamp,
) -> Result<Verdict> {
    let release = super::store::find_of_project(db, question.project, question.version).await?;
    let release = release
        .filter(|release| release.organization_id == question.organization)
        .ok_or(Error::NotFound)?;
    let thresholds = store::find_thresholds(db, question.project).await?.unwrap_or_default();
    let came_at = came_at(db, &release, question).await?;
    let span = came_at.map(|at| (at, now.min(at + TimeDelta::hours(thresholds.hours.into()))));
    let (mut figures, mut baseline) = (Figures::default(), None);
    if let Some(span) = span {
        figures.new = health_of(db, question, Some(&release.version), span).await?;
        (figures.regressed_issues, figures.new_unhandled_issues) =
            store::count_issues(db, question, span).await?;
        let found = find_baseline(db, &release, question, (span, &thresholds)).await?;
        figures.old = found.1;
        baseline = Some(found.0);
    }
    let (answer, findings) = judge(&figures, &thresholds);
    let mut verdict = Verdict {
        answer,
        summary: String::new(),
        evidence: Vec::new(),
        version: release.version,
        environment: question.environment.map(ToOwned::to_owned),
        span,
        baseline,
        figures,
        findings,
        thresholds,
    };
    verdict.summary = words::summary(&verdict);
    verdict.evidence = words::evidence(&verdict);
    Ok(verdict)
}

/// When a release came: with its first deploy there, or with the first that was received of it.
async fn came_at(
    db: &mut PgConnection,
    release: &Release,
    question: &Question<'_>,
) -> Result<Option<Timestamp>> {
    let (project, environment) = (question.project, question.environment);
    let deploy = deploys::store::find_first(db, release, project, environment).await?;
    let seen = super::store::list_environments(db, release).await?;
    let seen = seen.into_iter().filter(|seen| {
        seen.project_id == project
            && environment.is_none_or(|environment| environment == seen.environment)
    });
    let seen = seen.map(|seen| seen.first_seen_at).min();
    let at = deploy.map(|deploy| deploy.finished_at).or(seen);
    // Sessions are counted by the hour.
    Ok(at.map(|at| at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)))
}

async fn health_of(
    db: &mut PgConnection,
    question: &Question<'_>,
    version: Option<&str>,
    (from, until): (Timestamp, Timestamp),
) -> Result<health::Health> {
    let wanted = Wanted {
        projects: vec![question.project],
        releases: version.map(ToOwned::to_owned).into_iter().collect(),
        environments: question.environment.map(ToOwned::to_owned).into_iter().collect(),
    };
    health::total(db, &wanted, Window::whole(from, until)).await
}

/// The release before, in the same time after it came; if too few sessions are known of that, whatever ran in the days
/// before this one.
async fn find_baseline(
    db: &mut PgConnection,
    release: &Release,
    question: &Question<'_>,
    (span, thresholds): ((Timestamp, Timestamp), &Thresholds),
) -> Result<(Baseline, health::Health)> {
    let (project, environment) = (question.project, question.environment);
    let previous = order::find_previous(db, release, project, environment).await?;
    if let Some(previous) = previous
        && let Some(came_at) = came_at(db, &previous, question).await?
    {
        // It ends at the latest where the new one begins: from then on the old one loses its users.
        let same_time = (came_at, (came_at + (span.1 - span.0)).min(span.0.max(came_at)));
        let health = health_of(db, question, Some(&previous.version), same_time).await?;
        if health.sessions.total >= thresholds.min_sessions {
            let baseline = Baseline { version: Some(previous.version), span: same_time };
            return Ok((baseline, health));
        }
    }
    let before = (span.0 - TimeDelta::days(DAYS_BEFORE), span.0);
    let health = health_of(db, question, None, before).await?;
    Ok((Baseline { version: None, span: before }, health))
}

/// Sets what is tolerated of a project's releases.
///
/// # Errors
/// When a value cannot be used, or the database fails.
pub async fn set_thresholds(
    app: &crate::app::Essentials,
    project: ProjectId,
    thresholds: &Thresholds,
) -> Result<()> {
    if let Some(problem) = thresholds.problem() {
        return Err(Error::invalid("thresholds", problem));
    }
    let mut db = app.db.acquire().await?;
    Ok(store::put_thresholds(&mut db, project, thresholds).await?)
}
