//! Tags: the client's, cleaned, and those that every event has (`protocol.md` §5.7).

use super::at::{At, Change};
use super::device_class;
use super::limits::Limit;
use crate::protocol::event::{Event, Exception, User};
use crate::protocol::lenient::Pairs;

/// An event has no more tags than this, the derived ones included.
const MAX_TAGS: usize = 200;

/// So many of them may come from contexts, whose number the client chooses.
const MAX_CONTEXT_TAGS: usize = 60;

const KEY: Limit = Limit::of(200);
const VALUE: Limit = Limit::of(200);

/// Words that mean something else here: they are computed, or would be taken for what is.
const REMOVED: [&str; 7] =
    ["release", "dist", "environment", "user", "filename", "function", device_class::TAG];

/// Tags computed from other parts of the event.
pub(super) type Derived = Vec<(String, String)>;

/// Cleans the client's tags and adds those of `contexts` and of the event's attributes.
pub(super) fn normalize(event: &mut Event, contexts: Derived, at: At<'_>) {
    let at = at.field("tags");
    let sent = event.tags.take().unwrap_or_default().0;
    let length = sent.len();
    let mut tags = clean_all(sent, at);
    let mut derived = from_attributes(event);
    tags.retain(|(key, _)| {
        let is_derived = || derived.iter().any(|(known, _)| known == key);
        !REMOVED.contains(&key.as_str()) || is_derived()
    });
    for tag in &derived {
        set(&mut tags, tag);
    }
    let interfaces = from_interfaces(event).into_iter();
    for (key, value) in interfaces.chain(contexts.into_iter().take(MAX_CONTEXT_TAGS)) {
        let Some(tag) = clean_key(key).zip(clean_derived(&value)) else { continue };
        // What the client says itself is not overridden.
        if tags.iter().all(|(known, _)| *known != tag.0) {
            derived.push(tag.clone());
            tags.push(tag);
        }
    }
    limit_count(&mut tags, &derived, length, at);
    event.server_name = None;
    event.site = None;
    event.tags = Some(Pairs(tags));
}

/// Keeps the first of tags with equal keys.
fn clean_all(sent: Vec<(String, String)>, at: At<'_>) -> Vec<(String, String)> {
    let mut tags: Vec<(String, String)> = Vec::with_capacity(sent.len().min(MAX_TAGS) + 16);
    for (index, (key, value)) in sent.into_iter().enumerate() {
        // What is behind would be dropped below; looking for its twins would take long.
        if tags.len() >= 2 * MAX_TAGS {
            break;
        }
        let at_tags = at;
        let at = at_tags.element(index);
        let Some(key) = clean_key_noting(key, at) else { continue };
        if tags.iter().any(|(known, _)| *known == key) {
            continue;
        }
        // The key says whether the value, which is quoted, is secret.
        let problem = at_tags.field(&key);
        if let Some(value) = clean_value(value, at, problem) {
            tags.push((key, value));
        }
    }
    tags
}

fn clean_key_noting(key: String, at: At<'_>) -> Option<String> {
    let kept = clean_key(key);
    if kept.is_none() {
        at.invalid(None, "a tag's name has only letters, digits, `_`, `.`, `:` and `-`");
    }
    kept
}

fn clean_key(mut key: String) -> Option<String> {
    if key.contains(' ') {
        key = key.trim().replace(' ', "-");
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if key.is_empty() || !key.bytes().all(is_allowed) {
        // Cut keys end in dots, which are allowed.
        return None;
    }
    KEY.cut(&mut key);
    Some(key)
}

fn clean_value(mut value: String, at: At<'_>, at_key: At<'_>) -> Option<String> {
    if value.contains('\0') {
        value.retain(|c| c != '\0');
    }
    let trimmed = value.trim();
    if trimmed.contains('\n') {
        at_key.invalid_text(trimmed, "a tag's value is one line");
        return None;
    }
    if trimmed.len() < value.len() {
        value = trimmed.to_owned();
    }
    if let Some(change) = VALUE.cut(&mut value) {
        at.element(1).mark(change);
    }
    Some(value).filter(|value| !value.is_empty())
}

/// A value of ours as a tag can hold it.
fn clean_derived(value: &str) -> Option<String> {
    let mut value = value.trim().to_owned();
    if value.bytes().any(|byte| matches!(byte, b'\n' | b'\0')) {
        value = value.replace(['\n', '\0'], " ").trim().to_owned();
    }
    VALUE.cut(&mut value);
    Some(value).filter(|value| !value.is_empty())
}

/// Sets a tag, in its place if there is one.
fn set(tags: &mut Vec<(String, String)>, (key, value): &(String, String)) {
    match tags.iter_mut().find(|(known, _)| known == key) {
        Some(tag) => value.clone_into(&mut tag.1),
        None => tags.push((key.clone(), value.clone())),
    }
}

/// The tags that say what an attribute says, whatever the client put there.
fn from_attributes(event: &Event) -> Derived {
    let user = event.user.as_ref().and_then(User::identity);
    let attributes = [
        ("level", event.level.map(|level| level.as_str())),
        ("logger", event.logger.as_deref()),
        ("environment", event.environment.as_deref()),
        ("release", event.release.as_deref()),
        ("dist", event.dist.as_deref()),
        ("transaction", event.transaction.as_deref()),
        ("user", user.as_deref()),
        ("server_name", event.server_name.as_deref()),
        ("site", event.site.as_deref()),
        (device_class::TAG, device_class::of(event)),
    ];
    let tag = |(key, value): (&str, Option<&str>)| Some((key.to_owned(), clean_derived(value?)?));
    attributes.into_iter().filter_map(tag).collect()
}

/// Tags from the request and the exceptions.
fn from_interfaces(event: &Event) -> Derived {
    let mut tags = Derived::new();
    let mut add = |key: &str, value: Option<&str>| {
        tags.extend(value.map(|value| (key.to_owned(), value.to_owned())));
    };
    add("url", event.request.as_ref().and_then(|request| request.url.as_deref()));
    let mut mechanisms = event.exceptions().iter().filter_map(|e| e.mechanism.as_ref());
    add("mechanism", mechanisms.next().and_then(|mechanism| mechanism.kind.as_deref()));
    add("handled", handled(event.exceptions()));
    tags
}

/// `no` if anything in the chain was not caught by the program.
fn handled(exceptions: &[Exception]) -> Option<&'static str> {
    let mut said = exceptions.iter().filter_map(Exception::is_handled).peekable();
    said.peek()?;
    Some(if said.all(|is_handled| is_handled) { "yes" } else { "no" })
}

