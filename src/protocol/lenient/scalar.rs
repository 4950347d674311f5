//! Readers for single values (`protocol.md` §5.2).

use serde::de::Deserializer;

use super::shape::{self, Shape};
use super::{Lenient, Problems, Scalar};

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
                        Err(scalar) => problems.refuse(scalar, $expected),
                    },
                })
            }
        }
    )+};
}

scalar_readers! {
    /// A whole number from zero up; fractions are cut off.
    Uint -> u64, "a whole number from zero up", uint;
    /// A number.
    Float -> f64, "a number", float;
    /// `true` or `false`.
    Flag -> bool, "true or false", flag;
    /// A memory address: hex text, decimal text or a number; always written as `0x…`.
    Address -> String, "an address", address;
    /// A thread's id: text or a whole number.
    ThreadId -> String, "a string or a whole number", thread_id;
}

/// Declares a reader of texts, which are most of an event; other values are converted or noted.
macro_rules! text_readers {
    ($($(#[$doc:meta])* $name:ident, $expected:literal, $convert:path;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Lenient for $name {
            type Value = String;

            fn read<'de, D: Deserializer<'de>>(
                from: D,
                problems: &Problems,
            ) -> Result<Option<String>, D::Error> {
                shape::read(from, TextShape { problems, expected: $expected, convert: $convert })
            }
        }
    )+};
}

text_readers! {
    /// Text and nothing else.
    Text, "a string", Err;
    /// Text; numbers and booleans become text (`True`, `12`).
    LooseText, "a string, number or boolean", loose_text;
    /// Text; everything else becomes its JSON.
    JsonText, "any value", json_text;
}

struct TextShape<'p> {
    problems: &'p Problems,
    expected: &'static str,
    /// What to make of a value that is no text and not null.
    convert: fn(Scalar) -> Result<String, Scalar>,
}

impl Shape<'_> for TextShape<'_> {
    type Value = Option<String>;

    fn text(self, value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    fn other(self, value: Scalar) -> Option<String> {
        match value {
            Scalar::Null => None,
            Scalar::Text(text) => Some(text),
            value => (self.convert)(value)
                .map_or_else(|value| self.problems.refuse(value, self.expected), Some),
        }
    }
}

/// 2^53: past it a float no longer counts whole numbers, and its text would be a guess.
const EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

fn loose_text(scalar: Scalar) -> Result<String, Scalar> {
    Ok(match scalar {
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
    Ok(compact(scalar.into_raw().text()))
}

/// JSON without the blanks between its parts.
fn compact(json: &str) -> String {
    let mut in_string = false;
    let mut is_escaped = false;
    let keep = |c: &char| {
        if !in_string {
            in_string = *c == '"';
            return !c.is_ascii_whitespace();
        }
        in_string = *c != '"' || is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        true
    };
    json.chars().filter(keep).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::from_slice;

    fn read<L: Lenient>(json: &str) -> (Option<L::Value>, usize) {
        let problems = Problems::default();
        let value = from_slice::<L>(json.as_bytes(), &problems).unwrap();
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
    fn what_is_no_text_becomes_its_json() {
        for (json, text) in [
            (r#""a""#, "a"),
            (r#"{ "a b": [1, "\" ,"] , "c":1e2}"#, r#"{"a b":[1,"\" ,"],"c":1e2}"#),
            ("12.50", "12.5"),
            ("false", "false"),
        ] {
            assert_eq!(read::<JsonText>(json), (Some(text.to_owned()), 0), "{json}");
        }
    }

    #[test]
    fn whole_numbers_do_not_come_from_text_or_below_zero() {
        assert_eq!(read::<Uint>("1.7"), (Some(1), 0));
        for bad in ["-1", "\"12\"", "1e30", "true"] {
            assert_eq!(read::<Uint>(bad), (None, 1), "{bad}");
        }
    }

    #[test]
    fn addresses_are_written_in_one_way() {
        for json in ["\"0xFF\"", "255", "\"255\""] {
            assert_eq!(read::<Address>(json), (Some("0xff".to_owned()), 0));
        }
    }
}
