//! A database for one test: a clone of the migrated template, dropped with the value.

use std::path::Path;

use picket::infra::db::connect;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::cluster;
use super::wire::Wire;

/// Enough for a server in one test; the cluster has 300 for all.
const CONNECTIONS: u32 = 8;

/// An empty, migrated database that nobody else knows.
pub(crate) struct TestDatabase {
    /// Connected to it.
    pub(crate) pool: PgPool,
    /// Its name.
    pub(crate) name: String,
    server: PgConnectOptions,
}

/// Makes a database for the calling test.
pub(crate) async fn database() -> TestDatabase {
    clone_of(cluster::TEMPLATE).await
}

/// Makes a database without a schema.
pub(crate) async fn empty_database() -> TestDatabase {
    clone_of("template0").await
}

async fn clone_of(template: &str) -> TestDatabase {
    let server = cluster::connect_options();
    let name = format!("test_{}", Uuid::new_v4().simple());
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
    execute(&server, statement).await.unwrap();
    let pool = connect::to_socket(server.clone().database(&name), CONNECTIONS).await.unwrap();
    TestDatabase { pool, name, server }
}

impl TestDatabase {
    /// The same database by another way, which can be cut.
    pub(crate) async fn through_a_wire(mut self) -> (Self, Wire) {
        let directory = self.server.get_socket().expect("the cluster has a socket");
        let wire = Wire::to(&directory.join(format!(".s.PGSQL.{}", self.server.get_port())));
        let options = self.server.clone().socket(wire.directory()).database(&self.name);
        self.pool = connect::to_socket(options, CONNECTIONS).await.unwrap();
        (self, wire)
    }

    /// What a Picket in a process of its own takes as `DATABASE_URL`.
    pub(crate) fn url(&self) -> String {
        let socket_dir = self.server.get_socket().map_or(Path::new(""), |path| path.as_path());
        let host: String =
            form_urlencoded::byte_serialize(socket_dir.as_os_str().as_encoded_bytes()).collect();
        format!(
            "postgres://{}@localhost:{}/{}?host={host}&sslmode=disable",
            self.server.get_username(),
            self.server.get_port(),
            self.name
        )
    }
}

impl Drop for TestDatabase {
    /// On a thread of its own: the test's runtime may be ending, and must not be blocked on itself.
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(execute(&server, statement)))
        })
        .join();
        if !std::thread::panicking() {
            dropped.unwrap().unwrap().unwrap();
        }
    }
}

async fn execute(server: &PgConnectOptions, statement: String) -> sqlx::Result<()> {
    let mut db = PgConnection::connect_with(server).await?;
    sqlx::query(AssertSqlSafe(statement)).execute(&mut db).await?;
    db.close().await
}
