//! Puts the parts together: routers, the order of middleware, background work, start and stop.

pub mod background;
mod health;
pub mod lanes;
mod metrics;
mod requests;
pub mod router;

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
