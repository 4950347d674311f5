//! JSON that is kept as text until somebody looks inside.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::repair;

/// Any JSON value, unparsed. Most of an event's bytes are such values (local variables, contexts,
/// extra data): a tree of them would cost more than all other parsing together.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Raw(Box<RawValue>);

/// Unparsed values by name.
pub type RawMap = BTreeMap<String, Raw>;

impl Raw {
    /// The JSON text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The value as a tree. What cannot be parsed, such as 200 nested arrays, becomes its own text.
    pub fn value(&self) -> Value {
        serde_json::from_str(self.text())
            .or_else(|_| serde_json::from_slice(&repair(self.text().as_bytes())))
            .unwrap_or_else(|_| Value::String(self.text().to_owned()))
    }

    /// Keeps a tree as text.
    pub fn from_value(value: &Value) -> Self {
        let text = value.to_string();
        Self(RawValue::from_string(text).expect("a printed value is JSON"))
    }

    /// Reads the value as `T`; `None` if it is something else.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(self.text()).ok()
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
