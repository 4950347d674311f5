//! A page as a person reads it: the text that is on the screen, in its order, one block a line.
//!
//! What is folded shows its heading only (`▸`), what is open shows its content below (`▾`). Left out is
//! what nobody sees: hidden parts, parts for screen readers only, fields without a face.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Elements without an end.
const VOID: [&str; 11] =
    ["br", "circle", "col", "hr", "img", "input", "line", "link", "meta", "path", "rect"];

/// Elements that begin a line.
const BLOCKS: [&str; 28] = [
    "article", "aside", "dd", "details", "div", "dl", "dt", "fieldset", "figure", "footer", "form",
    "h1", "h2", "h3", "h4", "header", "li", "main", "nav", "ol", "p", "pre", "section", "summary",
    "table", "tbody", "tr", "ul",
];

/// Elements that are never read.
const UNREAD: [&str; 6] = ["script", "style", "template", "noscript", "dialog", "head"];

/// Classes of what is not on the screen of a browser that has scripts.
const UNSEEN: [&str; 2] = ["sr-only", "without-js"];

/// The text of the page's `main`.
pub(crate) fn page_text(html: &str) -> String {
    let start = html.find("<main").expect("a page has a main part");
    let mut parser = Parser { rest: &html[start..] };
    let main = parser.node().expect("the main part begins there");
    let mut text = Text::default();
    text.element(&main);
    text.break_line();
    text.lines.join("\n")
}

enum Node<'a> {
    Text(String),
    Element { name: &'a str, attributes: BTreeMap<&'a str, String>, children: Vec<Node<'a>> },
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// The next node; none where the parent ends.
    fn node(&mut self) -> Option<Node<'a>> {
        while self.rest.starts_with("<!") {
            self.rest = self.rest.split_once('>').unwrap().1;
        }
        if self.rest.is_empty() {
            return None;
        }
        let Some(tag) = self.rest.strip_prefix('<') else {
            let end = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Some(Node::Text(unescaped(text)));
        };
        if let Some(closing) = tag.strip_prefix('/') {
            self.rest = closing.split_once('>').unwrap().1;
            return None;
        }
        let end = tag.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap();
        let (name, rest) = tag.split_at(end);
        self.rest = rest;
        let attributes = self.attributes();
        let is_closed = self.rest.starts_with('/');
        self.rest = self.rest.split_once('>').unwrap().1;
        let mut children = Vec::new();
        if !is_closed && !VOID.contains(&name) {
            while let Some(child) = self.node() {
                children.push(child);
            }
        }
        Some(Node::Element { name, attributes, children })
    }

    fn attributes(&mut self) -> BTreeMap<&'a str, String> {
        let mut attributes = BTreeMap::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with(['>', '/']) {
                return attributes;
            }
            let end = self.rest.find(|c: char| c.is_whitespace() || "=>/".contains(c)).unwrap();
            let (name, rest) = self.rest.split_at(end);
            self.rest = rest;
            let mut value = "";
            if let Some(quoted) = self.rest.strip_prefix('=') {
                let quote = quoted.chars().next().unwrap();
                assert!(quote == '"' || quote == '\'', "an attribute without quotes: {name}");
                (value, self.rest) = quoted[1..].split_once(quote).unwrap();
            }
            attributes.insert(name, unescaped(value));
        }
    }
}

/// Replaces the references that the pages use.
fn unescaped(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", "\u{a0}")];
    let numbered =
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    let replace = |text: String, (from, to): (&str, &str)| text.replace(from, to);
    named.into_iter().chain(numbered).chain([("&amp;", "&")]).fold(text.to_owned(), replace)
}

#[derive(Default)]
struct Text {
    lines: Vec<String>,
    line: String,
    depth: usize,
}

