//! Issues that follow a change of how their project groups.
//!
//! It goes step by step in the background (`pipeline::regrouping`), because all parts of a project are looked at: first
//! what their latest events would be led by, then, a few at a time, parts go to other issues and hashes lead to parts, and
//! in the end the settings are saved. Until then events are grouped as before, so that no event opens an issue
//! which is merged a moment later. Each step is an act of [`moves`](super::moves), and the whole is undone act by act.
//! Everything is written down as it goes: another process, or the next start, goes on where one ended.

pub mod store;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::app::Essentials;
use crate::base::{OrganizationId, PartId, ProjectId, Timestamp, UserId};
use crate::domain::grouping_rules::{self, GroupingSettings};
use crate::domain::{Error, Result};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Phase {
    /// The latest events of parts are grouped again; nothing is changed yet.
    Looking,
    /// Parts and hashes go where they belong.
    Moving,
    /// The issues have followed, and the settings are saved.
    Done,
    /// What was done is undone, the last step first.
    Undoing,
    /// It was undone.
    Undone,
    /// Somebody stopped it before anything was changed.
    Stopped,
    /// It could not go on.
    Failed,
}

impl Phase {
    /// Whether something remains to be done in the background.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Looking | Self::Moving | Self::Undoing)
    }

    /// The word in the database.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Moving => "moving",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// Issues that follow.
#[derive(Clone, Debug)]
pub struct Regrouping {
    /// Whose issues.
    pub project_id: ProjectId,
    /// Whose project.
    pub organization_id: OrganizationId,
    /// Its id.
    pub id: Uuid,
    /// What they follow.
    pub settings: GroupingSettings,
    /// The revision of the settings that was in force when it began; 0 if nothing was set.
    pub revision: i64,
    /// How far it is.
    pub phase: Phase,
    /// Who wanted it; none for people who are gone.
    pub actor: Option<UserId>,
    /// How many parts there were to look at when it began.
    pub part_count: i64,
    /// How many were looked at.
    pub seen_count: i64,
    /// The last of those, in the order of ids.
    pub seen_part: PartId,
    /// How many steps it takes.
    pub step_count: i32,
    /// How many of them are done, and not undone.
    pub done_steps: i32,
    /// How many parts went to another issue.
    pub moved_count: i64,
    /// How many hashes lead somewhere by it.
    pub linked_count: i64,
    /// Why it failed, for people.
    pub problem: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
}

impl Regrouping {
    /// How much of the whole is done, of 100.
    pub fn percent(&self) -> i64 {
        let share = |done: i64, all: i64| (done.min(all) * 100).checked_div(all).unwrap_or(100);
        let (steps, done) = (i64::from(self.step_count), i64::from(self.done_steps));
        match self.phase {
            // Looking takes most of the time.
            Phase::Looking => share(self.seen_count, self.part_count) * 8 / 10,
            Phase::Moving => 80 + share(done, steps) / 5,
            Phase::Undoing => 100 - share(done, steps),
            _ => 100,
        }
    }

    /// Leaves it where it is, with a sentence that says why.
    pub fn fail(&mut self, problem: impl Into<String>) {
        self.phase = Phase::Failed;
        self.problem = Some(problem.into());
    }
}

/// What is done together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Parts, each with the part that it goes to, wherever that is by then.
    pub moves: Vec<(PartId, PartId)>,
    /// Hashes that lead nowhere, with the parts that they are to lead to.
    pub links: Vec<(String, PartId)>,
    /// Hashes that lead to parts whose events do not have them any more, with the parts that they are to lead to.
    pub relinks: Vec<(String, PartId)>,
}

/// The latest of a project; `None` if there was none.
///
/// # Errors
/// When the database fails.
pub async fn latest(db: &mut PgConnection, project: ProjectId) -> Result<Option<Regrouping>> {
    Ok(store::find_latest(db, project).await?)
}

