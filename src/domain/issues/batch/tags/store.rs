//! SQL of the tag counters, a whole batch at a time.

use std::collections::{BTreeSet, HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{KeyCounts, MAX_PROJECT_TAG_KEYS, TagCounts};
use crate::base::{PartId, Timestamp};
use crate::domain::events::batch::storable;
use crate::domain::issues::batch::record::Seen;
use crate::domain::journal::LaneKey;

/// [`TagCounts`] as the columns of `issue_tags`.
struct Columns<'a> {
    projects: Vec<i64>,
    parts: Vec<i64>,
    keys: Vec<std::borrow::Cow<'a, str>>,
    values: Vec<std::borrow::Cow<'a, str>>,
    events: Vec<i64>,
    first: Vec<Timestamp>,
    last: Vec<Timestamp>,
}

impl<'a> Columns<'a> {
    fn new(counts: &TagCounts<'a>) -> Self {
        let seen = |get: fn(&Seen) -> Timestamp| counts.values().map(get).collect();
        Self {
            projects: counts.keys().map(|(id, ..)| id.project().0).collect(),
            parts: counts.keys().map(|(id, ..)| id.0).collect(),
            keys: counts.keys().map(|(_, key, _)| storable(key)).collect(),
            values: counts.keys().map(|(.., value)| storable(value)).collect(),
            events: counts.values().map(|seen| seen.event_count).collect(),
            first: seen(|seen| seen.first),
            last: seen(|seen| seen.last),
        }
    }
}

/// Adds to the values that exist; returns the places that those have in `counts`.
pub(super) async fn add_to_known_tags(
    db: &mut PgConnection,
    counts: &TagCounts<'_>,
) -> sqlx::Result<HashSet<usize>> {
    if counts.is_empty() {
        return Ok(HashSet::new());
    }
    let columns = Columns::new(counts);
    let places = sqlx::query_scalar!(
        r#"
        UPDATE issue_tags
        SET event_count = issue_tags.event_count + added.event_count,
            first_seen = least(issue_tags.first_seen, added.first_seen),
            last_seen = greatest(issue_tags.last_seen, added.last_seen)
        FROM unnest(
            $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
            $6::timestamptz[], $7::timestamptz[]
        ) WITH ORDINALITY
            AS added (project_id, part_id, key, value, event_count, first_seen, last_seen, place)
        WHERE issue_tags.project_id = added.project_id AND issue_tags.part_id = added.part_id
          AND issue_tags.key = added.key AND issue_tags.value = added.value
        RETURNING added.place AS "place!"
        "#,
        &columns.projects,
        &columns.parts,
        &columns.keys as &[_],
        &columns.values as &[_],
        &columns.events,
        &columns.first,
        &columns.last,
    )
    .fetch_all(db)
    .await?;
    let index = |place| usize::try_from(place).expect("places count from one") - 1;
    Ok(places.into_iter().map(index).collect())
}

/// How many values each of these tags has in its part.
pub(super) async fn count_tag_values(
    db: &mut PgConnection,
    keys: &HashSet<(PartId, &str)>,
) -> sqlx::Result<HashMap<(PartId, String), i64>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let projects: Vec<i64> = keys.iter().map(|(id, _)| id.project().0).collect();
    let parts: Vec<i64> = keys.iter().map(|(id, _)| id.0).collect();
    let names: Vec<_> = keys.iter().map(|(_, key)| storable(key)).collect();
    let rows = sqlx::query!(
        r#"
        SELECT wanted.part_id AS "part_id!: PartId", wanted.key AS "key!", taken.count AS "count!"
        FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS wanted (project_id, part_id, key)
        CROSS JOIN LATERAL (
            SELECT count(*) FROM issue_tags
            WHERE issue_tags.project_id = wanted.project_id
              AND issue_tags.part_id = wanted.part_id AND issue_tags.key = wanted.key
        ) AS taken
        "#,
        &projects,
        &parts,
        &names as &[_],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.part_id, row.key), row.count)).collect())
}

