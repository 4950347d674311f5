//! Puts the parts together: routers, the order of middleware, background work, start and stop.

pub mod background;
mod health;
pub mod lanes;
mod listen;
mod requests;
pub mod router;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tracing::info;

use crate::app::App;
use crate::domain::usage;
use crate::infra::lifecycle::Tasks;
use crate::infra::observe::metrics::Metrics;

/// Serves until `shutdown`: accepts requests, works off the journal, keeps house.
///
/// On `shutdown` no more connections are accepted, requests and batches in hand are finished, and what
/// is left in the journal waits for the next start.
///
/// # Errors
/// When something ends that must not, or stopping takes too long.
pub async fn serve(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    Metrics::install();
    background::turn_days(&app).await?;
    let recorder = Arc::new(usage::Recorder::default());
    let router = router::router(&app, &recorder);
    let mut tasks = Tasks::new();
    lanes::start(&mut tasks, &app);
    background::start(&mut tasks, &app, &recorder);
    tasks.spawn("HTTP", move |stop| listen::listen(listener, router, stop));
    info!("Listening");
    let patience = Duration::from_secs(app.config.server.shutdown_timeout_seconds);
    tasks.run_until(shutdown, patience).await
}
