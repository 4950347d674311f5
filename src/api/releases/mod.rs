//! Releases, as far as events name them: nobody registers one yet, so what is known of a release is what its
//! events say.

mod views;

pub(super) use views::ReleaseView;

use sqlx::PgConnection;

use super::Result;
use crate::base::ProjectId;
use crate::domain::issues;

/// How these versions look, in their order; a version that no stored event names is left out.
pub(super) async fn views_of(
    db: &mut PgConnection,
    project: ProjectId,
    versions: [Option<&str>; 2],
) -> Result<[Option<ReleaseView>; 2]> {
    let named: Vec<String> =
        versions.iter().flatten().map(|version| (*version).to_owned()).collect();
    if named.is_empty() {
        return Ok([None, None]);
    }
    let seen = issues::seen_releases(db, project, &named).await?;
    Ok(versions.map(|version| version.and_then(|version| seen.get(version)).map(ReleaseView::new)))
}
