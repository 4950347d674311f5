//! Looking into JSON text without making a tree of it.
//!
//! Everything here takes text that is known to be JSON (a [`Raw`]); there is no recursion, so depth
//! costs nothing.

use std::borrow::Cow;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::protocol::lenient::Raw;

/// Whether at least `levels` arrays and objects are open at the deepest place.
pub(super) fn nests(json: &str, levels: usize) -> bool {
    // Counting brackets, in texts too, is much quicker than understanding them, and mostly enough.
    let brackets = json.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count();
    brackets >= levels && nesting(json) >= levels
}

/// How many arrays and objects are open at the deepest place.
fn nesting(json: &str) -> usize {
    if !json.starts_with(['{', '[']) {
        return 0;
    }
    let mut open = 0;
    let mut deepest = 0;
    for (_, byte) in structure(json) {
        match byte {
            b'{' | b'[' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' => open -= 1,
            _ => {}
        }
    }
    deepest
}

/// The bytes outside of strings that give JSON its structure, with their places.
fn structure(json: &str) -> impl Iterator<Item = (usize, u8)> {
    let bytes = json.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let here = at;
            at = if bytes[here] == b'"' { end_of_string(bytes, here) } else { here + 1 };
            if matches!(bytes[here], b'{' | b'}' | b'[' | b']' | b',' | b':') {
                return Some((here, bytes[here]));
            }
        }
        None
    })
}

/// Where the string literal that begins at `start` ends.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The texts of the members of an array or object: elements, or `"key":value` each.
pub(super) fn members(json: &str) -> impl Iterator<Item = &str> {
    let inner = json.get(1..json.len() - 1).unwrap_or_default();
    let mut open = 0_usize;
    let mut start = 0;
    let mut commas = structure(inner).filter_map(move |(at, byte)| {
        match byte {
            b'{' | b'[' => open += 1,
            b'}' | b']' => open = open.saturating_sub(1),
            b',' if open == 0 => return Some(at),
            _ => {}
        }
        None
    });
    let mut is_done = inner.trim().is_empty();
    std::iter::from_fn(move || {
        if is_done {
            return None;
        }
        let end = commas.next().unwrap_or_else(|| {
            is_done = true;
            inner.len()
        });
        let member = &inner[start..end];
        start = end + 1;
        Some(member.trim())
    })
}

/// Splits the member of an object into its key (a string literal) and its value.
pub(super) fn split_member(member: &str) -> (&str, &str) {
    let end = end_of_string(member.as_bytes(), 0);
    let (key, rest) = member.split_at(end);
    (key, rest.trim_start().trim_start_matches(':').trim_start())
}

/// The string literal `json` cut to `room` bytes with dots at its end; `None` if nothing would be
/// left. Also tells how many characters it had and has.
pub(super) fn cut_string(json: &str, room: usize) -> Option<(String, usize, usize)> {
    const END: &str = "...\"";
    let inner = json.get(1..json.len() - 1)?;
    let keep_bytes = room.checked_sub(END.len() + 1).filter(|keep| *keep > 0)?;
    let mut kept = 0;
    let mut kept_chars = 0;
    let mut at = 0;
    let mut chars = 0;
    while at < inner.len() {
        at += character(&inner[at..]);
        chars += 1;
        if at <= keep_bytes {
            kept = at;
            kept_chars = chars;
        }
    }
    Some((format!("\"{}{END}", &inner[..kept]), chars, kept_chars))
}

/// How many bytes the first character of a string literal's inside takes.
fn character(text: &str) -> usize {
    let is_unicode = |text: &str| text.len() >= 6 && text.starts_with("\\u");
    let is_high = |text: &str| {
        let unit = text.get(2..6).and_then(|digits| u16::from_str_radix(digits, 16).ok());
        unit.is_some_and(|unit| (0xd800..0xdc00).contains(&unit))
    };
    if is_unicode(text) {
        let is_pair = is_high(text) && text.get(6..).is_some_and(is_unicode);
        return if is_pair { 12 } else { 6 };
    }
    match text.chars().next() {
        Some('\\') => 2.min(text.len()),
        Some(other) => other.len_utf8(),
        None => 1,
    }
}

