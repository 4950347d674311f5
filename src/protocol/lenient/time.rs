//! Moments (`protocol.md` §5.2).

use chrono::{DateTime, NaiveDateTime, SubsecRound};
use serde::de::Deserializer;

use super::{Lenient, Problems, Scalar};
use crate::base::Timestamp;

/// 2^53: past it a float no longer counts whole seconds.
const EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

/// A moment, to the microsecond that Postgres keeps: seconds since 1970 or RFC 3339.
#[derive(Debug)]
pub struct Time;

impl Lenient for Time {
    type Value = Timestamp;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Timestamp>, D::Error> {
        let scalar = Scalar::read(from)?;
        let time = parse(&scalar);
        Ok(time.or_else(|| problems.refuse(scalar, "a timestamp in seconds or RFC 3339")))
    }
}

fn parse(scalar: &Scalar) -> Option<Timestamp> {
    match scalar {
        Scalar::Uint(seconds) => i64::try_from(*seconds).ok().and_then(|s| from_seconds(s, 0.0)),
        Scalar::Int(seconds) => from_seconds(*seconds, 0.0),
        #[expect(clippy::cast_possible_truncation, reason = "guarded: below 2^53")]
        Scalar::Float(seconds) if seconds.abs() < EXACT_FLOAT => {
            from_seconds(seconds.floor() as i64, seconds - seconds.floor())
        }
        Scalar::Text(text) => from_text(text),
        _ => None,
    }
}

/// The last second of the year 9999, the last that RFC 3339 can write.
const LAST_SECOND: i64 = 253_402_300_799;

fn from_seconds(whole: i64, fraction: f64) -> Option<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction times a million"
    )]
    let micros = ((fraction * 1e6).round() as u32).min(999_999);
    (whole <= LAST_SECOND).then(|| DateTime::from_timestamp(whole, micros * 1000))?
}

fn from_text(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let zoned = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    zoned.or_else(|| from_text_without_zone(text)).map(|time| time.trunc_subsecs(6))
}

/// What has no zone is in UTC.
fn from_text_without_zone(text: &str) -> Option<Timestamp> {
    let without_zone = text.strip_suffix(" UTC").unwrap_or(text);
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(without_zone, format).ok())
        .map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::from_slice;

    fn read(json: &str) -> (Option<Timestamp>, usize) {
        let problems = Problems::default();
        let value = from_slice::<Time>(json.as_bytes(), &problems).unwrap();
        (value, problems.into_vec().len())
    }

    #[test]
    fn a_moment_is_seconds_or_rfc_3339() {
        let expected = "2020-01-01T00:00:00.250Z".parse::<Timestamp>().unwrap();
        for json in [
            "1577836800.25",
            "\"2020-01-01T00:00:00.25Z\"",
            "\"2020-01-01T01:00:00.25+01:00\"",
            "\"2020-01-01T00:00:00.250000999\"",
            "\"2020-01-01 00:00:00.25\"",
            "\"2020-01-01 00:00:00.25 UTC\"",
        ] {
            assert_eq!(read(json), (Some(expected), 0), "{json}");
        }
        for bad in
            ["\"yesterday\"", "\"1700000000\"", "true", "1e20", "253402300800", "\"2020-01-01\""]
        {
            assert_eq!(read(bad), (None, 1), "{bad}");
        }
    }

    #[test]
    fn a_moment_may_lie_before_1970() {
        assert_eq!(read("-5").0.unwrap().timestamp(), -5);
        assert_eq!(read("-0.5").0.unwrap().timestamp_micros(), -500_000);
    }
}
