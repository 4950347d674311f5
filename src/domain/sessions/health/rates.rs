//! Rates of sessions and users.

use super::Sets;
use crate::domain::sessions::SessionCounts;

/// Distinct users, about; a user who met several troubles is in several of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserCounts {
    /// All of them.
    pub total: i64,
    /// Those with a session that was not healthy.
    pub in_trouble: i64,
    /// Those with an error that nobody handled.
    pub unhandled: i64,
    /// Those with a session that stopped to answer.
    pub abnormal: i64,
    /// Those with a crash.
    pub crashed: i64,
}

impl UserCounts {
    pub(super) fn of(sets: &Sets) -> Self {
        let [total, in_trouble, unhandled, abnormal, crashed] =
            sets.each_ref().map(|set| i64::try_from(set.count()).unwrap_or(i64::MAX));
        Self { total, in_trouble, unhandled, abnormal, crashed }
    }

    /// The share without a crash; `None` without users.
    pub fn crash_free(&self) -> Option<f64> {
        rate(self.crashed, self.total).map(|crashed| 1.0 - crashed)
    }
}

impl SessionCounts {
    /// The share without a crash; `None` without sessions.
    pub fn crash_free(&self) -> Option<f64> {
        rate(self.crashed, self.total).map(|crashed| 1.0 - crashed)
    }
}

/// How sessions and their users fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The sessions.
    pub sessions: SessionCounts,
    /// The users.
    pub users: UserCounts,
}

/// The share that `part` is of `whole`, 0 to 1; `None` of nothing.
///
/// Users are estimated, so a part may come out larger than the whole.
pub fn rate(part: i64, whole: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
    let share = || part as f64 / whole as f64;
    (whole > 0).then(|| share().clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_shares_and_nothing_of_nothing() {
        assert_eq!(rate(1, 4), Some(0.25));
        assert_eq!(rate(5, 4), Some(1.0));
        assert_eq!(rate(0, 0), None);
        let sessions = SessionCounts { total: 10, crashed: 1, ..SessionCounts::default() };
        assert_eq!(sessions.crash_free(), Some(0.9));
        assert_eq!(UserCounts::default().crash_free(), None);
    }
}
