//! Readers for single values (`protocol.md` §5.2).

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Lenient, Problems};

/// Any JSON value, cheap for the simple ones; the common ground of the readers below.
#[derive(Debug)]
pub enum Scalar {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from zero up.
    Uint(u64),
    /// A negative whole number.
    Int(i64),
    /// A number with a fraction or exponent, or one past 64 bits.
    Float(f64),
    /// Text.
    Text(String),
    /// An array or object.
    Composite(Value),
}

impl Scalar {
    /// Reads any JSON value.
    pub fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor)
    }

    /// The value as JSON, for a [`super::Problem`].
    pub fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => value.into(),
            Self::Uint(value) => value.into(),
            Self::Int(value) => value.into(),
            Self::Float(value) => value.into(),
            Self::Text(value) => value.into(),
            Self::Composite(value) => value,
        }
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Uint(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(u64::try_from(value).map_or(Scalar::Int(value), Scalar::Uint))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Scalar, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(Scalar::Composite)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Scalar, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(Scalar::Composite)
    }
}

/// Declares a reader that converts a [`Scalar`], or gives it back to be noted.
macro_rules! scalar_readers {
    ($($(#[$doc:meta])* $name:ident -> $value:ty, $expected:literal, $convert:path;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Lenient for $name {
            type Value = $value;

            fn read<'de, D: Deserializer<'de>>(
                from: D,
                problems: &Problems,
            ) -> Result<Option<$value>, D::Error> {
                Ok(match Scalar::read(from)? {
                    Scalar::Null => None,
                    scalar => match $convert(scalar) {
                        Ok(value) => Some(value),
                        Err(scalar) => {
                            problems.unexpected(scalar.into_value(), $expected);
                            None
                        }
                    },
                })
            }
        }
    )+};
}

scalar_readers! {
    /// Text and nothing else.
    Text -> String, "a string", text;
    /// Text; numbers and booleans become text (`True`, `12`).
    LooseText -> String, "a string, number or boolean", loose_text;
    /// Text; everything else becomes its JSON.
    JsonText -> String, "any value", json_text;
    /// A whole number from zero up; fractions are cut off.
    Uint -> u64, "a whole number from zero up", uint;
    /// A number.
    Float -> f64, "a number", float;
    /// `true` or `false`.
    Flag -> bool, "true or false", flag;
    /// A moment: seconds since 1970 or RFC 3339.
    Time -> DateTime<Utc>, "a timestamp in seconds or RFC 3339", time;
    /// A memory address: hex text, decimal text or a number; always written as `0x…`.
    Address -> String, "an address", address;
    /// A thread's id: text or a whole number.
    ThreadId -> String, "a string or a whole number", thread_id;
}

fn text(scalar: Scalar) -> Result<String, Scalar> {
    match scalar {
        Scalar::Text(text) => Ok(text),
        other => Err(other),
    }
}

/// 2^53: past it a float no longer counts whole numbers, and its text would be a guess.
const EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

fn loose_text(scalar: Scalar) -> Result<String, Scalar> {
    Ok(match scalar {
        Scalar::Text(text) => text,
        Scalar::Bool(true) => "True".to_owned(),
        Scalar::Bool(false) => "False".to_owned(),
        Scalar::Uint(number) => number.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) if number.abs() < EXACT_FLOAT => format!("{:.0}", number.trunc()),
        other => return Err(other),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "same shape as its siblings")]
fn json_text(scalar: Scalar) -> Result<String, Scalar> {
    Ok(match scalar {
        Scalar::Text(text) => text,
        other => other.into_value().to_string(),
    })
}

fn uint(scalar: Scalar) -> Result<u64, Scalar> {
    match scalar {
        Scalar::Uint(number) => Ok(number),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "guarded: from zero to 2^53"
        )]
        Scalar::Float(number) if (0.0..EXACT_FLOAT).contains(&number) => Ok(number as u64),
        other => Err(other),
    }
}

fn float(scalar: Scalar) -> Result<f64, Scalar> {
    #[expect(clippy::cast_precision_loss, reason = "the client meant a float")]
    match scalar {
        Scalar::Uint(number) => Ok(number as f64),
        Scalar::Int(number) => Ok(number as f64),
        Scalar::Float(number) => Ok(number),
        other => Err(other),
    }
}

