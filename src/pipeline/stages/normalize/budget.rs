//! How many bytes and how much nesting the client's own data may have (`protocol.md` §5.18).
//!
//! Such data stays text. It is measured on every event and taken apart only when it is too much:
//! then strings are cut to what is left, members past the budget are dropped, and what lies deeper
//! than allowed becomes its own JSON as text. What comes out is within the budget by the same
//! measure, so a second pass changes nothing.

use super::at::{At, Change};
use super::json::{cut_string, members, nests, split_member};
use super::limits::Limit;
use crate::protocol::lenient::{Raw, RawMap};

/// The longest key of an object that the client chose.
const MAX_KEY: Limit = Limit::of(1000);
/// The shortest text that such a key can be in.
const MAX_KEY_BYTES: usize = 1000;

/// Quotes, colon and comma around an entry of an object.
const ENTRY_BYTES: usize = 4;

/// A limit in bytes of JSON and in levels of nesting, the container itself being the first level
/// and the last one being no longer a container.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    bytes: usize,
    depth: usize,
}

impl Budget {
    /// A budget of so many bytes and levels.
    pub(super) const fn of(bytes: usize, depth: usize) -> Self {
        Self { bytes, depth }
    }

    /// How many bytes there are.
    pub(super) const fn bytes(self) -> usize {
        self.bytes
    }

    /// The same with so many bytes less.
    pub(super) const fn less(self, bytes: usize) -> Self {
        Self { bytes: self.bytes - bytes, ..self }
    }

    /// Whether nothing in an object can be too much: it is short, so most need not be opened.
    pub(super) fn is_surely_within(self, object: &str) -> bool {
        object.len() <= MAX_KEY_BYTES && self.fits(object)
    }

    /// Keeps the values of `map` within the budget.
    pub(super) fn apply(self, map: &mut RawMap, at: At<'_>) {
        if map.text().is_some_and(|text| self.is_surely_within(text)) {
            return;
        }
        cut_keys(map, at);
        let inner = self.depth - 1;
        let bytes: usize = map.iter().map(|(key, raw)| entry_bytes(key, raw)).sum();
        if bytes > self.bytes || map.values().any(|raw| nests(raw.text(), inner)) {
            self.rebuild(map, at);
        }
    }

    /// Keeps the map in field `name` within the budget.
    pub(super) fn apply_to_field(self, map: &mut Option<RawMap>, name: &str, at: At<'_>) {
        if let Some(map) = map {
            self.apply(map, at.field(name));
        }
    }

    /// Keeps one value within the budget; a value of which nothing is left becomes null.
    pub(super) fn apply_in_place(self, raw: &mut Raw, at: At<'_>) {
        if !self.fits(raw.text()) {
            *raw = self.cut(raw.text(), at).unwrap_or_else(|| Raw::from_value(&()));
        }
    }

    /// Keeps the value in field `name` within the budget.
    pub(super) fn apply_to_value(self, raw: &mut Option<Raw>, name: &str, at: At<'_>) {
        if let Some(value) = raw
            && !self.fits(value.text())
        {
            *raw = self.cut(value.text(), at.field(name));
        }
    }

    fn rebuild(self, map: &mut RawMap, at: At<'_>) {
        let length = map.len();
        let mut room = self.bytes;
        let mut kept = RawMap::new();
        for (key, raw) in std::mem::take(map) {
            let Some(left) = room.checked_sub(key.len() + ENTRY_BYTES) else { break };
            let inner = Self::of(left, self.depth - 1);
            let fits = inner.fits(raw.text());
            let Some(raw) = (if fits { Some(raw) } else { inner.cut(raw.text(), at.field(&key)) })
            else {
                break;
            };
            room = left - raw.text().len();
            kept.insert(key, raw);
        }
        if kept.len() < length {
            at.mark(Change::Shortened { length });
        }
        *map = kept;
    }

    pub(super) fn fits(self, json: &str) -> bool {
        json.len() <= self.bytes && !nests(json, self.depth)
    }

    /// The value cut to the budget; `None` if nothing is left of it.
    fn cut(self, json: &str, at: At<'_>) -> Option<Raw> {
        Raw::from_text(self.cut_text(json, at)?)
    }

    fn cut_text(self, json: &str, at: At<'_>) -> Option<String> {
        if self.fits(json) {
            return Some(json.to_owned());
        }
        let is_empty = || members(json).next().is_none();
        match json.as_bytes().first() {
            Some(b'"') => self.cut_string(json, at),
            Some(b'{' | b'[') if self.bytes < 2 => None,
            Some(b'{' | b'[') if is_empty() => Some(short_form(json)),
            Some(b'{' | b'[') if self.depth <= 1 => {
                let text = Raw::from_value(json);
                self.with_any_depth().cut_text(text.text(), at)
            }
            Some(b'{') => self.cut_object(json, at),
            Some(b'[') => self.cut_array(json, at),
            // A number or word that does not fit is dropped.
            _ => None,
        }
    }

    fn cut_string(self, json: &str, at: At<'_>) -> Option<String> {
        let (text, length, start) = cut_string(json, self.bytes)?;
        at.mark(Change::Cut { length, start, end: start + 3 });
        Some(text)
    }

    fn cut_object(self, json: &str, at: At<'_>) -> Option<String> {
        self.cut_members(json, ('{', '}'), at, |member, inner, at| {
            let (key, value) = split_member(member);
            let left = inner.bytes.checked_sub(key.len() + 1)?;
            let name: String = serde_json::from_str(key).unwrap_or_default();
            let value = Self::of(left, inner.depth).cut_text(value, at.field(&name))?;
            Some(format!("{key}:{value}"))
        })
    }

