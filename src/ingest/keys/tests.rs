//! The cache of keys: what it asks, what it remembers, what it forgets.

use std::cell::Cell;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::*;

const ACTIVE: KnownKey =
    KnownKey { project_id: ProjectId(1), is_active: true, expires_at: None, pages: Pages::ALL };
const SWITCHED_OFF: KnownKey =
    KnownKey { project_id: ProjectId(1), is_active: false, expires_at: None, pages: Pages::ALL };

/// A cache, a clock, and how often was asked.
struct Rig {
    cache: KeyCache,
    clock: Clock,
    asked: Cell<usize>,
}

impl Rig {
    fn new() -> Self {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        Self { cache: KeyCache::new(Duration::ZERO), clock, asked: Cell::new(0) }
    }

    /// What is believed of a key when Postgres would say `answer`.
    async fn find(&self, answer: Answer) -> Answer {
        let ask = || async {
            self.asked.set(self.asked.get() + 1);
            answer
        };
        self.cache.find_by(key(0), &self.clock, ask).await
    }

    fn later(&self, by: TimeDelta) {
        self.clock.advance(by);
    }
}

fn key(number: usize) -> PublicKey {
    PublicKey::parse(&format!("{number:032x}")).unwrap()
}

const MOMENT: TimeDelta = TimeDelta::milliseconds(1);

#[tokio::test]
async fn an_active_key_is_asked_for_once_a_minute() {
    let rig = Rig::new();
    assert_eq!(rig.find(Ok(Some(ACTIVE))).await, Ok(Some(ACTIVE)));
    rig.later(ACTIVE_FOR - MOMENT);
    assert_eq!(rig.find(Ok(None)).await, Ok(Some(ACTIVE)));
    assert_eq!(rig.asked.get(), 1);
    rig.later(MOMENT);
    assert_eq!(rig.find(Ok(None)).await, Ok(None));
    assert_eq!(rig.asked.get(), 2);
}

#[tokio::test]
async fn unknown_and_switched_off_keys_are_asked_for_sooner() {
    for refused in [None, Some(SWITCHED_OFF)] {
        let rig = Rig::new();
        assert_eq!(rig.find(Ok(refused.clone())).await, Ok(refused.clone()));
        rig.later(REFUSED_FOR - MOMENT);
        assert_eq!(rig.find(Ok(Some(ACTIVE))).await, Ok(refused));
        rig.later(MOMENT);
        assert_eq!(rig.find(Ok(Some(ACTIVE))).await, Ok(Some(ACTIVE)));
    }
}

#[tokio::test]
async fn what_is_known_stays_good_while_postgres_is_away() {
    let rig = Rig::new();
    rig.find(Ok(Some(ACTIVE))).await.unwrap();
    for _ in 0..3 {
        rig.later(TimeDelta::hours(1));
        assert_eq!(rig.find(Err(Unavailable)).await, Ok(Some(ACTIVE)));
        assert_eq!(rig.find(Err(Unavailable)).await, Ok(Some(ACTIVE)));
    }
    assert_eq!(rig.asked.get(), 4, "once an hour, not again within a second");
}

#[tokio::test]
async fn a_key_is_never_called_unknown_because_postgres_is_away() {
    let rig = Rig::new();
    assert_eq!(rig.find(Err(Unavailable)).await, Err(Unavailable));
    assert_eq!(rig.find(Ok(Some(ACTIVE))).await, Err(Unavailable), "left alone for a moment");
    rig.later(PAUSE_AFTER_FAILURE);
    assert_eq!(rig.find(Ok(None)).await, Ok(None));
    rig.later(REFUSED_FOR);
    assert_eq!(rig.find(Err(Unavailable)).await, Err(Unavailable), "may exist by now");
}

#[tokio::test]
async fn many_requests_ask_one_question() {
    let rig = Rig::new();
    let (answer, answered) = oneshot::channel();
    let first = rig.cache.find_by(key(0), &rig.clock, || async { answered.await.unwrap() });
    let (first, second, ()) = tokio::join!(first, rig.find(Ok(None)), async {
        answer.send(Ok(Some(ACTIVE))).unwrap();
    });
    assert_eq!((first, second, rig.asked.get()), (Ok(Some(ACTIVE)), Ok(Some(ACTIVE)), 0));
}

#[tokio::test]
async fn a_request_that_goes_away_leaves_the_question_to_the_next() {
    let rig = Rig::new();
    let gone = rig.cache.find_by(key(0), &rig.clock, std::future::pending);
    assert!(tokio::time::timeout(Duration::ZERO, gone).await.is_err());
    assert_eq!(rig.find(Ok(Some(ACTIVE))).await, Ok(Some(ACTIVE)));
}

#[tokio::test]
async fn while_one_request_asks_again_the_others_go_on() {
    let rig = Rig::new();
    rig.find(Ok(Some(ACTIVE))).await.unwrap();
    rig.later(ACTIVE_FOR);
    let asking = rig.cache.find_by(key(0), &rig.clock, std::future::pending);
    tokio::select! {
        biased;
        _ = asking => unreachable!("nobody answers"),
        answer = rig.find(Ok(None)) => assert_eq!(answer, Ok(Some(ACTIVE))),
    }
    assert_eq!(rig.asked.get(), 1);
}

#[tokio::test]
async fn a_request_that_goes_away_while_it_asks_again_does_not_end_the_asking() {
    let rig = Rig::new();
    rig.find(Ok(Some(ACTIVE))).await.unwrap();
    rig.later(ACTIVE_FOR);
    let gone = rig.cache.find_by(key(0), &rig.clock, std::future::pending);
    assert!(tokio::time::timeout(Duration::ZERO, gone).await.is_err());
    assert_eq!(rig.find(Ok(None)).await, Ok(Some(ACTIVE)));
    rig.later(ASKING_FOR);
    assert_eq!(rig.find(Ok(None)).await, Ok(None));
}

#[tokio::test]
async fn made_up_keys_do_not_fill_the_memory() {
    let rig = Rig::new();
    rig.find(Ok(Some(ACTIVE))).await.unwrap();
    for number in 1..=MAX_KEYS + 5 {
        rig.cache.find_by(key(number), &rig.clock, || async { Ok(None) }).await.unwrap();
        let gone = rig.cache.find_by(key(1_000_000 + number), &rig.clock, std::future::pending);
        assert!(gone.now_or_never().is_none());
    }
    let state = rig.cache.lock();
    assert_eq!((state.known.len(), state.unknown.len()), (1, MAX_KEYS));
    assert_eq!(state.asked.len(), MAX_KEYS);
}
