//! Windows of time in which is counted: arithmetic without state.
//!
//! Windows stand where clocks and calendars have them, in UTC, because people must be able to say when one
//! ends. The price is known: up to twice a limit may pass around the turn of a window.

use chrono::{Datelike, DurationRound, Months, NaiveDate, NaiveTime, TimeDelta};

use crate::base::Timestamp;

/// How long is counted before it begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// A minute of the clock.
    Minute,
    /// An hour of the clock.
    Hour,
    /// A month of the calendar.
    Month,
}

impl Window {
    /// Every window, in the order of pages and of arrays by window.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Month];

    /// When the window began in which `now` lies.
    pub fn start(self, now: Timestamp) -> Timestamp {
        let truncated = |step| now.duration_trunc(step).unwrap_or(now);
        match self {
            Self::Minute => truncated(TimeDelta::minutes(1)),
            Self::Hour => truncated(TimeDelta::hours(1)),
            Self::Month => month_of(now).unwrap_or_else(|| truncated(TimeDelta::days(1))),
        }
    }

    /// When a window ends that began at `start`.
    pub fn end(self, start: Timestamp) -> Timestamp {
        match self {
            Self::Minute => start + TimeDelta::minutes(1),
            Self::Hour => start + TimeDelta::hours(1),
            Self::Month => start.checked_add_months(Months::new(1)).unwrap_or(start),
        }
    }
}

fn month_of(now: Timestamp) -> Option<Timestamp> {
    let first = NaiveDate::from_ymd_opt(now.year(), now.month(), 1)?;
    Some(first.and_time(NaiveTime::MIN).and_utc())
}

/// Whole seconds from `now` to `end`, rounded up; at least one.
pub fn seconds_until(end: Timestamp, now: Timestamp) -> u32 {
    let micros = (end - now).num_microseconds().unwrap_or(i64::MAX).max(1);
    u32::try_from(micros.cast_unsigned().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn windows_are_those_of_the_clock_and_the_calendar() {
        let now = at("2028-02-29T23:59:59.999Z");
        let window = |window: Window| {
            let start = window.start(now);
            (start.to_rfc3339(), window.end(start).to_rfc3339())
        };
        let words = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        let end = "2028-03-01T00:00:00+00:00";
        assert_eq!(window(Window::Minute), words("2028-02-29T23:59:00+00:00", end));
        assert_eq!(window(Window::Hour), words("2028-02-29T23:00:00+00:00", end));
        assert_eq!(window(Window::Month), words("2028-02-01T00:00:00+00:00", end));
        let new_year = at("2026-12-01T00:00:00Z");
        assert_eq!(Window::Month.start(new_year), new_year);
        assert_eq!(Window::Month.end(new_year), at("2027-01-01T00:00:00Z"));
    }

    #[test]
    fn waiting_is_rounded_up_and_never_nothing() {
        let end = at("2026-11-22T10:01:00Z");
        assert_eq!(seconds_until(end, at("2026-11-22T10:00:00Z")), 60);
        assert_eq!(seconds_until(end, at("2026-11-22T10:00:00.001Z")), 60);
        assert_eq!(seconds_until(end, at("2026-11-22T10:00:59Z")), 1);
        assert_eq!(seconds_until(end, at("2026-11-22T10:00:59.999Z")), 1);
        assert_eq!(seconds_until(end, at("2026-11-22T10:02:00Z")), 1);
    }
}
