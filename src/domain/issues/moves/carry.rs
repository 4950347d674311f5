//! Carrying out what was decided about parts, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::act::{Act, ActKind, Link, Relink};
use super::ledger::{Before, By, StateBefore, store as ledger};
use super::{Actor, store};
use crate::app::Essentials;
use crate::base::{IssueId, IssueNumber, PartId, ProjectId, Timestamp};
use crate::domain::issues::activity::ActivityKind;
use crate::domain::issues::batch::draft::IssueDraft;
use crate::domain::issues::batch::{parts, store as batch};
use crate::domain::issues::store::{self as issues, NewLine};
use crate::domain::issues::summary::Summary;
use crate::domain::issues::{Change, State, Status, Substatus};
use crate::domain::{Error, Result};

/// A part while somebody moves it.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) id: PartId,
    pub(super) issue: IssueId,
    pub(super) home: IssueId,
    pub(super) summary: Option<Summary>,
}

/// Where a part goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) part: PartId,
    pub(super) to: IssueId,
    pub(super) home: IssueId,
}

/// What an act changes.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) moves: Vec<Move>,
    /// States that issues get with it.
    pub(super) states: Vec<Change>,
    /// Pairs that it stopped keeping apart.
    pub(super) separations: Vec<(IssueId, IssueId)>,
    /// Hashes that it had lead somewhere.
    pub(super) links: Vec<String>,
    /// Hashes that it had lead elsewhere.
    pub(super) relinks: Vec<Relink>,
}

/// Some issues of a project with their parts, held until the act is done. Nobody else moves parts of the
/// project meanwhile, and nobody opens issues in it.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) tx: Transaction<'static, Postgres>,
    project: ProjectId,
    last_number: IssueNumber,
    /// The issues that it is about.
    about: Vec<IssueId>,
    /// Their parts, and those that are in the homes of these.
    parts: BTreeMap<PartId, Part>,
    /// Their rows, and those of the homes.
    drafts: BTreeMap<IssueId, IssueDraft>,
    by: By,
    pub(super) now: Timestamp,
}

impl Scene {
    /// Holds issues that the actor may touch and that have parts, with these and the parts' homes.
    pub(super) async fn begin(
        app: &Essentials,
        actor: Actor<'_>,
        project: ProjectId,
        ids: impl IntoIterator<Item = IssueId>,
    ) -> Result<Self> {
        let ids: Vec<IssueId> = ids.into_iter().collect();
        let scene = Self::begin_with(app, actor, project, &ids).await?;
        if ids.iter().any(|id| scene.drafts[id].part_count == 0) {
            return Err(Error::Conflict(
                "One of these issues was merged into another meanwhile. Reload the page."
                    .to_owned(),
            ));
        }
        Ok(scene)
    }

    /// The same for issues that may be merged.
    pub(super) async fn begin_with(
        app: &Essentials,
        actor: Actor<'_>,
        project: ProjectId,
        ids: &[IssueId],
    ) -> Result<Self> {
        let mut tx = app.db.begin().await?;
        let last_number = store::lock_project(&mut tx, project).await?.ok_or(Error::NotFound)?;
        if !store::are_in_scope(&mut tx, actor.scope, ids).await? {
            return Err(Error::NotFound);
        }
        let mut scene = Self {
            tx,
            project,
            last_number,
            about: ids.to_vec(),
            parts: BTreeMap::new(),
            drafts: BTreeMap::new(),
            by: actor.user,
            now: app.clock.now(),
        };
        scene.hold().await?;
        Ok(scene)
    }

    /// Holds the issues with their parts, and the homes of these with theirs.
    async fn hold(&mut self) -> Result<()> {
        let own = store::list_moving(&mut self.tx, self.project, &self.about).await?;
        let homes = own.iter().map(|part| part.home);
        let all: BTreeSet<IssueId> = self.about.iter().copied().chain(homes).collect();
        let all: Vec<IssueId> = all.into_iter().collect();
        // A home may have parts still, or again.
        let parts = store::list_moving(&mut self.tx, self.project, &all).await?;
        self.parts = parts.into_iter().map(|part| (part.id, part)).collect();
        // All at once: locks are taken in the order of ids.
        let locked = batch::lock_issues(&mut self.tx, &all).await?;
        self.drafts = locked.into_iter().map(|draft| (draft.id, draft)).collect();
        for part in self.parts.values_mut() {
            let alone = self.drafts.get(&part.issue).filter(|draft| draft.part_count == 1);
            if let Some(draft) = alone {
                // Until now the issue's row spoke for its only part.
                part.summary = Some(draft.summary.clone());
            }
        }
        Ok(())
    }

