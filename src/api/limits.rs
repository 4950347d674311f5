//! How much one token may ask for at a time (`web-api.md` §1.7).
//!
//! The counters live in memory and per process: they keep one script from taking the database away from
//! everybody else, and need be no more exact than that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::error::Error;
use crate::base::{ApiTokenId, Timestamp};

/// Requests of one token in a second: well above what a person's tools do, well below what hurts.
const PER_SECOND: u32 = 40;

/// Requests of one token at the same time: more would only queue for connections to the database.
const CONCURRENT: u32 = 25;

/// Tokens that are counted at once; past it those that are quiet are forgotten.
const MAX_TOKENS: usize = 10_000;

/// Counts requests by token. Cloning shares the counters.
#[derive(Clone, Debug, Default)]
pub(super) struct Limiter(Arc<Mutex<HashMap<ApiTokenId, Counter>>>);

#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    /// The second that is counted, since 1970.
    second: i64,
    requests: u32,
    concurrent: u32,
}

/// What the headers say.
#[derive(Clone, Copy, Debug)]
struct Standing {
    is_allowed: bool,
    remaining: u32,
    concurrent_remaining: u32,
    reset: i64,
}

impl Limiter {
    /// Runs a request of a token if it is not one too many; the answer says how many more there may be.
    pub(super) async fn run<F: Future<Output = Response>>(
        &self,
        token: ApiTokenId,
        now: Timestamp,
        request: impl FnOnce() -> F,
    ) -> Response {
        let standing = self.enter(token, now);
        let mut response = if standing.is_allowed {
            let _leave = Leave { limiter: self, token };
            request().await
        } else {
            Error::TooMany(1).into_response()
        };
        standing.write(response.headers_mut());
        response
    }

    fn enter(&self, token: ApiTokenId, now: Timestamp) -> Standing {
        let mut counters = self.counters();
        let second = now.timestamp();
        if counters.len() >= MAX_TOKENS && !counters.contains_key(&token) {
            counters.retain(|_, counter| counter.concurrent > 0 || counter.second == second);
        }
        let counter = counters.entry(token).or_default();
        if counter.second != second {
            *counter = Counter { second, requests: 0, concurrent: counter.concurrent };
        }
        let is_allowed = counter.requests < PER_SECOND && counter.concurrent < CONCURRENT;
        if is_allowed {
            counter.requests += 1;
            counter.concurrent += 1;
        }
        Standing {
            is_allowed,
            // Clients give up only if nothing remains, so being over the other limit says so here too.
            remaining: if is_allowed { PER_SECOND - counter.requests } else { 0 },
            concurrent_remaining: CONCURRENT - counter.concurrent,
            reset: second + 1,
        }
    }

    fn leave(&self, token: ApiTokenId) {
        if let Some(counter) = self.counters().get_mut(&token) {
            counter.concurrent = counter.concurrent.saturating_sub(1);
        }
    }

    fn counters(&self) -> MutexGuard<'_, HashMap<ApiTokenId, Counter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a request as done, also when its client went away.
struct Leave<'l> {
    limiter: &'l Limiter,
    token: ApiTokenId,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.limiter.leave(self.token);
    }
}

impl Standing {
    fn write(self, headers: &mut HeaderMap) {
        let values = [
            ("x-sentry-rate-limit-limit", HeaderValue::from(PER_SECOND)),
            ("x-sentry-rate-limit-remaining", HeaderValue::from(self.remaining)),
            ("x-sentry-rate-limit-reset", HeaderValue::from(self.reset)),
            ("x-sentry-rate-limit-concurrentlimit", HeaderValue::from(CONCURRENT)),
            (
                "x-sentry-rate-limit-concurrentremaining",
                HeaderValue::from(self.concurrent_remaining),
            ),
        ];
        for (name, value) in values {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const TOKEN: ApiTokenId = ApiTokenId(1);

    async fn ask(limiter: &Limiter, token: ApiTokenId, now: Timestamp) -> (u16, String) {
        let response = limiter.run(token, now, || async { "ok".into_response() }).await;
        let remaining = &response.headers()["x-sentry-rate-limit-remaining"];
        (response.status().as_u16(), remaining.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_token_is_stopped_at_its_limit_until_the_next_second() {
        let limiter = Limiter::default();
        let now = Timestamp::default();
        for left in (0..PER_SECOND).rev() {
            assert_eq!(ask(&limiter, TOKEN, now).await, (200, left.to_string()));
        }
        assert_eq!(ask(&limiter, TOKEN, now).await, (429, "0".to_owned()));
        assert_eq!(ask(&limiter, ApiTokenId(2), now).await.0, 200);
        assert_eq!(ask(&limiter, TOKEN, now + TimeDelta::seconds(1)).await.0, 200);
    }

    #[tokio::test]
    async fn requests_that_are_under_way_count_and_abandoned_ones_do_not() {
        let limiter = Limiter::default();
        let mut now = Timestamp::default();
        let mut pending = Vec::new();
        for _ in 0..CONCURRENT {
            let mut request = Box::pin(limiter.run(TOKEN, now, std::future::pending::<Response>));
            assert!(futures_util::poll!(&mut request).is_pending());
            pending.push(request);
        }
        now += TimeDelta::seconds(1);
        assert_eq!(ask(&limiter, TOKEN, now).await.0, 429);
        pending.pop();
        assert_eq!(ask(&limiter, TOKEN, now).await.0, 200);
    }
}
