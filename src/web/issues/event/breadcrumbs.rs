//! What happened before the event, newest first.

use serde_json::Value;

use crate::base::Timestamp;
use crate::protocol::event::{Breadcrumb, Level};
use crate::protocol::lenient::{Raw, RawMap};
use crate::web::components::time::{self, Moment};
use crate::web::components::tree::{Entry, Node, Tree, shortened};

/// So many are shown at once; the older ones open on demand.
pub const SHOWN_AT_ONCE: usize = 12;

/// Longer messages are cut; the JSON has them whole.
const MAX_MESSAGE_CHARS: usize = 2_000;

/// The longest value that stands in the line of its breadcrumb, and how many do.
const MAX_FACT_BYTES: usize = 40;
const MAX_FACTS: usize = 3;

/// One thing that happened before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreadcrumbView {
    /// The icon's name without `crumb-`.
    pub icon: &'static str,
    /// `console`, `fetch`, `ui.click`; the type if there is no category, empty if that says nothing.
    pub category: String,
    /// The level's word.
    pub level: &'static str,
    /// The text.
    pub message: String,
    /// What was cut off, in words.
    pub message_cut: String,
    /// The status of an HTTP call, and whether it is an error.
    pub status: Option<(String, bool)>,
    /// When.
    pub moment: Option<Moment>,
    /// How long before the event; empty if unknown.
    pub offset: String,
    /// Everything else that fits into the line.
    pub facts: Vec<(String, String)>,
    /// Everything else that does not.
    pub data: Tree,
}

/// The breadcrumbs of an event that happened at `occurred_at`, newest first.
pub fn breadcrumbs(
    crumbs: &[Breadcrumb],
    occurred_at: Option<Timestamp>,
    now: Timestamp,
) -> Vec<BreadcrumbView> {
    crumbs.iter().rev().map(|crumb| view(crumb, occurred_at, now)).collect()
}

fn view(crumb: &Breadcrumb, occurred_at: Option<Timestamp>, now: Timestamp) -> BreadcrumbView {
    let kind = crumb.kind.as_deref().unwrap_or("default");
    let category =
        crumb.category.as_deref().filter(|category| !category.is_empty()).unwrap_or(kind);
    let mut data = crumb.data.clone().unwrap_or_default();
    let icon = icon(kind, category, crumb.level);
    let status = if icon == "http" { http_status(&mut data) } else { None };
    let message = crumb.message.clone().filter(|message| !message.is_empty());
    let message = message.unwrap_or_else(|| told_by_data(icon, &mut data));
    let (message, message_cut) = shortened(&message, MAX_MESSAGE_CHARS);
    let (facts, data) = in_line(Tree::of_map(&data));
    BreadcrumbView {
        icon,
        category: if category == "default" { String::new() } else { category.to_owned() },
        level: crumb.level.unwrap_or(Level::Info).as_str(),
        message,
        message_cut,
        status,
        moment: crumb.timestamp.map(|at| Moment::new(at, now)),
        offset: crumb
            .timestamp
            .zip(occurred_at)
            .map(|(at, event)| time::offset(at - event))
            .unwrap_or_default(),
        facts,
        data,
    }
}

/// A few short values stand behind the message; a hundred crumbs then take a hundred lines.
fn in_line(tree: Tree) -> (Vec<(String, String)>, Tree) {
    let short = |entry: &Entry| match &entry.value {
        Node::Leaf { text, .. } if text.len() <= MAX_FACT_BYTES => {
            Some((entry.name.clone(), text.clone()))
        }
        _ => None,
    };
    match tree.entries.iter().map(short).collect::<Option<Vec<_>>>() {
        Some(facts) if facts.len() <= MAX_FACTS => (facts, Tree::default()),
        _ => (Vec::new(), tree),
    }
}

