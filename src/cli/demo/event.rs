//! From a scene to the event JSON that its client would send.

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value, json};

use super::scene::{Exception, Frame, Issue, Scene, Source};

/// The event of an issue, with fields still to be filled in.
pub(super) fn build(scene: &Scene, issue: &Issue) -> Result<Value> {
    let mut event = scene.event.clone();
    event.retain(|key, _| !issue.without.contains(key));
    let mut event = Value::Object(event);
    merge(&mut event, &Value::Object(issue.event.clone()));
    if !issue.exceptions.is_empty() {
        let build = |exception| exception_of(scene, exception);
        let values = issue.exceptions.iter().map(build).collect::<Result<Vec<_>>>()?;
        event["exception"] = json!({ "values": values });
    }
    Ok(event)
}

/// Lays `top` over `base`: objects are merged, everything else is replaced.
fn merge(base: &mut Value, top: &Value) {
    match (base, top) {
        (Value::Object(base), Value::Object(top)) => {
            for (key, value) in top {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, top) => *base = top.clone(),
    }
}

fn exception_of(scene: &Scene, exception: &Exception) -> Result<Value> {
    let mut value = exception.other.clone();
    let outer = match &exception.stack {
        None => &[],
        Some(name) => {
            scene.stacks.get(name).with_context(|| format!("no stack `{name}`"))?.as_slice()
        }
    };
    let frames = outer.iter().chain(&exception.frames).map(|frame| frame_of(scene, frame));
    let frames = frames.collect::<Result<Vec<_>>>()?;
    if !frames.is_empty() {
        value.insert("stacktrace".to_owned(), json!({ "frames": frames }));
    }
    Ok(Value::Object(value))
}

fn frame_of(scene: &Scene, frame: &Frame) -> Result<Value> {
    let mut value = Map::new();
    if let (Some(name), Some(at)) = (&frame.source, &frame.at) {
        let source = scene.sources.get(name).with_context(|| format!("no source `{name}`"))?;
        value.clone_from(&source.common);
        locate(source, at, &mut value)
            .ok_or_else(|| anyhow!("`{at}` does not stand exactly once in the source `{name}`"))?;
    }
    value.extend(frame.other.clone());
    Ok(Value::Object(value))
}

/// Sets line, column and context; `None` if there is not exactly one line with `at`.
fn locate(source: &Source, at: &str, frame: &mut Map<String, Value>) -> Option<()> {
    let lines: Vec<&str> = source.code.trim_end().lines().collect();
    let mut found = lines.iter().enumerate().filter(|(_, line)| line.contains(at));
    let (index, line) = found.next().filter(|_| found.next().is_none())?;
    frame.insert("lineno".to_owned(), json!(source.first_line + index as u64));
    if source.columns {
        frame.insert("colno".to_owned(), json!(line.find(at)? + 1));
    }
    if source.context > 0 {
        let before = &lines[index.saturating_sub(source.context)..index];
        let after = &lines[index + 1..lines.len().min(index + 1 + source.context)];
        frame.insert("pre_context".to_owned(), json!(before));
        frame.insert("context_line".to_owned(), json!(line));
        frame.insert("post_context".to_owned(), json!(after));
    }
    Some(())
}
