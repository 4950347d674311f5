//! Whose issues are that began before anybody told the commits of their release.
//!
//! Builds often tell them a while after the release runs. Issues that are open then, and that nobody has or had, go to
//! the authors of suspected commits of that release, as they would have when they were new.

use sqlx::PgConnection;

use super::arriving::{Candidate, by_commit, give};
use super::store;
use crate::app::App;
use crate::base::IssueId;
use crate::domain::Result;
use crate::domain::issues::store::lock_states;
use crate::domain::issues::suspects::{Asked, latest_kept, suspects_of_all};
use crate::domain::issues::{Scope, Status, find_many};
use crate::domain::ownership::Subject;
use crate::domain::releases::Release;

/// As many of the latest issues are looked at.
const LOOKED_AT: i64 = 200;

/// Gives issues that nobody has or had to the authors of the commits of a release, which were told just now. Does
/// nothing in projects that assign otherwise.
///
/// # Errors
/// When the database fails, or what it holds is damaged; then nothing is changed.
pub async fn assign_told(app: &App, release: &Release) -> Result<()> {
    let mut db = app.db.acquire().await?;
    let of_release = (release.organization_id, release.id);
    let since = (release.version.as_str(), release.at());
    let ids = store::list_never_assigned(&mut db, of_release, since, LOOKED_AT).await?;
    let found = candidates(app, &mut db, release, &ids).await?;
    drop(db);
    if found.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    let ids: Vec<IssueId> = found.iter().map(|(id, _)| *id).collect();
    let scope = Scope::organization(release.organization_id);
    let held = lock_states(&mut tx, &scope, &ids).await?;
    let is_open =
        |id: IssueId| held.iter().any(|held| held.id == id && held.status == Status::Unresolved);
    let found: Vec<_> = found.into_iter().filter(|(id, _)| is_open(*id)).collect();
    give(&mut tx, &found, app.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Those of these issues that commits of the release are suspected of, with their authors.
async fn candidates(
    app: &App,
    db: &mut PgConnection,
    release: &Release,
    ids: &[IssueId],
) -> Result<Vec<(IssueId, Vec<Candidate>)>> {
    let issues = find_many(db, ids).await?;
    let latest = latest_kept(db, &app.dictionaries, &issues).await?;
    let asked: Vec<(IssueId, Asked)> = issues
        .iter()
        .filter_map(|issue| {
            let files = Subject::of(latest.get(&issue.id)?).files();
            let first_release = issue.first_release.clone()?;
            Some((issue.id, Asked { project: issue.project_id, first_release, files }))
        })
        .collect();
    let questions: Vec<&Asked> = asked.iter().map(|(_, asked)| asked).collect();
    let suspects = suspects_of_all(db, &questions).await?;
    let named = asked.iter().zip(suspects).map(|((id, _), suspects)| {
        let own = suspects.iter().filter(|suspect| suspect.release == release.version);
        (*id, own.filter_map(by_commit).collect::<Vec<Candidate>>())
    });
    Ok(named.filter(|(_, found)| !found.is_empty()).collect())
}
