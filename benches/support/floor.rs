//! The least that a server of this stack must do with an event.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use picket::base::{EventId, IssueId, ProjectId};
use picket::domain::events::batch::{NewEvent, store};
use picket::infra::compression;
use picket::infra::db::partitions::{self, Partitioned};
use picket::protocol::envelope::Envelope;
use picket::protocol::event::{Event, Level};
use picket::protocol::lenient::Problems;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::load::Target;
use crate::server::{Cluster, wait_for};

/// The most rows in a group.
const MAX_ROWS: usize = 1000;

/// A row that waits for its group, and who waits for it.
struct Waiting {
    event_id: EventId,
    title: String,
    payload: Vec<u8>,
    done: oneshot::Sender<()>,
}

/// The running floor.
pub(crate) struct Floor {
    db: sqlx::PgPool,
    url: String,
    serving: JoinHandle<()>,
    writing: JoinHandle<()>,
}

/// Starts it.
pub(crate) async fn start(cluster: &Cluster) -> Floor {
    let db = cluster.pool();
    let today = chrono::Utc::now().date_naive();
    let mut connection = db.acquire().await.unwrap();
    partitions::ensure(&mut connection, Partitioned::Events, today..=today).await.unwrap();
    let (sender, receiver) = mpsc::channel(4096);
    let writing = tokio::spawn(write(db.clone(), receiver));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(receive)).with_state(Arc::new(sender));
    let serving = tokio::spawn(async move {
        axum::serve(listener, router).await.unwrap();
    });
    Floor { db, url, serving, writing }
}

async fn receive(State(queue): State<Arc<mpsc::Sender<Waiting>>>, body: Bytes) -> &'static str {
    // The size stands at the end of a gzip body.
    let size = u32::from_le_bytes(body[body.len() - 4..].try_into().unwrap()) as usize;
    let mut plain = vec![0; size];
    libdeflater::Decompressor::new().gzip_decompress(&body, &mut plain).unwrap();
    let envelope = Envelope::parse(&plain).unwrap();
    let event = Event::read(envelope.items[0].payload, &Problems::default()).unwrap().unwrap();
    let payload = compression::compress(envelope.items[0].payload, None);
    let (done, written) = oneshot::channel();
    let event_id = envelope.header.event_id.unwrap();
    let title = event.platform().to_owned();
    queue.send(Waiting { event_id, title, payload, done }).await.ok().unwrap();
    written.await.unwrap();
    "{}"
}

async fn write(db: sqlx::PgPool, mut queue: mpsc::Receiver<Waiting>) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, MAX_ROWS).await > 0 {
        let now = chrono::Utc::now();
        let rows: Vec<NewEvent<'_>> = group
            .iter()
            .map(|waiting: &Waiting| NewEvent {
                project_id: ProjectId(1),
                event_id: waiting.event_id,
                issue_id: IssueId(1),
                received_at: now,
                occurred_at: now,
                level: Level::Error,
                primary_hash: "d41d8cd98f00b204e9800998ecf8427e",
                environment: None,
                release: None,
                user_label: None,
                title: &waiting.title,
                transaction: None,
                payload: Some((&waiting.payload[..]).into()),
            })
            .collect();
        let mut tx = db.begin().await.unwrap();
        store::insert(&mut tx, &rows).await.unwrap();
        tx.commit().await.unwrap();
        for waiting in group.drain(..) {
            let _ = waiting.done.send(());
        }
    }
}

impl Target for Floor {
    fn url(&self) -> String {
        self.url.clone()
    }

    async fn wait_for(&self, count: usize) {
        wait_for(&self.db, count).await;
    }

    async fn stop(self) {
        self.serving.abort();
        let _ = self.serving.await;
        self.writing.abort();
        sqlx::query("TRUNCATE events").execute(&self.db).await.unwrap();
    }
}
