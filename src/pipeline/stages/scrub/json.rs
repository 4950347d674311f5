//! Taking values out of JSON text. What is not touched keeps its bytes.

use serde_json::{Map, Value};

use super::super::at::{At, Change};
use super::super::json::{members, quoted, split_member};
use super::texts::{Reach, Scrubbed, without_all};
use super::{FILTERED, ScrubConfig, rules};
use crate::protocol::lenient::Raw;

/// Deeper values are taken for one text. Normalising lets nothing through that is as deep.
const MAX_DEPTH: usize = 64;

impl ScrubConfig {
    /// A value without what is looked for; `None` if nothing is found.
    pub(super) fn scrubbed_raw(
        &self,
        raw: &Raw,
        name: &str,
        at: At<'_>,
        reach: Reach,
    ) -> Option<Raw> {
        self.scrubbed_member(name, raw.text(), at, reach, 0).and_then(Raw::from_text)
    }

    /// The value `json` under `name`, as it is to be.
    pub(super) fn scrubbed_member(
        &self,
        name: &str,
        json: &str,
        at: At<'_>,
        reach: Reach,
        depth: usize,
    ) -> Option<String> {
        let is_text = json.starts_with('"');
        if reach.names && self.is_safe(name, at) {
            let text = is_text.then(|| text_of(json)).filter(|_| self.addresses);
            return match text {
                Some(text) => noted(self.without_addresses(&text, reach), at),
                None if is_text => None,
                None => self.scrubbed_json(json, at, reach, depth),
            };
        }
        if let Some(rule) = self.rule_in(reach, name) {
            return erased(json, rule, at);
        }
        if is_text && reach.names && self.defaults && holds_secret_cookie(name, json) {
            return erased(json, rules::COOKIE, at);
        }
        let reach = if is_cookies(name) && reach.names { Reach::COOKIES } else { reach };
        self.scrubbed_json(json, at, reach, depth)
    }

    /// The rule by which everything under this name is taken out here.
    pub(super) fn rule_in(&self, reach: Reach, name: &str) -> Option<&'static str> {
        if !reach.names {
            return None;
        }
        let is_cookie = || reach.cookies && self.defaults && super::names::is_secret_cookie(name);
        self.rule_for_name(name).or_else(|| is_cookie().then_some(rules::COOKIE))
    }

    fn scrubbed_json(&self, json: &str, at: At<'_>, reach: Reach, depth: usize) -> Option<String> {
        match json.as_bytes().first() {
            Some(b'"') => noted(self.scrubbed(&text_of(json), reach), at),
            Some(b'{' | b'[') if depth >= MAX_DEPTH => {
                let is_secret = self.suspects_json(json, reach);
                is_secret.then(|| erased(json, rules::NAME, at)).flatten()
            }
            Some(b'{') => self.scrubbed_object(json, at, reach, depth),
            Some(b'[') => self.scrubbed_array(json, at, reach, depth),
            _ => None,
        }
    }

    fn scrubbed_object(
        &self,
        json: &str,
        at: At<'_>,
        reach: Reach,
        depth: usize,
    ) -> Option<String> {
        rebuilt(json, |member| {
            let (key, value) = split_member(member);
            let name = text_of(key);
            let new = self.scrubbed_member(&name, value, at.field(&name), reach, depth + 1)?;
            Some((value, new))
        })
    }

    fn scrubbed_array(&self, json: &str, at: At<'_>, reach: Reach, depth: usize) -> Option<String> {
        let name = name_of_pair(json);
        let mut index = 0;
        rebuilt(json, |element| {
            let at = at.element(index);
            let name = name.as_deref().filter(|_| index == 1);
            index += 1;
            let new = match name {
                Some(name) => self.scrubbed_member(name, element, at, reach, depth + 1),
                None => self.scrubbed_json(element, at, reach, depth + 1),
            };
            Some((element, new?))
        })
    }
}

/// `json` with some of its members' values replaced; `None` if none is.
fn rebuilt<'j>(
    json: &'j str,
    replace: impl FnMut(&'j str) -> Option<(&'j str, String)>,
) -> Option<String> {
    let mut text = String::new();
    let mut end = 0;
    for (old, new) in members(json).filter_map(replace) {
        let start = old.as_ptr() as usize - json.as_ptr() as usize;
        text.push_str(&json[end..start]);
        text.push_str(&new);
        end = start + old.len();
    }
    if end == 0 {
        return None;
    }
    text.push_str(&json[end..]);
    Some(text)
}

/// A value that goes as a whole: a text becomes a word, everything else null.
fn erased(json: &str, rule: &'static str, at: At<'_>) -> Option<String> {
    if json == "null" {
        return None;
    }
    if !json.starts_with('"') {
        at.mark(Change::Erased { rule });
        return Some("null".to_owned());
    }
    let text = text_of(json);
    if text == FILTERED { None } else { noted(Some(without_all(&text, rule)), at) }
}

/// Marks the change and gives the text as JSON.
fn noted(scrubbed: Option<Scrubbed>, at: At<'_>) -> Option<String> {
    let (text, change) = scrubbed?;
    at.mark(change);
    Some(quoted(&text))
}

/// Headers and cookies may come as lists of `[name, value]`.
fn name_of_pair(json: &str) -> Option<String> {
    let mut members = members(json);
    let (name, value) = (members.next()?, members.next()?);
    let is_pair = name.starts_with('"') && value.starts_with('"') && members.next().is_none();
    is_pair.then(|| text_of(name))
}

/// Calls `change` for every object of a tree.
pub(super) fn for_each_object(tree: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match tree {
        Value::Object(object) => {
            change(object);
            object.values_mut().for_each(|value| for_each_object(value, change));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| for_each_object(value, change)),
        _ => {}
    }
}

fn is_cookies(name: &str) -> bool {
    name.eq_ignore_ascii_case("cookies")
}

/// Whether a text under this name may be one of cookies.
pub(super) fn is_of_cookies(name: &str) -> bool {
    let names = ["cookie", "cookies", "set-cookie"];
    names.into_iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a text is of cookies, as headers have them, and one of these is secret.
fn holds_secret_cookie(name: &str, json: &str) -> bool {
    is_of_cookies(name) && {
        let text = text_of(json);
        let mut names = text.split([';', ',']).filter_map(|part| part.split_once('='));
        names.any(|(name, _)| super::names::is_secret_cookie(name.trim()))
    }
}

/// The text of a string literal. Half a surrogate pair, which no text can hold, leaves it as written.
fn text_of(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|_| json.trim_matches('"').to_owned())
}
