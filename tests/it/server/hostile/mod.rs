//! Two hundred clients that mean no good, at once, against the program as people run it.

mod bodies;
mod clients;

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use picket::base::EventId;
use sqlx::PgConnection;
use tokio::task::JoinSet;

use crate::support::process::{Installation, Process};
use bodies::COLLIDING_ID;
use clients::{Deed, Target};

/// Clients at a time.
const CLIENTS: usize = 200;

/// What each of them does one after the other.
const DEEDS: usize = 2;

/// How long the honest client waits between two events.
const PAUSE: Duration = Duration::from_millis(100);

/// The budget of the whole process, whatever happens.
const MEMORY_BUDGET: u64 = 250 << 20;

/// What an honest client is ready to wait.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(1);

/// How long it may take until all that was accepted is stored.
const STORED_WITHIN: Duration = Duration::from_mins(3);

/// An honest client that sends an event now and then.
struct Honest {
    http: reqwest::Client,
    url: String,
    sent: Vec<EventId>,
    waited: Vec<Duration>,
}

impl Honest {
    fn new(process: &Process, target: &Target) -> Self {
        let (project, key) = (&target.project, &target.key);
        let url = format!("{}/api/{project}/store/?sentry_key={key}", process.url);
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self { http, url, sent: Vec::new(), waited: Vec::new() }
    }

    async fn send(&mut self) {
        let id = EventId::random();
        let event = serde_json::json!({
            "event_id": id.to_string(), "exception": [{"type": "HonestError", "value": "it broke"}],
        });
        let started = Instant::now();
        let answer = self.http.post(&self.url).body(event.to_string()).send().await.unwrap();
        self.waited.push(started.elapsed());
        assert_eq!(answer.status(), 200, "an honest client is not refused");
        self.sent.push(id);
    }

    /// How long the acknowledgements took: half of them, 95 of 100, all.
    fn waits(&mut self) -> [Duration; 3] {
        self.waited.sort();
        let last = self.waited.len() - 1;
        [last / 2, last * 95 / 100, last].map(|place| self.waited[place])
    }

    /// Sends until `others` are done.
    async fn send_while(&mut self, others: impl Future<Output = ()>) {
        let mut others = pin!(others);
        loop {
            self.send().await;
            if tokio::time::timeout(PAUSE, &mut others).await.is_ok() {
                return;
            }
        }
    }
}

/// Everything there is to do, so often that every client has enough.
fn deeds(target: &Target) -> Vec<Deed> {
    let mut deeds: Vec<_> = bodies::all().into_iter().map(Deed::Send).collect();
    deeds.extend(clients::tricks(target));
    for bytes in [1, 10_000, 1 << 20, 10 << 20] {
        deeds.push(Deed::Stall(bytes));
    }
    deeds.extend([Deed::Drip, Deed::HalfClose, Deed::Vanish]);
    deeds
}

/// Whatever was answered and should not have been.
async fn attack(target: &Target) -> Vec<(&'static str, Option<u16>)> {
    let deeds = Arc::new(deeds(target));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (target, deeds) = (target.clone(), deeds.clone());
        clients.spawn(async move {
            let mut wrong = Vec::new();
            for round in 0..DEEDS {
                let deed = &deeds[(client + round * CLIENTS) % deeds.len()];
                let status = target.suffer(deed.clone()).await;
                if !deed.may_be_answered(status) {
                    wrong.push((deed.name(), status));
                }
            }
            wrong
        });
    }
    clients.join_all().await.into_iter().flatten().collect()
}

/// How many events have the id that all hostile ones have.
async fn twins(db: &mut PgConnection) -> i64 {
    let id: EventId = COLLIDING_ID.parse().unwrap();
    let count = sqlx::query_scalar("SELECT count(*) FROM events WHERE event_id = $1").bind(id.0);
    count.fetch_one(db).await.unwrap()
}

/// How many of `ids` are stored, and as how many issues.
async fn stored(db: &mut PgConnection, ids: &[EventId]) -> (usize, usize) {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let (events, issues): (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(DISTINCT part_id) FROM events WHERE event_id = ANY($1)",
    )
    .bind(ids)
    .fetch_one(db)
    .await
    .unwrap();
    (usize::try_from(events).unwrap(), usize::try_from(issues).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_hostile_clients_at_once_harm_nobody_else() {
    let installation = Installation::new();
    let process = installation.start().await;
    let project = installation.json(&["project", "create", "storm", "--json"]).await;
    let target = Target {
        address: process.url.strip_prefix("http://").unwrap().to_owned(),
        project: project["id"].as_str().unwrap().to_owned(),
        key: project["public_key"].as_str().unwrap().to_owned(),
    };
    let mut honest = Honest::new(&process, &target);
    honest.send().await;
    let idle = process.memory("VmRSS");

    let mut wrong = Vec::new();
    let started = Instant::now();
    honest.send_while(async { wrong = attack(&target).await }).await;
    let attacked = started.elapsed();

    let mut db = installation.connect().await;
    let all_stored = async {
        while stored(&mut db, &honest.sent).await.0 < honest.sent.len() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(STORED_WITHIN, all_stored).await.expect("honest events are stored");
    let peak = process.memory("VmHWM");
    let [median, slow, worst] = honest.waits();
    eprintln!(
        "{CLIENTS} hostile clients for {attacked:.1?}: memory {} MiB before, {} MiB at most; {} honest \
         events acknowledged in {median:.0?} (median), {slow:.0?} (95 %), {worst:.0?} (all); stored \
         {:.1?} after the beginning",
        idle >> 20,
        peak >> 20,
        honest.sent.len(),
        started.elapsed(),
    );
    assert_eq!(wrong, []);
    assert_eq!(stored(&mut db, &honest.sent).await.1, 1, "they are one problem");
    assert!(peak < MEMORY_BUDGET, "{} MiB", peak >> 20);
    assert!(slow < ACKNOWLEDGED_WITHIN, "{slow:?}");
    let quarantine = std::fs::read_dir(installation.data_dir().join("quarantine"));
    let undigested = quarantine.map_or(0, |files| files.flatten().filter(is_undigested).count());
    assert_eq!(undigested, 0, "no event made the pipeline stumble");
    assert_eq!(twins(&mut db).await, 1, "of events with one id the first is kept");
    process.stop().await;
}

/// Events that are no JSON are kept to look at; everything else in the quarantine is a fault of ours.
fn is_undigested(file: &std::fs::DirEntry) -> bool {
    let text = std::fs::read_to_string(file.path()).unwrap_or_default();
    file.path().extension().is_some_and(|end| end == "json") && text.contains("panicked")
}
