//! Deciding about issues: resolve, reopen, archive, and back.

use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::activity::ActivityKind;
use super::store::NewLine;
use super::{Archive, Issue, Resolution, Scope, State, Status, StatusDetail, Substatus, store};
use crate::app::Essentials;
use crate::base::{IssueId, ProjectId, UserId};
use crate::domain::Result;
use crate::domain::releases::timeline::{Asked, Timeline};

/// An issue that a verb changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The issue.
    pub id: IssueId,
    /// What it was: [`restore`] brings it back.
    pub before: State,
    /// What it is now.
    pub after: State,
}

/// Resolves those of `ids` that lie in `scope` and are not already resolved so.
///
/// # Errors
/// When the database fails; then nothing is changed.
pub async fn resolve(
    app: &Essentials,
    scope: &Scope,
    ids: &[IssueId],
    how: Resolution,
    actor: Option<UserId>,
) -> Result<Vec<Change>> {
    let mut wanted = to_all(ids, &how.clone().state());
    if how != Resolution::Now && !matches!(how, Resolution::InRelease(_)) {
        let mut db = app.db.acquire().await?;
        let newest = current_releases(&mut db, ids).await?;
        for (id, state) in &mut wanted {
            let newest = newest.get(id).cloned();
            match how {
                Resolution::InCurrentRelease => state.detail.in_release = newest,
                _ => state.detail.after_release = newest,
            }
        }
    }
    change(app, scope, wanted, actor, |_| true).await
}

/// The newest release of each issue's project, as far as it has one: of the package that the issue was last
/// seen in, if the project has several.
async fn current_releases(
    db: &mut PgConnection,
    ids: &[IssueId],
) -> Result<HashMap<IssueId, String>> {
    let projects: BTreeSet<ProjectId> = ids.iter().map(|id| id.project()).collect();
    let asked = Asked { newest: projects.into_iter().collect(), ..Asked::default() };
    let timeline = Timeline::load(db, &asked).await?;
    let seen = store::list_last_releases(db, ids).await?;
    let newest = seen.into_iter().filter_map(|(id, release)| {
        Some((id, timeline.newest(id.project(), release.as_deref())?.release.to_owned()))
    });
    Ok(newest.collect())
}

/// Releases of an issue's project, the newest first: of the package that it was last seen in, if there are several.
///
/// # Errors
/// When the database fails.
pub async fn recent_releases(
    db: &mut PgConnection,
    issue: &Issue,
    limit: usize,
) -> Result<Vec<String>> {
    let asked = Asked { newest: vec![issue.project_id], ..Asked::default() };
    let timeline = Timeline::load(db, &asked).await?;
    let releases = timeline.by_age(issue.project_id, issue.last_release.as_deref());
    Ok(releases.into_iter().take(limit).map(|release| release.release.to_owned()).collect())
}

/// Has those of `ids` that lie in `scope` wait for somebody again; what waits already stays as it is.
///
/// # Errors
/// When the database fails; then nothing is changed.
pub async fn reopen(
    app: &Essentials,
    scope: &Scope,
    ids: &[IssueId],
    actor: Option<UserId>,
) -> Result<Vec<Change>> {
    let open = State {
        status: Status::Unresolved,
        substatus: Some(Substatus::Ongoing),
        detail: StatusDetail::default(),
    };
    let is_closed = |before: &State| before.status != Status::Unresolved;
    change(app, scope, to_all(ids, &open), actor, is_closed).await
}

/// Archives those of `ids` that lie in `scope` and are not already archived so. Archiving until a condition
/// begins to count anew each time.
///
/// # Errors
/// When the database fails; then nothing is changed.
pub async fn archive(
    app: &Essentials,
    scope: &Scope,
    ids: &[IssueId],
    how: Archive,
    actor: Option<UserId>,
) -> Result<Vec<Change>> {
    change(app, scope, to_all(ids, &how.state()), actor, |_| true).await
}

