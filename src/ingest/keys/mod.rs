//! Which project a key belongs to, without asking Postgres for every request.
//!
//! | what is known of a key | believed for | then |
//! |---|---|---|
//! | active, with its project | 60 s | one request asks again, the others go on with what is known |
//! | unknown or switched off | 10 s | asked again |
//! | nothing | – | all requests wait for one question |
//!
//! When Postgres does not answer, what is known stays believed, however old: an outage must not turn
//! events away that the journal can take. A key of which nothing is known is then answered with 503,
//! which makes clients keep the event; never with 403, which would make them drop it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;
use tracing::warn;

use crate::app::App;
use crate::base::{Clock, ProjectId, Timestamp};
use crate::domain::filters::Pages;
use crate::domain::filters::store::{self, KeyRow};
use crate::protocol::auth::PublicKey;

/// How long an active key is believed to be one. A key that is switched off is refused that late.
const ACTIVE_FOR: TimeDelta = TimeDelta::seconds(60);

/// How long a key is believed to be unknown or switched off; a new one waits that long at most, and
/// only if it was used before it was made.
const REFUSED_FOR: TimeDelta = TimeDelta::seconds(10);

/// How long Postgres is left alone after it did not answer.
const PAUSE_AFTER_FAILURE: TimeDelta = TimeDelta::seconds(1);

/// How long the others go on with what is known while one asks.
const ASKING_FOR: TimeDelta = TimeDelta::seconds(5);

/// The most keys of either kind that are remembered: about 2 MB.
const MAX_KEYS: usize = 10_000;

/// How many questions are asked at a time, so that made-up keys cannot take all connections.
const MAX_QUESTIONS: usize = 4;

/// What is known of a key that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KnownKey {
    /// Its project.
    pub(super) project_id: ProjectId,
    /// Whether events are accepted with it.
    pub(super) is_active: bool,
    /// When it stops to be good by itself.
    pub(super) expires_at: Option<Timestamp>,
    /// The pages that may send with it.
    pub(super) pages: Pages,
}

/// It is not known whether a key is good, for reasons of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unavailable;

/// The answer to a question: `None` for a key that does not exist.
type Answer = Result<Option<KnownKey>, Unavailable>;

/// The keys that were asked for lately.
#[derive(Debug)]
pub(super) struct KeyCache {
    state: Mutex<State>,
    questions: Semaphore,
    patience: Duration,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<PublicKey, Entry>,
    unknown: HashMap<PublicKey, Timestamp>,
    /// Questions on their way.
    asked: HashMap<PublicKey, Arc<OnceCell<Answer>>>,
    /// No questions before this.
    paused_until: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: KnownKey,
    checked_at: Timestamp,
    /// When somebody began to ask again. Whoever did may have gone away since.
    asked_at: Option<Timestamp>,
}

/// What to do about a key.
enum Plan {
    Answer(Answer),
    Ask(Arc<OnceCell<Answer>>),
}

impl KeyCache {
    /// An empty cache that waits for Postgres as long as `patience`.
    pub(super) fn new(patience: Duration) -> Self {
        let state = Mutex::new(State::default());
        Self { state, questions: Semaphore::new(MAX_QUESTIONS), patience }
    }

    /// What is known of `key`; `None` if there is no such key.
    ///
    /// # Errors
    /// When nothing is known and Postgres does not answer.
    pub(super) async fn find(&self, app: &App, key: PublicKey) -> Answer {
        self.find_by(key, &app.clock, || self.ask(app, key)).await
    }

    async fn find_by<F: Future<Output = Answer>>(
        &self,
        key: PublicKey,
        clock: &Clock,
        ask: impl FnOnce() -> F,
    ) -> Answer {
        let question = match self.lock().plan(key, clock.now()) {
            Plan::Answer(answer) => return answer,
            Plan::Ask(question) => question,
        };
        // If the request that asks goes away, one of those that wait asks instead.
        let answer = question.get_or_init(ask).await.clone();
        self.lock().settle(key, &question, answer, clock.now())
    }

