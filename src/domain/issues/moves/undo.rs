//! Undoing what was done with parts.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::carry::{Move, Scene, pairs};
use super::ledger::{StoredMove, store as ledger};
use super::{Act, ActKind, Actor, store};
use crate::app::Essentials;
use crate::base::{IssueId, ProjectId};
use crate::domain::issues::Change;
use crate::domain::issues::activity::ActivityKind;
use crate::domain::issues::store::{self as issues, NewLine};
use crate::domain::{Error, Result};

/// Undoes an act: its parts go back to where they were, as far as nobody moved them on since; states that the
/// act set and nobody changed since are as they were. Events that arrived meanwhile go with their parts.
///
/// # Errors
/// When there is no such act in scope, it was undone before, or all its parts were moved on; and when the
/// database fails.
pub async fn undo(app: &Essentials, actor: Actor<'_>, project: ProjectId, id: Uuid) -> Result<Act> {
    let mut db = app.db.acquire().await?;
    let moves = ledger::list_moves(&mut db, project, id).await?;
    drop(db);
    let ids: BTreeSet<IssueId> =
        moves.iter().flat_map(|it| [it.from, it.to, it.from_home]).collect();
    let mut ids: Vec<IssueId> = ids.into_iter().collect();
    if ids.is_empty() {
        // New rules may have moved nothing, and only have had hashes lead somewhere.
        let mut db = app.db.acquire().await?;
        let act = ledger::find_act(&mut db, project, id).await?.ok_or(Error::NotFound)?;
        ids.push(act.issue);
    }
    let mut scene = Scene::begin_with(app, actor, project, &ids).await?;
    // Read again under the lock: somebody may have been faster.
    let act = ledger::find_act(&mut scene.tx, project, id).await?.ok_or(Error::NotFound)?;
    if act.is_undone {
        return Err(Error::Conflict("This was undone already.".to_owned()));
    }
    let back = moves_back(&scene, &moves);
    if back.is_empty() && act.before.links.is_empty() && act.before.relinks.is_empty() {
        return Err(Error::Conflict(
            "The events were moved on since. Undo that first, or move them by hand.".to_owned(),
        ));
    }
    store::delete_links(&mut scene.tx, project, &act.before.links).await?;
    store::relink_back(&mut scene.tx, project, &act.before.relinks).await?;
    let mut states = Vec::new();
    for before in act.before.states {
        let id = before.issue;
        if let Some(now) = store::find_state_set_at(&mut scene.tx, id, act.created_at).await? {
            states.push(Change { id, before: now, after: before.state() });
        }
    }
    let others: BTreeSet<IssueId> =
        moves.iter().flat_map(|it| [it.from, it.to]).filter(|id| *id != act.issue).collect();
    let others: Vec<IssueId> = others.into_iter().collect();
    match act.kind {
        ActKind::TakeOut | ActKind::Split => {
            ledger::delete_pairs(&mut scene.tx, project, &pairs(act.issue, &others)).await?;
        }
        ActKind::Merge | ActKind::Move | ActKind::Rules => {
            let now = scene.now;
            let pairs = act.before.separations;
            ledger::keep_apart(&mut scene.tx, &pairs, actor.user, now).await?;
        }
    }
    scene.apply(act.issue, &back, &states).await?;
    ledger::mark_undone(&mut scene.tx, project, id, scene.now).await?;
    let undone = Act { id, kind: act.kind, issue: act.issue, others, is_reopened: false };
    note(&mut scene, &undone, actor).await?;
    scene.tx.commit().await?;
    Ok(undone)
}

/// The way back of those parts that are still where the act put them.
fn moves_back(scene: &Scene, moves: &[StoredMove]) -> Vec<Move> {
    let is_there =
        |it: &&StoredMove| scene.parts().any(|part| part.id == it.part && part.issue == it.to);
    let back = |it: &StoredMove| Move { part: it.part, to: it.from, home: it.from_home };
    moves.iter().filter(is_there).map(back).collect()
}

async fn note(scene: &mut Scene, act: &Act, actor: Actor<'_>) -> Result<()> {
    let slug = store::find_slug(&mut scene.tx, act.issue.project()).await?;
    let line = |issue_id: IssueId, others: Vec<String>| NewLine {
        issue_id,
        kind: ActivityKind::Undone,
        detail: serde_json::json!({ "act": act.id, "kind": act.kind.as_str(), "issues": others }),
    };
    let others = act.others.iter().map(|id| id.short(&slug)).collect();
    let mut lines = vec![line(act.issue, others)];
    lines.extend(act.others.iter().map(|id| line(*id, vec![act.issue.short(&slug)])));
    Ok(issues::append_activity(&mut scene.tx, &lines, actor.user, scene.now).await?)
}
