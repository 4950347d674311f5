//! The least that a server of this stack must do with a session update.

use std::borrow::Cow;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use chrono::{DateTime, Utc};
use picket::config::Config;
use picket::infra::db::{self, Purpose};
use picket::protocol::envelope::Envelope;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::program::{PICKET, printed_address};

/// The argument that makes this program the floor.
pub(crate) const MODE: &str = "serve-the-floor";

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

/// Starts it as a process of its own.
pub(crate) fn spawn(data_dir: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([MODE.as_ref(), data_dir.as_os_str()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let address = printed_address(&mut child);
    (child, address)
}

/// Serves until told to stop.
pub(crate) fn serve(data_dir: &Path) {
    let data_dir = data_dir.to_owned();
    // As many threads as Picket has: the benchmark's own runtime has one.
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(serve_on_all_cores(&data_dir));
    })
    .join()
    .unwrap();
}

async fn serve_on_all_cores(data_dir: &Path) {
    let config = Config { data_dir: data_dir.to_owned(), ..Config::default() };
    let database = db::open(&config, Purpose::Serve, PICKET.as_ref()).await.unwrap();
    sqlx::query(
        "CREATE TABLE floor_sessions (sid uuid PRIMARY KEY, did text NOT NULL, started timestamptz NOT NULL, \
         status text NOT NULL, release text NOT NULL, environment text NOT NULL) WITH (fillfactor = 70)",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let (queue, receiver) = mpsc::channel(4096);
    let writing = tokio::spawn(write(database.pool.clone(), receiver));
    let router = Router::new().route("/", post(receive)).with_state(queue);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let mut terminated = signal(SignalKind::terminate()).unwrap();
    tokio::select! {
        result = axum::serve(listener, router) => result.unwrap(),
        _ = terminated.recv() => {}
    }
    writing.abort();
    database.close().await;
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

async fn write(db: sqlx::PgPool, mut queue: mpsc::Receiver<Waiting>) {
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
