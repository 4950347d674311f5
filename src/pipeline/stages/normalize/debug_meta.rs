//! The binaries and source maps that were loaded (`protocol.md` §5.16).
//!
//! Symbolication looks for them by type, id and address, so these are written in one way.

use std::borrow::Cow;

use super::at::At;
use super::budget::Budget;
use super::json::{Shallow, quoted};
use super::lists;
use crate::protocol::event::Event;
use crate::protocol::lenient::{Address, Problems, Raw};

/// Nobody's list of binaries is that long, but it must end somewhere, and so must its nesting.
const DEBUG_META: Budget = Budget::of(1024 * 1024, 8);

/// The types of binaries; `apple` is the old name of the first.
const BINARIES: [&str; 6] = ["macho", "elf", "pe", "pe_dotnet", "wasm", "symbolic"];
const OTHERS: [&str; 3] = ["proguard", "jvm", "sourcemap"];

/// Old names of a binary's fields, and those of today.
const RENAMED: [(&str, &str); 3] =
    [("name", "code_file"), ("id", "debug_id"), ("uuid", "debug_id")];

/// Brings the images into their canonical form.
pub(super) fn normalize(event: &mut Event, at: At<'_>) {
    let at_images = at.field("debug_meta");
    if let Some(changed) = event.debug_meta.as_ref().and_then(|raw| normalize_meta(raw, at_images))
    {
        event.debug_meta = Some(changed);
    }
    DEBUG_META.apply_to_value(&mut event.debug_meta, "debug_meta", at);
}

/// `None` if there is nothing to change.
fn normalize_meta(raw: &Raw, at: At<'_>) -> Option<Raw> {
    let meta = Shallow::of(raw.text())?;
    let images = normalize_images(meta.get("images")?, at.field("images"))?;
    Some(meta.with(&[("images", images)]))
}

fn normalize_images(json: &str, at: At<'_>) -> Option<String> {
    let Ok(images) = serde_json::from_str::<Vec<&serde_json::value::RawValue>>(json) else {
        at.invalid(Raw::from_text(json), "expected a list");
        return Some("null".to_owned());
    };
    let normalized = images.iter().enumerate();
    let mut normalized: Vec<_> =
        normalized.map(|(index, image)| normalize_image(image.get(), at.element(index))).collect();
    let is_changed = |image: &Option<Cow<'_, str>>| !matches!(image, Some(Cow::Borrowed(_)));
    if !normalized.iter().any(is_changed) {
        return None;
    }
    lists::retain(&mut normalized, at, Option::is_some);
    let kept: Vec<_> = normalized.iter().flatten().map(AsRef::as_ref).collect();
    Some(format!("[{}]", kept.join(",")))
}

/// `None` if it is no image.
fn normalize_image<'a>(json: &'a str, at: At<'_>) -> Option<Cow<'a, str>> {
    let Some(image) = Shallow::of(json) else {
        if json != "null" {
            at.invalid(Raw::from_text(json), "expected an object");
        }
        return None;
    };
    let kind = image.text("type").unwrap_or_default();
    let is_old = kind == "apple";
    if !is_old && !BINARIES.contains(&&*kind) && !OTHERS.contains(&&*kind) {
        at.field("type").invalid(image.get("type").and_then(Raw::from_text), "no type of image");
        return None;
    }
    let mut gone = Vec::new();
    let mut changes = Vec::new();
    if is_old {
        changes.push(("type", quoted("macho")));
    }
    if is_old || BINARIES.contains(&&*kind) {
        rename(&image, &mut gone, &mut changes);
    }
    for field in ["image_addr", "image_vmaddr"] {
        changes.extend(address(&image, field, at).map(|written| (field, written)));
    }
    if let Some(size) = image.get("image_size").filter(|size| size.parse::<u64>().is_err()) {
        at.field("image_size").invalid(Raw::from_text(size), "expected a whole number");
        changes.push(("image_size", "null".to_owned()));
    }
    if changes.is_empty() {
        return Some(Cow::Borrowed(json));
    }
    Some(Cow::Owned(image.replace(&gone, &changes).text().to_owned()))
}