impl Text {
    fn nodes(&mut self, nodes: &[Node<'_>]) {
        let mut was_element = false;
        for node in nodes {
            match node {
                Node::Text(text) => self.words(text),
                Node::Element { .. } => {
                    // Neighbours without a space in the source are kept apart by their boxes.
                    if was_element {
                        self.words(" ");
                    }
                    self.element(node);
                }
            }
            was_element = matches!(node, Node::Element { .. });
        }
    }

    fn element(&mut self, node: &Node<'_>) {
        let Node::Element { name, attributes, children } = node else { return };
        let attribute = |name: &str| attributes.get(name).map_or("", String::as_str);
        let classes: Vec<&str> = attribute("class").split_whitespace().collect();
        let is_unseen = UNREAD.contains(name)
            || attributes.contains_key("hidden")
            || attribute("aria-hidden") == "true"
            || attribute("type") == "hidden"
            || UNSEEN.iter().any(|class| classes.contains(class));
        if is_unseen {
            return;
        }
        // A value stands behind its name, also one that folds.
        let is_value = *name == "dd" || (*name == "details" && self.line.ends_with(": "));
        let starts_line = BLOCKS.contains(name) && !is_value;
        if starts_line {
            self.break_line();
        }
        match *name {
            "details" => self.fold(children, attributes.contains_key("open")),
            "svg" => self.words(&format!("({})", attribute("aria-label"))),
            "input" => self.words(&format!("[{}]", attribute("placeholder"))),
            "pre" => self.lines(children),
            "button" => self.enclosed(attribute("aria-label"), children),
            "a" if classes.contains(&"button") => self.enclosed(attribute("aria-label"), children),
            "h1" | "h2" | "h3" | "h4" => {
                self.words(&"####"[..name[1..].parse().unwrap()]);
                self.words(" ");
                self.nodes(children);
            }
            "li" => self.marked("- ", children),
            "td" | "th" => self.cell(children),
            "dt" => self.term(children),
            "dd" => self.indented(children),
            _ => self.nodes(children),
        }
        if BLOCKS.contains(name) && *name != "dt" {
            self.break_line();
        }
    }

    /// What its value follows on the same line.
    fn term(&mut self, children: &[Node<'_>]) {
        self.nodes(children);
        let end = self.line.trim_end().len();
        self.line.truncate(end);
        self.line.push_str(": ");
    }

    fn fold(&mut self, children: &[Node<'_>], is_open: bool) {
        let is_summary = |node: &&Node<'_>| matches!(node, Node::Element { name: "summary", .. });
        self.words(if is_open { "▾ " } else { "▸ " });
        if let Some(Node::Element { attributes, children, .. }) = children.iter().find(is_summary) {
            self.words(attributes.get("aria-label").map_or("", String::as_str));
            self.nodes(children);
        }
        if is_open {
            self.break_line();
            let content = children.iter().filter(|node| !is_summary(node));
            self.depth += 1;
            content.for_each(|node| self.nodes(std::slice::from_ref(node)));
            self.break_line();
            self.depth -= 1;
        }
    }

    fn marked(&mut self, mark: &str, children: &[Node<'_>]) {
        self.words(mark);
        self.indented(children);
    }

    fn indented(&mut self, children: &[Node<'_>]) {
        self.depth += 1;
        self.nodes(children);
        self.break_line();
        self.depth -= 1;
    }

    fn enclosed(&mut self, label: &str, children: &[Node<'_>]) {
        self.line.push('[');
        self.words(label);
        self.nodes(children);
        let end = self.line.trim_end().len();
        self.line.truncate(end);
        self.line.push(']');
    }

    fn cell(&mut self, children: &[Node<'_>]) {
        if !self.line.is_empty() {
            self.words(" | ");
        }
        self.nodes(children);
    }

    /// Preformatted text, with the numbers that stand before lines of source.
    fn lines(&mut self, children: &[Node<'_>]) {
        for child in children {
            let mut whole = String::new();
            collect(child, &mut whole);
            for text in whole.trim_end_matches('\n').split('\n') {
                self.line.push_str(text.trim_end());
                self.break_line();
            }
        }
    }

    /// Adds text; any white space is one space, none begins a line.
    fn words(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                ' ' | '\n' | '\t' => {
                    if !self.line.is_empty() && !self.line.ends_with([' ', '[']) {
                        self.line.push(' ');
                    }
                }
                other => self.line.push(other),
            }
        }
    }

    fn break_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_end();
        // A marker whose text begins with a block stays in front of it.
        if matches!(line, "-" | "#" | "▾" | "▸") {
            self.line = format!("{line} ");
        } else if !line.is_empty() {
            self.lines.push(format!("{}{line}", "  ".repeat(self.depth)));
        }
    }
}

fn collect(node: &Node<'_>, text: &mut String) {
    match node {
        Node::Text(part) => text.push_str(part),
        Node::Element { attributes, children, .. } => {
            if let Some(number) = attributes.get("data-line") {
                let is_hit = attributes.get("class").is_some_and(|class| class.contains("hit"));
                let _ = write!(text, "{} {number:>4} ", if is_hit { '>' } else { ' ' });
            }
            children.iter().for_each(|child| collect(child, text));
        }
    }
}
