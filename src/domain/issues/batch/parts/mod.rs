//! Parts of issues, as far as a batch meets them.
//!
//! A part is what the events of one first hash count (`issue_parts`). Nearly every issue has one, and then
//! the issue's own row says all about it. Where an issue has several, each keeps a [`Summary`] of its own.

pub mod store;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sqlx::PgConnection;

use super::assign::Owner;
use super::draft::IssueDraft;
use super::store::lock_issues;
use super::{Arrival, Assignment};
use crate::base::{IssueId, PartId, ProjectId};
use crate::domain::issues::summary::Summary;

/// The summaries of those parts of a batch whose issues have several.
#[derive(Debug, Default)]
pub(super) struct Touched {
    shared: HashSet<IssueId>,
    summaries: BTreeMap<PartId, Summary>,
}

impl Touched {
    /// Reads the summaries; `drafts` are the known issues of the batch, locked and before counting.
    pub(super) async fn load(
        db: &mut PgConnection,
        drafts: &BTreeMap<IssueId, IssueDraft>,
        assignment: &Assignment,
    ) -> sqlx::Result<Self> {
        let mut fresh: HashMap<IssueId, i32> = HashMap::new();
        for part in &assignment.new_parts {
            *fresh.entry(part.owner.issue).or_insert(0) += 1;
        }
        let parts_before = |issue: &IssueId| drafts.get(issue).map_or(0, |draft| draft.part_count);
        let parts_after = |issue: &IssueId| parts_before(issue) + fresh.get(issue).unwrap_or(&0);
        let issues = assignment.owners.iter().map(|owner| owner.issue);
        let shared: HashSet<IssueId> = issues.filter(|issue| parts_after(issue) > 1).collect();
        let known: Vec<IssueId> =
            shared.iter().copied().filter(|issue| drafts.contains_key(issue)).collect();
        if known.is_empty() {
            return Ok(Self { shared, summaries: BTreeMap::new() });
        }
        let touched: HashSet<PartId> = assignment.owners.iter().map(|owner| owner.part).collect();
        let new: HashSet<PartId> =
            assignment.new_parts.iter().map(|part| part.owner.part).collect();
        let mut summaries = BTreeMap::new();
        for (owner, summary) in store::list_summaries(db, &known).await? {
            if new.contains(&owner.part) {
                continue;
            }
            let alone = || drafts.get(&owner.issue).filter(|draft| draft.part_count == 1);
            if let Some(draft) = alone() {
                // Until now the issue's row spoke for its only part.
                summaries.insert(owner.part, draft.summary.clone());
            } else if let Some(summary) = summary.filter(|_| touched.contains(&owner.part)) {
                summaries.insert(owner.part, summary);
            }
        }
        Ok(Self { shared, summaries })
    }

    /// Whether the issue has several parts after the batch.
    pub(super) fn is_shared(&self, issue: IssueId) -> bool {
        self.shared.contains(&issue)
    }

    /// Counts an event.
    pub(super) fn count(&mut self, owner: Owner, arrival: &Arrival, is_kept: bool) {
        if self.is_shared(owner.issue) {
            let summary =
                self.summaries.entry(owner.part).or_insert_with(|| Summary::open(arrival));
            summary.count(arrival, is_kept);
        }
    }

    /// Writes the summaries.
    pub(super) async fn save(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        store::save_summaries(db, &self.summaries).await
    }
}

/// How often events were moved between issues, by project, before somebody looks up whose parts are.
pub(super) type Moves = HashMap<ProjectId, i64>;

/// Fails if events were moved between issues meanwhile. Call it once the issues are locked: tried again, the
/// batch finds the parts where they are now.
pub(super) async fn check_unmoved(db: &mut PgConnection, before: &Moves) -> sqlx::Result<()> {
    if before.is_empty() {
        return Ok(());
    }
    let projects: Vec<i64> = before.keys().map(|project| project.0).collect();
    if store::find_moves(db, &projects).await? == *before {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

/// Whose parts are, and how often their projects' events had been moved before that was looked up. Parts that
/// are gone are left out.
pub(super) async fn find_owners(
    db: &mut PgConnection,
    parts: &BTreeSet<PartId>,
) -> sqlx::Result<(HashMap<PartId, IssueId>, Moves)> {
    if parts.is_empty() {
        return Ok((HashMap::new(), Moves::new()));
    }
    let projects: BTreeSet<i64> = parts.iter().map(|part| part.project().0).collect();
    let projects: Vec<i64> = projects.into_iter().collect();
    let moves = store::find_moves(db, &projects).await?;
    Ok((store::find_part_owners(db, parts).await?, moves))
}

/// Locks the issues of `parts`; returns those parts that are still there.
pub(super) async fn lock_parts(
    db: &mut PgConnection,
    parts: &BTreeSet<PartId>,
) -> sqlx::Result<HashSet<PartId>> {
    let (owners, moves) = find_owners(db, parts).await?;
    let issues: BTreeSet<IssueId> = owners.values().copied().collect();
    let issues: Vec<IssueId> = issues.into_iter().collect();
    let locked: HashSet<IssueId> =
        lock_issues(db, &issues).await?.into_iter().map(|issue| issue.id).collect();
    check_unmoved(db, &moves).await?;
    let is_held = |(part, issue)| locked.contains(&issue).then_some(part);
    Ok(owners.into_iter().filter_map(is_held).collect())
}
