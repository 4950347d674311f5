//! SQL about commits.

use std::collections::BTreeMap;

use sqlx::{PgConnection, query, query_scalar};

use super::{Author, ChangedFile, Commit, FileChange, NewCommit, ReleaseFile, storable};
use crate::base::{OrganizationId, ReleaseId, Timestamp};
use crate::domain::releases::Release;

/// Replaces the commits of a release and their files.
pub(in crate::domain::releases) async fn replace(
    db: &mut PgConnection,
    release: &Release,
    commits: &[NewCommit],
) -> sqlx::Result<()> {
    let (organization, id) = (release.organization_id.0, release.id.0);
    query!(
        "DELETE FROM release_commits WHERE organization_id = $1 AND release_id = $2",
        organization,
        id,
    )
    .execute(&mut *db)
    .await?;
    query!(
        "DELETE FROM release_commit_files WHERE organization_id = $1 AND release_id = $2",
        organization,
        id,
    )
    .execute(&mut *db)
    .await?;
    query!(
        r#"
        INSERT INTO release_commits (organization_id, release_id, position, repository, sha,
            message, author_name, author_email, committed_at)
        SELECT $1, $2, told.place - 1, told.repository, told.sha, told.message, told.author_name,
               told.author_email, coalesce(told.committed_at, $9)
        FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
            WITH ORDINALITY AS told (repository, sha, message, author_name, author_email,
                                     committed_at, place)
        "#,
        organization,
        id,
        &commits.iter().map(|commit| commit.repository.clone()).collect::<Vec<_>>(),
        &commits.iter().map(|commit| commit.sha.clone()).collect::<Vec<_>>(),
        &commits.iter().map(|commit| commit.message.as_deref().map(storable)).collect::<Vec<_>>()
            as &[Option<String>],
        &commits.iter().map(|commit| commit.author_name.clone()).collect::<Vec<_>>()
            as &[Option<String>],
        &commits.iter().map(|commit| commit.author_email.clone()).collect::<Vec<_>>()
            as &[Option<String>],
        &commits.iter().map(|commit| commit.committed_at).collect::<Vec<_>>()
            as &[Option<Timestamp>],
        release.created_at,
    )
    .execute(&mut *db)
    .await?;
    insert_files(db, release, commits).await
}