    /// The parts of the issues that it is about. What is in their homes is nobody's business here.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.values().filter(|part| self.about.contains(&part.issue))
    }

    /// The rows of the issues that it is about, as far as they have parts.
    fn with_parts(&self) -> impl Iterator<Item = &IssueDraft> {
        let drafts = self.about.iter().filter_map(|id| self.drafts.get(id));
        drafts.filter(|draft| draft.part_count > 0)
    }

    /// The issue with the most events; of several, the oldest.
    pub(super) fn busiest(&self) -> IssueId {
        let busiest = self
            .with_parts()
            .max_by_key(|draft| (draft.summary.event_count, std::cmp::Reverse(draft.id)));
        busiest.expect("an act has issues with parts").id
    }

    /// Something has to go, and something has to stay: an issue is never emptied by taking it apart.
    pub(super) fn check_some_stay(&self, issue: IssueId, going: usize) -> Result<()> {
        let all = self.parts().filter(|part| part.issue == issue).count();
        if going == 0 {
            return Err(Error::Conflict("These events are not in this issue any more.".to_owned()));
        }
        if going == all {
            let problem = "These are all the events of the issue: something has to stay.";
            return Err(Error::invalid("part", problem));
        }
        Ok(())
    }

    /// Opens an issue beside another one. Its summary follows from the parts that it gets.
    pub(super) async fn open_beside(&mut self, issue: IssueId) -> Result<IssueId> {
        self.last_number.0 += 1;
        store::save_last_number(&mut self.tx, self.project, self.last_number).await?;
        let id = IssueId::new(self.project, self.last_number);
        let beside = self.drafts.get(&issue).ok_or(Error::NotFound)?;
        let draft = IssueDraft {
            id,
            part_count: 0,
            user_count: 0,
            sampled_day: NaiveDate::default(),
            sampled_day_count: 0,
            created_at: self.now,
            ..beside.clone()
        };
        self.drafts.insert(id, draft);
        Ok(id)
    }

    /// The state of a merged issue: unresolved wins, and else nothing changes.
    pub(super) async fn merged_state(&mut self, target: IssueId) -> Result<Vec<Change>> {
        let waits = |draft: &IssueDraft| draft.status == "unresolved";
        let is_wanted = self.with_parts().any(waits) && !waits(&self.drafts[&target]);
        if !is_wanted {
            return Ok(Vec::new());
        }
        let before = self.state(target).await?;
        let after = State {
            status: Status::Unresolved,
            substatus: Some(Substatus::Ongoing),
            detail: crate::domain::issues::StatusDetail::default(),
        };
        Ok(vec![Change { id: target, before, after }])
    }

    /// The states of issues that are taken out: what was decided about the issue since they were merged was
    /// decided about them, too.
    pub(super) async fn states_of_returning(
        &mut self,
        issue: IssueId,
        out: &[IssueId],
    ) -> Result<Vec<Change>> {
        let after = self.state(issue).await?;
        let decided_at = self.drafts[&issue].status_changed_at;
        let mut changes = Vec::new();
        for id in out {
            let merged_at = ledger::find_merged_at(&mut self.tx, *id, issue).await?;
            let before = self.state(*id).await?;
            // A merge that reopened the issue decided at the same moment; that was no person's decision.
            if merged_at.is_some_and(|at| decided_at > at) && before != after {
                changes.push(Change { id: *id, before, after: after.clone() });
            }
        }
        Ok(changes)
    }

    /// A new issue gets the state of the one it comes from.
    pub(super) async fn copied_state(
        &mut self,
        from: IssueId,
        new: IssueId,
    ) -> Result<Vec<Change>> {
        let state = self.state(from).await?;
        Ok(vec![Change { id: new, before: state.clone(), after: state }])
    }

    async fn state(&mut self, id: IssueId) -> Result<State> {
        store::find_state(&mut self.tx, id).await?.ok_or(Error::NotFound)
    }

    /// Keeps `out` apart from `issue`.
    pub(super) async fn keep_apart(&mut self, issue: IssueId, out: &[IssueId]) -> Result<()> {
        Ok(ledger::keep_apart(&mut self.tx, &pairs(issue, out), self.by, self.now).await?)
    }

    /// Stops keeping `others` apart from `target` and from each other; returns the pairs.
    pub(super) async fn forget_separations(
        &mut self,
        target: IssueId,
        others: &[IssueId],
    ) -> Result<Vec<(IssueId, IssueId)>> {
        let all: Vec<IssueId> = others.iter().copied().chain([target]).collect();
        Ok(ledger::delete_separations(&mut self.tx, self.project, &all).await?)
    }

    /// Whether somebody took the two apart.
    pub(super) async fn are_kept_apart(&mut self, one: IssueId, other: IssueId) -> Result<bool> {
        Ok(ledger::are_kept_apart(&mut self.tx, one.min(other), one.max(other)).await?)
    }

    /// Has hashes lead to parts; returns those that led nowhere before.
    pub(super) async fn link(&mut self, links: &[Link]) -> Result<Vec<String>> {
        let of_parts: Vec<(&Link, IssueId)> = links
            .iter()
            .filter_map(|link| Some((link, self.parts.get(&link.part)?.issue)))
            .collect();
        Ok(store::insert_links(&mut self.tx, self.project, &of_parts, self.now).await?)
    }

    /// Has hashes lead to other parts than they do; returns those that did.
    pub(super) async fn relink(&mut self, relinks: &[(String, PartId)]) -> Result<Vec<Relink>> {
        let there: Vec<&(String, PartId)> =
            relinks.iter().filter(|(_, part)| self.parts.contains_key(part)).collect();
        Ok(store::relink(&mut self.tx, self.project, &there).await?)
    }

    /// Whether the act was done.
    pub(super) async fn knows(&mut self, act: Uuid) -> Result<bool> {
        Ok(ledger::find_act(&mut self.tx, self.project, act).await?.is_some())
    }

    /// The issues that it is about, but for one.
    pub(super) fn others_than(&self, issue: IssueId) -> Vec<IssueId> {
        self.about.iter().copied().filter(|id| *id != issue).collect()
    }

    /// Does it: moves the parts, puts the issues' rows right, writes the ledger and the histories.
    pub(super) async fn carry_out(
        self,
        kind: ActKind,
        issue: IssueId,
        others: Vec<IssueId>,
        changes: Changes,
    ) -> Result<Act> {
        self.carry_out_as(Uuid::now_v7(), kind, issue, others, changes).await
    }

    /// The same with an id that was chosen before.
    pub(super) async fn carry_out_as(
        mut self,
        id: Uuid,
        kind: ActKind,
        issue: IssueId,
        others: Vec<IssueId>,
        changes: Changes,
    ) -> Result<Act> {
        let is_reopened = changes.states.iter().any(|change| change.id == issue);
        let states =
            changes.states.iter().map(|it| StateBefore::new(it.id, it.before.clone())).collect();
        let Changes { moves, states: changed, separations, links, relinks } = changes;
        let before = Before { states, separations, links, relinks };
        ledger::insert_act(&mut self.tx, (id, kind, issue), &before, self.by, self.now).await?;
        let entries: Vec<(Part, Move)> =
            moves.iter().map(|it| (self.parts[&it.part].clone(), *it)).collect();
        ledger::insert_moves(&mut self.tx, id, &entries).await?;
        self.apply(issue, &moves, &changed).await?;
        let act = Act { id, kind, issue, others, is_reopened };
        self.note(&act).await?;
        self.tx.commit().await?;
        Ok(act)
    }

    /// Moves parts and puts right everything that follows from where they are.
    pub(super) async fn apply(
        &mut self,
        issue: IssueId,
        moves: &[Move],
        states: &[Change],
    ) -> Result<()> {
        let mut touched = BTreeSet::from([issue]);
        for Move { part, to, home } in moves {
            let part = self.parts.get_mut(part).expect("only parts of the scene are moved");
            let from = part.issue;
            touched.extend([from, part.home, *to, *home]);
            part.issue = *to;
            part.home = *home;
            self.meet(from, *to);
        }
        store::move_parts(&mut self.tx, self.project, moves).await?;
        for id in &touched {
            self.recount(*id).await?;
        }
        let drafts: Vec<IssueDraft> =
            touched.iter().filter_map(|id| self.drafts.get(id)).cloned().collect();
        batch::upsert_issues(&mut self.tx, &drafts).await?;
        self.save_summaries(&touched).await?;
        self.save_merged_into(&touched, issue).await?;
        issues::set_states(&mut self.tx, states, self.now).await?;
        Ok(())
    }

    /// Both have had their events of the day: payloads are kept sparingly from here on, too.
    fn meet(&mut self, from: IssueId, to: IssueId) {
        let Some((day, count)) =
            self.drafts.get(&from).map(|draft| (draft.sampled_day, draft.sampled_day_count))
        else {
            return;
        };
        if let Some(draft) = self.drafts.get_mut(&to).filter(|draft| draft.sampled_day <= day) {
            let own = if draft.sampled_day == day { draft.sampled_day_count } else { 0 };
            draft.sampled_day = day;
            draft.sampled_day_count = own.max(count);
        }
    }

    /// Has the row of an issue say what its parts counted.
    async fn recount(&mut self, id: IssueId) -> Result<()> {
        let Some(draft) = self.drafts.get_mut(&id) else { return Ok(()) };
        let own: Vec<&Part> = self.parts.values().filter(|part| part.issue == id).collect();
        draft.part_count = i32::try_from(own.len()).unwrap_or(i32::MAX);
        if let Some(sum) = Summary::sum(own.iter().filter_map(|part| part.summary.as_ref())) {
            let ids: Vec<PartId> = own.iter().map(|part| part.id).collect();
            draft.summary = sum;
            draft.user_count = store::count_users(&mut self.tx, self.project, &ids).await?;
        }
        Ok(())
    }

    async fn save_summaries(&mut self, touched: &BTreeSet<IssueId>) -> Result<()> {
        let of_touched = || self.parts.values().filter(|part| touched.contains(&part.issue));
        let summaries: BTreeMap<PartId, Summary> =
            of_touched().filter_map(|part| Some((part.id, part.summary.clone()?))).collect();
        parts::store::save_summaries(&mut self.tx, &summaries).await?;
        Ok(())
    }

    /// Issues without parts lead to where their parts are; the others lead nowhere.
    async fn save_merged_into(
        &mut self,
        touched: &BTreeSet<IssueId>,
        issue: IssueId,
    ) -> Result<()> {
        let leads: Vec<(IssueId, Option<IssueId>)> = touched
            .iter()
            .filter_map(|id| {
                let draft = self.drafts.get(id)?;
                if draft.part_count > 0 {
                    return Some((*id, None));
                }
                let away = self.parts.values().find(|part| part.home == *id);
                Some((*id, Some(away.map_or(issue, |part| part.issue))))
            })
            .collect();
        Ok(store::save_merged_into(&mut self.tx, &leads).await?)
    }

    /// Writes what was done into the histories of all that took part.
    async fn note(&mut self, act: &Act) -> Result<()> {
        let slug = store::find_slug(&mut self.tx, self.project).await?;
        let short = |id: &IssueId| id.short(&slug);
        let others: Vec<String> = act.others.iter().map(short).collect();
        let detail = serde_json::json!({
            "act": act.id, "issues": others, "isReopened": act.is_reopened,
        });
        let back = serde_json::json!({ "act": act.id, "issues": [short(&act.issue)] });
        let (here, there) = match act.kind {
            ActKind::Merge => (ActivityKind::Merged, ActivityKind::MergedInto),
            ActKind::TakeOut => (ActivityKind::GaveBack, ActivityKind::TakenOut),
            ActKind::Split => (ActivityKind::GaveBack, ActivityKind::SplitOff),
            ActKind::Move => (ActivityKind::Received, ActivityKind::GaveBack),
            ActKind::Rules => (ActivityKind::Regrouped, ActivityKind::Regrouped),
        };
        let mut lines = vec![NewLine { issue_id: act.issue, kind: here, detail }];
        lines.extend(act.others.iter().map(|id| NewLine {
            issue_id: *id,
            kind: there,
            detail: back.clone(),
        }));
        Ok(issues::append_activity(&mut self.tx, &lines, self.by, self.now).await?)
    }
}

/// Pairs of an issue with others, the lower id first.
pub(super) fn pairs(issue: IssueId, others: &[IssueId]) -> Vec<(IssueId, IssueId)> {
    others.iter().map(|other| (issue.min(*other), issue.max(*other))).collect()
}
