//! Values of any shape as a tree that opens where one clicks: local variables, contexts, extra data.
//!
//! The values come from strangers: depth, breadth and length are bounded here, so that no event makes a
//! page of endless size. What is cut off says so; the event's JSON has it whole.

use askama::Template;
use serde_json::Value;

use super::number;
use crate::protocol::lenient::{Raw, RawMap};

/// Deeper values are shown as their JSON text.
const MAX_DEPTH: usize = 12;

/// More children of one value are counted, not shown.
const MAX_CHILDREN: usize = 200;

/// Longer texts are cut.
const MAX_TEXT_CHARS: usize = 4_000;

/// A composite value this small, with nothing composite inside, is shown open.
const MAX_OPEN_CHILDREN: usize = 4;

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, or the index in a list.
    pub name: String,
    /// The value.
    pub value: Node,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Text, a number, true, false or nothing.
    Leaf {
        /// `text`, `number`, `word` (true, false, null): the colour.
        kind: &'static str,
        /// What to show.
        text: String,
        /// What was cut off, in words; empty if nothing was.
        cut: String,
    },
    /// An object or a list.
    Branch {
        /// What it holds, in short: `3 keys`, `12 items`.
        summary: String,
        /// What it holds.
        children: Tree,
        /// Whether it is shown open.
        is_open: bool,
    },
}

/// A whole tree, as a template writes it: `{{ tree|safe }}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "components/tree.html")]
pub struct Tree {
    /// The values by name.
    pub entries: Vec<Entry>,
    /// How many more there are, in words; empty if these are all.
    pub cut: String,
}

impl Tree {
    /// The tree of unparsed values.
    pub fn of_map(map: &RawMap) -> Self {
        let is_internal = |name: &str| name.starts_with("__") && name.ends_with("__");
        // `__builtins__` and its like are never the reason, and a module's frame begins with ten of them.
        let (last, first): (Vec<_>, Vec<_>) = map.iter().partition(|(name, _)| is_internal(name));
        let entries = first.into_iter().chain(last).map(|(name, raw)| entry(name, raw));
        Self::of_children(entries, map.len())
    }

    /// The tree of one unparsed value: its members if it is an object or a list, else the value alone.
    pub fn of_value(raw: &Raw) -> Self {
        match node(&raw.value(), 0) {
            Node::Branch { children, .. } => children,
            leaf @ Node::Leaf { .. } => {
                let entry = Entry { name: String::new(), value: leaf };
                Self { entries: vec![entry], cut: String::new() }
            }
        }
    }

    fn of_children(children: impl Iterator<Item = Entry>, count: usize) -> Self {
        let hidden = i64::try_from(count.saturating_sub(MAX_CHILDREN)).unwrap_or(i64::MAX);
        let cut =
            if hidden == 0 { String::new() } else { format!("{} more", number::grouped(hidden)) };
        Self { entries: children.take(MAX_CHILDREN).collect(), cut }
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// One named value of a tree.
pub fn entry(name: &str, raw: &Raw) -> Entry {
    Entry { name: name.to_owned(), value: node(&raw.value(), 0) }
}

fn node(value: &Value, depth: usize) -> Node {
    match value {
        Value::Object(_) | Value::Array(_) if depth >= MAX_DEPTH => {
            leaf("text", &value.to_string())
        }
        Value::Object(object) if object.is_empty() => leaf("word", "{}"),
        Value::Array(list) if list.is_empty() => leaf("word", "[]"),
        Value::Object(object) => {
            let named = object.iter().map(|(name, value)| (name.clone(), value));
            branch(named, object.len(), ("key", "keys"), depth)
        }
        Value::Array(list) => {
            let named = list.iter().enumerate().map(|(index, value)| (index.to_string(), value));
            branch(named, list.len(), ("item", "items"), depth)
        }
        Value::String(text) => leaf("text", text),
        Value::Number(number) => leaf("number", &number.to_string()),
        Value::Bool(_) | Value::Null => leaf("word", &value.to_string()),
    }
}

fn leaf(kind: &'static str, text: &str) -> Node {
    let (text, cut) = shortened(text, MAX_TEXT_CHARS);
    Node::Leaf { kind, text, cut }
}

fn branch<'v>(
    children: impl Iterator<Item = (String, &'v Value)>,
    count: usize,
    (one, many): (&str, &str),
    depth: usize,
) -> Node {
    let child = |(name, value)| Entry { name, value: node(value, depth + 1) };
    let children = Tree::of_children(children.map(child), count);
    let total = i64::try_from(count).unwrap_or(i64::MAX);
    let is_flat = children.entries.iter().all(|child| matches!(child.value, Node::Leaf { .. }));
    let is_open = is_flat && count <= MAX_OPEN_CHILDREN;
    Node::Branch { summary: number::counted(total, one, many), children, is_open }
}

/// At most `max` characters of `text`, and how much is missing, in words.
pub fn shortened(text: &str, max: usize) -> (String, String) {
    match text.char_indices().nth(max) {
        None => (text.to_owned(), String::new()),
        Some((end, _)) => {
            let missing = i64::try_from(text[end..].chars().count()).unwrap_or(i64::MAX);
            (text[..end].to_owned(), number::counted(missing, "more character", "more characters"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(json: &str) -> String {
        let raw: Raw = serde_json::from_str(json).unwrap();
        Tree::of_value(&raw).render().unwrap()
    }

    #[test]
    fn what_a_value_holds_is_told_before_it_is_opened() {
        let html = render(r#"{"cart": {"items": [1, 2, 3], "total": null}, "user": "ada"}"#);
        assert!(html.contains("2 keys"), "{html}");
        assert!(html.contains("3 items"), "{html}");
        assert!(html.contains("<span class=\"value-word\">null</span>"), "{html}");
    }

    #[test]
    fn internal_names_come_last_and_empty_values_do_not_open() {
        let map: RawMap =
            serde_json::from_str(r#"{"__doc__": "x", "_a": 1, "b": {}, "c": []}"#).unwrap();
        let tree = Tree::of_map(&map);
        let names: Vec<&str> = tree.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["_a", "b", "c", "__doc__"]);
        assert!(!tree.render().unwrap().contains("<details"));
    }

    #[test]
    fn markup_in_names_and_values_stays_text() {
        let html = render(r#"{"<b>": "<script>alert(1)</script>"}"#);
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        assert!(html.contains("&#60;script&#62;"), "{html}");
    }

    #[test]
    fn endless_values_are_cut_and_say_so() {
        let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        assert!(render(&deep).matches("<details").count() <= MAX_DEPTH);

        let wide = serde_json::to_string(&vec![0; 1_000]).unwrap();
        assert_eq!(render(&wide).matches("value-number").count(), MAX_CHILDREN);

        let long = format!(r#"{{"text": "{}"}}"#, "ä".repeat(MAX_TEXT_CHARS + 1));
        assert!(render(&long).contains("1 more character"));
    }
}