/// Has the issues of a project follow settings, which are saved when the issues are ready.
///
/// # Errors
/// When a text of the settings is too long, issues follow other settings already, or the database fails. Whether the
/// rules can be read is the caller's business.
pub async fn begin(
    app: &Essentials,
    project: ProjectId,
    settings: GroupingSettings,
    actor: UserId,
) -> Result<()> {
    let settings = settings.checked()?;
    let mut tx = app.db.begin().await?;
    let revision = grouping_rules::latest_number(&mut tx, project).await?;
    store::forget_ended(&mut tx, project).await?;
    let id = Uuid::now_v7();
    let is_first =
        store::insert(&mut tx, (project, id), &settings, (revision, actor), app.clock.now())
            .await?;
    if !is_first {
        return Err(under_way());
    }
    tx.commit().await?;
    Ok(())
}

/// Stops what is under way: before anything was changed at once, else by undoing what was done.
///
/// # Errors
/// When nothing is under way that could be stopped, or the database fails.
pub async fn stop(app: &Essentials, project: ProjectId) -> Result<()> {
    turn(app, project, |phase| match phase {
        Phase::Looking => Some(Phase::Stopped),
        Phase::Moving => Some(Phase::Undoing),
        _ => None,
    })
    .await
}

/// Undoes what was done, in the background. The settings stay as they are.
///
/// # Errors
/// When the issues have not followed, or were brought back already; and when the database fails.
pub async fn undo(app: &Essentials, project: ProjectId) -> Result<()> {
    turn(app, project, |phase| match phase {
        Phase::Done | Phase::Failed => Some(Phase::Undoing),
        _ => None,
    })
    .await
}

/// Refuses to go on while issues of the project follow settings.
///
/// # Errors
/// When they do, or the database fails.
pub async fn check_none_under_way(db: &mut PgConnection, project: ProjectId) -> Result<()> {
    match store::find_latest(db, project).await? {
        Some(latest) if latest.phase.is_under_way() => Err(under_way()),
        _ => Ok(()),
    }
}

fn under_way() -> Error {
    Error::Conflict(
        "The issues of this project follow other settings right now. Wait until that is done, or stop it."
            .to_owned(),
    )
}

async fn turn(
    app: &Essentials,
    project: ProjectId,
    next: impl FnOnce(Phase) -> Option<Phase>,
) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let found = store::lock_latest(&mut tx, project).await?;
    let phase = found.as_ref().and_then(|latest| next(latest.phase));
    let (Some(mut latest), Some(phase)) = (found, phase) else {
        return Err(Error::Conflict("There is nothing to stop or to undo any more.".to_owned()));
    };
    latest.phase = phase;
    store::save(&mut tx, &latest, app.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_goes_from_nothing_to_everything_and_back_when_it_is_undone() {
        let mut it = Regrouping {
            project_id: ProjectId(1),
            organization_id: OrganizationId(1),
            id: Uuid::nil(),
            settings: GroupingSettings::default(),
            revision: 0,
            phase: Phase::Looking,
            actor: None,
            part_count: 40,
            seen_count: 0,
            seen_part: PartId(0),
            step_count: 0,
            done_steps: 0,
            moved_count: 0,
            linked_count: 0,
            problem: None,
            created_at: Timestamp::default(),
        };
        let mut percents = vec![it.percent()];
        // More may come about while it looks.
        for seen in [20, 40, 50] {
            it.seen_count = seen;
            percents.push(it.percent());
        }
        (it.phase, it.step_count) = (Phase::Moving, 2);
        for done in [1, 2] {
            it.done_steps = done;
            percents.push(it.percent());
        }
        it.phase = Phase::Undoing;
        for done in [2, 1, 0] {
            it.done_steps = done;
            percents.push(it.percent());
        }
        assert_eq!(percents, [0, 40, 80, 80, 90, 100, 0, 50, 100]);
    }
}
