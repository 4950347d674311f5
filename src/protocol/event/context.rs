//! The contexts that Picket itself looks into (`protocol.md` §5.15); the rest is only shown.

use serde::Deserialize;

use crate::protocol::lenient::RawMap;

/// The contexts of an event by name, unparsed.
pub type Contexts = RawMap;

/// What most contexts have: something with a name and a version.
#[derive(Debug, Default, Deserialize)]
pub struct NamedContext {
    /// What kind it is, where it differs from the context's key.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// The version.
    #[serde(default)]
    pub version: Option<String>,
}

impl NamedContext {
    /// "name version", or just the name.
    pub fn label(&self) -> Option<String> {
        let name = self.name.as_deref().filter(|name| !name.is_empty())?;
        Some(match self.version.as_deref().filter(|version| !version.is_empty()) {
            Some(version) => format!("{name} {version}"),
            None => name.to_owned(),
        })
    }
}

/// Where the event stands in a trace.
#[derive(Debug, Default, Deserialize)]
pub struct TraceContext {
    /// 32 hex digits.
    #[serde(default)]
    pub trace_id: Option<String>,
    /// 16 hex digits.
    #[serde(default)]
    pub span_id: Option<String>,
}