    fn cut_array(self, json: &str, at: At<'_>) -> Option<String> {
        let mut index = 0;
        self.cut_members(json, ('[', ']'), at, |member, inner, at| {
            let element = at.element(index);
            index += 1;
            inner.cut_text(member, element)
        })
    }

    fn cut_members(
        self,
        json: &str,
        (open, close): (char, char),
        at: At<'_>,
        mut cut: impl FnMut(&str, Self, At<'_>) -> Option<String>,
    ) -> Option<String> {
        let mut text = String::from(open);
        let mut kept = 0;
        for member in members(json) {
            // One byte for the comma before, one for the bracket behind.
            let Some(left) = self.bytes.checked_sub(text.len() + 2) else { break };
            let Some(member) = cut(member, Self::of(left, self.depth - 1), at) else { break };
            if kept > 0 {
                text.push(',');
            }
            text.push_str(&member);
            kept += 1;
        }
        let length = members(json).count();
        if kept < length {
            at.mark(Change::Shortened { length });
        }
        text.push(close);
        Some(text)
    }

    fn with_any_depth(self) -> Self {
        Self { depth: usize::MAX, ..self }
    }
}

fn short_form(json: &str) -> String {
    if json.starts_with('{') { "{}" } else { "[]" }.to_owned()
}

fn entry_bytes(key: &str, raw: &Raw) -> usize {
    key.len() + ENTRY_BYTES + raw.text().len()
}

/// Cuts keys that are too long; of keys that become equal the first stays.
fn cut_keys(map: &mut RawMap, at: At<'_>) {
    let is_long = |key: &&String| key.len() > MAX_KEY_BYTES;
    let long: Vec<String> = map.keys().filter(is_long).cloned().collect();
    for mut key in long {
        let Some(value) = map.remove(&key) else { continue };
        if let Some(change) = MAX_KEY.cut(&mut key) {
            at.field(&key).mark(change);
        }
        map.entry(key).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::at::testing::noted;
    use super::*;

    fn apply(budget: Budget, json: &str) -> (String, usize) {
        let mut map: RawMap = serde_json::from_str(json).unwrap();
        let (_, marks) = noted(|at| budget.apply(&mut map, at));
        (serde_json::to_string(&map).unwrap(), marks.len())
    }

    #[test]
    fn what_fits_stays_as_it_came() {
        let json = r#"{"a":[1, 2],"b":{"c":"d"}}"#;
        assert_eq!(apply(Budget::of(30, 3), json), (json.to_owned(), 0));
    }

    #[test]
    fn the_text_that_does_not_fit_is_cut_and_what_follows_is_dropped() {
        let json = r#"{"a":"1234","b":"123456789012345678901234567890","c":1}"#;
        assert_eq!(
            apply(Budget::of(40, 5), json),
            (r#"{"a":"1234","b":"1234567890123456789..."}"#.to_owned(), 2)
        );
        let json = r#"{"a":{"b":["1234567890","1234567890","1234567890"],"c":2},"d":3}"#;
        assert_eq!(
            apply(Budget::of(40, 5), json),
            (r#"{"a":{"b":["1234567890","1234567890"]}}"#.to_owned(), 3)
        );
    }

    #[test]
    fn what_lies_too_deep_becomes_text() {
        let json = r#"{"a":{"b":{"c":[1,"x"],"d":{},"e":2}}}"#;
        assert_eq!(
            apply(Budget::of(1000, 4), json).0,
            r#"{"a":{"b":{"c":"[1,\"x\"]","d":{},"e":2}}}"#
        );
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
        let (cut, _) = apply(Budget::of(50, 4), &deep);
        assert!(cut.starts_with("{\"a\":[[\"[[[") && cut.len() <= 52, "{cut}");
    }

    #[test]
    fn long_keys_are_cut_and_never_collide() {
        let long = "k".repeat(1300);
        let json = format!("{{\"{long}1\":1,\"{long}2\":2,\"short\":3}}");
        let expected = format!("{{\"{}...\":1,\"short\":3}}", "k".repeat(997));
        assert_eq!(apply(Budget::of(5000, 4), &json).0, expected);
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<i32>().prop_map(|number| number.to_string()),
            ".{0,40}".prop_map(|text| Raw::from_value(&text).text().to_owned()),
            Just(r#""\ud83d\ude00\ud800\n\\""#.to_owned()),
        ];
        leaf.prop_recursive(8, 60, 6, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..6);
            let map = prop::collection::vec(("[a-c\\\\\"]{0,3}", inner), 0..6);
            let entry = |(key, value): (String, String)| {
                format!("{}: {value}", Raw::from_value(&key).text())
            };
            prop_oneof![
                list.prop_map(|values| format!("[{}]", values.join(", "))),
                map.prop_map(move |entries| {
                    let entries: Vec<_> = entries.into_iter().map(entry).collect();
                    format!("{{{}}}", entries.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_result_is_json_within_the_budget_and_final(
            values in prop::collection::btree_map("[a-f]{1,4}", json(), 0..6),
            bytes in 0_usize..200,
            depth in 2_usize..7,
        ) {
            let budget = Budget::of(bytes, depth);
            let mut map: RawMap = values
                .into_iter()
                .map(|(key, value)| (key, Raw::from_text(value).unwrap()))
                .collect();
            noted(|at| budget.apply(&mut map, at));
            let size: usize = map.iter().map(|(key, raw)| entry_bytes(key, raw)).sum();
            prop_assert!(size <= bytes);
            let once = map.clone();
            let (_, marks) = noted(|at| budget.apply(&mut map, at));
            prop_assert_eq!(&map, &once);
            prop_assert!(marks.is_empty());
        }
    }
}
