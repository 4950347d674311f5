//! The handles that every part shares.

use std::ops::Deref;
use std::sync::Arc;

use sqlx::PgPool;

use crate::base::Clock;
use crate::config::Config;
use crate::infra::compression::Dictionaries;
use crate::infra::journal::Journals;
use crate::infra::throttle::Throttle;

/// What handlers and background work are given. Cloning shares it.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// What a command has, too, while a server runs beside it on the same data directory. Verbs that both
/// need take this; an [`App`] dereferences to it.
#[derive(Clone, Debug)]
pub struct Essentials {
    /// Postgres.
    pub db: PgPool,
    /// Settings.
    pub config: Config,
    /// Time.
    pub clock: Clock,
}

/// The parts of an [`App`], which dereferences to them.
#[derive(Debug)]
pub struct Parts {
    /// Database, settings, time.
    pub essentials: Essentials,
    /// Where accepted envelopes wait for the pipeline.
    pub journals: Journals,
    /// What payloads are unpacked with.
    pub dictionaries: Dictionaries,
    /// Attempts to sign in, counted.
    pub sign_in_throttle: Throttle,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Deref for Parts {
    type Target = Essentials;

    fn deref(&self) -> &Essentials {
        &self.essentials
    }
}
