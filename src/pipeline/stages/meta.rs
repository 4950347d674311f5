//! Writing what was cut and corrected into `_meta` (`protocol.md` §6.5).

use serde_json::{Map, Value, json};

use super::at::{Change, Mark, Span};
use crate::protocol::lenient::Raw;

/// Adds `marks` to the client's own `_meta`, in the order in which they were made: removing elements
/// moves the remarks of those behind them.
pub(super) fn merge(meta: &mut Option<Raw>, marks: Vec<Mark>) {
    if marks.is_empty() {
        return;
    }
    let mut tree = match meta.take().map(|raw| raw.value()) {
        Some(Value::Object(tree)) => tree,
        _ => Map::new(),
    };
    for mark in marks {
        apply(&mut tree, &mark);
    }
    *meta = (!tree.is_empty()).then(|| Raw::from_value(&tree));
}

fn apply(tree: &mut Map<String, Value>, mark: &Mark) {
    match &mark.what {
        Change::Removed { from, to } => {
            if let Some(list) = find(tree, &mark.steps) {
                move_up(list, *from, *to);
            }
        }
        Change::Shortened { length } => {
            own(tree, &mark.steps).entry("len").or_insert(json!(length));
        }
        Change::Cut { length, start, end } => {
            let own = own(tree, &mark.steps);
            own.entry("len").or_insert(json!(length));
            push(own, "rem", json!(["!limit", "s", start, end]));
        }
        Change::Replaced { length, spans } => {
            let own = own(tree, &mark.steps);
            own.entry("len").or_insert(json!(length));
            replace(own, spans);
        }
        Change::Erased { rule } => {
            // What was said about its members is about nothing now.
            let node = mark.steps.iter().fold(tree, |node, step| child(node, step));
            node.retain(|key, _| key.is_empty());
            let own = child(node, "");
            own.remove("rem");
            push(own, "rem", json!([rule, "x"]));
        }
        Change::Error { kind, details } => {
            push(own(tree, &mark.steps), "err", json!([kind, details]));
        }
    }
}

/// The node at `steps`, if the tree has one.
fn find<'t>(
    tree: &'t mut Map<String, Value>,
    steps: &[String],
) -> Option<&'t mut Map<String, Value>> {
    steps.iter().try_fold(tree, |node, step| node.get_mut(step)?.as_object_mut())
}

/// What is said about the value at `steps` itself; made if it is not there.
fn own<'t>(tree: &'t mut Map<String, Value>, steps: &[String]) -> &'t mut Map<String, Value> {
    let below = steps.iter().fold(tree, |node, step| child(node, step));
    child(below, "")
}

fn child<'t>(node: &'t mut Map<String, Value>, key: &str) -> &'t mut Map<String, Value> {
    let child = node.entry(key).or_insert_with(|| json!({}));
    if !child.is_object() {
        *child = json!({});
    }
    child.as_object_mut().expect("made an object above")
}

fn push(node: &mut Map<String, Value>, key: &str, value: Value) {
    let list = node.entry(key).or_insert_with(|| json!([]));
    if !list.is_array() {
        *list = json!([]);
    }
    list.as_array_mut().expect("made a list above").push(value);
}

/// Adds remarks for replaced parts of a text; those that were there move with the text around them, and
/// lose their place if it was replaced.
fn replace(own: &mut Map<String, Value>, spans: &[Span]) {
    let before = own.remove("rem");
    for remark in before.iter().filter_map(Value::as_array).flatten() {
        push(own, "rem", moved(remark, spans));
    }
    for (index, span) in spans.iter().enumerate() {
        let start = place(span.from, &spans[..index]);
        push(own, "rem", json!([span.rule, "s", start, start + span.now]));
    }
}

fn moved(remark: &Value, spans: &[Span]) -> Value {
    let Some([rule, kind, start, end]) = remark.as_array().map(Vec::as_slice) else {
        return remark.clone();
    };
    let place = |value: &Value| {
        let at = usize::try_from(value.as_u64()?).ok()?;
        let is_kept = spans.iter().all(|span| at <= span.from || at >= span.to);
        is_kept.then(|| place(at, spans))
    };
    match (place(start), place(end)) {
        (Some(start), Some(end)) => json!([rule, kind, start, end]),
        _ => json!([rule, kind]),
    }
}

