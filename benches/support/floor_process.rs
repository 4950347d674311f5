//! A floor as a process: the same program in another mode, which listens, says where, and ends when it is told to.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use axum::Router;
use picket::config::Config;
use picket::infra::db::{self, Purpose};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::program::{PICKET, printed_address};

/// The argument that makes a program its floor.
pub(crate) const MODE: &str = "serve-the-floor";

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

/// Serves what `router` makes of a database, until told to stop.
pub(crate) fn serve<F>(data_dir: &Path, router: impl FnOnce(PgPool) -> F + Send)
where
    F: Future<Output = Router>,
{
    // As many threads as Picket has: the benchmark's own runtime has one.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            tokio::runtime::Runtime::new().unwrap().block_on(serve_on_all_cores(data_dir, router));
        });
    });
}

async fn serve_on_all_cores<F>(data_dir: &Path, router: impl FnOnce(PgPool) -> F)
where
    F: Future<Output = Router>,
{
    let config = Config { data_dir: data_dir.to_owned(), ..Config::default() };
    let database = db::open(&config, Purpose::Serve, PICKET.as_ref()).await.unwrap();
    let router = router(database.pool.clone()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let mut terminated = signal(SignalKind::terminate()).unwrap();
    tokio::select! {
        result = axum::serve(listener, router) => result.unwrap(),
        _ = terminated.recv() => {}
    }
    database.close().await;
}
