//! What crash handlers leave behind (`protocol.md` §1.8, §4.5, §4.6): dumps of a process, forms, events and
//! breadcrumbs in `MessagePack`, the container of the Unreal engine.
//!
//! All of it was written by a process that was about to die, or by anybody: nothing is believed about
//! counts and sizes, and what cannot be read is left out.

pub mod dump;
pub mod form;
pub mod packed;
pub mod unreal;

use serde_json::Value;

/// The deepest that fields may lie in each other.
const MAX_DEPTH: usize = 15;

/// Lays `over` on top of `base`: objects field by field, all else as a whole.
pub fn merge(base: &mut Value, over: Value) {
    merge_at(base, over, 0);
}

fn merge_at(base: &mut Value, over: Value, depth: usize) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) if depth < MAX_DEPTH => {
            for (name, value) in over {
                merge_at(base.entry(name).or_insert(Value::Null), value, depth + 1);
            }
        }
        (_, Value::Null) => {}
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_laid_upon_each_other_field_by_field() {
        let mut base = json!({"a": {"b": 1, "c": [1]}, "d": 2});
        merge(&mut base, json!({"a": {"c": [2], "e": 3}, "d": null, "f": {"g": 4}}));
        assert_eq!(base, json!({"a": {"b": 1, "c": [2], "e": 3}, "d": 2, "f": {"g": 4}}));
    }
}