/// The picture by type; clients that send no type tell by the category.
fn icon(kind: &str, category: &str, level: Option<Level>) -> &'static str {
    let area = category.split('.').next().unwrap_or_default();
    match kind {
        "http" => "http",
        "navigation" => "navigation",
        "query" => "query",
        "transaction" => "transaction",
        "ui" | "user" => "ui",
        "debug" => "debug",
        "error" => "error",
        "info" => "info",
        _ => match area {
            "http" | "httplib" | "fetch" | "xhr" | "httpx" | "requests" | "aiohttp" => "http",
            "navigation" => "navigation",
            "query" | "db" | "sql" | "redis" => "query",
            "ui" | "touch" => "ui",
            "console" => "debug",
            "sentry" | "exception" => "error",
            _ if level.is_some_and(|level| level >= Level::Error) => "error",
            _ => "default",
        },
    }
}

/// Takes the status out of the data of an HTTP call.
fn http_status(data: &mut RawMap) -> Option<(String, bool)> {
    let key = ["status_code", "http.response.status_code", "status"]
        .into_iter()
        .find(|key| data.get(*key).is_some_and(|raw| number(raw).is_some()))?;
    let status = number(&data.remove(key)?)?;
    Some((status.to_string(), status >= 400))
}

fn number(raw: &Raw) -> Option<u64> {
    raw.parse::<u64>().or_else(|| raw.parse::<String>()?.parse().ok())
}

/// What a breadcrumb without a message says; the data it is made of is not shown twice.
fn told_by_data(icon: &str, data: &mut RawMap) -> String {
    match icon {
        "http" => {
            let method = take_text(data, &["method", "http.request.method", "http.method"]);
            let url = take_text(data, &["url", "http.url"]);
            [method, url].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        "navigation" => {
            let from = take_text(data, &["from"]);
            let to = take_text(data, &["to"]);
            match (from, to) {
                (Some(from), Some(to)) => format!("{from} → {to}"),
                (from, to) => to.or(from).unwrap_or_default(),
            }
        }
        _ => String::new(),
    }
}

fn take_text(data: &mut RawMap, keys: &[&str]) -> Option<String> {
    let key = keys.iter().find(|key| data.contains_key(**key))?;
    match data.remove(*key)?.value() {
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::Event;
    use crate::protocol::lenient::Problems;

    fn read(json: &str) -> BreadcrumbView {
        let json = format!(r#"{{"breadcrumbs": [{json}]}}"#);
        let event = Event::read(json.as_bytes(), &Problems::default()).unwrap().unwrap();
        let at = "2026-11-22T16:00:00Z".parse().unwrap();
        breadcrumbs(event.breadcrumbs(), Some(at), at).remove(0)
    }

    #[test]
    fn an_http_call_without_a_message_is_told_by_its_data() {
        let crumb = read(
            r#"{"type": "http", "category": "fetch", "data": {"method": "POST", "url": "/pay", "status_code": 502, "size": 3}}"#,
        );
        assert_eq!((crumb.icon, crumb.message.as_str()), ("http", "POST /pay"));
        assert_eq!(crumb.status, Some(("502".to_owned(), true)));
        assert_eq!(crumb.facts, [("size".to_owned(), "3".to_owned())], "what is not told above");
    }

    #[test]
    fn a_navigation_goes_from_somewhere_to_somewhere() {
        let crumb = read(r#"{"category": "navigation", "data": {"from": "/cart", "to": "/pay"}}"#);
        assert_eq!((crumb.icon, crumb.message.as_str()), ("navigation", "/cart → /pay"));
    }

    #[test]
    fn the_picture_follows_type_then_category_then_level() {
        assert_eq!(read(r#"{"type": "query", "category": "http"}"#).icon, "query");
        assert_eq!(read(r#"{"type": "default", "category": "ui.click"}"#).icon, "ui");
        assert_eq!(read(r#"{"category": "worker", "level": "error"}"#).icon, "error");
        assert_eq!(read("{\"message\": \"x\"}").icon, "default");
    }

    #[test]
    fn data_that_does_not_fit_the_line_is_a_tree() {
        let crumb = read(r#"{"message": "x", "data": {"a": 1, "b": {"c": 2}}}"#);
        assert_eq!((crumb.facts.len(), crumb.data.entries.len()), (0, 2));
    }

    #[test]
    fn the_distance_to_the_event_is_told() {
        let crumb = read(r#"{"message": "x", "timestamp": "2026-11-22T15:59:56.500Z"}"#);
        assert_eq!(crumb.offset, "−3.5 s");
        assert_eq!(read("{\"message\": \"x\"}").offset, "");
    }
}
