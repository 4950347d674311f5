//! `kill -9` in the middle of the work: what was acknowledged is stored and counted, exactly once.

mod disk;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use picket::base::EventId;
use tokio::task::JoinSet;

use crate::support::process::{Installation, Process, postmaster};

/// Clients that send at the same time.
const CLIENTS: usize = 16;

/// How long everything acknowledged may take to be stored after the crash.
const PATIENCE: Duration = Duration::from_mins(1);

/// A load of events, and which of them were acknowledged.
struct Load {
    running: JoinSet<Vec<EventId>>,
    acknowledged: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    enough: Arc<AtomicBool>,
}

impl Load {
    /// Starts clients that send until told to stop or refused a connection for good.
    fn start(process: &Process, project: &serde_json::Value) -> Self {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let refused = Arc::new(AtomicUsize::new(0));
        let enough = Arc::new(AtomicBool::new(false));
        let mut running = JoinSet::new();
        for client in 0..CLIENTS {
            let url = format!("{}/api/{}/store/", process.url, project["id"].as_str().unwrap());
            let key = project["public_key"].as_str().unwrap().to_owned();
            let client = Client { number: client, url, key };
            let (acknowledged, refused) = (acknowledged.clone(), refused.clone());
            running.spawn(client.send_all(acknowledged, refused, enough.clone()));
        }
        Self { running, acknowledged, refused, enough }
    }

    /// Waits until `count` events are acknowledged.
    async fn reach(&self, count: usize) {
        let reached = reach(&self.acknowledged, count);
        tokio::time::timeout(PATIENCE, reached).await.expect("events are acknowledged");
    }

    /// Waits until `count` events are refused.
    async fn be_refused(&self, count: usize) {
        let reached = reach(&self.refused, count);
        tokio::time::timeout(PATIENCE, reached).await.expect("events are refused");
    }

    /// Stops the clients; returns what was acknowledged.
    async fn stop(self) -> HashSet<EventId> {
        self.enough.store(true, Ordering::SeqCst);
        self.running.join_all().await.into_iter().flatten().collect()
    }
}

async fn reach(counter: &AtomicUsize, count: usize) {
    while counter.load(Ordering::SeqCst) < count {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// One that sends.
struct Client {
    number: usize,
    url: String,
    key: String,
}

impl Client {
    /// Sends events of twenty kinds one after the other; an event that is not acknowledged is not sent again.
    async fn send_all(
        self,
        acknowledged: Arc<AtomicUsize>,
        refused: Arc<AtomicUsize>,
        enough: Arc<AtomicBool>,
    ) -> Vec<EventId> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
        let mut kept = Vec::new();
        for number in 0.. {
            if enough.load(Ordering::SeqCst) {
                break;
            }
            let id = EventId::random();
            match self.send(&http, id, number).await {
                Ok(answer) if answer.status().is_success() => {
                    kept.push(id);
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                Ok(_) => drop(refused.fetch_add(1, Ordering::SeqCst)),
                // Nobody is there any more, or not yet again.
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        kept
    }

    async fn send(
        &self,
        http: &reqwest::Client,
        id: EventId,
        number: usize,
    ) -> reqwest::Result<reqwest::Response> {
        let kind = (self.number + number) % 20;
        let body = serde_json::json!({
            "event_id": id,
            "platform": "python",
            "exception": [{ "type": format!("Error{kind}"), "value": "it broke" }],
            "user": { "id": self.number },
        });
        http.post(&self.url)
            .header("X-Sentry-Auth", format!("Sentry sentry_key={}, sentry_version=7", self.key))
            .body(body.to_string())
            .send()
            .await
    }
}

/// What the database says about the project.
#[derive(Debug, PartialEq, Eq)]
struct Totals {
    events: i64,
    on_issues: i64,
    by_hour: i64,
    by_tag: i64,
    waiting_tags: i64,
    accepted: i64,
    issues: i64,
}

/// Waits until at least `count` events are stored, then reads everything that counts them.
async fn totals(installation: &Installation, count: usize) -> (Totals, HashSet<EventId>) {
    let mut db = installation.connect().await;
    let reached = async {
        loop {
            let stored: i64 =
                sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut db).await.unwrap();
            if stored >= i64::try_from(count).unwrap() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("everything acknowledged is stored");
    let (events, on_issues, by_hour, by_tag, waiting_tags, accepted, issues) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM events),
                (SELECT sum(event_count)::bigint FROM issues),
                (SELECT sum(event_count)::bigint FROM issue_hours),
                (SELECT sum(event_count)::bigint FROM issue_tags WHERE key = 'level'),
                (SELECT count(*) FROM waiting_tags),
                (SELECT sum(quantity)::bigint FROM outcomes WHERE outcome = 'accepted'),
                (SELECT count(*) FROM issues)",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    let ids: Vec<EventId> =
        sqlx::query_scalar("SELECT event_id FROM events").fetch_all(&mut db).await.unwrap();
    (
        Totals { events, on_issues, by_hour, by_tag, waiting_tags, accepted, issues },
        ids.into_iter().collect(),
    )
}

/// Everything acknowledged is stored, and every counter says the same. An event whose answer was lost
/// in the crash may be stored too: it was kept, and nobody could say so.
async fn assert_nothing_lost(installation: &Installation, acknowledged: &HashSet<EventId>) {
    let (totals, stored) = totals(installation, acknowledged.len()).await;
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{} acknowledged events are not stored", lost.len());
    let unanswered = stored.len() - acknowledged.len();
    assert!(unanswered <= CLIENTS, "{unanswered} events are stored that nobody was told about");
    let events = i64::try_from(stored.len()).unwrap();
    let expected = Totals {
        events,
        on_issues: events,
        by_hour: events,
        by_tag: events,
        waiting_tags: 0,
        accepted: events,
        issues: 20,
    };
    assert_eq!(totals, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_event_is_lost_or_doubled_when_picket_is_killed() {
    let installation = Installation::new();
    let process = installation.start().await;
    let project = installation.json(&["project", "create", "Crash", "--json"]).await;

    let load = Load::start(&process, &project);
    load.reach(300).await;
    process.kill().await;
    let acknowledged = load.stop().await;
    let process = installation.start().await;

    assert_nothing_lost(&installation, &acknowledged).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_event_is_lost_or_doubled_when_postgres_is_killed() {
    let installation = Installation::new();
    let process = installation.start().await;
    let project = installation.json(&["project", "create", "Crash", "--json"]).await;

    let load = Load::start(&process, &project);
    load.reach(200).await;
    kill(postmaster(&installation.data_dir()), Signal::SIGKILL).unwrap();
    let before = load.acknowledged.load(Ordering::SeqCst);
    load.reach(before + 200).await;
    let acknowledged = load.stop().await;

    assert_nothing_lost(&installation, &acknowledged).await;
    process.stop().await;
}
