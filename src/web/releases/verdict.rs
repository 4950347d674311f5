//! Is it safe to go on: the answer about a release, and all that it rests on.

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;

use super::choices::{self, Choice};
use super::detail::{self, ReleaseFrame, ReleaseQuery};
use crate::app::App;
use crate::base::{Slug, Timestamp};
use crate::domain::releases::overview;
use crate::domain::releases::verdict::{
    self, Answer, Finding, Measure, Question, Sample, Thresholds, Verdict,
};
use crate::domain::sessions::health::Health;
use crate::web::components::number;
use crate::web::components::time::Moment;
use crate::web::{Error, Member, Page, Query, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/releases/{version}/verdict", rejection(Error))]
pub struct VerdictPath {
    /// Whose.
    pub organization: Slug,
    /// The release's whole name.
    pub version: String,
}

#[derive(Template)]
#[template(path = "releases/verdict.html")]
struct VerdictView {
    shell: Shell,
    frame: ReleaseFrame,
    environments: Vec<Choice>,
    tone: &'static str,
    summary: String,
    compared: Vec<Compared>,
    findings: Vec<FindingRow>,
    limits: Vec<LimitRow>,
    settings_url: String,
    /// The same for a pipeline.
    command: String,
}

/// A release, or what ran before it, in the hours that are looked at.
struct Compared {
    what: String,
    span: Option<(Moment, Moment)>,
    sessions: String,
    users: String,
    crashed: String,
    in_trouble: String,
}

/// What a share tells.
struct FindingRow {
    what: &'static str,
    new: ShareWords,
    old: ShareWords,
    difference: String,
    chance: String,
    tolerated: String,
    answer: (&'static str, &'static str),
    remark: &'static str,
}

/// A share with the interval in which it lies.
struct ShareWords {
    rate: String,
    interval: String,
}

/// Something that is counted beside what is tolerated or needed.
struct LimitRow {
    what: &'static str,
    seen: String,
    limit: String,
    is_met: bool,
}

/// The tone of an answer's notice.
pub(super) fn tone(answer: Answer) -> &'static str {
    match answer {
        Answer::Healthy => "good",
        Answer::NotEnoughData => "info",
        Answer::Degraded => "warning",
        Answer::Broken => "error",
    }
}

/// Shows the verdict.
pub async fn show_verdict(
    path: VerdictPath,
    member: Member,
    Query(query): Query<ReleaseQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let (card, project) = detail::load(&mut db, &member, &path.version, &query.project).await?;
    let project = project.ok_or(Error::NotFound)?;
    let frame = ReleaseFrame::load(&mut db, &member, &card, Some(project)).await?;
    let organization = member.organization.id;
    let names = overview::environments(&mut db, organization, &[project.id]).await?;
    let environments = choices::environment_names(&query.environment);
    let question = Question {
        organization,
        project: project.id,
        version: &path.version,
        environment: environments.first().map(String::as_str),
    };
    let verdict = verdict::verify(&mut db, &question, now).await?;
    drop(db);
    Page::new(&VerdictView {
        shell: member.shell("releases"),
        frame,
        environments: choices::environments(&names, &query.environment),
        tone: tone(verdict.answer),
        compared: compared(&verdict, now),
        findings: verdict.findings.iter().map(|it| FindingRow::new(it, &verdict)).collect(),
        limits: limits(&verdict),
        settings_url: format!(
            "/{}/projects/{}/settings/releases",
            member.organization.slug, project.slug
        ),
        command: command(&path.version, project.slug.as_str(), question.environment),
        summary: verdict.summary,
    })
}

/// What a pipeline asks.
fn command(version: &str, project: &str, environment: Option<&str>) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let place = environment.filter(|name| !name.is_empty());
    let place = place.map_or(String::new(), |name| format!(" --environment {}", quoted(name)));
    format!("picket release verify {} --project {project}{place} --wait 30m", quoted(version))
}

fn compared(verdict: &Verdict, now: Timestamp) -> Vec<Compared> {
    let row = |what: String, span: Option<(Timestamp, Timestamp)>, health: &Health| Compared {
        what,
        span: span.map(|(from, until)| (Moment::new(from, now), Moment::new(until, now))),
        sessions: number::grouped(health.sessions.total),
        users: number::grouped(health.users.total),
        crashed: number::grouped(health.sessions.crashed),
        in_trouble: number::grouped(health.sessions.in_trouble() - health.sessions.crashed),
    };
    let mut rows = vec![row(verdict.version.clone(), verdict.span, &verdict.figures.new)];
    if let Some(baseline) = &verdict.baseline {
        let what = baseline.version.clone();
        let what = what.unwrap_or_else(|| "Everything in the seven days before".to_owned());
        rows.push(row(what, Some(baseline.span), &verdict.figures.old));
    }
    rows
}