/// The entries of one object, its values unparsed: enough to look at a few fields and to set some.
#[derive(Default)]
pub(super) struct Shallow<'a> {
    json: &'a str,
    entries: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Shallow<'a> {
    /// The entries of an object; `None` if `json` is something else.
    pub(super) fn of(json: &'a str) -> Option<Self> {
        struct Entries;
        impl<'a> Visitor<'a> for Entries {
            type Value = Shallow<'a>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Shallow<'a>, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some(Text(key)) = map.next_key::<Text<'a>>()? {
                    entries.push((key, map.next_value()?));
                }
                Ok(Shallow { json: "", entries })
            }
        }
        let object = serde_json::Deserializer::from_str(json).deserialize_map(Entries).ok()?;
        Some(Shallow { json, ..object })
    }

    /// The value of `key` as JSON; null counts as absent. Of a key that comes twice the last wins.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        let (_, value) = self.entries.iter().rev().find(|(known, _)| known == key)?;
        Some(value.get()).filter(|json| *json != "null")
    }

    /// The text under `key`, if it is one and not empty.
    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        let json = self.get(key)?;
        let Text(text) = serde_json::from_str(json).ok()?;
        Some(text).filter(|text| !text.is_empty())
    }

    /// The text under `key`; a number or boolean as its JSON.
    pub(super) fn loose_text(&self, key: &str) -> Option<Cow<'a, str>> {
        let json = self.get(key)?;
        let is_simple = !json.starts_with(['"', '{', '[']);
        if is_simple { Some(json.into()) } else { self.text(key) }
    }

    /// The flag under `key`.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.parse().ok()
    }

    /// The whole number under `key`, also as text.
    pub(super) fn number(&self, key: &str) -> Option<i64> {
        self.loose_text(key)?.parse().ok()
    }

    /// The object with `changes` set, whose values are JSON.
    pub(super) fn with(&self, changes: &[(&str, String)]) -> Raw {
        self.replace(&[], changes)
    }

    /// The object with the entries of these keys in this order before the others: what is too much
    /// is cut from behind.
    pub(super) fn with_first(&self, keys: &[&str]) -> Raw {
        let place = |(key, _): &&(Cow<'a, str>, &RawValue)| {
            keys.iter().position(|first| first == key).unwrap_or(keys.len())
        };
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(place);
        object(entries.into_iter().map(|(key, value)| (key.as_ref(), value.get())))
    }

    /// The object without what is `gone` and with `changes` set, whose values are JSON.
    pub(super) fn replace(&self, gone: &[&str], changes: &[(&str, String)]) -> Raw {
        let is_kept =
            |key: &str| !gone.contains(&key) && changes.iter().all(|(changed, _)| *changed != key);
        let changed = changes.iter().map(|(key, value)| (*key, value.as_str()));
        if self.entries.iter().all(|(key, _)| is_kept(key)) {
            // Nothing is replaced: what is new is put behind the rest.
            let rest = self.json.strip_suffix('}').unwrap_or("{");
            return finish(push_entries(rest.to_owned(), self.entries.is_empty(), changed));
        }
        let kept = self.entries.iter().filter(|(key, _)| is_kept(key));
        object(kept.map(|(key, value)| (key.as_ref(), value.get())).chain(changed))
    }
}

/// An object of entries whose values are JSON.
pub(super) fn object<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> Raw {
    finish(push_entries(String::from("{"), true, entries))
}

/// Text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is always JSON")
}

