//! Who sent a request: browser, system and device, told by its headers (`protocol.md` §5.15).

mod client_hints;
mod families;
mod user_agent;

use crate::protocol::lenient::Raw;

use super::json;

/// Who sent a request.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Agent {
    pub(super) browser: Option<Product>,
    pub(super) os: Option<Product>,
    pub(super) device: Option<Device>,
}

/// Something with a name and perhaps a version.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Product {
    name: String,
    version: Option<String>,
}

/// What the program runs on.
#[derive(Debug, PartialEq)]
pub(super) struct Device {
    family: String,
    model: String,
    brand: Option<String>,
}

impl Product {
    fn new(name: impl Into<String>, version: Option<&str>) -> Self {
        let version = version.filter(|version| !version.is_empty());
        Self { name: name.into(), version: version.map(str::to_owned) }
    }

    /// The context that says so.
    pub(super) fn context(&self) -> Raw {
        fields(&[("name", Some(&self.name)), ("version", self.version.as_ref())])
    }
}

impl Device {
    /// The context that says so.
    pub(super) fn context(&self) -> Raw {
        let fields_of_device = [
            ("family", Some(&self.family)),
            ("model", Some(&self.model)),
            ("brand", self.brand.as_ref()),
        ];
        fields(&fields_of_device)
    }
}

/// The family and the major version of the browser that a user agent speaks of.
pub(in crate::pipeline::stages) fn browser_of(user_agent: &str) -> Option<(String, u32)> {
    let browser = user_agent::parse(user_agent).browser?;
    let major = browser.version.as_deref()?.split('.').next()?.parse().ok()?;
    Some((browser.name, major))
}

fn fields(fields: &[(&str, Option<&String>)]) -> Raw {
    let present = fields.iter().filter_map(|(key, text)| Some((*key, json::quoted((*text)?))));
    let values: Vec<_> = present.collect();
    json::object(values.iter().map(|(key, value)| (*key, value.as_str())))
}

/// Reads the client hints, which are exact, and the user agent for what they do not say.
pub(super) fn from_headers<'a>(
    user_agent: &str,
    header: impl Fn(&str) -> Option<&'a str>,
) -> Agent {
    let hints = client_hints::parse(header);
    let told = user_agent::parse(user_agent);
    Agent {
        browser: hints.browser.or(told.browser),
        os: hints.os.or(told.os),
        device: hints.device.or(told.device),
    }
}
