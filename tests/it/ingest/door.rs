//! A front door on a free port, with a real journal and a real database, and nothing behind it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::{Router, ServiceExt};
use picket::app::{App, Essentials, Parts};
use picket::base::{Clock, ProjectId};
use picket::config::Config;
use picket::domain::usage::Recorder;
use picket::infra::compression::Dictionaries;
use picket::infra::db::partitions::{self, Partitioned};
use picket::infra::journal::{self, Journals, Position};
use picket::infra::throttle::Throttle;
use picket::ingest::{self, Options, Patience};
use picket::protocol::accepted::AcceptedEnvelope;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tower::Layer;
use tower::util::MapRequestLayer;

use crate::support::{TestDatabase, database};

/// The key and project of the corpus.
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const PROJECT: ProjectId = ProjectId(42);

/// Another project of the same server.
pub(crate) const OTHER_KEY: &str = "ffffffffffffffffffffffffffffffff";
pub(crate) const OTHER_PROJECT: ProjectId = ProjectId(43);

/// An event id.
pub(crate) const ID: &str = "fc6d8c0c43fc4630ad850ee518f1b9d0";

/// A front door that is open.
pub(crate) struct Door {
    /// Its handles.
    pub(crate) app: App,
    /// Where it listens, without a slash at the end.
    pub(crate) url: String,
    /// The same.
    pub(crate) address: SocketAddr,
    /// For requests.
    pub(crate) http: reqwest::Client,
    /// What answers, without the network in between.
    pub(crate) router: Router,
    usage: Arc<Recorder>,
    server: JoinHandle<()>,
    _data: TempDir,
    _database: TestDatabase,
}

/// How a door differs from the usual.
pub(crate) struct Setting {
    /// What the front door takes upon itself.
    pub(crate) options: Options,
    /// What the journal holds.
    pub(crate) journal_bytes: u64,
    /// The settings.
    pub(crate) config: Config,
    /// The time.
    pub(crate) clock: Clock,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            options: Options::default(),
            journal_bytes: 1 << 30,
            config: Config::default(),
            clock: Clock::system(),
        }
    }
}

impl Door {
    pub(crate) async fn open() -> Self {
        Self::open_with(Setting::default()).await
    }

    pub(crate) async fn open_with(setting: Setting) -> Self {
        let database = database().await;
        let data = tempfile::tempdir().unwrap();
        let quarantine = data.path().join("quarantine");
        let clock = setting.clock;
        let options = journal::Options::new(setting.journal_bytes, quarantine, clock.clone());
        let app = App::new(Parts {
            essentials: Essentials { db: database.pool.clone(), config: setting.config, clock },
            journals: Journals::open(data.path(), 1, &options).unwrap(),
            dictionaries: Dictionaries::default(),
            sign_in_throttle: Throttle::default(),
        });
        create_projects(&app).await;
        let usage = Arc::new(Recorder::default());
        let router = ingest::router_with(app.clone(), usage.clone(), setting.options);
        let collapsing = MapRequestLayer::new(ingest::collapse_slashes).layer(router.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service =
            ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(collapsing);
        #[expect(clippy::disallowed_methods, reason = "the test stands above the lifecycle")]
        let server = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self {
            app,
            url: format!("http://{address}"),
            address,
            http: reqwest::Client::builder().timeout(Duration::from_mins(1)).build().unwrap(),
            router,
            usage,
            server,
            _data: data,
            _database: database,
        }
    }

    /// A request to the project's envelope endpoint, without credentials.
    pub(crate) fn post(&self) -> RequestBuilder {
        self.http.post(format!("{}/api/{PROJECT}/envelope/", self.url))
    }

    /// The same with credentials.
    pub(crate) fn post_as_curl(&self) -> RequestBuilder {
        self.post().header("X-Sentry-Auth", credentials(KEY))
    }

    /// Sends an envelope with credentials.
    pub(crate) async fn send(&self, body: impl Into<reqwest::Body>) -> Answer {
        answer(self.post_as_curl().body(body)).await
    }

    /// Sends an event to the old endpoint with credentials.
    pub(crate) async fn send_to_store(&self, body: impl Into<reqwest::Body>) -> Answer {
        let url = format!("{}/api/{PROJECT}/store/", self.url);
        answer(self.http.post(url).header("X-Sentry-Auth", credentials(KEY)).body(body)).await
    }

    /// Everything that is in the journal.
    pub(crate) async fn kept(&self) -> Vec<AcceptedEnvelope<'static>> {
        let journal = &self.app.journals.lane_for(PROJECT).journal;
        let end = journal.stats().durable_end;
        let mut reader = journal.reader(Position(0));
        let mut kept = Vec::new();
        let mut reached = Position(0);
        while reached < end {
            for record in reader.next(1000, usize::MAX).await.unwrap() {
                reached = record.end;
                let accepted = AcceptedEnvelope::decode(&record.bytes).unwrap();
                kept.push(AcceptedEnvelope { body: accepted.body.into_owned().into(), ..accepted });
            }
        }
        kept
    }

