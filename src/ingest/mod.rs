//! The front door for telemetry: who sends, how much, decode, keep, answer fast.
//!
//! A request passes, in this order: credentials ([`authenticate`]) and the cached key behind them
//! ([`keys`]); the body, read and decoded under hard caps ([`body`], [`decode`], [`memory`]); the
//! frame and its limits ([`crate::protocol::envelope`], [`limits`]); what the project may send ([`quota`]); the journal ([`buffer`]). The 200
//! goes out when the journal has it on disk. Nothing here looks into a payload: what an event means is
//! decided behind the journal, so that an SDK never waits for it.
//!
//! Clients treat almost every refusal as final and drop the event, so a refusal must be the sender's
//! fault. Where the fault is ours the answer is 429 or 503 with `Retry-After`; a key is never called
//! unknown because Postgres did not answer.
//!
//! # Adding an endpoint
//! One file in `endpoints/`, one line in [`routes`]; it ends in `endpoints::keep` like the others.

mod address;
mod authenticate;
mod body;
mod buffer;
mod decode;
mod endpoints;
mod error;
mod keys;
mod limits;
mod memory;
mod quota;
pub mod routes;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

pub use error::Error;
pub use quota::RateLimits;
pub use routes::{collapse_slashes, router, router_with};

use crate::app::App;
use crate::domain::usage::Recorder;
use keys::KeyCache;
use memory::BodyMemory;
use quota::Quota;

/// How patient the front door is. The defaults are what is served; tests are in more of a hurry.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The longest pause between two pieces of a body.
    pub pause: Duration,
    /// How long a body may take, however small.
    pub body: Duration,
    /// From then on, the least that must have arrived for every second.
    pub bytes_per_second: u32,
    /// How long a body may wait for memory that others hold.
    pub memory: Duration,
    /// How long Postgres may take to find a key.
    pub key: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            pause: Duration::from_secs(10),
            body: Duration::from_secs(30),
            // A phone on the edge of a network still sends 2 KiB a second: 1 MiB in nine minutes.
            bytes_per_second: 2048,
            memory: Duration::from_secs(5),
            key: Duration::from_secs(2),
        }
    }
}

/// How much the front door takes upon itself.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long it waits.
    pub patience: Patience,
    /// The most bytes of request bodies in memory at a time, see [`memory`].
    pub body_memory_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { patience: Patience::default(), body_memory_bytes: 64 << 20 }
    }
}

/// What the handlers share.
#[derive(Clone, Debug)]
struct Ingest(Arc<Parts>);

/// The parts of [`Ingest`], which dereferences to them.
#[derive(Debug)]
struct Parts {
    app: App,
    usage: Arc<Recorder>,
    keys: KeyCache,
    quota: Quota,
    memory: BodyMemory,
    /// Whose turn it is to decode a large body.
    large_bodies: Semaphore,
    patience: Patience,
}

impl Ingest {
    fn new(app: App, usage: Arc<Recorder>, options: Options) -> Self {
        let Options { patience, body_memory_bytes } = options;
        let memory = BodyMemory::new(body_memory_bytes, patience.memory);
        let large_bodies = Semaphore::new(cores());
        let keys = KeyCache::new(patience.key);
        let quota = Quota::new(app.config.ingest.max_items_per_minute);
        Self(Arc::new(Parts { app, usage, keys, quota, memory, large_bodies, patience }))
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

impl Deref for Ingest {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
