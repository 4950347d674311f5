//! The libraries that were loaded, as native crashes report them.

use serde::Deserialize;

use super::stack::base_name;
use crate::protocol::event::Event;
use crate::protocol::lenient::Raw;

/// More images are counted, not shown.
const MAX_IMAGES: usize = 500;

/// A loaded library or a source map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageView {
    /// Its file, without the path.
    pub name: String,
    /// Its whole path.
    pub path: String,
    /// What names its debug file.
    pub debug_id: String,
    /// Where it was loaded; empty if unknown.
    pub address: String,
    /// `elf`, `macho`, `pe`, `sourcemap` …
    pub kind: String,
}

/// The images of an event, by name.
pub fn images(event: &Event) -> Vec<ImageView> {
    #[derive(Deserialize)]
    struct Meta {
        #[serde(default)]
        images: Vec<Raw>,
    }
    let meta: Option<Meta> = event.debug_meta.as_ref().and_then(Raw::parse);
    let images = meta.map(|meta| meta.images).unwrap_or_default();
    let mut views: Vec<ImageView> = images.iter().take(MAX_IMAGES).filter_map(image).collect();
    views.sort_by(|one, other| one.name.cmp(&other.name));
    views
}

fn image(raw: &Raw) -> Option<ImageView> {
    let fields: std::collections::BTreeMap<String, serde_json::Value> = raw.parse()?;
    let text = |keys: &[&str]| {
        let value = keys.iter().find_map(|key| fields.get(*key)?.as_str());
        value.unwrap_or_default().to_owned()
    };
    let path = text(&["code_file", "name", "debug_file"]);
    Some(ImageView {
        name: base_name(&path).to_owned(),
        path,
        debug_id: text(&["debug_id", "id", "uuid"]),
        address: text(&["image_addr"]),
        kind: text(&["type"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::Problems;

    #[test]
    fn images_are_named_by_their_file() {
        let json = br#"{"debug_meta": {"images": [
            {"type": "elf", "code_file": "/usr/lib/libc.so.6", "debug_id": "abc", "image_addr": "0x1000"},
            7,
            {"type": "pe", "code_file": "C:\\app\\a.dll"}
        ]}}"#;
        let event = Event::read(json, &Problems::default()).unwrap().unwrap();
        let views = images(&event);
        let names: Vec<&str> = views.iter().map(|view| view.name.as_str()).collect();
        assert_eq!(names, ["a.dll", "libc.so.6"]);
        assert_eq!((views[1].debug_id.as_str(), views[1].address.as_str()), ("abc", "0x1000"));
    }
}
