//! SQL about what users wrote.

use sqlx::{PgConnection, query, query_as};
use uuid::Uuid;

use super::{Feedback, NewFeedback};
use crate::base::{EventId, IssueId, ProjectId, Slug, Timestamp};

/// Days back in which a report about the same event is replaced.
const REPLACED_DAYS: i64 = 90;

/// Writes feedback; what has the same id takes the older one's place. Of each id there is one.
pub async fn put(db: &mut PgConnection, feedback: &[&NewFeedback]) -> sqlx::Result<()> {
    let Some(oldest) = feedback.iter().map(|one| one.received_at).min() else { return Ok(()) };
    let projects: Vec<i64> = feedback.iter().map(|one| one.project_id.0).collect();
    let ids: Vec<Uuid> = feedback.iter().map(|one| one.feedback_id.0).collect();
    query!(
        r#"
        DELETE FROM feedback
        USING unnest($1::bigint[], $2::uuid[]) AS replaced (project_id, feedback_id)
        WHERE feedback.project_id = replaced.project_id
          AND feedback.feedback_id = replaced.feedback_id
          AND feedback.received_at >= $3
        "#,
        &projects,
        &ids,
        oldest - chrono::TimeDelta::days(REPLACED_DAYS),
    )
    .execute(&mut *db)
    .await?;
    let text = |of: fn(&NewFeedback) -> &String| -> Vec<String> {
        feedback.iter().map(|one| of(one).clone()).collect()
    };
    query!(
        r#"
        INSERT INTO feedback (project_id, feedback_id, received_at, event_id, name, email, message,
                              url, environment, release)
        SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[],
                             $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
        "#,
        &projects,
        &ids,
        &feedback.iter().map(|one| one.received_at).collect::<Vec<_>>(),
        &feedback.iter().map(|one| one.event_id.map(|id| id.0)).collect::<Vec<_>>()
            as &[Option<Uuid>],
        &text(|one| &one.words.name),
        &text(|one| &one.words.email),
        &text(|one| &one.words.message),
        &text(|one| &one.words.url),
        &text(|one| &one.words.environment),
        &text(|one| &one.words.release),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The latest first, from a place on.
pub(super) async fn list(
    db: &mut PgConnection,
    projects: &[i64],
    place: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<Feedback>> {
    let (at, id) = place.unzip();
    query_as!(
        Feedback,
        r#"
        SELECT page.project_id AS "project_id: ProjectId", projects.slug AS "project_slug: Slug",
               page.feedback_id AS "feedback_id: EventId", page.received_at,
               page.event_id AS "event_id: EventId", event.issue_id AS "issue_id?: IssueId",
               issues.title AS "issue_title?", page.name, page.email, page.message, page.url,
               page.environment, page.release
        FROM (
            SELECT * FROM feedback
            WHERE project_id = ANY($1)
              AND ($2::timestamptz IS NULL OR (received_at, feedback_id) < ($2, $3::uuid))
            ORDER BY received_at DESC, feedback_id DESC
            LIMIT $4
        ) AS page
        JOIN projects ON projects.id = page.project_id
        LEFT JOIN LATERAL (
            SELECT part.issue_id FROM events
            JOIN issue_parts AS part ON part.project_id = events.project_id AND part.id = events.part_id
            WHERE events.project_id = page.project_id AND events.event_id = page.event_id
            LIMIT 1
        ) AS event ON true
        LEFT JOIN issues ON issues.project_id = page.project_id AND issues.id = event.issue_id
        ORDER BY page.received_at DESC, page.feedback_id DESC
        "#,
        projects,
        at,
        id,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The earliest first, behind a place.
pub(super) async fn list_backward(
    db: &mut PgConnection,
    projects: &[i64],
    place: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<Feedback>> {
    let (at, id) = place.unzip();
    query_as!(
        Feedback,
        r#"
        SELECT page.project_id AS "project_id: ProjectId", projects.slug AS "project_slug: Slug",
               page.feedback_id AS "feedback_id: EventId", page.received_at,
               page.event_id AS "event_id: EventId", event.issue_id AS "issue_id?: IssueId",
               issues.title AS "issue_title?", page.name, page.email, page.message, page.url,
               page.environment, page.release
        FROM (
            SELECT * FROM feedback
            WHERE project_id = ANY($1)
              AND ($2::timestamptz IS NULL OR (received_at, feedback_id) > ($2, $3::uuid))
            ORDER BY received_at, feedback_id
            LIMIT $4
        ) AS page
        JOIN projects ON projects.id = page.project_id
        LEFT JOIN LATERAL (
            SELECT part.issue_id FROM events
            JOIN issue_parts AS part ON part.project_id = events.project_id AND part.id = events.part_id
            WHERE events.project_id = page.project_id AND events.event_id = page.event_id
            LIMIT 1
        ) AS event ON true
        LEFT JOIN issues ON issues.project_id = page.project_id AND issues.id = event.issue_id
        ORDER BY page.received_at, page.feedback_id
        "#,
        projects,
        at,
        id,
        limit,
    )
    .fetch_all(db)
    .await
}

/// What was written about an event since a moment, the latest first.
pub(super) async fn of_event(
    db: &mut PgConnection,
    project: ProjectId,
    event_id: EventId,
    since: Timestamp,
) -> sqlx::Result<Vec<Feedback>> {
    query_as!(
        Feedback,
        r#"
        SELECT feedback.project_id AS "project_id: ProjectId", projects.slug AS "project_slug: Slug",
               feedback.feedback_id AS "feedback_id: EventId", feedback.received_at,
               feedback.event_id AS "event_id: EventId", NULL::bigint AS "issue_id?: IssueId",
               NULL::text AS "issue_title?", feedback.name, feedback.email, feedback.message,
               feedback.url, feedback.environment, feedback.release
        FROM feedback
        JOIN projects ON projects.id = feedback.project_id
        WHERE feedback.project_id = $1 AND feedback.event_id = $2 AND feedback.received_at >= $3
        ORDER BY feedback.received_at DESC, feedback.feedback_id DESC
        LIMIT 20
        "#,
        project.0,
        event_id.0,
        since,
    )
    .fetch_all(db)
    .await
}
