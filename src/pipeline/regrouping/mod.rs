//! Has issues follow a change of how their project groups, step by step in the background.
//!
//! First the latest events of every part are grouped again ([`mod@look`]); then it is decided which parts belong together and
//! where new hashes lead ([`plan`]); then that is done a few parts at a time, each step an act that can be undone; in the end
//! the settings are saved. How far it is stands in the database, and each step commits on its own: whoever comes next goes
//! on where it was.

mod look;
mod plan;

use uuid::Uuid;

use crate::app::App;
use crate::domain::grouping_rules;
use crate::domain::issues::Scope;
use crate::domain::issues::moves::{self, Actor, RulesApplied};
use crate::domain::issues::regroupings::{Phase, Regrouping, store};
use crate::domain::{Error, Result};
use crate::grouping::Config;
use crate::pipeline::project_grouping;

/// Goes on with what is under way in any project until nothing is left to do.
///
/// # Errors
/// When the database fails: what was not committed is done again the next time.
pub async fn go_on(app: &App) -> Result<()> {
    let mut config = None;
    while step(app, &mut config).await? {}
    Ok(())
}

/// The configuration of the regrouping that was looked at last: rules are compiled once.
type Compiled = Option<(Uuid, Config)>;

/// Does the next bit; `false` if there is none.
async fn step(app: &App, config: &mut Compiled) -> Result<bool> {
    let mut tx = app.db.begin().await?;
    let Some(mut it) = store::claim(&mut tx).await? else { return Ok(false) };
    let done = match it.phase {
        Phase::Looking => match compiled(config, &it) {
            Ok(config) => look(app, &mut tx, &mut it, config).await,
            Err(problem) => Err(problem),
        },
        Phase::Moving => move_on(app, &mut tx, &mut it).await,
        _ => undo_one(app, &mut tx, &mut it).await,
    };
    match done {
        Ok(()) => {}
        Err(error @ (Error::Database(_) | Error::Other(_))) => return Err(error),
        Err(error) => it.fail(error.to_string()),
    }
    store::save(&mut tx, &it, app.clock.now()).await?;
    tx.commit().await?;
    Ok(true)
}

fn compiled<'a>(config: &'a mut Compiled, it: &Regrouping) -> Result<&'a Config> {
    if config.as_ref().is_none_or(|(id, _)| *id != it.id) {
        let read = project_grouping::config(&it.settings)
            .map_err(|error| Error::Conflict(format!("The settings cannot be read: {error}")))?;
        *config = Some((it.id, read));
    }
    Ok(&config.as_ref().expect("it was just read").1)
}

/// Looks at some more parts; once all were, decides what is to be done.
async fn look(
    app: &App,
    db: &mut sqlx::PgConnection,
    it: &mut Regrouping,
    config: &Config,
) -> Result<()> {
    let parts = store::list_parts(db, it.project_id, it.seen_part, look::PARTS_AT_A_TIME).await?;
    if let Some(last) = parts.last() {
        let hashes = look::look(db, &app.dictionaries, it.project_id, &parts, config).await?;
        store::insert_hashes(db, it, &hashes).await?;
        it.seen_part = *last;
        it.seen_count += i64::try_from(parts.len()).unwrap_or(i64::MAX);
        return Ok(());
    }
    let found = plan::Found {
        evidence: store::list_evidence(db, it).await?,
        owners: store::list_owners(db, it).await?,
        holders: store::list_holders(db, it).await?,
    };
    let steps = plan::plan(&found);
    store::insert_steps(db, it, &steps).await?;
    it.step_count = i32::try_from(steps.len()).unwrap_or(i32::MAX);
    it.phase = Phase::Moving;
    Ok(())
}

/// Does the next step, and after the last one saves the settings.
async fn move_on(app: &App, db: &mut sqlx::PgConnection, it: &mut Regrouping) -> Result<()> {
    let Some((act, step)) = store::find_step(db, it, it.done_steps).await? else {
        if grouping_rules::latest_number(db, it.project_id).await? != it.revision {
            let problem = "The settings were changed meanwhile: these were not saved. Undo, or save them again.";
            return Err(Error::Conflict(problem.to_owned()));
        }
        grouping_rules::set(app, it.project_id, it.settings.clone(), it.actor).await?;
        it.phase = Phase::Done;
        return Ok(());
    };
    let links = store::list_links(db, it, &step.links).await?;
    let rules = RulesApplied { moves: step.moves, links, relinks: step.relinks };
    let scope = Scope::project(it.organization_id, it.project_id);
    let actor = Actor { scope: &scope, user: it.actor };
    let done = moves::apply_rules(app, actor, it.project_id, act, rules).await?;
    it.moved_count += i64::try_from(done.moved).unwrap_or(i64::MAX);
    it.linked_count += i64::try_from(done.linked).unwrap_or(i64::MAX);
    it.done_steps += 1;
    Ok(())
}

/// Undoes the last step that is done.
async fn undo_one(app: &App, db: &mut sqlx::PgConnection, it: &mut Regrouping) -> Result<()> {
    if it.done_steps == 0 {
        it.phase = Phase::Undone;
        return Ok(());
    }
    if let Some((act, _)) = store::find_step(db, it, it.done_steps - 1).await? {
        let scope = Scope::project(it.organization_id, it.project_id);
        let actor = Actor { scope: &scope, user: it.actor };
        match moves::undo(app, actor, it.project_id, act).await {
            // There was nothing to do, or somebody undid it or moved the parts on: that is theirs to decide.
            Ok(_) | Err(Error::NotFound | Error::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    it.done_steps -= 1;
    Ok(())
}
