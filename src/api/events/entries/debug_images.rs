//! Loaded libraries and source maps.

use serde_json::{Value, json};

use crate::protocol::lenient::Raw;

/// Keys of an image that are there even if nothing is known, and what they are then.
fn defaults() -> [(&'static str, Value); 11] {
    let unknown = json!({
        "has_debug_info": false, "has_sources": false, "has_symbols": false, "has_unwind_info": false,
    });
    [
        ("code_id", Value::Null),
        ("debug_file", Value::Null),
        ("code_file", Value::Null),
        ("image_addr", Value::Null),
        ("image_size", Value::Null),
        ("image_vmaddr", Value::Null),
        ("arch", Value::Null),
        ("unwind_status", Value::Null),
        ("debug_status", Value::Null),
        ("features", unknown),
        ("candidates", json!([])),
    ]
}

/// The images of `debug_meta`; `None` if there is none.
pub(super) fn view(debug_meta: &Raw) -> Option<Value> {
    let Value::Object(mut debug_meta) = debug_meta.value() else { return None };
    let Some(Value::Array(images)) = debug_meta.remove("images") else { return None };
    let images: Vec<Value> = images
        .into_iter()
        .filter_map(|image| {
            let Value::Object(mut image) = image else { return None };
            for (key, value) in defaults() {
                image.entry(key).or_insert(value);
            }
            Some(Value::Object(image))
        })
        .collect();
    (!images.is_empty()).then(|| json!({ "images": images }))
}