/// Drops the last of the client's own tags until there are few enough.
fn limit_count(tags: &mut Vec<(String, String)>, derived: &Derived, length: usize, at: At<'_>) {
    let mut surplus = tags.len().saturating_sub(MAX_TAGS);
    if surplus == 0 {
        return;
    }
    let is_own = |tag: &(String, String)| derived.iter().all(|(key, _)| *key != tag.0);
    while surplus > 0
        && let Some(last) = tags.iter().rposition(is_own)
    {
        tags.remove(last);
        surplus -= 1;
    }
    at.mark(Change::Shortened { length });
    at.problem("value_too_long", None, "an event has at most 200 tags");
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    fn run(json: &str) -> (Vec<(String, String)>, Vec<String>) {
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let (problems, _) = noted(|at| normalize(&mut event, Derived::new(), at));
        (event.tags.unwrap().0, problems)
    }

    fn tags(json: &str) -> Vec<(String, String)> {
        run(json).0
    }

    fn tag(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn names_and_values_are_cleaned() {
        for (sent, kept) in [
            (r#"["sp ace","x"]"#, Some(tag("sp-ace", "x"))),
            (r#"["a","  x\u0000y "]"#, Some(tag("a", "xy"))),
            (r#"["ö","x"]"#, None),
            (r#"["","x"]"#, None),
            (r#"["a",""]"#, None),
            (r#"["a","two\nlines"]"#, None),
            (r#"["a","ends\n"]"#, Some(tag("a", "ends"))),
        ] {
            let found = tags(&format!(r#"{{"tags":[{sent}]}}"#));
            assert_eq!(found.first(), kept.as_ref(), "{sent}");
        }
        let long = format!(r#"{{"tags":{{"{}":"{}"}}}}"#, "k".repeat(300), "v".repeat(300));
        let (key, value) = tags(&long).remove(0);
        assert_eq!((key.len(), value.len()), (200, 200));
        assert!(key.ends_with("k...") && value.ends_with("v..."));
    }

    #[test]
    fn of_equal_names_the_first_is_kept() {
        assert_eq!(tags(r#"{"tags":[["a","b"],["a","c"]]}"#), [tag("a", "b")]);
    }

    #[test]
    fn reserved_names_are_the_attributes() {
        let json = r#"{"tags":{"release":"x","dist":"x","user":"x","filename":"x","function":"x",
            "device.class":"1","level":"x","environment":"x","a":"b"},"level":"info","dist":"7"}"#;
        assert_eq!(tags(json), [tag("a", "b"), tag("dist", "7"), tag("level", "info")]);
    }

    #[test]
    fn attributes_become_tags() {
        let json = r#"{"level":"error","logger":"app","environment":"live","release":"a@1","dist":"7",
            "transaction":"/a\nb","user":{"email":"a@b.c"},"server_name":"web-1","site":"eu",
            "request":{"url":"http://x.y/"},"exception":[{"type":"A"},
            {"type":"B","mechanism":{"type":"onerror","handled":false}}]}"#;
        let expected = [
            tag("level", "error"),
            tag("logger", "app"),
            tag("environment", "live"),
            tag("release", "a@1"),
            tag("dist", "7"),
            tag("transaction", "/a b"),
            tag("user", "email:a@b.c"),
            tag("server_name", "web-1"),
            tag("site", "eu"),
            tag("url", "http://x.y/"),
            tag("mechanism", "onerror"),
            tag("handled", "no"),
        ];
        assert_eq!(tags(json), expected);
    }

    #[test]
    fn an_error_is_unhandled_if_anything_in_its_chain_is() {
        let handled = |chain: &[&str]| {
            let chain: Vec<_> = chain
                .iter()
                .map(|flag| {
                    format!(r#"{{"type":"A","mechanism":{{"type":"m","handled":{flag}}}}}"#)
                })
                .collect();
            let tags = tags(&format!(r#"{{"exception":[{}]}}"#, chain.join(",")));
            tags.into_iter().find(|(key, _)| key == "handled").map(|(_, value)| value)
        };
        assert_eq!(handled(&["true", "false"]).as_deref(), Some("no"));
        assert_eq!(handled(&["false", "true"]).as_deref(), Some("no"));
        assert_eq!(handled(&["null", "true"]).as_deref(), Some("yes"));
        assert_eq!(handled(&["null"]), None);
    }

    #[test]
    fn an_event_has_a_limited_number_of_tags_and_never_loses_ours() {
        let own: Vec<_> = (0..5000).map(|n| format!(r#""t{n:04}":"x""#)).collect();
        let json = format!(r#"{{"level":"error","tags":{{{}}}}}"#, own.join(","));
        let (tags, problems) = run(&json);
        assert_eq!((tags.len(), problems), (200, vec!["tags".to_owned()]));
        assert_eq!(tags[198..], [tag("t0198", "x"), tag("level", "error")]);
    }
}
