//! The least that a server of this stack must do with a session update.

use std::borrow::Cow;
use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use chrono::{DateTime, Utc};
use picket::protocol::envelope::Envelope;
use serde::Deserialize;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::floor_process;

/// The most rows in a group.
const MAX_ROWS: usize = 1000;

#[derive(Deserialize)]
struct Update<'a> {
    sid: Uuid,
    #[serde(borrow)]
    did: Cow<'a, str>,
    started: DateTime<Utc>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    attrs: Attributes<'a>,
}

#[derive(Deserialize)]
struct Attributes<'a> {
    #[serde(borrow)]
    release: Cow<'a, str>,
    #[serde(borrow)]
    environment: Cow<'a, str>,
}

/// A row that waits for its group, and who waits for it.
struct Waiting {
    sid: Uuid,
    did: String,
    started: DateTime<Utc>,
    status: String,
    release: String,
    environment: String,
    done: oneshot::Sender<()>,
}

/// Serves session updates until told to stop.
pub(crate) fn serve(data_dir: &Path) {
    floor_process::serve(data_dir, router);
}

async fn router(db: PgPool) -> Router {
    sqlx::query(
        "CREATE TABLE floor_sessions (sid uuid PRIMARY KEY, did text NOT NULL, started timestamptz NOT NULL, \
         status text NOT NULL, release text NOT NULL, environment text NOT NULL) WITH (fillfactor = 70)",
    )
    .execute(&db)
    .await
    .unwrap();
    let (queue, receiver) = mpsc::channel(4096);
    tokio::spawn(write(db, receiver));
    Router::new().route("/", post(receive)).with_state(queue)
}

async fn receive(State(queue): State<mpsc::Sender<Waiting>>, body: Bytes) -> &'static str {
    // The size stands at the end of a gzip body.
    let size = u32::from_le_bytes(body[body.len() - 4..].try_into().unwrap()) as usize;
    let mut plain = vec![0; size];
    libdeflater::Decompressor::new().gzip_decompress(&body, &mut plain).unwrap();
    let envelope = Envelope::parse(&plain).unwrap();
    let update: Update<'_> = serde_json::from_slice(envelope.items[0].payload).unwrap();
    let (done, written) = oneshot::channel();
    let waiting = Waiting {
        sid: update.sid,
        did: update.did.into_owned(),
        started: update.started,
        status: update.status.into_owned(),
        release: update.attrs.release.into_owned(),
        environment: update.attrs.environment.into_owned(),
        done,
    };
    queue.send(waiting).await.ok().unwrap();
    written.await.unwrap();
    "{}"
}

async fn write(db: PgPool, mut queue: mpsc::Receiver<Waiting>) {
    let mut group: Vec<Waiting> = Vec::new();
    while queue.recv_many(&mut group, MAX_ROWS).await > 0 {
        // A row may be written once in a statement: the last word on each session.
        let last: std::collections::BTreeMap<Uuid, &Waiting> =
            group.iter().map(|waiting| (waiting.sid, waiting)).collect();
        let column = |get: fn(&Waiting) -> &String| {
            last.values().map(|waiting| get(waiting).as_str()).collect::<Vec<&str>>()
        };
        sqlx::query(
            "INSERT INTO floor_sessions SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], \
             $4::text[], $5::text[], $6::text[]) ON CONFLICT (sid) DO UPDATE SET status = excluded.status",
        )
        .bind(last.keys().copied().collect::<Vec<Uuid>>())
        .bind(column(|waiting| &waiting.did))
        .bind(last.values().map(|waiting| waiting.started).collect::<Vec<_>>())
        .bind(column(|waiting| &waiting.status))
        .bind(column(|waiting| &waiting.release))
        .bind(column(|waiting| &waiting.environment))
        .execute(&db)
        .await
        .unwrap();
        for waiting in group.drain(..) {
            let _ = waiting.done.send(());
        }
    }
}
