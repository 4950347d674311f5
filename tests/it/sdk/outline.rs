//! What a client's reports became, in lines that say what a person would look for.

use std::fmt::Write;

use serde_json::Value;

use crate::api::program::Program;
use crate::support::TestApp;

/// Every issue of the only project with its latest event.
pub(super) async fn outline(app: &TestApp) -> String {
    let program = Program::reading(app).await;
    let issues = program.read("/organizations/default/issues/").await;
    let mut outlines = Vec::new();
    for issue in list(&issues) {
        let id = issue["id"].as_str().unwrap();
        let event = program.read(&format!("/issues/{id}/events/latest/")).await;
        outlines.push(issue_line(issue) + &event_lines(&event));
    }
    outlines.sort();
    outlines.join("\n")
}

fn issue_line(issue: &Value) -> String {
    let handled = if issue["isUnhandled"] == true { "unhandled, " } else { "" };
    let said = ["level", "title", "culprit"].map(|field| text(&issue[field])).join(" | ");
    format!("{said} | {handled}{} events, {} users\n", text(&issue["count"]), issue["userCount"])
}

fn event_lines(event: &Value) -> String {
    let own = ["release", "environment", "user", "aisle", "currency", "region", "shop"];
    let is_own = |tag: &&Value| own.contains(&tag["key"].as_str().unwrap());
    let tag = |tag: &Value| format!("{}={}", text(&tag["key"]), text(&tag["value"]));
    let tags: Vec<_> = list(&event["tags"]).iter().filter(is_own).map(tag).collect();
    let mut lines = format!("  tags {}\n", tags.join(", "));
    for problem in list(&event["errors"]) {
        let _ = writeln!(lines, "  problem {problem}");
    }
    for entry in list(&event["entries"]) {
        let data = &entry["data"];
        match entry["type"].as_str().unwrap() {
            "exception" => list(&data["values"]).iter().for_each(|one| exception(&mut lines, one)),
            "threads" => list(&data["values"]).iter().for_each(|thread| {
                let _ = writeln!(lines, "  thread {}", text(&thread["name"]));
                own_frames(&mut lines, &thread["stacktrace"]);
            }),
            "breadcrumbs" => {
                list(&data["values"]).iter().for_each(|one| breadcrumb(&mut lines, one));
            }
            "request" => request(&mut lines, data),
            _ => {}
        }
    }
    lines
}

fn request(lines: &mut String, request: &Value) {
    let sent = [&request["query"], &request["data"]].map(Value::to_string).join(" ");
    let url = without_port(&text(&request["url"]));
    let _ = writeln!(lines, "  request {} {url} {sent}", text(&request["method"]));
}

fn exception(lines: &mut String, exception: &Value) {
    let mechanism = &exception["mechanism"];
    let said = [&exception["type"], &exception["value"], &mechanism["type"]].map(text);
    let _ = writeln!(lines, "  exception {}, handled {}", said.join(" | "), mechanism["handled"]);
    own_frames(lines, &exception["stacktrace"]);
}

/// The program's own frames, where it broke first. Lines of a bundle say nothing.
fn own_frames(lines: &mut String, stack: &Value) {
    for frame in list(&stack["frames"]).iter().rev().filter(|frame| frame["inApp"] == true) {
        let file = text(&frame["filename"]);
        let name = file.rsplit('/').next().unwrap();
        let line = if file.starts_with("http") { &Value::Null } else { &frame["lineNo"] };
        let variables: Vec<_> = frame["vars"].as_object().into_iter().flatten().collect();
        let source = list(&frame["context"]);
        let hit = source.iter().find(|pair| pair[0] == frame["lineNo"]);
        let hit = hit.map(|pair| text(&pair[1])).unwrap_or_default();
        let variables: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).collect();
        let function = text(&frame["function"]);
        let _ = writeln!(lines, "    {function} {name}:{line} `{}` {variables:?}", hit.trim());
    }
}

fn breadcrumb(lines: &mut String, crumb: &Value) {
    let data = crumb["data"].as_object().into_iter().flatten();
    let is_stable = |(name, _): &(&String, &Value)| {
        ["method", "url", "status_code", "http.method", "from", "to"].contains(&name.as_str())
    };
    let data: Vec<_> =
        data.filter(is_stable).map(|(_, value)| without_port(&text(value))).collect();
    let said = ["level", "category", "message"].map(|field| without_port(&text(&crumb[field])));
    let _ = writeln!(lines, "  breadcrumb {} {}", said.join(" | "), data.join(" "));
}

/// The program's server takes any free port.
fn without_port(text: &str) -> String {
    let Some((before, after)) = text.split_once("127.0.0.1:") else { return text.to_owned() };
    let rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{before}127.0.0.1{rest}")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