    async fn ask(&self, app: &App, key: PublicKey) -> Answer {
        let question = async {
            let _turn = self.questions.acquire().await.expect("the semaphore is never closed");
            let mut db = app.db.acquire().await?;
            store::find_key(&mut db, key.as_str()).await
        };
        match timeout(self.patience, question).await {
            Ok(Ok(found)) => Ok(found.map(KnownKey::from)),
            Ok(Err(error)) => {
                warn!(error = %error, "Could not look up a key; known keys stay good");
                Err(Unavailable)
            }
            Err(_) => {
                warn!("Postgres took too long to look up a key; known keys stay good");
                Err(Unavailable)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<KeyRow> for KnownKey {
    fn from(key: KeyRow) -> Self {
        Self {
            project_id: key.project_id,
            is_active: key.is_active,
            expires_at: key.expires_at,
            pages: Pages::new(&key.allowed_domains),
        }
    }
}

impl KnownKey {
    /// Whether it is switched on and not at its end.
    pub(super) fn is_usable(&self, now: Timestamp) -> bool {
        self.is_active && self.expires_at.is_none_or(|end| now < end)
    }
}

impl Entry {
    fn is_fresh(&self, now: Timestamp) -> bool {
        is_within(now, self.checked_at, if self.key.is_active { ACTIVE_FOR } else { REFUSED_FOR })
    }
}

/// Whether less than `span` has passed since `then`; a clock that was set back counts as passed.
fn is_within(now: Timestamp, then: Timestamp, span: TimeDelta) -> bool {
    (TimeDelta::zero()..span).contains(&(now - then))
}

impl State {
    fn plan(&mut self, key: PublicKey, now: Timestamp) -> Plan {
        let is_paused = self.paused_until.is_some_and(|until| now < until);
        if let Some(entry) = self.known.get_mut(&key) {
            let is_asked = entry.asked_at.is_some_and(|at| is_within(now, at, ASKING_FOR));
            if entry.is_fresh(now) || is_asked || is_paused {
                return Plan::Answer(Ok(Some(entry.key.clone())));
            }
            entry.asked_at = Some(now);
        } else if self.unknown.get(&key).is_some_and(|at| is_within(now, *at, REFUSED_FOR)) {
            return Plan::Answer(Ok(None));
        } else if is_paused {
            return Plan::Answer(Err(Unavailable));
        }
        // Questions whose askers all went away are left over; they are not kept for ever either.
        make_room(&mut self.asked, &key);
        Plan::Ask(self.asked.entry(key).or_default().clone())
    }

    /// Notes the answer to a question; returns what is to be believed now.
    fn settle(
        &mut self,
        key: PublicKey,
        question: &Arc<OnceCell<Answer>>,
        answer: Answer,
        now: Timestamp,
    ) -> Answer {
        if self.asked.get(&key).is_some_and(|asked| Arc::ptr_eq(asked, question)) {
            self.asked.remove(&key);
            self.note(key, answer.clone(), now);
        }
        match answer {
            Ok(found) => Ok(found),
            Err(Unavailable) => {
                self.known.get(&key).map(|entry| Some(entry.key.clone())).ok_or(Unavailable)
            }
        }
    }

    fn note(&mut self, key: PublicKey, answer: Answer, now: Timestamp) {
        match answer {
            Ok(Some(found)) => {
                self.unknown.remove(&key);
                make_room(&mut self.known, &key);
                self.known.insert(key, Entry { key: found, checked_at: now, asked_at: None });
            }
            Ok(None) => {
                self.known.remove(&key);
                make_room(&mut self.unknown, &key);
                self.unknown.insert(key, now);
            }
            Err(Unavailable) => {
                self.paused_until = Some(now + PAUSE_AFTER_FAILURE);
                if let Some(entry) = self.known.get_mut(&key) {
                    entry.asked_at = None;
                }
            }
        }
    }
}

/// Gives up some entry if the map is full; which one does not matter, it is asked for again.
fn make_room<V>(map: &mut HashMap<PublicKey, V>, key: &PublicKey) {
    if map.len() >= MAX_KEYS
        && !map.contains_key(key)
        && let Some(any) = map.keys().next().copied()
    {
        map.remove(&any);
    }
}

#[cfg(test)]
mod tests;