fn push_entries<'a>(
    mut json: String,
    mut is_first: bool,
    entries: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    for (key, value) in entries {
        if !std::mem::take(&mut is_first) {
            json.push(',');
        }
        json.push_str(&quoted(key));
        json.push(':');
        json.push_str(value);
    }
    json
}

fn finish(mut json: String) -> Raw {
    json.push('}');
    Raw::from_text(json).expect("entries that are JSON make an object")
}

/// Text that is borrowed unless it holds an escape.
struct Text<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_counts_what_is_open_and_not_what_is_text() {
        for (json, depth) in [
            ("1", 0),
            ("\"[[[\"", 0),
            ("[]", 1),
            (r#"{"a":[1,{"b":"}\"]"}],"c":[]}"#, 3),
            (r#"["\\",["]"]]"#, 2),
        ] {
            assert_eq!(nesting(json), depth, "{json}");
            assert!(nests(json, depth) && !nests(json, depth + 1), "{json}");
        }
    }

    #[test]
    fn members_are_found_whatever_stands_in_texts() {
        let json = r#"{ "a" : [1,2], "b,\"":"x,}" ,"c":{"d":null} }"#;
        let found: Vec<_> = members(json).map(split_member).collect();
        assert_eq!(
            found,
            [("\"a\"", "[1,2]"), (r#""b,\"""#, "\"x,}\""), ("\"c\"", "{\"d\":null}")]
        );
        assert_eq!(members("[ ]").count(), 0);
        assert_eq!(members("[1, [2,3]]").collect::<Vec<_>>(), ["1", "[2,3]"]);
    }

    #[test]
    fn a_string_is_never_cut_inside_an_escape() {
        let cut = |json: &str, room| cut_string(json, room).map(|(text, ..)| text);
        assert_eq!(cut(r#""abcdefghij""#, 9).as_deref(), Some(r#""abcd...""#));
        assert_eq!(cut(r#""ab\u00e9fghij""#, 9).as_deref(), Some(r#""ab...""#));
        assert_eq!(cut(r#""\ud83d\ude00abcdef""#, 12).as_deref(), Some(r#""...""#));
        assert_eq!(cut(r#""a\\\\\\\\\\""#, 9).as_deref(), Some(r#""a\\...""#));
        assert_eq!(cut("\"äöüäöü\"", 10).as_deref(), Some("\"äö...\""));
        assert_eq!(cut("\"abcdef\"", 5), None);
        assert_eq!(
            cut_string(r#""a\nb\ud83d\ude00cdef""#, 10),
            Some((r#""a\nb...""#.into(), 8, 3))
        );
    }

    #[test]
    fn a_shallow_object_shows_and_sets_its_fields() {
        let json = r#"{"a":"x\ny","b":7,"c":true,"a\u0062":null,"d":{"e":1}}"#;
        let object = Shallow::of(json).unwrap();
        assert_eq!(object.text("a").as_deref(), Some("x\ny"));
        assert_eq!(object.text("b"), None);
        assert_eq!(object.loose_text("b").as_deref(), Some("7"));
        assert_eq!(object.number("b"), Some(7));
        assert_eq!(object.flag("c"), Some(true));
        assert_eq!(object.get("ab"), None);
        assert_eq!(object.get("d"), Some("{\"e\":1}"));
        let changed = object.with(&[("b", quoted("\"seven\"")), ("f", "[1]".to_owned())]);
        assert_eq!(
            changed.text(),
            r#"{"a":"x\ny","c":true,"ab":null,"d":{"e":1},"b":"\"seven\"","f":[1]}"#
        );
        let more = Shallow::of("{ \"a\": 1 }").unwrap().with(&[("b", quoted("x"))]);
        assert_eq!(more.text(), "{ \"a\": 1 ,\"b\":\"x\"}");
        assert_eq!(Shallow::of("{}").unwrap().with(&[("b", quoted("x"))]).text(), "{\"b\":\"x\"}");
        assert!(Shallow::of("[1]").is_none());
    }
}