fn rename(
    image: &Shallow<'_>,
    gone: &mut Vec<&'static str>,
    changes: &mut Vec<(&'static str, String)>,
) {
    for (old, new) in RENAMED {
        let is_set = changes.iter().any(|(field, _)| *field == new);
        if let Some(value) = image.get(old).filter(|_| image.get(new).is_none() && !is_set) {
            gone.push(old);
            changes.push((new, value.to_owned()));
        }
    }
}

/// The address in `field` as it is to be written; `None` if it is so already.
fn address(image: &Shallow<'_>, field: &str, at: At<'_>) -> Option<String> {
    let sent = image.get(field)?;
    let raw = Raw::from_text(sent)?;
    let Some(written) = raw.read::<Address>(&Problems::default()) else {
        at.field(field).invalid(Some(raw), "expected an address");
        return Some("null".to_owned());
    };
    let written = quoted(&written);
    (written != sent).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    fn run(images: &str) -> (String, Vec<String>) {
        let json = format!(r#"{{"debug_meta":{{"images":{images},"sdk_info":{{}}}}}}"#);
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let (problems, _) = noted(|at| normalize(&mut event, at));
        let meta = event.debug_meta.unwrap();
        let images = Shallow::of(meta.text()).unwrap().get("images").unwrap_or("null").to_owned();
        (images, problems)
    }

    #[test]
    fn what_is_as_it_should_be_stays() {
        for images in [
            r#"[{"type":"elf","code_file":"/lib/a.so","debug_id":"x","image_addr":"0x7f00","image_size":4096}]"#,
            r#"[{"type":"sourcemap","code_file":"a.js","debug_id":"x"},{"type":"proguard","uuid":"x"}]"#,
            "[]",
        ] {
            assert_eq!(run(images), (images.to_owned(), vec![]));
        }
    }

    #[test]
    fn old_names_become_those_of_today() {
        assert_eq!(
            run(r#"[{"type":"apple","name":"App","uuid":"ab","image_addr":4096,"cpu_type":7}]"#).0,
            r#"[{"cpu_type":7,"type":"macho","code_file":"App","debug_id":"ab","image_addr":"0x1000"}]"#
        );
        assert_eq!(
            run(r#"[{"type":"pe","id":"ab","code_file":"a.dll","name":"b"}]"#).0,
            r#"[{"type":"pe","code_file":"a.dll","name":"b","debug_id":"ab"}]"#
        );
    }

    #[test]
    fn addresses_are_written_in_one_way() {
        for (sent, kept) in [
            ("\"0X7F00\"", "\"0x7f00\""),
            ("\"0x0000abcd\"", "\"0xabcd\""),
            ("\"4096\"", "\"0x1000\""),
            ("18446744073709551615", "\"0xffffffffffffffff\""),
        ] {
            let found = run(&format!(r#"[{{"type":"elf","image_addr":{sent}}}]"#));
            assert_eq!(found, (format!(r#"[{{"type":"elf","image_addr":{kept}}}]"#), vec![]));
        }
    }

    #[test]
    fn what_is_no_image_is_left_out_and_said() {
        let (images, problems) =
            run(r#"[null,7,{"type":"floppy"},{},{"type":"elf","image_addr":"x","image_size":-1}]"#);
        assert_eq!(images, r#"[{"type":"elf","image_addr":null,"image_size":null}]"#);
        let expected = ["1", "2.type", "3.type", "4.image_addr", "4.image_size"];
        assert_eq!(problems, expected.map(|path| format!("debug_meta.images.{path}")));
        assert_eq!(run(r#"{"a":1}"#), ("null".to_owned(), vec!["debug_meta.images".to_owned()]));
    }
}
