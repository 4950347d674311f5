//! What real clients sent, seen by a person and by a program: the recorded requests come in over HTTP as
//! they were, and the page of each issue and its state in `/api/0` are compared.

mod condensed;

use insta::assert_snapshot;
use serde_json::Value;

use super::browser::{Browser, create_user};
use crate::api::program::{Program, server};
use crate::ingest::corpus::{Captured, recorded, replay};
use crate::support::page_text::page_text;

const ADA: &str = "ada@example.com";

/// Everything there is to see of an issue: the page, then what a program is told.
async fn seen(
    browser: &mut Browser,
    program: &Program<'_>,
    issue: &Value,
    sent: &[Captured],
) -> String {
    let (id, short_id) = (issue["id"].as_str().unwrap(), issue["shortId"].as_str().unwrap());
    let page = browser.get(&format!("/default/issues/{short_id}")).await;
    let issue = program.read(&format!("/issues/{id}/")).await;
    let event = program.read(&format!("/issues/{id}/events/latest/")).await;
    let page = page_text(page.expect_page());
    let seen = format!("{page}\n\n{}\n{}", condensed::issue(&issue), condensed::event(&event));
    without_new_id(&seen, event["eventID"].as_str().unwrap(), sent)
}

/// The same without the event's id and what depends on it, if the client did not give it one.
fn without_new_id(seen: &str, id: &str, sent: &[Captured]) -> String {
    let is_given = |captured: &Captured| {
        let body = String::from_utf8_lossy(&captured.body()).replace('-', "");
        body.contains(id)
    };
    if sent.iter().any(is_given) {
        return seen.to_owned();
    }
    // How well it is packed depends on the id, too.
    let lines = seen.lines().filter(|line| !line.starts_with("size: "));
    let seen = lines.collect::<Vec<_>>().join("\n");
    seen.replace(id, "{event}").replace(&id[..16], "{event}").replace(&id[..8], "{event}")
}

/// The first two issues that a scenario becomes, and what users wrote.
async fn issues_of(name: &str) -> String {
    let app = server().await;
    app.create_corpus_project().await;
    create_user(&app, ADA).await;
    let sent = recorded(name);
    for captured in &sent {
        replay(&app, captured).await;
    }
    app.settle().await;

    let program = Program::reading(&app).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let issues = program.read("/projects/default/shop/issues/").await;
    let mut issues = issues.as_array().unwrap().clone();
    issues.sort_by_key(|issue| issue["shortId"].to_string());
    let mut all = Vec::new();
    for issue in issues.iter().take(2) {
        all.push(seen(&mut browser, &program, issue, &sent).await);
    }
    let feedback = page_text(browser.get("/default/feedback").await.expect_page());
    if !feedback.contains("Nobody has written yet") {
        all.push(feedback);
    }
    app.stop().await;
    all.join("\n\n=== the next issue ===\n\n")
}

/// Compares what became of the scenarios of one family of clients.
async fn check(family: &str, scenarios: &[&str]) {
    for scenario in scenarios {
        let issues = issues_of(&format!("{family}/{scenario}")).await;
        assert_snapshot!(*scenario, issues, scenario);
    }
}

#[tokio::test]
async fn what_python_clients_sent_is_read_by_people_and_programs() {
    let scenarios = ["py_chained", "py_django", "py_exception_group", "py_odd_data", "py_raven"];
    check("python", &scenarios).await;
}

#[tokio::test]
async fn what_node_clients_sent_is_read_by_people_and_programs() {
    check("node", &["node_cause", "node_express", "node_message"]).await;
}

#[tokio::test]
async fn what_browsers_sent_is_read_by_people_and_programs() {
    let scenarios = ["browser_breadcrumbs", "browser_csp", "browser_feedback", "browser_react"];
    check("browser", &scenarios).await;
    check("browser", &["browser_rejection"]).await;
}

#[tokio::test]
async fn what_rust_clients_sent_is_read_by_people_and_programs() {
    check("rust", &["rust_error", "rust_panic", "rust_tracing"]).await;
}

#[tokio::test]
async fn what_go_clients_sent_is_read_by_people_and_programs() {
    check("go", &["go_error", "go_http"]).await;
}

#[tokio::test]
async fn what_ruby_and_native_clients_sent_is_read_by_people_and_programs() {
    check("ruby", &["ruby_error", "ruby_rack"]).await;
    check("native", &["minidump_multipart", "native_crash_inproc"]).await;
}
