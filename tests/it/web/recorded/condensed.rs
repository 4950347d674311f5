//! Answers of `/api/0` in the few lines that matter.

use std::fmt::Write;

use serde_json::{Map, Value};

/// An issue: what it is, and its counts.
pub(super) fn issue(issue: &Value) -> String {
    let fields = [
        "shortId",
        "title",
        "culprit",
        "type",
        "metadata",
        "level",
        "platform",
        "logger",
        "status",
        "substatus",
        "isUnhandled",
        "count",
        "userCount",
        "firstSeen",
        "lastSeen",
    ];
    format!("GET /api/0/issues/{{id}}/\n{}", fields_of(issue, &fields))
}

/// An event: what the page is made of, in the order of the answer.
pub(super) fn event(event: &Value) -> String {
    let fields = [
        "title",
        "culprit",
        "message",
        "location",
        "type",
        "metadata",
        "platform",
        "dist",
        "size",
        "dateCreated",
        "user",
        "sdk",
    ];
    let mut text =
        format!("GET /api/0/issues/{{id}}/events/latest/\n{}", fields_of(event, &fields));
    let release = &event["release"]["version"];
    let _ = writeln!(text, "release: {release}");
    let tags: Vec<_> = list(&event["tags"]).iter().map(tag).collect();
    let _ = writeln!(text, "tags: {}", tags.join(", "));
    for (name, context) in object(&event["contexts"]) {
        let _ = writeln!(text, "context {name}: {}", keys(context));
    }
    let _ = writeln!(text, "extra: {}", keys(&event["context"]));
    let _ = writeln!(text, "packages: {}", object(&event["packages"]).count());
    for entry in list(&event["entries"]) {
        write_entry(&mut text, entry);
    }
    for error in list(&event["errors"]) {
        let _ = writeln!(text, "problem: {}: {}", error["type"], error["data"]);
    }
    text
}

fn write_entry(text: &mut String, entry: &Value) {
    let data = &entry["data"];
    match entry["type"].as_str().unwrap() {
        "exception" => list(&data["values"]).iter().for_each(|value| write_exception(text, value)),
        "threads" => list(&data["values"]).iter().for_each(|thread| {
            let facts = fields_of(thread, &["name", "id", "crashed", "current"]);
            let _ = writeln!(text, "thread {}", facts.trim_end().replace('\n', ", "));
            write_frames(text, &thread["stacktrace"]);
        }),
        "stacktrace" => write_frames(text, data),
        "breadcrumbs" => list(&data["values"]).iter().for_each(|crumb| {
            let fields = ["type", "category", "level", "message"];
            let said = fields.map(|field| plain(&crumb[field])).join(" / ");
            let _ = writeln!(text, "breadcrumb {said} {}", keys(&crumb["data"]));
        }),
        "request" => {
            let _ = writeln!(text, "request {} {}", plain(&data["method"]), plain(&data["url"]));
            let fields = ["query", "data", "inferredContentType", "headers", "cookies", "env"];
            let _ = write!(text, "{}", indented(&fields_of(data, &fields)));
        }
        other => {
            let _ = writeln!(text, "entry {other}: {data}");
        }
    }
}

fn write_exception(text: &mut String, exception: &Value) {
    let mechanism = &exception["mechanism"];
    let _ = writeln!(
        text,
        "exception {}: {} | module {} | by {}, handled {}, thread {}",
        plain(&exception["type"]),
        plain(&exception["value"]),
        plain(&exception["module"]),
        plain(&mechanism["type"]),
        mechanism["handled"],
        exception["threadId"],
    );
    write_frames(text, &exception["stacktrace"]);
}

fn write_frames(text: &mut String, stack: &Value) {
    for frame in list(&stack["frames"]) {
        let _ = writeln!(
            text,
            "  {} {} ({}) {}:{}:{}, {} lines, variables {}",
            if frame["inApp"] == true { "app" } else { "sys" },
            plain(&frame["function"]),
            plain(&frame["module"]),
            plain(&frame["filename"]),
            frame["lineNo"],
            frame["colNo"],
            list(&frame["context"]).len(),
            keys(&frame["vars"]),
        );
    }
}

/// Fields as lines.
fn fields_of(value: &Value, fields: &[&str]) -> String {
    fields.iter().fold(String::new(), |mut text, field| {
        let _ = writeln!(text, "{field}: {}", value[*field]);
        text
    })
}

fn indented(lines: &str) -> String {
    lines.lines().fold(String::new(), |text, line| text + "  " + line + "\n")
}

fn tag(tag: &Value) -> String {
    format!("{}={}", plain(&tag["key"]), plain(&tag["value"]))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn keys(value: &Value) -> String {
    let keys: Vec<_> = object(value).map(|(key, _)| key.as_str()).collect();
    format!("[{}]", keys.join(" "))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&EMPTY).iter()
}