    /// What was counted as refused: category, outcome, reason and quantity, sorted.
    pub(crate) async fn refused(&self) -> Vec<(String, String, String, i64)> {
        let mut db = self.app.db.acquire().await.unwrap();
        let today = self.app.clock.now().date_naive();
        partitions::ensure(&mut db, Partitioned::Outcomes, today..=today).await.unwrap();
        self.usage.flush(&self.app.db).await.unwrap();
        sqlx::query_as(
            "SELECT category, outcome, reason, quantity FROM outcomes ORDER BY category, reason",
        )
        .fetch_all(&mut *db)
        .await
        .unwrap()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Patience that ends soon, for tests that wait for its end.
pub(crate) fn impatience() -> Options {
    let patience = Patience {
        pause: Duration::from_millis(50),
        body: Duration::from_millis(100),
        memory: Duration::from_millis(50),
        ..Patience::default()
    };
    Options { patience, ..Options::default() }
}

/// A value for `X-Sentry-Auth`.
pub(crate) fn credentials(key: &str) -> String {
    format!("Sentry sentry_key={key}, sentry_version=7, sentry_client=curl/1")
}

/// An envelope with one small event.
pub(crate) fn event() -> String {
    format!("{{\"event_id\":\"{ID}\"}}\n{{\"type\":\"event\"}}\n{{\"message\":\"hi\"}}")
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The value of a header, empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The message of a refusal.
    pub(crate) fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }

    /// The id of what was accepted.
    pub(crate) fn id(&self) -> &str {
        assert_eq!(self.status, 200, "{self:?}");
        self.body["id"].as_str().unwrap()
    }
}

/// Sends a request whose answer is JSON.
pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

async fn read(response: Response) -> Answer {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let bytes = response.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status, headers, body }
}

/// The projects and keys have to be those of the corpus, so they are not made the usual way.
async fn create_projects(app: &App) {
    let statements = [
        "INSERT INTO organizations (slug, name, created_at) VALUES ('corpus', 'Corpus', now())",
        "INSERT INTO teams (organization_id, slug, name, created_at)
         SELECT id, 'corpus', 'Corpus', now() FROM organizations",
        "INSERT INTO projects (id, organization_id, team_id, slug, name, created_at) OVERRIDING SYSTEM VALUE
         SELECT project, organization_id, id, 'p' || project, 'P', now()
         FROM teams, (VALUES (42), (43)) p (project)",
        "INSERT INTO project_keys (public_key, project_id, label, created_at) VALUES
         ('0123456789abcdef0123456789abcdef', 42, 'Default', now()),
         ('ffffffffffffffffffffffffffffffff', 43, 'Default', now())",
    ];
    for statement in statements {
        sqlx::query(statement).execute(&app.db).await.unwrap();
    }
}
