//! The least that a server of this stack must do with an event.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use picket::base::{EventId, PartId, ProjectId};
use picket::domain::events::batch::{NewEvent, store};
use picket::infra::compression::{self, Dictionary, FIRST_ID};
use picket::infra::db::partitions::{self, Partitioned};
use picket::protocol::envelope::Envelope;
use picket::protocol::event::Level;
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use crate::floor_process;

/// The most rows in a group.
const MAX_ROWS: usize = 1000;

/// An event as far as its row and a stack trace go, borrowed from the body.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    platform: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    environment: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    release: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    transaction: Option<Cow<'a, str>>,
    #[serde(borrow)]
    exception: Exceptions<'a>,
    #[serde(borrow, default)]
    tags: Option<&'a RawValue>,
    #[serde(borrow, default)]
    contexts: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Exceptions<'a> {
    #[serde(borrow)]
    values: Vec<Exception<'a>>,
}

#[derive(Deserialize)]
struct Exception<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    value: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    stacktrace: Option<Stacktrace<'a>>,
}

#[derive(Deserialize)]
struct Stacktrace<'a> {
    #[serde(borrow, default)]
    frames: Vec<Frame<'a>>,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default)]
    filename: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    function: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    module: Option<Cow<'a, str>>,
    #[serde(default)]
    lineno: Option<u64>,
    #[serde(default)]
    in_app: Option<bool>,
}

/// A row that waits for its group, and who waits for it.
struct Waiting {
    event_id: EventId,
    title: String,
    environment: Option<String>,
    release: Option<String>,
    transaction: Option<String>,
    payload: Vec<u8>,
    done: oneshot::Sender<()>,
}

/// What requests share.
struct Shared {
    queue: mpsc::Sender<Waiting>,
    dictionary: Dictionary,
}

/// Serves events until told to stop.
pub(crate) fn serve(data_dir: &Path) {
    floor_process::serve(data_dir, router);
}

async fn router(db: PgPool) -> Router {
    let today = chrono::Utc::now().date_naive();
    let mut connection = db.acquire().await.unwrap();
    for table in [Partitioned::Events, Partitioned::Outcomes] {
        partitions::ensure(&mut connection, table, today..=today.succ_opt().unwrap())
            .await
            .unwrap();
    }
    drop(connection);
    let (queue, receiver) = mpsc::channel(4096);
    tokio::spawn(write(db, receiver));
    let shared = Shared { queue, dictionary: dictionary() };
    Router::new().route("/", post(receive)).with_state(Arc::new(shared))
}

/// Made of the very events that are sent.
fn dictionary() -> Dictionary {
    let events: Vec<String> = crate::bodies::corpus().iter().map(ToString::to_string).collect();
    // The trainer wants many documents; it is no worse for seeing some twice.
    let samples: Vec<&String> = events.iter().cycle().take(600).collect();
    Dictionary::new(&compression::train(&samples, FIRST_ID).unwrap()).unwrap()
}

async fn receive(State(shared): State<Arc<Shared>>, body: Bytes) -> &'static str {
    // The size stands at the end of a gzip body.
    let size = u32::from_le_bytes(body[body.len() - 4..].try_into().unwrap()) as usize;
    let mut plain = vec![0; size];
    libdeflater::Decompressor::new().gzip_decompress(&body, &mut plain).unwrap();
    let envelope = Envelope::parse(&plain).unwrap();
    let item = &envelope.items[0];
    let event: Event<'_> = serde_json::from_slice(item.payload).unwrap();
    let (done, written) = oneshot::channel();
    let waiting = Waiting {
        event_id: envelope.header.event_id.unwrap(),
        title: title(&event),
        environment: event.environment.map(Cow::into_owned),
        release: event.release.map(Cow::into_owned),
        transaction: event.transaction.map(Cow::into_owned),
        payload: compression::compress(item.payload, Some(&shared.dictionary)),
        done,
    };
    shared.queue.send(waiting).await.ok().unwrap();
    written.await.unwrap();
    "{}"
}

/// Looks at what was parsed, so that parsing it is not optimised away.
fn title(event: &Event<'_>) -> String {
    let known = [event.tags, event.contexts].iter().flatten().count();
    let last = event.exception.values.last();
    let frames = last.and_then(|one| one.stacktrace.as_ref()).map_or(&[][..], |one| &one.frames);
    let app = frames.iter().filter(|frame| {
        let names = [&frame.filename, &frame.function, &frame.module];
        frame.in_app == Some(true) && frame.lineno.is_some() && names.iter().any(|n| n.is_some())
    });
    let kind = last.and_then(|one| one.kind.as_deref()).unwrap_or_default();
    let value = last.and_then(|one| one.value.as_deref()).unwrap_or_default();
    let platform = event.platform.as_deref().unwrap_or_default();
    let value: String = value.chars().take(100).collect();
    format!("{kind}: {value} {platform} {} {known}", app.count()).replace('\0', "")
}

async fn write(db: PgPool, mut queue: mpsc::Receiver<Waiting>) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, MAX_ROWS).await > 0 {
        let rows: Vec<NewEvent<'_>> = group.iter().map(row).collect();
        let mut tx = db.begin().await.unwrap();
        store::insert(&mut tx, &rows).await.unwrap();
        tx.commit().await.unwrap();
        for waiting in group.drain(..) {
            let _ = waiting.done.send(());
        }
    }
}

fn row(waiting: &Waiting) -> NewEvent<'_> {
    let now = chrono::Utc::now();
    NewEvent {
        project_id: ProjectId(1),
        event_id: waiting.event_id,
        part_id: PartId(1),
        received_at: now,
        occurred_at: now,
        level: Level::Error,
        primary_hash: "d41d8cd98f00b204e9800998ecf8427e",
        environment: waiting.environment.as_deref(),
        release: waiting.release.as_deref(),
        user_label: None,
        title: &waiting.title,
        transaction: waiting.transaction.as_deref(),
        payload: Some((&waiting.payload[..]).into()),
    }
}
