//! SQL about files.

use sqlx::{PgConnection, query, query_as, query_scalar};

use super::{Attachment, AttachmentId, NewAttachment};
use crate::base::{EventId, ProjectId, Timestamp};

/// The chunks of one statement.
const CHUNKS_AT_A_TIME: usize = 16;

/// Writes files; one that is there already is left as it is.
pub async fn insert(db: &mut PgConnection, attachments: &[&NewAttachment]) -> sqlx::Result<()> {
    if attachments.is_empty() {
        return Ok(());
    }
    let about = || attachments.iter().map(|attachment| &attachment.about);
    query!(
        r#"
        INSERT INTO attachments (project_id, event_id, attachment_id, received_at, kind, name,
                                 content_type, content, size, sha1)
        SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[],
                             $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bytea[])
        ON CONFLICT DO NOTHING
        "#,
        &about().map(|one| one.project_id.0).collect::<Vec<_>>(),
        &about().map(|one| one.event_id.0).collect::<Vec<_>>(),
        &about().map(|one| one.attachment_id.0).collect::<Vec<_>>(),
        &about().map(|one| one.received_at).collect::<Vec<_>>(),
        &about().map(|one| one.kind.clone()).collect::<Vec<_>>(),
        &about().map(|one| one.name.clone()).collect::<Vec<_>>(),
        &about().map(|one| one.content_type.clone()).collect::<Vec<_>>(),
        &about().map(|one| one.content.as_str().to_owned()).collect::<Vec<_>>(),
        &about().map(|one| one.size).collect::<Vec<_>>(),
        &about().map(|one| one.sha1.clone()).collect::<Vec<_>>(),
    )
    .execute(&mut *db)
    .await?;
    let chunks = attachments.iter().flat_map(|attachment| {
        attachment
            .chunks
            .iter()
            .zip(0..)
            .map(|(bytes, position)| (&attachment.about, position, bytes))
    });
    let chunks: Vec<(&Attachment, i32, &Vec<u8>)> = chunks.collect();
    for group in chunks.chunks(CHUNKS_AT_A_TIME) {
        insert_chunks(db, group).await?;
    }
    Ok(())
}

async fn insert_chunks(
    db: &mut PgConnection,
    chunks: &[(&Attachment, i32, &Vec<u8>)],
) -> sqlx::Result<()> {
    query!(
        r#"
        INSERT INTO attachment_chunks (project_id, attachment_id, position, received_at, bytes)
        SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::bytea[])
        ON CONFLICT DO NOTHING
        "#,
        &chunks.iter().map(|(one, ..)| one.project_id.0).collect::<Vec<_>>(),
        &chunks.iter().map(|(one, ..)| one.attachment_id.0).collect::<Vec<_>>(),
        &chunks.iter().map(|(_, position, _)| *position).collect::<Vec<_>>(),
        &chunks.iter().map(|(one, ..)| one.received_at).collect::<Vec<_>>(),
        &chunks.iter().map(|(.., bytes)| (*bytes).clone()).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The files of an event that came at `since` or later.
pub(super) async fn list(
    db: &mut PgConnection,
    project: ProjectId,
    event_id: EventId,
    since: Timestamp,
) -> sqlx::Result<Vec<Attachment>> {
    query_as!(
        Attachment,
        r#"
        SELECT project_id, event_id, attachment_id AS "attachment_id: AttachmentId", received_at,
               kind, name, content_type, content, size, sha1
        FROM attachments
        WHERE project_id = $1 AND event_id = $2 AND received_at >= $3
        ORDER BY received_at, name, attachment_id
        "#,
        project.0,
        event_id.0,
        since,
    )
    .fetch_all(db)
    .await
}

/// One file of an event.
pub(super) async fn find(
    db: &mut PgConnection,
    project: ProjectId,
    event_id: EventId,
    id: AttachmentId,
) -> sqlx::Result<Option<Attachment>> {
    query_as!(
        Attachment,
        r#"
        SELECT project_id, event_id, attachment_id AS "attachment_id: AttachmentId", received_at,
               kind, name, content_type, content, size, sha1
        FROM attachments
        WHERE project_id = $1 AND event_id = $2 AND attachment_id = $3
        "#,
        project.0,
        event_id.0,
        id.0,
    )
    .fetch_optional(db)
    .await
}

/// A chunk, packed.
pub(super) async fn find_chunk(
    db: &mut PgConnection,
    attachment: &Attachment,
    position: i32,
) -> sqlx::Result<Option<Vec<u8>>> {
    query_scalar!(
        r#"
        SELECT bytes FROM attachment_chunks
        WHERE project_id = $1 AND attachment_id = $2 AND position = $3 AND received_at = $4
        "#,
        attachment.project_id.0,
        attachment.attachment_id.0,
        position,
        attachment.received_at,
    )
    .fetch_optional(db)
    .await
}

/// Deletes a file's bytes.
pub(super) async fn delete_chunks(
    db: &mut PgConnection,
    attachment: &Attachment,
) -> sqlx::Result<()> {
    query!(
        "DELETE FROM attachment_chunks
         WHERE project_id = $1 AND attachment_id = $2 AND received_at = $3",
        attachment.project_id.0,
        attachment.attachment_id.0,
        attachment.received_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes what is known about a file. Whether it was there.
pub(super) async fn delete(db: &mut PgConnection, attachment: &Attachment) -> sqlx::Result<bool> {
    let deleted = query!(
        "DELETE FROM attachments
         WHERE project_id = $1 AND event_id = $2 AND attachment_id = $3 AND received_at = $4",
        attachment.project_id.0,
        attachment.event_id.0,
        attachment.attachment_id.0,
        attachment.received_at,
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected() > 0)
}
