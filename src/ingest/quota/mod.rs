//! How much is let through: limits of keys and projects, the server's own, and spikes.
//!
//! Counting is done here, in memory, under one lock that is held for microseconds; no request waits for
//! Postgres to be counted. What makes the counts true beyond this process are the outcomes, which are
//! stored with the events themselves: when a request comes and the last look is older than
//! [`LOOK_EVERY`], limits and stored sums are read, and a count is raised to the sum if that is larger.
//!
//! | | how far off the count can be |
//! |---|---|
//! | one process, hours and months | exact; after a restart, short by what still waits in the journal |
//! | several processes, hours and months | each is short by what the others let through since it last looked and what they have not stored yet |
//! | minutes | exact in a process; a restart begins anew, and each of several processes counts for itself |
//! | while Postgres is away | each process goes on with what it knows |
//!
//! It is never too high: the sums hold only what was let through. Memory is bounded by the limits that
//! people have set and by the projects that sent something in the last week.

mod envelope;
mod state;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use sqlx::PgPool;
use tokio::time::timeout;
use tracing::warn;

use super::authenticate::Sender;
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::limits::spike::{self, History};
use crate::domain::limits::{Group, Holder, MAX_WAIT_SECONDS, Window, store, window};
use crate::protocol::envelope::Envelope;

pub(super) use envelope::Verdict;
use state::{Found, State};

/// How old the last look at what is stored may be.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(5);

/// How old the sums of the month may be: they are the dearest to read and change the least.
const LOOK_AT_MONTHS_EVERY: TimeDelta = TimeDelta::minutes(1);

/// How old the usual rates may be.
const LOOK_AT_RATES_EVERY: TimeDelta = TimeDelta::hours(1);

/// How long Postgres is waited for; what is known stays good.
const PATIENCE: Duration = Duration::from_secs(2);

/// The counts of this process.
#[derive(Debug)]
pub(super) struct Quota {
    state: Mutex<State>,
    /// Held by whoever looks at what is stored.
    looking: tokio::sync::Mutex<()>,
}

/// What clients are told to hold back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimits(Vec<RateLimit>);

/// One limit, as clients are told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RateLimit {
    holder: Holder,
    group: Group,
    window: Window,
    seconds: u32,
}

/// Which sums are due.
#[derive(Clone, Copy, Debug, Default)]
struct Due {
    /// When it was looked at.
    now: Timestamp,
    months: bool,
    rates: bool,
}

impl Quota {
    /// Nothing counted, no limits known but the server's own: so many items in a minute, 0 for any number.
    pub(super) fn new(server_limit: u64) -> Self {
        Self { state: Mutex::new(State::new(server_limit)), looking: tokio::sync::Mutex::default() }
    }

    /// Decides about each item of an envelope and counts what is let through.
    pub(super) async fn judge(
        &self,
        app: &App,
        sender: &Sender,
        envelope: &Envelope<'_>,
    ) -> Verdict {
        let now = app.clock.now();
        self.look_if_due(&app.db, now).await;
        envelope::judge(&mut self.lock(), sender, envelope, now)
    }

    /// Reads what is stored, if it is time to. One request does; the others go on with what is known, or
    /// wait if that is nothing.
    async fn look_if_due(&self, db: &PgPool, now: Timestamp) {
        if self.lock().due(now).is_none() {
            return;
        }
        let is_known = self.lock().is_known();
        let _turn = match self.looking.try_lock() {
            Ok(turn) => turn,
            Err(_) if is_known => return,
            Err(_) => self.looking.lock().await,
        };
        let Some(due) = self.lock().due(now) else { return };
        match timeout(PATIENCE, look(db, due)).await {
            Ok(Ok(found)) => self.lock().learn(found, due),
            Ok(Err(error)) => self.fail(now, &error.to_string()),
            Err(_) => self.fail(now, "it took too long"),
        }
    }

    fn fail(&self, now: Timestamp, problem: &str) {
        warn!(problem, "Could not read the limits of projects; those that are known stay");
        self.lock().failed(now);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the limits and what counts against them.
async fn look(db: &PgPool, due: Due) -> sqlx::Result<Found> {
    let mut db = db.acquire().await?;
    let projects = store::list_projects(&mut db).await?;
    let keys = store::list_keys(&mut db).await?;
    let mut found = Found { projects, keys, ..Found::default() };
    let limited = |window| found.limited(window);
    let hourly = limited(Window::Hour);
    let monthly = if due.months { limited(Window::Month) } else { Vec::new() };
    if !hourly.is_empty() {
        found.hour = store::list_used(&mut db, &hourly, Window::Hour.start(due.now)).await?;
    }
    if !monthly.is_empty() {
        found.month = store::list_used(&mut db, &monthly, Window::Month.start(due.now)).await?;
    }
    if due.rates {
        let until = Window::Hour.start(due.now);
        let rates = store::list_rates(&mut db, (until - spike::HISTORY, until)).await?;
        let history = |row: &store::RateRow| History {
            events: row.quantity.max(0).cast_unsigned(),
            first_hour: row.first_hour,
        };
        let rates =
            rates.iter().filter_map(|row| Some((row.project_id, history(row).threshold(due.now)?)));
        found.thresholds = Some(rates.collect());
    }
    Ok(found)
}

impl RateLimits {
    /// Whether there is nothing to hold back.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The longest of them, in seconds.
    pub fn longest(&self) -> u32 {
        self.0.iter().map(|limit| limit.seconds).max().unwrap_or(1)
    }

    fn push(&mut self, holder: Holder, hit: crate::domain::limits::meter::Hit, now: Timestamp) {
        let seconds = window::seconds_until(hit.until, now).min(MAX_WAIT_SECONDS);
        let limit = RateLimit { holder, group: hit.group, window: hit.window, seconds };
        // Of the windows of one limit the longest says it all.
        let same = |one: &&mut RateLimit| one.holder == holder && one.group == limit.group;
        match self.0.iter_mut().find(same) {
            Some(known) if known.window < limit.window => *known = limit,
            Some(_) => {}
            None => self.0.push(limit),
        }
    }
}

/// As `X-Sentry-Rate-Limits` says it (`protocol.md` §1.6).
impl fmt::Display for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, limit) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let scope = match limit.holder {
                Holder::Key => "key",
                Holder::Project => "project",
                Holder::Server => "organization",
            };
            let (seconds, categories) = (limit.seconds, limit.group.categories());
            let reason = crate::domain::limits::reason(limit.holder, limit.group, limit.window);
            write!(f, "{comma}{seconds}:{categories}:{scope}:{reason}")?;
        }
        Ok(())
    }
}