/// Where the character at `position` is once the parts before it are replaced.
fn place(position: usize, spans: &[Span]) -> usize {
    let before = spans.iter().filter(|span| span.to <= position);
    let (removed, added) = before
        .fold((0, 0), |(removed, added), span| (removed + span.to - span.from, added + span.now));
    (position + added).saturating_sub(removed)
}

/// Elements `from..to` are gone: their remarks go, those of later elements move up.
fn move_up(list: &mut Map<String, Value>, from: usize, to: usize) {
    let moved = std::mem::take(list).into_iter().filter_map(|(key, value)| {
        let Ok(index) = key.parse::<usize>() else { return Some((key, value)) };
        if (from..to).contains(&index) {
            return None;
        }
        let index = if index >= to { index - (to - from) } else { index };
        Some((index.to_string(), value))
    });
    *list = moved.collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(meta: Option<&str>, marks: Vec<Mark>) -> Option<String> {
        let mut meta = meta.map(|text| Raw::from_text(text).unwrap());
        merge(&mut meta, marks);
        meta.map(|raw| raw.text().to_owned())
    }

    fn mark(path: &str, what: Change) -> Mark {
        Mark { steps: path.split('.').map(str::to_owned).collect(), what }
    }

    #[test]
    fn a_cut_is_said_beside_what_the_client_said() {
        let client = r#"{"extra":{"a":{"":{"rem":[["mine","x"]]}}}}"#;
        let cut = || vec![mark("extra.a", Change::Cut { length: 900, start: 197, end: 200 })];
        assert_eq!(
            merged(Some(client), cut()).unwrap(),
            r#"{"extra":{"a":{"":{"len":900,"rem":[["mine","x"],["!limit","s",197,200]]}}}}"#
        );
        assert_eq!(
            merged(Some(r#"{"extra":7}"#), cut()).unwrap(),
            r#"{"extra":{"a":{"":{"len":900,"rem":[["!limit","s",197,200]]}}}}"#
        );
        assert_eq!(merged(Some(client), vec![]).unwrap(), client);
        assert_eq!(merged(None, vec![]), None);
    }

    #[test]
    fn an_error_is_said_with_its_details() {
        let details = [("sdk_time", "then".to_owned())].into();
        let error = mark("timestamp", Change::Error { kind: "clock_drift", details });
        assert_eq!(
            merged(None, vec![error]).unwrap(),
            r#"{"timestamp":{"":{"err":[["clock_drift",{"sdk_time":"then"}]]}}}"#
        );
    }

    #[test]
    fn remarks_move_with_the_text_around_what_was_replaced() {
        let span = |rule, from, to| Span { rule, from, to, now: 10 };
        let spans = vec![span("@a", 2, 20), span("@b", 30, 34)];
        let replaced =
            || vec![mark("extra.a", Change::Replaced { length: 50, spans: spans.clone() })];
        let client = r#"{"extra":{"a":{"":{"len":90,"rem":[["!limit","s",47,50],["x","x"],["y","s",3,5]]}}}}"#;
        assert_eq!(
            merged(Some(client), replaced()).unwrap(),
            r#"{"extra":{"a":{"":{"len":90,"rem":[["!limit","s",45,48],["x","x"],["y","s"],["@a","s",2,12],["@b","s",22,32]]}}}}"#
        );
    }

    #[test]
    fn of_what_was_taken_away_only_that_is_said() {
        let client = r#"{"extra":{"a":{"":{"len":3,"rem":[["m","x"]]},"b":{"":{"len":7}}}}}"#;
        let erased = mark("extra.a", Change::Erased { rule: "@a" });
        assert_eq!(
            merged(Some(client), vec![erased]).unwrap(),
            r#"{"extra":{"a":{"":{"len":3,"rem":[["@a","x"]]}}}}"#
        );
    }

    #[test]
    fn remarks_stay_with_their_elements_when_others_are_removed() {
        let client = r#"{"frames":{"":{},"0":{"a":1},"1":{"b":1},"3":{"c":1}}}"#;
        let removed = mark("frames", Change::Removed { from: 1, to: 3 });
        let shortened = mark("frames", Change::Shortened { length: 4 });
        assert_eq!(
            merged(Some(client), vec![removed, shortened]).unwrap(),
            r#"{"frames":{"":{"len":4},"0":{"a":1},"1":{"c":1}}}"#
        );
    }
}
