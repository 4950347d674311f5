//! Values with a type: moments, numbers, truth.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::{Filter, QueryError, Result};
use crate::base::Timestamp;

/// The sign before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `!=`
    NotEqual,
    /// `>`
    Above,
    /// `<`
    Below,
    /// `=`
    Equal,
}

impl Comparison {
    /// Every sign, longer ones first, as they must be tried.
    pub const ALL: [Self; 6] =
        [Self::AtLeast, Self::AtMost, Self::NotEqual, Self::Above, Self::Below, Self::Equal];

    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::NotEqual => "!=",
            Self::Above => ">",
            Self::Below => "<",
            Self::Equal => "=",
        }
    }
}

/// A number and how to compare with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberFilter {
    /// How.
    pub comparison: Comparison,
    /// With what.
    pub number: f64,
}

impl NumberFilter {
    /// Reads `>1.5k`, `<=20`, `3`.
    pub fn of(filter: &Filter) -> Result<Self> {
        let value = filter.only_value()?;
        let number = number(value).ok_or_else(|| {
            QueryError(format!("`{}` needs a number, not `{value}`", filter.key.name()))
        })?;
        Ok(Self { comparison: filter.comparison.unwrap_or(Comparison::Equal), number })
    }
}

/// Reads a number with an optional `k`, `m` or `b`.
fn number(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (digits, factor) = match lower.as_bytes().last()? {
        b'k' => (&lower[..lower.len() - 1], 1e3),
        b'm' => (&lower[..lower.len() - 1], 1e6),
        b'b' => (&lower[..lower.len() - 1], 1e9),
        _ => (lower.as_str(), 1.0),
    };
    // `parse` would also read `inf`, `nan` and `1e9`.
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    digits.parse::<f64>().ok().filter(|_| is_plain).map(|number| number * factor)
}

/// Reads a truth value.
pub fn boolean(filter: &Filter) -> Result<bool> {
    match filter.only_value()?.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        other => Err(QueryError(format!(
            "`{}` needs `true` or `false`, not `{other}`",
            filter.key.name()
        ))),
    }
}

/// A stretch of time, open where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment of it.
    pub from: Option<Timestamp>,
    /// The first moment behind it.
    pub until: Option<Timestamp>,
}

impl TimeRange {
    /// Reads `-24h`, `+7d`, `2026-05-01`, `>=2026-05-01T12:00:00Z`.
    pub fn of(filter: &Filter, now: Timestamp) -> Result<Self> {
        let value = filter.only_value()?;
        let range = match filter.comparison {
            None => relative(value, now).or_else(|| around(value)),
            Some(comparison) => compared(value, comparison, now),
        };
        range.ok_or_else(|| {
            QueryError(format!(
                "`{}` needs a time such as `-24h`, `+7d` or `>=2026-05-01T12:00:00`, not `{}{value}`",
                filter.key.name(),
                filter.comparison.map_or("", Comparison::as_str),
            ))
        })
    }
}

/// Reads a length of time such as `15m` or `2w`.
pub fn duration(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().next_back().filter(char::is_ascii)?;
    let digits = &text[..text.len() - 1];
    let count = Some(digits).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    match unit {
        's' => TimeDelta::try_seconds(count),
        'm' => TimeDelta::try_minutes(count),
        'h' => TimeDelta::try_hours(count),
        'd' => TimeDelta::try_days(count),
        'w' => TimeDelta::try_weeks(count),
        _ => None,
    }
}

/// `-24h` is newer than a day, `+24h` older.
fn relative(text: &str, now: Timestamp) -> Option<TimeRange> {
    let is_newer = text.starts_with('-');
    let length = duration(text.strip_prefix(['-', '+'])?)?;
    let moment = now.checked_sub_signed(length)?;
    Some(if is_newer {
        TimeRange { from: Some(moment), until: None }
    } else {
        TimeRange { from: None, until: Some(moment) }
    })
}

/// A day means all of it; a moment means the minutes around it, for nobody knows seconds.
fn around(text: &str) -> Option<TimeRange> {
    if let Some((start, end)) = day(text) {
        return Some(TimeRange { from: Some(start), until: Some(end) });
    }
    let moment = moment(text)?;
    Some(TimeRange {
        from: Some(moment.checked_sub_signed(TimeDelta::minutes(5))?),
        until: Some(moment.checked_add_signed(TimeDelta::minutes(6))?),
    })
}

fn compared(text: &str, comparison: Comparison, now: Timestamp) -> Option<TimeRange> {
    let (start, behind) = if let Some(day) = day(text) {
        day
    } else {
        let moment = moment(text).or_else(|| {
            let range = relative(text, now)?;
            range.from.or(range.until)
        })?;
        (moment, moment.checked_add_signed(TimeDelta::microseconds(1))?)
    };
    Some(match comparison {
        Comparison::AtLeast => TimeRange { from: Some(start), until: None },
        Comparison::Above => TimeRange { from: Some(behind), until: None },
        Comparison::Below => TimeRange { from: None, until: Some(start) },
        Comparison::AtMost => TimeRange { from: None, until: Some(behind) },
        Comparison::Equal | Comparison::NotEqual => {
            TimeRange { from: Some(start), until: Some(behind) }
        }
    })
}

/// The years that Postgres, JSON and people can all write.
fn is_writable(moment: &Timestamp) -> bool {
    use chrono::Datelike;
    (1..=9999).contains(&moment.year())
}

fn day(text: &str) -> Option<(Timestamp, Timestamp)> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    let start = date.and_time(NaiveTime::MIN).and_utc();
    let end = start.checked_add_days(Days::new(1))?;
    (is_writable(&start) && is_writable(&end)).then_some((start, end))
}

/// Where a day of ISO 8601 begins, in UTC.
pub fn midnight(text: &str) -> Option<Timestamp> {
    day(text).map(|(start, _)| start)
}

/// A moment of ISO 8601, in UTC if it names no zone.
pub fn moment(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.to_utc())
        .or_else(|_| {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|m| m.and_utc())
        })
        .ok()
        .filter(is_writable)
}
