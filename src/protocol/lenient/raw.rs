//! JSON that is kept as text until somebody looks inside.

use serde::de::{MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::object::Key;
use super::repair::mend;
use super::{Lenient, Problems};

/// Any JSON value, unparsed. Most of an event's bytes are such values (local variables, contexts,
/// extra data): a tree of them would cost more than all other parsing together.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// The JSON text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The value as a tree. What cannot be parsed, such as 200 nested arrays, becomes its own text.
    pub fn value(&self) -> Value {
        serde_json::from_str(self.text())
            .or_else(|_| serde_json::from_str(&mend(self.text().as_bytes())))
            .unwrap_or_else(|_| Value::String(self.text().to_owned()))
    }

    /// Keeps anything that has a JSON form; what has none becomes null.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Self {
        let text = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
        Self(RawValue::from_string(text).expect("a printed value is JSON"))
    }

    /// Keeps text that is JSON; `None` if it is not.
    pub fn from_text(text: impl Into<String>) -> Option<Self> {
        RawValue::from_string(text.into()).ok().map(Self)
    }

    /// Reads the value as `T`; `None` if it is something else.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(self.text()).ok()
    }

    /// Reads the value leniently; problems are noted relative to here.
    pub fn read<L: Lenient>(&self, problems: &Problems) -> Option<L::Value> {
        super::from_text::<L>(self.text(), problems).ok().flatten()
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.text() == "null"
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        self.text().starts_with('{')
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        self.text().starts_with('[')
    }

    /// The rest of an array as one value.
    pub(super) fn collect_array<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        let mut text = String::from("[");
        while let Some(element) = seq.next_element::<Self>()? {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(element.text());
        }
        text.push(']');
        Ok(Self::from_text(text).expect("elements that were read make an array"))
    }

    /// The rest of an object as one value.
    pub(super) fn collect_object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut text = String::from("{");
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(Self::from_value(key.as_ref()).text());
            text.push(':');
            text.push_str(map.next_value::<Self>()?.text());
        }
        text.push('}');
        Ok(Self::from_text(text).expect("entries that were read make an object"))
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <Box<RawValue>>::deserialize(from).map(Self)
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

/// Declares readers that keep a value as text if it is of the right kind.
macro_rules! raw_readers {
    ($($(#[$doc:meta])* $name:ident, $expected:literal, $fits:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Lenient for $name {
            type Value = Raw;

            fn read<'de, D: Deserializer<'de>>(
                from: D,
                problems: &Problems,
            ) -> Result<Option<Raw>, D::Error> {
                let fits: fn(&Raw) -> bool = $fits;
                let raw = Raw::deserialize(from)?;
                if raw.is_null() {
                    return Ok(None);
                }
                if fits(&raw) {
                    return Ok(Some(raw));
                }
                problems.unexpected(raw, $expected);
                Ok(None)
            }
        }
    )+};
}

raw_readers! {
    /// Any value.
    Json, "any value", |_| true;
    /// An object.
    JsonObject, "an object", Raw::is_object;
    /// An array.
    JsonArray, "a list", Raw::is_array;
    /// An object or an array.
    JsonComposite, "an object or a list", |raw| raw.is_object() || raw.is_array();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::from_slice;

    #[test]
    fn a_reader_of_text_keeps_only_its_kind() {
        fn read<L: Lenient>(json: &str) -> (Option<L::Value>, usize) {
            let problems = Problems::default();
            let value = from_slice::<L>(json.as_bytes(), &problems).unwrap();
            (value, problems.take().len())
        }
        let text = |raw: Option<Raw>| raw.map(|raw| raw.text().to_owned());
        assert_eq!(text(read::<Json>("[1, 2]").0).as_deref(), Some("[1, 2]"));
        assert_eq!(read::<Json>("null"), (None, 0));
        assert_eq!(read::<JsonObject>("[]"), (None, 1));
        assert_eq!(read::<JsonArray>("[]").1, 0);
        assert_eq!(read::<JsonArray>("{}"), (None, 1));
        assert_eq!(read::<JsonComposite>("7"), (None, 1));
        assert_eq!(read::<JsonComposite>("{}").1, 0);
    }

    #[test]
    fn nesting_of_any_depth_is_kept_and_refused_without_recursion() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let problems = Problems::default();
        let kept = from_slice::<Json>(deep.as_bytes(), &problems).unwrap();
        assert_eq!(kept.map(|raw| raw.text().len()), Some(200_000));
        assert!(from_slice::<JsonObject>(deep.as_bytes(), &problems).unwrap().is_none());
        assert_eq!(problems.take()[0].reason.as_deref(), Some("expected an object"));
    }
}
