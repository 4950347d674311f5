//! Changes to what was recorded, chosen by a seed.

use serde_json::{Value, json};

/// Chance that can be repeated: the generator `SplitMix64`.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.next() % end).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Pieces that are near some rule's edge.
const PIECES: [&[u8]; 34] = [
    b"\n",
    b"\r\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b",",
    b":",
    b"null",
    b"[[[[[[[[",
    b"{\"a\":",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\0",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"NaN",
    b"-Infinity",
    b"1e400",
    b"-1",
    b"99999999999999999999",
    b"0.1",
    b"\"length\":",
    b"{\"type\":\"event\"}\n",
    b"{\"type\":\"attachment\",\"length\":3}\n",
    b"\"exception\":",
    b"\x1f\x8b\x08",
    b"...",
    b"{{auto}}",
    b"\xf0\x9f\x98\x80",
    b"{{ default }}",
];

/// Changes bytes in one to six places.
pub(super) fn bytes(chance: &mut Chance, bytes: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + chance.below(64)).min(bytes.len());
        match chance.below(7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, chance.pick(&PIECES).iter().copied())),
            2 => drop(bytes.splice(at..end, chance.pick(&PIECES).iter().copied())),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end].repeat(chance.below(100));
                bytes.splice(at..at, piece);
            }
            5 => {
                let other = chance.pick(others);
                let from = chance.below(other.len());
                let to = (from + chance.below(400)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
        }
    }
}

const KEYS: [&str; 40] = [
    "type",
    "value",
    "values",
    "name",
    "version",
    "message",
    "formatted",
    "params",
    "frames",
    "data",
    "exception",
    "stacktrace",
    "threads",
    "contexts",
    "request",
    "user",
    "tags",
    "extra",
    "level",
    "timestamp",
    "vars",
    "mechanism",
    "handled",
    "url",
    "headers",
    "cookies",
    "query_string",
    "env",
    "fingerprint",
    "release",
    "environment",
    "_meta",
    "",
    "a.b",
    "password",
    "function",
    "filename",
    "images",
    "exception_id",
    "parent_id",
];

fn text(chance: &mut Chance) -> String {
    const TEXTS: [&str; 30] = [
        "",
        " ",
        "?",
        "a\0b",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "%s %(a)s %d%%",
        "{} {0} {name}",
        "Word: text",
        "http://ü.example:99999/a?b=c#d",
        "//",
        "javascript:alert(1)",
        "127.0.0.1",
        "::1",
        "{{auto}}",
        "2026-11-22T11:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "a=b; c=d",
        "{\"a\":[1]}",
        "a=1&b=%ff",
        "\u{202e}\u{200b}\u{feff}",
        "😀",
        "\r\n",
        "latest",
        "Bearer abc.def.ghi",
        "4111 1111 1111 1111",
        "-----BEGIN PRIVATE KEY-----",
        "0x7fffffffffffffff",
        "{{ default }}",
    ];
    let text = *chance.pick(&TEXTS);
    match chance.below(8) {
        0 => text.repeat(chance.below(3000)),
        1 => format!("{text}{}", chance.pick(&TEXTS)),
        _ => text.to_owned(),
    }
}

fn scalar(chance: &mut Chance) -> Value {
    let numbers = [
        json!(0),
        json!(-1),
        json!(1),
        json!(30),
        json!(1.5),
        json!(-0.0),
        json!(1e300),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(4_070_908_800_i64),
        json!(253_402_300_800_i64),
        json!(1e-9),
    ];
    match chance.below(6) {
        0 => Value::Null,
        1 => json!(chance.below(2) == 0),
        2 => chance.pick(&numbers).clone(),
        3 => [json!([]), json!({}), json!([null]), json!([[]]), json!({"": {}})][chance.below(5)]
            .clone(),
        _ => Value::String(text(chance)),
    }
}

/// How many values there are, this one included.
pub(crate) fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// The value at `place`, counted in depth.
fn at<'a>(value: &'a mut Value, place: &mut usize) -> Option<&'a mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(elements) => elements.iter_mut().find_map(|element| at(element, place)),
        Value::Object(fields) => fields.values_mut().find_map(|field| at(field, place)),
        _ => None,
    }
}

/// Changes one to eight values of a tree.
pub(super) fn tree(chance: &mut Chance, event: &mut Value) {
    for _ in 0..=chance.below(8) {
        let other = {
            let mut place = chance.below(count(event));
            at(event, &mut place).map(|value| value.clone()).unwrap_or_default()
        };
        let mut place = chance.below(count(event));
        if let Some(value) = at(event, &mut place).filter(|_| count(&other) < 2000) {
            change(chance, value, other);
        }
    }
    if !event.is_object() {
        *event = json!({ "extra": event.take() });
    }
}

fn change(chance: &mut Chance, value: &mut Value, other: Value) {
    match (chance.below(6), &mut *value) {
        (0, Value::Object(fields)) => {
            let name = (*chance.pick(&KEYS)).to_owned();
            let inner = if chance.below(2) == 0 { other } else { scalar(chance) };
            fields.insert(name, inner);
        }
        (1, Value::Object(fields)) => {
            if let Some(name) = fields.keys().nth(chance.below(fields.len())).cloned() {
                fields.remove(&name);
            }
        }
        (0 | 1, Value::Array(elements)) if !elements.is_empty() && count(&other) < 200 => {
            let element = elements[chance.below(elements.len())].clone();
            let times = if count(&element) < 40 { chance.below(300) } else { 2 };
            elements.extend(std::iter::repeat_n(element, times));
        }
        (2, Value::String(inner)) => inner.push_str(&text(chance)),
        (3, _) => *value = other,
        (4, _) => {
            for _ in 0..chance.below(12) {
                *value = json!([value.take()]);
            }
        }
        _ => *value = scalar(chance),
    }
}