/// How many tags each of these parts has, counted up to `limit`.
pub(super) async fn count_tag_keys(
    db: &mut PgConnection,
    parts: &BTreeSet<PartId>,
    limit: usize,
) -> sqlx::Result<HashMap<PartId, usize>> {
    if parts.is_empty() {
        return Ok(HashMap::new());
    }
    let projects: Vec<i64> = parts.iter().map(|id| id.project().0).collect();
    let ids: Vec<i64> = parts.iter().map(|id| id.0).collect();
    // From key to key by the index: a tag may have a thousand values.
    let rows = sqlx::query!(
        r#"
        SELECT wanted.part_id AS "part_id!: PartId", taken.count AS "count!"
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, part_id)
        CROSS JOIN LATERAL (
            WITH RECURSIVE keys AS (
                (SELECT tag.key, 1 AS place FROM issue_tags AS tag
                 WHERE tag.project_id = wanted.project_id AND tag.part_id = wanted.part_id
                 ORDER BY tag.key
                 LIMIT 1)
                UNION ALL
                SELECT (SELECT tag.key FROM issue_tags AS tag
                        WHERE tag.project_id = wanted.project_id AND tag.part_id = wanted.part_id
                          AND tag.key > keys.key
                        ORDER BY tag.key
                        LIMIT 1), keys.place + 1
                FROM keys
                WHERE keys.key IS NOT NULL AND keys.place < $3
            )
            SELECT count(keys.key) FROM keys
        ) AS taken
        "#,
        &projects,
        &ids,
        i32::try_from(limit).unwrap_or(i32::MAX),
    )
    .fetch_all(db)
    .await?;
    let count = |count| usize::try_from(count).unwrap_or(usize::MAX);
    Ok(rows.into_iter().map(|row| (row.part_id, count(row.count))).collect())
}

/// Writes values that are new, or adds to the one that the rest is folded into.
pub(super) async fn insert_tags(db: &mut PgConnection, counts: &TagCounts<'_>) -> sqlx::Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let columns = Columns::new(counts);
    sqlx::query!(
        r#"
        INSERT INTO issue_tags
            (project_id, part_id, key, value, event_count, first_seen, last_seen)
        SELECT * FROM unnest(
            $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
            $6::timestamptz[], $7::timestamptz[]
        )
        ON CONFLICT (project_id, part_id, key, value) DO UPDATE
        SET event_count = issue_tags.event_count + excluded.event_count,
            first_seen = least(issue_tags.first_seen, excluded.first_seen),
            last_seen = greatest(issue_tags.last_seen, excluded.last_seen)
        "#,
        &columns.projects,
        &columns.parts,
        &columns.keys as &[_],
        &columns.values as &[_],
        &columns.events,
        &columns.first,
        &columns.last,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds to the counts of the projects' tags. A project that has [`MAX_PROJECT_TAG_KEYS`] gets no more.
pub(super) async fn add_to_project_tags(
    db: &mut PgConnection,
    counts: &KeyCounts<'_>,
) -> sqlx::Result<()> {
    let projects: Vec<i64> = counts.keys().map(|(project, _)| project.0).collect();
    let keys: Vec<_> = counts.keys().map(|(_, key)| storable(key)).collect();
    let events: Vec<i64> = counts.values().copied().collect();
    sqlx::query!(
        r#"
        INSERT INTO project_tags (project_id, key, event_count)
        SELECT project_id, key, event_count
        FROM (
            SELECT added.project_id, added.key, added.event_count, known.key IS NOT NULL AS is_known,
                   row_number() OVER (PARTITION BY added.project_id, known.key IS NULL ORDER BY added.key) AS place
            FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS added (project_id, key, event_count)
            LEFT JOIN project_tags AS known
                ON known.project_id = added.project_id AND known.key = added.key
        ) AS counted
        WHERE is_known OR place <= $4 AND place <= $4 - (
            SELECT count(*) FROM project_tags AS taken WHERE taken.project_id = counted.project_id
        )
        ORDER BY project_id, key
        ON CONFLICT (project_id, key) DO UPDATE
        SET event_count = project_tags.event_count + excluded.event_count
        "#,
        &projects,
        &keys as &[_],
        &events,
        MAX_PROJECT_TAG_KEYS,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts sightings of a lane's batch into the table, a row per project.
pub(super) async fn insert_waiting(
    db: &mut PgConnection,
    lane: LaneKey,
    projects: &[i64],
    sightings: &[Vec<u8>],
    now: Timestamp,
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = projects.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query!(
        r#"
        INSERT INTO waiting_tags (project_id, id, node, lane, sightings, created_at)
        SELECT project_id, id, $4, $5, sightings, $6
        FROM unnest($1::bigint[], $2::uuid[], $3::bytea[]) AS rows (project_id, id, sightings)
        "#,
        projects,
        &ids,
        sightings,
        lane.node,
        lane.lane,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes what waits in a lane and returns it.
pub(super) async fn take_waiting(
    db: &mut PgConnection,
    lane: LaneKey,
) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        "DELETE FROM waiting_tags WHERE node = $1 AND lane = $2 RETURNING sightings",
        lane.node,
        lane.lane,
    )
    .fetch_all(db)
    .await
}

/// Removes what has waited since before `put_off_before`, of any lane, and returns it.
pub(super) async fn take_abandoned(
    db: &mut PgConnection,
    put_off_before: Timestamp,
) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        "DELETE FROM waiting_tags WHERE created_at < $1 RETURNING sightings",
        put_off_before,
    )
    .fetch_all(db)
    .await
}
