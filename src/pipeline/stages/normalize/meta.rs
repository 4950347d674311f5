//! Writing what was cut and corrected into `_meta` (`protocol.md` §6.5).

use serde_json::{Map, Value, json};

use super::at::{Change, Mark};
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
