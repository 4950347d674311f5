//! Counting attempts, so that guessing takes too long.
//!
//! Counters live in memory: they are about minutes, and a restart that forgives a few attempts costs less
//! than a write per attempt would.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use crate::base::{Timestamp, secrets};

/// The most counters kept: a megabyte. Past it the counter that would end first makes room.
const MAX_COUNTERS: usize = 10_000;

/// How many attempts a counter allows in a window that begins with the first of them.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Attempts allowed.
    pub attempts: u32,
    /// How long they are counted.
    pub window: TimeDelta,
}

/// Not now: so long until the next attempt counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryAgain(pub TimeDelta);

/// Counters of attempts, by key.
#[derive(Debug, Default)]
pub struct Throttle {
    counters: Mutex<HashMap<[u8; 32], Counter>>,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    attempts: u32,
    ends_at: Timestamp,
}

impl Throttle {
    /// Counts one attempt on every key, or on none if one of them has reached its limit.
    pub fn take(&self, limits: &[(&str, Limit)], now: Timestamp) -> Result<(), TryAgain> {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = limits.iter().filter_map(|(key, limit)| {
            let counter = counters.get(&secrets::hash(key))?;
            let is_spent = counter.ends_at > now && counter.attempts >= limit.attempts;
            is_spent.then(|| counter.ends_at - now)
        });
        if let Some(wait) = wait.max() {
            return Err(TryAgain(wait));
        }
        for (key, limit) in limits {
            make_room(&mut counters, now);
            let fresh = Counter { attempts: 0, ends_at: now + limit.window };
            let counter = counters.entry(secrets::hash(key)).or_insert(fresh);
            if counter.ends_at <= now {
                *counter = fresh;
            }
            counter.attempts += 1;
        }
        Ok(())
    }

    /// Starts a key anew, because whoever tried turned out to be right.
    pub fn forget(&self, key: &str) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.remove(&secrets::hash(key));
    }
}

fn make_room(counters: &mut HashMap<[u8; 32], Counter>, now: Timestamp) {
    if counters.len() < MAX_COUNTERS {
        return;
    }
    counters.retain(|_, counter| counter.ends_at > now);
    if counters.len() >= MAX_COUNTERS
        && let Some(first) =
            counters.iter().min_by_key(|(_, counter)| counter.ends_at).map(|(key, _)| *key)
    {
        counters.remove(&first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { attempts: 2, window: TimeDelta::minutes(10) };

    fn start() -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn the_attempt_past_the_limit_waits_until_the_window_ends() {
        let throttle = Throttle::default();
        let minutes = TimeDelta::minutes;
        assert_eq!(throttle.take(&[("ada", LIMIT)], start()), Ok(()));
        assert_eq!(throttle.take(&[("ada", LIMIT)], start() + minutes(4)), Ok(()));
        assert_eq!(
            throttle.take(&[("ada", LIMIT)], start() + minutes(4)),
            Err(TryAgain(minutes(6)))
        );
        assert_eq!(throttle.take(&[("bob", LIMIT)], start() + minutes(4)), Ok(()));
        assert_eq!(throttle.take(&[("ada", LIMIT)], start() + minutes(10)), Ok(()));
    }

    #[test]
    fn an_attempt_that_one_key_refuses_is_counted_on_none() {
        let throttle = Throttle::default();
        let once = Limit { attempts: 1, ..LIMIT };
        throttle.take(&[("ada", once)], start()).unwrap();
        for _ in 0..5 {
            throttle.take(&[("ada", once), ("house", LIMIT)], start()).unwrap_err();
        }
        throttle.take(&[("house", LIMIT)], start()).unwrap();
        throttle.take(&[("house", LIMIT)], start()).unwrap();
        throttle.take(&[("house", LIMIT)], start()).unwrap_err();
    }

    #[test]
    fn being_right_starts_anew() {
        let throttle = Throttle::default();
        throttle.take(&[("ada", LIMIT)], start()).unwrap();
        throttle.take(&[("ada", LIMIT)], start()).unwrap();
        throttle.forget("ada");
        assert_eq!(throttle.take(&[("ada", LIMIT)], start()), Ok(()));
    }

    #[test]
    fn ever_new_keys_do_not_take_ever_more_memory() {
        let throttle = Throttle::default();
        for number in 0..MAX_COUNTERS + 10 {
            let later = start() + TimeDelta::microseconds(i64::try_from(number).unwrap());
            throttle.take(&[(&number.to_string(), LIMIT)], later).unwrap();
        }
        assert_eq!(throttle.counters.lock().unwrap().len(), MAX_COUNTERS);
    }
}
