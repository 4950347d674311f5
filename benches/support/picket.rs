//! A private Postgres for the benchmark, and a whole Picket on it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use picket::app::{App, Essentials, Parts};
use picket::base::Clock;
use picket::config::Config;
use picket::domain::projects;
use picket::infra::compression::Dictionaries;
use picket::infra::db::{self, Database, Purpose};
use picket::infra::throttle::Throttle;
use picket::server::{self, lanes};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::load::Target;

/// Postgres, with full durability.
pub(crate) struct Cluster {
    database: Database,
    data: TempDir,
}

impl Cluster {
    /// Makes and starts one in the system's temporary folder.
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Config { data_dir: data.path().join("data"), ..Config::default() };
        let shim = PathBuf::from(env!("CARGO_BIN_EXE_picket"));
        let database = db::open(&config, Purpose::Serve, &shim).await.unwrap();
        Self { database, data }
    }

    /// Its data directory.
    pub(crate) fn data_dir(&self) -> &Path {
        // Lives as long as the directory itself.
        Path::new(Box::leak(self.data.path().join("data").into_boxed_path()))
    }

    /// Its connections.
    pub(crate) fn pool(&self) -> sqlx::PgPool {
        self.database.pool.clone()
    }

    /// Stops it.
    pub(crate) async fn stop(self) {
        self.database.close().await;
    }
}

/// A running Picket.
pub(crate) struct Picket {
    app: App,
    url: String,
    shutdown: oneshot::Sender<()>,
    served: JoinHandle<anyhow::Result<()>>,
    _journal: TempDir,
}

/// Starts a Picket with a journal of its own and a project.
pub(crate) async fn start(cluster: &Cluster) -> Picket {
    let journal = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Config { data_dir: journal.path().to_owned(), ..Config::default() };
    config.server.listen = listener.local_addr().unwrap().to_string();
    let clock = Clock::system();
    let journals = lanes::open_journals(&config, clock.clone()).unwrap();
    let app = App::new(Parts {
        essentials: Essentials { db: cluster.pool(), config, clock },
        journals,
        dictionaries: Dictionaries::default(),
        sign_in_throttle: Throttle::default(),
    });
    let offer = projects::starter::offer(&app).await.unwrap().unwrap();
    let url = format!(
        "http://{}/api/{}/envelope/?sentry_key={}",
        app.config.server.listen, offer.project_id, offer.public_key
    );
    let (shutdown, asked) = oneshot::channel();
    let stopped = async {
        let _ = asked.await;
    };
    let served = tokio::spawn(server::serve(app.clone(), listener, stopped));
    Picket { app, url, shutdown, served, _journal: journal }
}

impl Target for Picket {
    fn url(&self) -> String {
        self.url.clone()
    }

    async fn wait_for(&self, count: usize) {
        wait_for(&self.app.db, count).await;
    }

    async fn stop(self) {
        let _ = self.shutdown.send(());
        self.served.await.unwrap().unwrap();
        sqlx::query(
            "TRUNCATE events, issues, issue_hashes, issue_hours, issue_environments, issue_tags, \
             issue_users, issue_activity, outcomes",
        )
        .execute(&self.app.db)
        .await
        .unwrap();
    }
}

/// Waits until the table of events has `count` rows.
pub(crate) async fn wait_for(db: &sqlx::PgPool, count: usize) {
    loop {
        let stored: i64 =
            sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(db).await.unwrap();
        if usize::try_from(stored).unwrap() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
