//! Whether it is safe to go on, for programs: Picket's own endpoint.

use axum::extract::State;
use serde::Serialize;

use crate::api::json::{Body, Json};
use crate::api::parameters::Parameters;
use crate::api::place::InProject;
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::releases::verdict::{
    self, Answer, Finding, Measure, Question, Sample, Thresholds, Verdict,
};

/// The answer and what it rests on. Rates are shares, 0 to 1.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct VerdictView {
    version: String,
    environment: Option<String>,
    answer: Answer,
    summary: String,
    evidence: Vec<String>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    baseline: Option<BaselineView>,
    findings: Vec<FindingView>,
    regressed_issues: i64,
    new_unhandled_issues: i64,
    thresholds: Thresholds,
}

#[derive(Debug, Serialize)]
struct BaselineView {
    version: Option<String>,
    start: Timestamp,
    end: Timestamp,
}

#[derive(Debug, Serialize)]
struct FindingView {
    measure: Measure,
    answer: Answer,
    new: SampleView,
    old: SampleView,
    rise: (f64, f64),
    chance: f64,
}

/// A share and where it lies with 99 % confidence.
#[derive(Debug, Serialize)]
struct SampleView {
    cases: u64,
    sessions: u64,
    rate: f64,
    interval: (f64, f64),
}

impl From<Sample> for SampleView {
    fn from(sample: Sample) -> Self {
        let interval = sample.interval();
        Self {
            cases: sample.part,
            sessions: sample.whole,
            rate: sample.share(),
            interval: (*interval.start(), *interval.end()),
        }
    }
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self {
            measure: finding.measure,
            answer: finding.answer,
            new: finding.new.into(),
            old: finding.old.into(),
            rise: finding.rise,
            chance: finding.chance,
        }
    }
}

impl From<Verdict> for VerdictView {
    fn from(verdict: Verdict) -> Self {
        let (start, end) = verdict.span.unzip();
        Self {
            version: verdict.version,
            environment: verdict.environment,
            answer: verdict.answer,
            summary: verdict.summary,
            evidence: verdict.evidence,
            start,
            end,
            baseline: verdict.baseline.map(|baseline| BaselineView {
                version: baseline.version,
                start: baseline.span.0,
                end: baseline.span.1,
            }),
            findings: verdict.findings.into_iter().map(FindingView::from).collect(),
            regressed_issues: verdict.figures.regressed_issues,
            new_unhandled_issues: verdict.figures.new_unhandled_issues,
            thresholds: verdict.thresholds,
        }
    }
}

/// Compares a project's release with the one it replaces; `environment` says where.
pub(in crate::api) async fn get_verdict(
    State(app): State<App>,
    place: InProject,
    parameters: Parameters,
) -> Result<Json<VerdictView>> {
    let question = Question {
        organization: place.caller.organization.id,
        project: place.project.id,
        version: place.path.get("version")?,
        environment: parameters.get("environment"),
    };
    let mut db = app.db.acquire().await?;
    let verdict = verdict::verify(&mut db, &question, app.clock.now()).await?;
    Ok(Json(verdict.into()))
}

/// Answers what is tolerated of a project's releases.
pub(in crate::api) async fn get_thresholds(
    State(app): State<App>,
    place: InProject,
) -> Result<Json<Thresholds>> {
    let mut db = app.db.acquire().await?;
    let found = verdict::store::find_thresholds(&mut db, place.project.id).await?;
    Ok(Json(found.unwrap_or_default()))
}

/// Sets what is tolerated of a project's releases; what is not named is as usual.
pub(in crate::api) async fn set_thresholds(
    State(app): State<App>,
    place: InProject,
    Body(thresholds): Body<Thresholds>,
) -> Result<Json<Thresholds>> {
    let set = verdict::set_thresholds(&app, place.project.id, &thresholds).await;
    set.map_err(Error::from)?;
    Ok(Json(thresholds))
}
