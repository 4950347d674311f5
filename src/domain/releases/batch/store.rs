//! SQL for releases that telemetry names.

use sqlx::PgConnection;

use super::{Place, Received};
use crate::base::Timestamp;

type Row<'a> = (&'a Place, &'a Received);

fn projects(rows: &[Row<'_>]) -> Vec<i64> {
    rows.iter().map(|(place, _)| place.project_id.0).collect()
}

fn releases(rows: &[Row<'_>]) -> Vec<String> {
    rows.iter().map(|(place, _)| place.release.clone()).collect()
}

/// Makes the releases that are not there, in the order of their key, unless their organization made too many of late.
pub(super) async fn insert_releases(
    db: &mut PgConnection,
    rows: &[Row<'_>],
    now: Timestamp,
    most: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO releases (organization_id, version, created_at)
        SELECT projects.organization_id, seen.version, min(seen.at)
        FROM unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS seen (project_id, version, at)
        JOIN projects ON projects.id = seen.project_id
        WHERE NOT EXISTS (
            SELECT FROM releases
            WHERE releases.organization_id = projects.organization_id
                AND releases.version = seen.version
        ) AND (
            SELECT count(*) FROM releases
            WHERE releases.organization_id = projects.organization_id
                AND coalesce(releases.released_at, releases.created_at) > $4
        ) < $5
        GROUP BY projects.organization_id, seen.version
        ORDER BY projects.organization_id, seen.version
        ON CONFLICT (organization_id, version) DO NOTHING
        "#,
        &projects(rows),
        &releases(rows),
        &rows
            .iter()
            .map(|(_, received)| received.span().map_or(now, |(first, _)| first))
            .collect::<Vec<_>>(),
        now - chrono::TimeDelta::days(1),
        most,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes when projects saw releases.
pub(super) async fn note_projects(
    db: &mut PgConnection,
    rows: &[Row<'_>],
    now: Timestamp,
) -> sqlx::Result<()> {
    let first = |span: Option<(Timestamp, Timestamp)>| span.map(|(first, _)| first);
    let last = |span: Option<(Timestamp, Timestamp)>| span.map(|(_, last)| last);
    let column = |of: &dyn Fn(&Received) -> Option<Timestamp>| -> Vec<Option<Timestamp>> {
        rows.iter().map(|(_, received)| of(received)).collect()
    };
    sqlx::query!(
        r#"
        INSERT INTO release_projects AS known (organization_id, release_id, project_id,
            first_event_at, last_event_at, first_session_at, created_at)
        SELECT releases.organization_id, releases.id, seen.project_id, min(seen.first_event),
               max(seen.last_event), min(seen.first_session), $6
        FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[],
                    $5::timestamptz[])
            AS seen (project_id, version, first_event, last_event, first_session)
        JOIN projects ON projects.id = seen.project_id
        JOIN releases ON releases.organization_id = projects.organization_id
            AND releases.version = seen.version
        GROUP BY releases.organization_id, releases.id, seen.project_id
        ORDER BY releases.organization_id, releases.id, seen.project_id
        ON CONFLICT (organization_id, release_id, project_id) DO UPDATE SET
            first_event_at = least(known.first_event_at, excluded.first_event_at),
            last_event_at = greatest(known.last_event_at, excluded.last_event_at),
            first_session_at = least(known.first_session_at, excluded.first_session_at)
        "#,
        &projects(rows),
        &releases(rows),
        &column(&|received| first(received.events)) as &[Option<Timestamp>],
        &column(&|received| last(received.events)) as &[Option<Timestamp>],
        &column(&|received| first(received.sessions)) as &[Option<Timestamp>],
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes where releases were seen.
pub(super) async fn note_environments(db: &mut PgConnection, rows: &[Row<'_>]) -> sqlx::Result<()> {
    let spans: Vec<(Timestamp, Timestamp)> =
        rows.iter().map(|(_, received)| received.span().unwrap_or_default()).collect();
    sqlx::query!(
        r#"
        INSERT INTO release_environments AS known (organization_id, release_id, project_id,
            environment, first_seen_at, last_seen_at)
        SELECT releases.organization_id, releases.id, seen.project_id, seen.environment,
               seen.first, seen.last
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
            AS seen (project_id, version, environment, first, last)
        JOIN projects ON projects.id = seen.project_id
        JOIN releases ON releases.organization_id = projects.organization_id
            AND releases.version = seen.version
        ORDER BY releases.organization_id, releases.id, seen.project_id, seen.environment
        ON CONFLICT (organization_id, release_id, project_id, environment) DO UPDATE SET
            first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
        "#,
        &projects(rows),
        &releases(rows),
        &rows.iter().map(|(place, _)| place.environment.clone()).collect::<Vec<_>>(),
        &spans.iter().map(|(first, _)| *first).collect::<Vec<_>>(),
        &spans.iter().map(|(_, last)| *last).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}
