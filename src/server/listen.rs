//! Accepting connections, within bounds, until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

use crate::ingest;

/// Connections at a time; more wait in the kernel. A connection costs some 20 KB, so this stays below
/// the memory budget, and far above what a few hundred instances of an app keep open.
const MAX_CONNECTIONS: usize = 4096;

/// The most bytes of a request's head, and of what is read ahead of a body. Events in a URL have up to 64 KiB;
/// what hyper allows by itself, 400 KiB a connection, is the memory budget at six hundred connections.
const MAX_HEAD_BYTES: usize = 80 * 1024;

/// How long a client may take to send the head of a request, and a connection may idle between two
/// (`protocol.md` §1.3): slow clients must not hold connections for ever.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after accepting failed, for instance because files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long requests may go on after the signal to stop, before their connections are closed.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves `router` on `listener` until `stop`; then finishes the requests in hand.
pub(super) async fn listen(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let graceful = GracefulShutdown::new();
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Some(accepted) = stop.run_until_cancelled(accept(&listener, &places)).await {
        let Some((stream, peer, place)) = accepted else { continue };
        let watcher = graceful.watcher();
        let router = router.clone();
        connections.spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                // A client that has said everything may close its side and still wait for the answer.
                .half_close(true)
                .max_buf_size(MAX_HEAD_BYTES)
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service(router, peer));
            if let Err(error) = watcher.watch(connection).await {
                debug!(%error, "A connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        warn!("Some requests did not finish in time and were cut off");
    }
    Ok(())
}

/// The router for one connection; every request knows its peer.
fn service(
    router: Router,
    peer: SocketAddr,
) -> TowerToHyperService<
    impl tower::Service<
        hyper::Request<hyper::body::Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send,
    > + Clone,
> {
    TowerToHyperService::new(router.map_request(
        move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            // Before routing, which is why it stands here.
            ingest::collapse_slashes(request)
        },
    ))
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    // The place comes first: a connection that cannot be served is better left to the kernel.
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are small; waiting to fill a packet would only delay them.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            warn!(%error, "Could not accept a connection");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
