//! From figures to an answer. Pure.
//!
//! Two shares are looked at: sessions that crashed, and sessions with errors that did not. A share is **worse** when all of this
//! holds: Fisher's exact test gives it a chance below [`ALPHA`], it rose by at least the tolerated amount, and it rose by
//! at least a quarter. Of two releases of one kind, fewer than 1 % are called worse by this: the test alone lets
//! twice [`ALPHA`] pass.

use serde::{Deserialize, Serialize};

use super::statistics::{Sample, chance_of_more, difference};
use crate::domain::sessions::health::Health;

/// The chance below which a difference is none of luck: for each of two tests, so that both together stay below 1 %.
pub(super) const ALPHA: f64 = 0.004;

/// A smaller relative rise does not matter, however sure one is of it.
const MIN_RISE: f64 = 1.25;

/// From so many known users on, a crash that only one of them has is theirs, and not the release's.
const MANY_USERS: i64 = 10;

/// What is tolerated. Rates are shares, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Thresholds {
    /// Sessions that both releases must have.
    pub min_sessions: i64,
    /// The rise of the share of crashed sessions below which nobody minds.
    pub tolerated_crashes: f64,
    /// The rise from which on a release is broken, if it is certain.
    pub broken_crashes: f64,
    /// The rise of the share of sessions with errors below which nobody minds.
    pub tolerated_errors: f64,
    /// The most issues with errors that nobody handled that may begin with a release.
    pub max_new_unhandled_issues: i64,
    /// The most resolved issues that may come back.
    pub max_regressed_issues: i64,
    /// Hours after the deploy that are looked at, at most.
    pub hours: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_sessions: 200,
            tolerated_crashes: 0.001,
            broken_crashes: 0.02,
            tolerated_errors: 0.01,
            max_new_unhandled_issues: 3,
            max_regressed_issues: 0,
            hours: 24,
        }
    }
}

/// The longest time that is looked at.
pub const MAX_HOURS: u32 = 24 * 14;

impl Thresholds {
    /// What is wrong with them; `None`: nothing.
    pub fn problem(&self) -> Option<&'static str> {
        let shares = [self.tolerated_crashes, self.broken_crashes, self.tolerated_errors];
        if shares.iter().any(|share| !(0.0..=1.0).contains(share)) {
            return Some("Rates are shares from 0 to 1.");
        }
        if self.tolerated_crashes > self.broken_crashes {
            return Some("`toleratedCrashes` is at most `brokenCrashes`.");
        }
        let counts = [self.min_sessions, self.max_new_unhandled_issues, self.max_regressed_issues];
        if counts.iter().any(|count| *count < 0) || self.min_sessions < 20 {
            return Some("Counts are not negative, and `minSessions` is at least 20.");
        }
        (!(1..=MAX_HOURS).contains(&self.hours)).then_some("`hours` is 1 to 336.")
    }
}

/// The answer, the better the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing got worse that can be seen.
    Healthy,
    /// It cannot be said.
    NotEnoughData,
    /// Something got worse.
    Degraded,
    /// It got so much worse that it should go.
    Broken,
}

/// What was seen of the two releases in the same time after they came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// The release in question.
    pub new: Health,
    /// The one it replaces.
    pub old: Health,
    /// Issues with errors that nobody handled that began with it.
    pub new_unhandled_issues: i64,
    /// Resolved issues that came back with it.
    pub regressed_issues: i64,
}

/// Which share was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Crashed sessions.
    Crashes,
    /// Sessions with errors that did not crash.
    Errors,
}

/// What one share tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which.
    pub measure: Measure,
    /// What it alone would answer.
    pub answer: Answer,
    /// Of the release.
    pub new: Sample,
    /// Of the one it replaces.
    pub old: Sample,
    /// By how much it rose, with 99 % confidence.
    pub rise: (f64, f64),
    /// The chance of seeing as many or more if nothing had changed.
    pub chance: f64,
    /// Whether all of it comes from one user.
    pub is_one_user: bool,
}

/// Judges a share. `broken` is the rise that breaks a release.
fn judge_share(
    measure: Measure,
    (new, old): (Sample, Sample),
    (tolerated, broken): (f64, Option<f64>),
    is_one_user: bool,
) -> Finding {
    let rise = difference(new, old);
    let chance = chance_of_more(new, old);
    let (share, before) = (new.share(), old.share());
    let is_worse =
        chance < ALPHA && share - before >= tolerated && share >= before * MIN_RISE && !is_one_user;
    let is_broken = is_worse && broken.is_some_and(|broken| *rise.start() >= broken);
    let answer = match (is_worse, is_broken) {
        (_, true) => Answer::Broken,
        (true, _) => Answer::Degraded,
        _ => Answer::Healthy,
    };
    Finding { measure, answer, new, old, rise: (*rise.start(), *rise.end()), chance, is_one_user }
}

/// The findings and what they come to.
pub fn judge(figures: &Figures, thresholds: &Thresholds) -> (Answer, Vec<Finding>) {
    let (new, old) = (&figures.new, &figures.old);
    let crashes = |health: &Health| Sample::of(health.sessions.crashed, health.sessions.total);
    let errors = |health: &Health| {
        let sessions = &health.sessions;
        Sample::of(sessions.errored + sessions.unhandled + sessions.abnormal, sessions.total)
    };
    let is_one_user = new.users.total >= MANY_USERS && new.users.crashed <= 1;
    let findings = vec![
        judge_share(
            Measure::Crashes,
            (crashes(new), crashes(old)),
            (thresholds.tolerated_crashes, Some(thresholds.broken_crashes)),
            is_one_user,
        ),
        judge_share(
            Measure::Errors,
            (errors(new), errors(old)),
            (thresholds.tolerated_errors, None),
            false,
        ),
    ];
    let has_enough = new.sessions.total >= thresholds.min_sessions
        && old.sessions.total >= thresholds.min_sessions;
    let by_shares = findings.iter().map(|finding| finding.answer).max().unwrap_or(Answer::Healthy);
    let has_issues = figures.regressed_issues > thresholds.max_regressed_issues
        || figures.new_unhandled_issues > thresholds.max_new_unhandled_issues;
    let by_issues = if has_issues { Answer::Degraded } else { Answer::Healthy };
    // Issues speak for themselves; rates need a sample.
    let by_shares = if has_enough { by_shares } else { Answer::NotEnoughData };
    (by_shares.max(by_issues), findings)
}