fn limits(verdict: &Verdict) -> Vec<LimitRow> {
    let Thresholds { min_sessions, max_regressed_issues, max_new_unhandled_issues, .. } =
        verdict.thresholds;
    let figures = &verdict.figures;
    let least = |what, seen: i64| LimitRow {
        what,
        seen: number::grouped(seen),
        limit: format!("at least {}", number::grouped(min_sessions)),
        is_met: seen >= min_sessions,
    };
    let most = |what, seen: i64, limit: i64| LimitRow {
        what,
        seen: number::grouped(seen),
        limit: format!("at most {}", number::grouped(limit)),
        is_met: seen <= limit,
    };
    vec![
        least("Sessions of this release", figures.new.sessions.total),
        least("Sessions it is compared with", figures.old.sessions.total),
        most("Resolved issues that came back", figures.regressed_issues, max_regressed_issues),
        most(
            "New issues that nothing handled",
            figures.new_unhandled_issues,
            max_new_unhandled_issues,
        ),
    ]
}

impl ShareWords {
    fn new(sample: Sample) -> Self {
        if sample.whole == 0 {
            return Self { rate: "none".to_owned(), interval: String::new() };
        }
        let interval = sample.interval();
        let (low, high) = (percent(*interval.start()), percent(*interval.end()));
        Self { rate: percent(sample.share()), interval: format!("{low} to {high}") }
    }
}

impl FindingRow {
    fn new(finding: &Finding, verdict: &Verdict) -> Self {
        let thresholds = &verdict.thresholds;
        let is_comparable = finding.new.whole > 0 && finding.old.whole > 0;
        let (what, tolerated) = match finding.measure {
            Measure::Crashes => ("Crashed", thresholds.tolerated_crashes),
            Measure::Errors => ("Had errors, did not crash", thresholds.tolerated_errors),
        };
        let is_small = verdict.figures.new.sessions.total < thresholds.min_sessions
            || verdict.figures.old.sessions.total < thresholds.min_sessions;
        let answer = match finding.answer {
            _ if is_small => ("Too few sessions", "info"),
            Answer::Degraded => ("Worse", "warning"),
            Answer::Broken => ("Much worse", "error"),
            Answer::Healthy | Answer::NotEnoughData => ("Not worse", "good"),
        };
        let told = |text: String| if is_comparable { text } else { String::new() };
        Self {
            what,
            new: ShareWords::new(finding.new),
            old: ShareWords::new(finding.old),
            difference: told(points(finding.rise)),
            chance: told(percent(finding.chance)),
            tolerated: tolerance(tolerated * 100.0),
            answer,
            remark: if finding.is_one_user && finding.new.part > 0 {
                "All of them are of one user, so they do not count."
            } else {
                ""
            },
        }
    }
}

/// From where to where a difference lies: `−0.12 to +0.34 points`.
pub(super) fn points((low, high): (f64, f64)) -> String {
    let told = |share: f64| format!("{:+.2}", share * 100.0).replace('-', "−");
    format!("{} to {} points", told(low), told(high))
}

/// What a share may rise by.
fn tolerance(points: f64) -> String {
    let number = trimmed(points);
    let word = if number == "1" { "point" } else { "points" };
    format!("{number} {word}, and a quarter")
}

/// A share or chance in percent.
fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.000_1 { "<0.01%".to_owned() } else { number::rate(share) }
}

/// A number without zeros at its end.
pub(in crate::web) fn trimmed(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_with_their_sign_and_numbers_without_idle_zeros() {
        assert_eq!(points((-0.0012, 0.0034)), "−0.12 to +0.34 points");
        assert_eq!([0.1, 2.0, 0.125].map(trimmed), ["0.1", "2", "0.125"]);
        assert_eq!(
            [0.1, 1.0].map(tolerance),
            ["0.1 points, and a quarter", "1 point, and a quarter"]
        );
        assert_eq!(percent(0.000_01), "<0.01%");
        assert_eq!(percent(0.0), "0%");
    }

    #[test]
    fn the_command_survives_any_name() {
        let told = command("it's@1", "shop", Some("live"));
        let expected =
            "picket release verify 'it'\\''s@1' --project shop --environment 'live' --wait 30m";
        assert_eq!(told, expected);
    }
}