fn flag(scalar: Scalar) -> Result<bool, Scalar> {
    match scalar {
        Scalar::Bool(value) => Ok(value),
        other => Err(other),
    }
}

fn thread_id(scalar: Scalar) -> Result<String, Scalar> {
    match scalar {
        Scalar::Text(text) => Ok(text),
        Scalar::Uint(number) => Ok(number.to_string()),
        other => Err(other),
    }
}

fn address(scalar: Scalar) -> Result<String, Scalar> {
    let parsed = match &scalar {
        Scalar::Uint(number) => Some(*number),
        Scalar::Text(text) => match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        },
        _ => None,
    };
    parsed.map(|number| format!("0x{number:x}")).ok_or(scalar)
}

fn time(scalar: Scalar) -> Result<DateTime<Utc>, Scalar> {
    let parsed = match &scalar {
        Scalar::Uint(seconds) => i64::try_from(*seconds).ok().and_then(|s| from_seconds(s, 0.0)),
        Scalar::Int(seconds) => from_seconds(*seconds, 0.0),
        #[expect(clippy::cast_possible_truncation, reason = "guarded: below 2^53")]
        Scalar::Float(seconds) if seconds.abs() < EXACT_FLOAT => {
            from_seconds(seconds.floor() as i64, seconds - seconds.floor())
        }
        Scalar::Text(text) => from_text(text),
        _ => None,
    };
    parsed.ok_or(scalar)
}

/// The last second of the year 9999, the last that RFC 3339 can write.
const LAST_SECOND: i64 = 253_402_300_799;

fn from_seconds(whole: i64, fraction: f64) -> Option<DateTime<Utc>> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction times a million"
    )]
    let micros = ((fraction * 1e6).round() as u32).min(999_999);
    (whole <= LAST_SECOND).then(|| DateTime::from_timestamp(whole, micros * 1000))?
}

fn from_text(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let without_zone = text.strip_suffix(" UTC").unwrap_or(text);
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(without_zone, format).ok())
        .map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<L: Lenient>(json: &str) -> (Option<L::Value>, usize) {
        let problems = Problems::default();
        let value = super::super::from_slice::<L>(json.as_bytes(), &problems).unwrap();
        (value, problems.into_vec().len())
    }

    #[test]
    fn loose_text_takes_every_scalar() {
        for (json, text) in
            [("\"a\"", "a"), ("true", "True"), ("12", "12"), ("-3", "-3"), ("1.9", "1")]
        {
            assert_eq!(read::<LooseText>(json), (Some(text.to_owned()), 0), "{json}");
        }
        assert_eq!(read::<LooseText>("{\"a\":1}"), (None, 1));
        assert_eq!(read::<LooseText>("null"), (None, 0));
    }

    #[test]
    fn text_takes_only_text() {
        assert_eq!(read::<Text>("12"), (None, 1));
        assert_eq!(read::<Text>("\"12\""), (Some("12".to_owned()), 0));
    }

    #[test]
    fn whole_numbers_do_not_come_from_text_or_below_zero() {
        assert_eq!(read::<Uint>("1.7"), (Some(1), 0));
        for bad in ["-1", "\"12\"", "1e30", "true"] {
            assert_eq!(read::<Uint>(bad), (None, 1), "{bad}");
        }
    }

    #[test]
    fn a_moment_is_seconds_or_rfc_3339() {
        let expected = "2020-01-01T00:00:00.250Z".parse::<DateTime<Utc>>().unwrap();
        for json in [
            "1577836800.25",
            "\"2020-01-01T00:00:00.25Z\"",
            "\"2020-01-01T01:00:00.25+01:00\"",
            "\"2020-01-01T00:00:00.250000000\"",
            "\"2020-01-01 00:00:00.25\"",
            "\"2020-01-01 00:00:00.25 UTC\"",
        ] {
            assert_eq!(read::<Time>(json), (Some(expected), 0), "{json}");
        }
        for bad in
            ["\"yesterday\"", "\"1700000000\"", "true", "1e20", "253402300800", "\"2020-01-01\""]
        {
            assert_eq!(read::<Time>(bad), (None, 1), "{bad}");
        }
    }

    #[test]
    fn addresses_are_written_in_one_way() {
        for json in ["\"0xFF\"", "255", "\"255\""] {
            assert_eq!(read::<Address>(json), (Some("0xff".to_owned()), 0));
        }
    }
}
