//! Merging issues, taking them apart again, and undoing either.
//!
//! An issue is made of *parts*: all events whose first hash is the same (`issue_parts`). Everything that is
//! counted is counted by part, so merging does not move events: it says of parts that they belong to another
//! issue now. That takes a moment however many events there are, new events follow, and nothing is lost when
//! the parts go back. Each part knows its *home*, the issue that it returns to.
//!
//! What was done is an *act* with its moves in a ledger (`issue_acts`, `issue_moves`), which is what
//! [`undo()`] reads. An issue without parts is *merged*: its row stays, leads to the issue that has its parts,
//! and is none of what searches find. Issues that somebody took apart are kept apart: nothing automatic
//! joins them ([`are_kept_apart`]).

mod act;
mod carry;
mod ledger;
mod store;
mod undo;

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

pub use act::{Act, ActKind, Followed, LastMove, Link, PartOf, RulesApplied};
use carry::{Changes, Move, Scene};
pub use undo::undo;

use super::Scope;
use crate::app::Essentials;
use crate::base::{IssueId, PartId, ProjectId, UserId};
use crate::domain::{Error, Result};

/// The most parts that people may gather in one issue.
pub const MAX_GATHERED: usize = 1000;

/// Who does something, and where they may do it.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// The issues that they may touch.
    pub scope: &'a Scope,
    /// The person; none for Picket itself.
    pub user: Option<UserId>,
}

/// Merges issues of one project into the one with the most events, or into `into` if it is said. Should one of
/// them wait for somebody, the merged issue does.
///
/// # Errors
/// When there are fewer than two, one is not in scope or merged already, they are of different projects, or
/// together have too many parts; and when the database fails.
pub async fn merge(
    app: &Essentials,
    actor: Actor<'_>,
    ids: &[IssueId],
    into: Option<IssueId>,
) -> Result<Act> {
    let ids: BTreeSet<IssueId> = ids.iter().copied().chain(into).collect();
    let first = *ids.first().filter(|_| ids.len() > 1).ok_or_else(|| {
        Error::invalid("issue", "Select the issues that are the same problem: two at least.")
    })?;
    if ids.iter().any(|id| id.project() != first.project()) {
        let problem = "Issues of different projects cannot be merged: their events are kept apart.";
        return Err(Error::invalid("issue", problem));
    }
    let mut scene = Scene::begin(app, actor, first.project(), ids.iter().copied()).await?;
    let target = into.unwrap_or_else(|| scene.busiest());
    if scene.parts().count() > MAX_GATHERED {
        return Err(Error::LimitReached(format!(
            "Together they have more than {MAX_GATHERED} parts, the most that one issue can hold. A \
             fingerprint rule joins such events as they arrive."
        )));
    }
    let moves = scene
        .parts()
        .filter(|part| part.issue != target)
        .map(|part| Move { part: part.id, to: target, home: part.home })
        .collect();
    let states = scene.merged_state(target).await?;
    let others: Vec<IssueId> = ids.into_iter().filter(|id| *id != target).collect();
    let separations = scene.forget_separations(target, &others).await?;
    let changes = Changes { moves, states, separations, ..Changes::default() };
    scene.carry_out(ActKind::Merge, target, others, changes).await
}

/// Takes issues that were merged into `issue` out of it: their parts return, and they are kept apart.
///
/// # Errors
/// When none of `homes` has a part in the issue, or all of its parts would go; and when the database fails.
pub async fn take_out(
    app: &Essentials,
    actor: Actor<'_>,
    issue: IssueId,
    homes: &[IssueId],
) -> Result<Act> {
    let mut scene = Scene::begin(app, actor, issue.project(), [issue]).await?;
    let moves: Vec<Move> = scene
        .parts()
        .filter(|part| part.home != issue && homes.contains(&part.home))
        .map(|part| Move { part: part.id, to: part.home, home: part.home })
        .collect();
    scene.check_some_stay(issue, moves.len())?;
    let out: BTreeSet<IssueId> = moves.iter().map(|part| part.to).collect();
    let out: Vec<IssueId> = out.into_iter().collect();
    let states = scene.states_of_returning(issue, &out).await?;
    scene.keep_apart(issue, &out).await?;
    let changes = Changes { moves, states, ..Changes::default() };
    scene.carry_out(ActKind::TakeOut, issue, out, changes).await
}

/// Makes parts of `issue` an issue of their own, which begins in the state that `issue` has; the two are kept
/// apart. The act's only other issue is the new one.
///
/// # Errors
/// When none of `parts` is in the issue, or all of its parts would go; and when the database fails.
pub async fn split(
    app: &Essentials,
    actor: Actor<'_>,
    issue: IssueId,
    parts: &[PartId],
) -> Result<Act> {
    let mut scene = Scene::begin(app, actor, issue.project(), [issue]).await?;
    let going: Vec<PartId> =
        scene.parts().map(|part| part.id).filter(|id| parts.contains(id)).collect();
    scene.check_some_stay(issue, going.len())?;
    let new = scene.open_beside(issue).await?;
    let moves = going.iter().map(|part| Move { part: *part, to: new, home: new }).collect();
    let states = scene.copied_state(issue, new).await?;
    scene.keep_apart(issue, &[new]).await?;
    let changes = Changes { moves, states, ..Changes::default() };
    scene.carry_out(ActKind::Split, issue, vec![new], changes).await
}