/// Brings each issue of `scope` to the state beside it: undoes, or sets a substatus alone.
///
/// # Errors
/// When the database fails; then nothing is changed.
pub async fn restore(
    app: &Essentials,
    scope: &Scope,
    states: Vec<(IssueId, State)>,
    actor: Option<UserId>,
) -> Result<Vec<Change>> {
    change(app, scope, states, actor, |_| true).await
}

/// Reopens the issues that were archived until a moment or a count that has come. Run it every minute:
/// it takes no input, and running it twice does nothing.
///
/// # Errors
/// When the database fails; then nothing is changed.
pub async fn reopen_due(app: &Essentials) -> Result<usize> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let due = store::reopen_due(&mut tx, now).await?;
    let lines: Vec<NewLine> = due
        .iter()
        .map(|id| NewLine {
            issue_id: *id,
            kind: ActivityKind::Reopened,
            detail: serde_json::json!({}),
        })
        .collect();
    store::append_activity(&mut tx, &lines, None, now).await?;
    tx.commit().await?;
    Ok(due.len())
}

/// For how long an issue is called new, regressed or escalating.
const FRESH_FOR: TimeDelta = TimeDelta::days(7);

/// The most issues that one transaction ages.
const AGED_AT_A_TIME: i64 = 1_000;

/// Has issues that have been new, regressed or escalating for a week be ongoing; returns how many. Nobody
/// decided anything, so it leaves no line in their history. Run it every hour.
///
/// # Errors
/// When the database fails; what was aged until then stays so.
pub async fn age(app: &Essentials) -> Result<u64> {
    let before = app.clock.now() - FRESH_FOR;
    let mut db = app.db.acquire().await?;
    let mut aged = 0;
    loop {
        let count = store::age(&mut db, before, AGED_AT_A_TIME).await?;
        aged += count;
        if count < AGED_AT_A_TIME.cast_unsigned() {
            return Ok(aged);
        }
    }
}

fn to_all(ids: &[IssueId], state: &State) -> Vec<(IssueId, State)> {
    ids.iter().map(|id| (*id, state.clone())).collect()
}

/// Sets the wanted states of issues in `scope`, where they are not so already and `applies` to what was.
async fn change(
    app: &Essentials,
    scope: &Scope,
    wanted: Vec<(IssueId, State)>,
    actor: Option<UserId>,
    applies: impl Fn(&State) -> bool,
) -> Result<Vec<Change>> {
    let now = app.clock.now();
    let mut wanted: HashMap<IssueId, State> = wanted.into_iter().collect();
    let ids: Vec<IssueId> = wanted.keys().copied().collect();
    let mut tx = app.db.begin().await?;
    let changes: Vec<Change> = store::lock_states(&mut tx, scope, &ids)
        .await?
        .into_iter()
        .filter_map(|held| {
            let after = wanted.remove(&held.id)?;
            Some(Change { id: held.id, before: held.into_state(), after })
        })
        .filter(|change| change.is_worth_a_line() && applies(&change.before))
        .collect();
    store::set_states(&mut tx, &changes, now).await?;
    let lines: Vec<NewLine> = changes.iter().map(Change::line).collect();
    store::append_activity(&mut tx, &lines, actor, now).await?;
    tx.commit().await?;
    Ok(changes)
}

impl Change {
    fn is_worth_a_line(&self) -> bool {
        let begins_anew = self.after.substatus == Some(Substatus::ArchivedUntilConditionMet);
        begins_anew || self.before != self.after
    }

    fn line(&self) -> NewLine {
        let kind = match self.after.status {
            Status::Resolved => ActivityKind::Resolved,
            Status::Unresolved => ActivityKind::Reopened,
            Status::Ignored => ActivityKind::Archived,
        };
        NewLine { issue_id: self.id, kind, detail: self.after.detail.to_json() }
    }
}
