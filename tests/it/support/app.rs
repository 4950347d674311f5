//! A whole Picket in the test's own process, on a free port, with its own database and journal.

use std::path::PathBuf;
use std::time::Duration;

use picket::app::{App, Essentials, Parts};
use picket::base::{Clock, OrganizationId, ProjectId};
use picket::config::Config;
use picket::domain::journal::{self, LaneKey};
use picket::domain::organizations;
use picket::domain::projects::{self, NewProject};
use picket::infra::compression::Dictionaries;
use picket::infra::throttle::Throttle;
use picket::server::{self, lanes};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::database::{TestDatabase, database};

/// How long anything may take before a test gives up; only reached when something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running Picket. Stop it with [`TestApp::stop`]: that checks that it stops in order.
pub(crate) struct TestApp {
    /// Its handles.
    pub(crate) app: App,
    /// Where it listens, without a slash at the end.
    pub(crate) url: String,
    /// For requests; follows no redirects and keeps no cookies.
    pub(crate) http: reqwest::Client,
    /// Its organization.
    pub(crate) organization: OrganizationId,
    shutdown: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<anyhow::Result<()>>>,
    _database: TestDatabase,
    data: TempDir,
}

/// A project and how to send to it.
#[derive(Clone, Debug)]
pub(crate) struct TestProject {
    /// Its id.
    pub(crate) id: ProjectId,
    /// Its public key.
    pub(crate) key: String,
    /// What an SDK is given.
    pub(crate) dsn: String,
}

impl TestApp {
    /// Starts with the usual settings.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts with settings changed by `adjust`.
    pub(crate) async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(Clock::system(), adjust).await
    }

    /// Starts with another clock.
    pub(crate) async fn start_at(clock: Clock, adjust: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(database().await, clock, adjust).await
    }

    /// Starts on a database that the test has prepared.
    pub(crate) async fn start_on(
        database: TestDatabase,
        clock: Clock,
        adjust: impl FnOnce(&mut Config),
    ) -> Self {
        let data = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = Config { data_dir: data.path().to_owned(), ..Config::default() };
        config.server.listen = address.to_string();
        adjust(&mut config);
        let journals = lanes::open_journals(&config, clock.clone()).unwrap();
        let app = App::new(Parts {
            essentials: Essentials { db: database.pool.clone(), config, clock },
            journals,
            dictionaries: Dictionaries::default(),
            sign_in_throttle: Throttle::default(),
        });
        let mut tx = app.db.begin().await.unwrap();
        let now = app.clock.now();
        let organization = organizations::find_or_create_default(&mut tx, now).await.unwrap().id;
        tx.commit().await.unwrap();
        let (shutdown, asked) = oneshot::channel();
        let stopped = async {
            let _ = asked.await;
        };
        #[expect(clippy::disallowed_methods, reason = "the test stands above the lifecycle")]
        let served = tokio::spawn(server::serve(app.clone(), listener, stopped));
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            app,
            url: format!("http://{address}"),
            http,
            organization,
            shutdown: Some(shutdown),
            served: Some(served),
            _database: database,
            data,
        }
    }

    /// Its data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// Creates a project.
    pub(crate) async fn create_project(&self, name: &str) -> TestProject {
        let new = NewProject {
            organization_id: self.organization,
            name: name.to_owned(),
            platform: None,
            team: None,
        };
        let (project, key) = projects::create(&self.app, new).await.unwrap();
        let dsn = projects::dsn(&self.app.config.server, &key.public_key, project.id);
        TestProject { id: project.id, key: key.public_key, dsn }
    }

    /// Creates the project that the corpus was recorded for, with its id and key.
    pub(crate) async fn create_corpus_project(&self) -> TestProject {
        let statements = [
            "INSERT INTO projects (id, organization_id, team_id, slug, name, created_at) OVERRIDING SYSTEM VALUE
             SELECT 42, organization_id, id, 'shop', 'Shop', '2026-11-22T12:00:00Z' FROM teams",
            "INSERT INTO project_keys (public_key, project_id, label, created_at)
             VALUES ('0123456789abcdef0123456789abcdef', 42, 'Default', '2026-11-22T12:00:00Z')",
        ];
        for statement in statements {
            sqlx::query(statement).execute(&self.app.db).await.unwrap();
        }
        let key = "0123456789abcdef0123456789abcdef".to_owned();
        let dsn = projects::dsn(&self.app.config.server, &key, ProjectId(42));
        TestProject { id: ProjectId(42), key, dsn }
    }

    /// Waits until everything that was accepted so far has taken effect.
    pub(crate) async fn settle(&self) {
        for lane in self.app.journals.lanes() {
            let accepted = lane.journal.stats().durable_end.0;
            let key = LaneKey { node: self.app.journals.node(), lane: lane.number };
            let reached = async {
                loop {
                    let mut db = self.app.db.acquire().await.unwrap();
                    let position = journal::store::find_position(&mut db, key).await.unwrap();
                    drop(db);
                    if position.cast_unsigned() >= accepted {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(PATIENCE, reached).await.expect("the journal is worked off");
        }
    }

    /// Sends `body` as an envelope, uncompressed, as curl would.
    pub(crate) async fn send_envelope(
        &self,
        project: &TestProject,
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Response {
        self.http
            .post(format!("{}/api/{}/envelope/", self.url, project.id))
            .header("X-Sentry-Auth", format!("Sentry sentry_key={}, sentry_version=7", project.key))
            .body(body)
            .send()
            .await
            .unwrap()
    }

    /// What became of everything: category, outcome, reason and quantity, sorted.
    pub(crate) async fn outcomes(&self) -> Vec<(String, String, String, i64)> {
        sqlx::query_as(
            "SELECT category, outcome, reason, sum(quantity)::bigint FROM outcomes
             GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        )
        .fetch_all(&self.app.db)
        .await
        .unwrap()
    }

    /// The same as lines: `category outcome reason quantity`.
    pub(crate) async fn outcome_lines(&self) -> Vec<String> {
        let outcomes = self.outcomes().await.into_iter();
        outcomes
            .map(|(category, outcome, why, n)| format!("{category} {outcome} {why} {n}"))
            .collect()
    }

    /// Stops in order and checks that it does.
    pub(crate) async fn stop(mut self) {
        if let (Some(shutdown), Some(served)) = (self.shutdown.take(), self.served.take()) {
            let _ = shutdown.send(());
            tokio::time::timeout(PATIENCE, served).await.expect("it stops").unwrap().unwrap();
        }
    }
}
