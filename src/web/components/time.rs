//! Moments as pages show them.

use chrono::TimeDelta;

use crate::base::Timestamp;

/// A moment and the "now" it is seen from. The server writes UTC, scripts rewrite it to the reader's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    at: Timestamp,
    now: Timestamp,
}

impl Moment {
    /// `at`, seen from `now`.
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }

    /// For programs: `2026-11-22T16:12:09.125Z`.
    pub fn iso(self) -> String {
        self.at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// For people who want to know: `22 Nov 2026, 16:12:09 UTC`.
    pub fn exact(self) -> String {
        self.at.format("%-d %b %Y, %H:%M:%S UTC").to_string()
    }

    /// At a glance: `3 minutes ago`.
    pub fn relative(self) -> String {
        match age(self.now - self.at) {
            None => "just now".to_owned(),
            Some(Age { count, unit, is_past: true }) => format!("{} ago", spelled(count, unit)),
            Some(Age { count, unit, is_past: false }) => format!("in {}", spelled(count, unit)),
        }
    }

    /// Where room is scarce: `3m`, `14h`, `5d`, `2y`; nothing before "now" but the bare word.
    pub fn short(self) -> String {
        match age(self.now - self.at) {
            None => "now".to_owned(),
            Some(Age { count, unit, .. }) => format!("{count}{}", unit.short),
        }
    }
}

struct Unit {
    name: &'static str,
    short: &'static str,
    seconds: i64,
}

const UNITS: [Unit; 5] = [
    Unit { name: "year", short: "y", seconds: 365 * 86_400 },
    Unit { name: "month", short: "mo", seconds: 30 * 86_400 },
    Unit { name: "day", short: "d", seconds: 86_400 },
    Unit { name: "hour", short: "h", seconds: 3_600 },
    Unit { name: "minute", short: "m", seconds: 60 },
];

struct Age {
    count: i64,
    unit: &'static Unit,
    is_past: bool,
}

/// The largest unit that fits; `None` under a minute, where clocks of two machines differ anyway.
fn age(since: TimeDelta) -> Option<Age> {
    let seconds = since.num_seconds().abs();
    let unit = UNITS.iter().find(|unit| seconds >= unit.seconds)?;
    Some(Age { count: seconds / unit.seconds, unit, is_past: since >= TimeDelta::zero() })
}

fn spelled(count: i64, unit: &Unit) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {}{plural}", unit.name)
}

/// How long before (or, with a plus, after) the event something happened: `−3.2 s`, `−4 min 10 s`.
pub fn offset(from_event: TimeDelta) -> String {
    let sign = if from_event > TimeDelta::zero() { "+" } else { "−" };
    let millis = from_event.num_milliseconds().abs();
    let seconds = millis / 1000;
    match seconds {
        0 if millis == 0 => "0 s".to_owned(),
        0 => format!("{sign}{millis} ms"),
        1..60 => format!("{sign}{seconds}.{} s", millis % 1000 / 100),
        60..3600 => format!("{sign}{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{sign}{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{sign}{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_after(seconds: i64) -> Moment {
        let at = "2026-11-22T16:12:09.125Z".parse::<Timestamp>().unwrap();
        Moment::new(at, at + TimeDelta::seconds(seconds))
    }

    #[test]
    fn a_moment_is_told_in_the_largest_unit_that_fits() {
        let told = |seconds| seen_after(seconds).relative();
        assert_eq!(told(0), "just now");
        assert_eq!(told(59), "just now");
        assert_eq!(told(60), "1 minute ago");
        assert_eq!(told(3_599), "59 minutes ago");
        assert_eq!(told(3_600), "1 hour ago");
        assert_eq!(told(86_400 * 29), "29 days ago");
        assert_eq!(told(86_400 * 30), "1 month ago");
        assert_eq!(told(86_400 * 730), "2 years ago");
        assert_eq!(told(-7_200), "in 2 hours");
    }

    #[test]
    fn a_moment_has_a_short_form_and_an_exact_one() {
        assert_eq!(seen_after(5).short(), "now");
        assert_eq!(seen_after(300).short(), "5m");
        assert_eq!(seen_after(86_400 * 45).short(), "1mo");
        assert_eq!(seen_after(0).exact(), "22 Nov 2026, 16:12:09 UTC");
        assert_eq!(seen_after(0).iso(), "2026-11-22T16:12:09.125Z");
    }

    #[test]
    fn an_offset_keeps_its_sign_and_two_units() {
        assert_eq!(offset(TimeDelta::zero()), "0 s");
        assert_eq!(offset(TimeDelta::milliseconds(-40)), "−40 ms");
        assert_eq!(offset(TimeDelta::milliseconds(-3_250)), "−3.2 s");
        assert_eq!(offset(TimeDelta::seconds(-250)), "−4 min 10 s");
        assert_eq!(offset(TimeDelta::seconds(7_260)), "+2 h 1 min");
        assert_eq!(offset(TimeDelta::seconds(-100_000)), "−1 d 3 h");
    }
}