/// Moves parts of `issue` to another issue of the project, where they can be taken out again.
///
/// # Errors
/// When none of `parts` is in the issue, or `to` cannot take them; and when the database fails.
pub async fn move_parts(
    app: &Essentials,
    actor: Actor<'_>,
    issue: IssueId,
    parts: &[PartId],
    to: IssueId,
) -> Result<Act> {
    if to == issue || to.project() != issue.project() {
        return Err(Error::invalid("to", "Choose another issue of the same project."));
    }
    let scene = Scene::begin(app, actor, issue.project(), [issue, to]).await?;
    let moves: Vec<Move> = scene
        .parts()
        .filter(|part| part.issue == issue && parts.contains(&part.id))
        .map(|part| Move { part: part.id, to, home: part.home })
        .collect();
    if moves.is_empty() {
        return Err(Error::Conflict("These events are not in this issue any more.".to_owned()));
    }
    let changes = Changes { moves, ..Changes::default() };
    scene.carry_out(ActKind::Move, to, vec![issue], changes).await
}

/// Has issues follow a change of how their project groups, as the act of this id: hashes get to lead to parts, and
/// parts go where other parts are, unless somebody took their issues apart. Says what was done; that is nothing if
/// the act was done before, and there is no act if nothing was to be done.
///
/// # Errors
/// When an issue is not in scope; and when the database fails.
pub async fn apply_rules(
    app: &Essentials,
    actor: Actor<'_>,
    project: ProjectId,
    act: Uuid,
    rules: RulesApplied,
) -> Result<Followed> {
    let mut db = app.db.acquire().await?;
    let issues = store::list_issues_of_parts(&mut db, project, &rules.parts()).await?;
    drop(db);
    let Some(first) = issues.first().copied() else { return Ok(Followed::default()) };
    let mut scene = Scene::begin_with(app, actor, project, &Vec::from_iter(issues)).await?;
    if scene.knows(act).await? {
        return Ok(Followed::default());
    }
    let mut moves = Vec::new();
    for (id, leader) in &rules.moves {
        let place = |id: &PartId| scene.parts().find(|part| part.id == *id).cloned();
        let (Some(part), Some(to)) = (place(id), place(leader).map(|it| it.issue)) else {
            continue;
        };
        if part.issue != to && !scene.are_kept_apart(part.issue, to).await? {
            moves.push(Move { part: *id, to, home: part.home });
        }
    }
    let links = scene.link(&rules.links).await?;
    let relinks = scene.relink(&rules.relinks).await?;
    let done = Followed { moved: moves.len(), linked: links.len() + relinks.len() };
    if done == Followed::default() {
        return Ok(done);
    }
    let changes = Changes { moves, links, relinks, ..Changes::default() };
    let others = scene.others_than(first);
    scene.carry_out_as(act, ActKind::Rules, first, others, changes).await?;
    Ok(done)
}

/// What an issue is made of, the part with the most events first.
///
/// # Errors
/// When the database fails.
pub async fn parts(db: &mut PgConnection, issue: &super::Issue) -> Result<Vec<PartOf>> {
    let mut parts = store::list_parts(db, issue.id).await?;
    if let [alone] = parts.as_mut_slice() {
        alone.speak_for(issue);
    }
    parts.sort_by_key(|part| (std::cmp::Reverse(part.event_count), part.id));
    Ok(parts)
}

/// The parts of an issue that these hashes lead to.
///
/// # Errors
/// When the database fails.
pub async fn parts_of_hashes(
    db: &mut PgConnection,
    issue: IssueId,
    hashes: &[&str],
) -> Result<Vec<PartId>> {
    Ok(store::list_parts_of_hashes(db, issue, hashes).await?)
}

/// How the events of `hash` came into their issue, if people moved them: the last act that did.
///
/// # Errors
/// When the database fails.
pub async fn last_move(
    db: &mut PgConnection,
    issue: IssueId,
    hash: &str,
) -> Result<Option<LastMove>> {
    Ok(ledger::store::find_last_move(db, issue, hash).await?)
}

/// Whether somebody took the two issues apart, so that nothing automatic may join them.
///
/// # Errors
/// When the database fails.
pub async fn are_kept_apart(db: &mut PgConnection, one: IssueId, other: IssueId) -> Result<bool> {
    Ok(ledger::store::are_kept_apart(db, one.min(other), one.max(other)).await?)
}

/// The pairs of issues of a project that somebody took apart, the lower id first.
///
/// # Errors
/// When the database fails.
pub async fn kept_apart(
    db: &mut PgConnection,
    project: ProjectId,
) -> Result<BTreeSet<(IssueId, IssueId)>> {
    Ok(ledger::store::list_separations(db, project).await?.into_iter().collect())
}