async fn insert_files(
    db: &mut PgConnection,
    release: &Release,
    commits: &[NewCommit],
) -> sqlx::Result<()> {
    let (mut positions, mut paths, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for (position, commit) in (0_i32..).zip(commits) {
        // A path that is named twice was changed once, as it was said last.
        let files: BTreeMap<&str, FileChange> =
            commit.files.iter().map(|file| (file.path.as_str(), file.change)).collect();
        for (path, change) in files {
            positions.push(position);
            paths.push(path.to_owned());
            changes.push(change.letter().to_owned());
        }
    }
    query!(
        r#"
        INSERT INTO release_commit_files (organization_id, release_id, position, path, change)
        SELECT $1, $2, * FROM unnest($3::integer[], $4::text[], $5::text[])
        "#,
        release.organization_id.0,
        release.id.0,
        &positions,
        &paths,
        &changes,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The commits of a release, the newest first.
pub(super) async fn list(db: &mut PgConnection, release: &Release) -> sqlx::Result<Vec<Commit>> {
    let rows = query!(
        r#"
        SELECT position, sha, repository, message, author_name, author_email, committed_at
        FROM release_commits
        WHERE organization_id = $1 AND release_id = $2
        ORDER BY position
        "#,
        release.organization_id.0,
        release.id.0,
    )
    .fetch_all(db)
    .await?;
    let commit = rows.into_iter().map(|row| Commit {
        position: row.position,
        sha: row.sha,
        repository: row.repository,
        message: row.message,
        author: Author { name: row.author_name, email: row.author_email },
        committed_at: row.committed_at,
    });
    Ok(commit.collect())
}

/// The files of a release's commits.
pub(super) async fn list_files(
    db: &mut PgConnection,
    release: &Release,
) -> sqlx::Result<Vec<ReleaseFile>> {
    let rows = query!(
        r#"
        SELECT files.position, files.path, files.change, commits.sha, commits.repository,
               commits.message, commits.author_name, commits.author_email, commits.committed_at
        FROM release_commit_files AS files
        JOIN release_commits AS commits USING (organization_id, release_id, position)
        WHERE files.organization_id = $1 AND files.release_id = $2
        ORDER BY files.position, files.path
        "#,
        release.organization_id.0,
        release.id.0,
    )
    .fetch_all(db)
    .await?;
    let file = rows.into_iter().map(|row| ReleaseFile {
        position: row.position,
        sha: row.sha,
        repository: row.repository,
        message: row.message,
        author: Author { name: row.author_name, email: row.author_email },
        committed_at: row.committed_at,
        file: ChangedFile { path: row.path, change: FileChange::of_letter(&row.change) },
    });
    Ok(file.collect())
}

/// The newest commit of each release that has any, and how many it has.
pub(super) async fn list_newest(
    db: &mut PgConnection,
    organization: OrganizationId,
    releases: &[i64],
) -> sqlx::Result<Vec<(ReleaseId, i64, Commit)>> {
    let rows = query!(
        r#"
        SELECT newest.release_id AS "release_id: ReleaseId", newest.sha, newest.repository,
               newest.message, newest.author_name, newest.author_email, newest.committed_at,
               (SELECT count(*) FROM release_commits AS others
                WHERE others.organization_id = $1 AND others.release_id = newest.release_id)
                   AS "count!"
        FROM release_commits AS newest
        WHERE newest.organization_id = $1 AND newest.release_id = ANY($2) AND newest.position = 0
        "#,
        organization.0,
        releases,
    )
    .fetch_all(db)
    .await?;
    let newest = rows.into_iter().map(|row| {
        let author = Author { name: row.author_name, email: row.author_email };
        let commit = Commit {
            position: 0,
            sha: row.sha,
            repository: row.repository,
            message: row.message,
            author,
            committed_at: row.committed_at,
        };
        (row.release_id, row.count, commit)
    });
    Ok(newest.collect())
}

/// Who wrote the commits of these releases, those with most commits first.
pub(super) async fn list_authors(
    db: &mut PgConnection,
    organization: OrganizationId,
    releases: &[i64],
) -> sqlx::Result<Vec<(ReleaseId, Author)>> {
    let rows = query!(
        r#"
        SELECT release_id AS "release_id: ReleaseId", author_name, author_email
        FROM release_commits
        WHERE organization_id = $1 AND release_id = ANY($2)
            AND (author_name IS NOT NULL OR author_email IS NOT NULL)
        GROUP BY release_id, author_name, author_email
        ORDER BY release_id, count(*) DESC, author_name, author_email
        "#,
        organization.0,
        releases,
    )
    .fetch_all(db)
    .await?;
    let author = rows
        .into_iter()
        .map(|row| (row.release_id, Author { name: row.author_name, email: row.author_email }));
    Ok(author.collect())
}

/// The name of the latest release with commits but this one, that came before a moment.
pub(super) async fn find_previous(
    db: &mut PgConnection,
    organization: OrganizationId,
    version: &str,
    before: Option<Timestamp>,
) -> sqlx::Result<Option<String>> {
    query_scalar!(
        r#"
        SELECT version FROM releases
        WHERE organization_id = $1 AND version <> $2
            AND ($3::timestamptz IS NULL OR coalesce(released_at, created_at) <= $3)
            AND EXISTS (
                SELECT FROM release_commits AS commits
                WHERE commits.organization_id = $1 AND commits.release_id = releases.id)
        ORDER BY coalesce(released_at, created_at) DESC, id DESC
        LIMIT 1
        "#,
        organization.0,
        version,
        before,
    )
    .fetch_optional(db)
    .await
}
