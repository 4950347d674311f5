//! What is known about a log line, a metric or a span: values by name, each with its type.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::protocol::strict::{Text, loose};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute<'a> {
    /// Text.
    String(Cow<'a, str>),
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Double(f64),
    /// Several values of one kind, as JSON.
    Array(&'a str),
}

/// Values by name; those that are not of their type are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes<'a>(pub BTreeMap<Cow<'a, str>, Attribute<'a>>);

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(borrow, rename = "type", default, deserialize_with = "loose")]
    kind: Option<Text<'a>>,
}

impl<'a> Attributes<'a> {
    /// Reads an object of values; anything else has none.
    pub fn read(raw: Option<&'a RawValue>) -> Self {
        let fields = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let fields: BTreeMap<Key<'a>, &'a RawValue> = fields.unwrap_or_default();
        let read = fields.into_iter().filter_map(|(Key(name), raw)| Some((name, value(raw)?)));
        Self(read.collect())
    }

    /// The text of that name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Attribute::String(text) => Some(text),
            _ => None,
        }
    }
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The value, if it is what it says it is.
fn value(raw: &RawValue) -> Option<Attribute<'_>> {
    let Wire { value, kind } = serde_json::from_str(raw.get()).ok()?;
    let json = value.get();
    Some(match &*kind? {
        "string" => Attribute::String(serde_json::from_str::<Text<'_>>(json).ok()?.0),
        "boolean" => Attribute::Boolean(serde_json::from_str(json).ok()?),
        "integer" => Attribute::Integer(serde_json::from_str(json).ok()?),
        "double" => Attribute::Double(serde_json::from_str(json).ok()?),
        "array" if is_uniform(json) => Attribute::Array(json),
        _ => return None,
    })
}

/// Whether a list holds scalars of one kind; nulls count as every kind.
fn is_uniform(json: &str) -> bool {
    let Ok(list) = serde_json::from_str::<Vec<Value>>(json) else { return false };
    let kind = |value: &Value| match value {
        Value::Null => None,
        Value::Bool(_) => Some(1),
        Value::Number(_) => Some(2),
        Value::String(_) => Some(3),
        _ => Some(0),
    };
    let mut kinds = list.iter().filter_map(kind);
    let first = kinds.next();
    first != Some(0) && kinds.all(|kind| Some(kind) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_if_it_is_what_it_says() {
        let json = r#"{
            "s":{"value":"a\n","type":"string"}, "b":{"value":true,"type":"boolean"},
            "i":{"value":-9223372036854775808,"type":"integer"}, "d":{"value":7,"type":"double","unit":"ms"},
            "a":{"value":["x",null],"type":"array"}, "e":{"value":[],"type":"array"}, "\u00e9":{"value":"","type":"string"},
            "x1":{"value":7,"type":"string"}, "x2":{"value":9223372036854775808,"type":"integer"},
            "x3":{"value":[1,"a"],"type":"array"}, "x4":{"value":[[1]],"type":"array"},
            "x5":{"value":1}, "x6":{"type":"string"}, "x7":{"value":1,"type":"money"}, "x8":7, "x9":null}"#;
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        let attributes = Attributes::read(Some(raw));
        let names: Vec<_> = attributes.0.keys().map(|name| &**name).collect();
        assert_eq!(names, ["a", "b", "d", "e", "i", "s", "é"]);
        assert_eq!(attributes.text("s"), Some("a\n"));
        assert_eq!(attributes.0["i"], Attribute::Integer(i64::MIN));
        assert_eq!(attributes.0["d"], Attribute::Double(7.0));
        assert_eq!(attributes.text("b"), None);
        let none: &RawValue = serde_json::from_str("[1]").unwrap();
        assert_eq!(Attributes::read(Some(none)), Attributes::default());
    }
}
