//! Points 38 to 43: the other doors.

use serde_json::json;

use super::{ID, Server, event};
use crate::ingest::door::answer;

/// 38
#[tokio::test]
async fn careless_slashes_are_forgiven() {
    let server = Server::start().await;
    let path = format!("//api//{}//envelope/", server.shop.id);
    assert_eq!(answer(server.post_as_curl(&path).body(event())).await.id(), ID);
}

/// 39
#[tokio::test]
async fn a_violation_of_a_policy_becomes_an_issue_that_says_what_was_blocked() {
    let server = Server::start().await;
    let report = json!({"csp-report": {
        "effective-directive": "script-src", "violated-directive": "script-src 'self'",
        "blocked-uri": "https://evil.example/x.js", "document-uri": "https://shop.example/"}});
    let request = server.post("/api/P/security/?sentry_key=K");
    let request = request.header("Content-Type", "application/csp-report");
    let answer = request.body(report.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), "");
    assert_eq!(server.titles().await, ["Blocked 'script' from 'evil.example'"]);
}

/// 40
#[tokio::test]
async fn a_list_of_two_reports_is_two_events_and_what_is_no_report_by_its_type_is_none() {
    let server = Server::start().await;
    let violation = |host: &str| {
        json!({"type": "csp-violation", "body": {
            "effectiveDirective": "img-src", "blockedURL": format!("https://{host}/x.png")}})
    };
    let list = json!([violation("a.example"), violation("b.example")]).to_string();
    for (kind, status) in
        [(Some("application/reports+json"), 200), (Some("text/plain"), 415), (None, 400)]
    {
        let request = server.post("/api/P/security/?sentry_key=K").body(list.clone());
        let request = match kind {
            Some(kind) => request.header("Content-Type", kind),
            None => request,
        };
        assert_eq!(request.send().await.unwrap().status(), status, "{kind:?}");
    }
    let titles = ["Blocked 'img-src' from 'a.example'", "Blocked 'img-src' from 'b.example'"];
    let short = titles.map(|title| title.replace("img-src", "image"));
    assert_eq!(server.titles().await, short);
}

/// 42
#[tokio::test]
async fn files_are_added_to_an_event_and_fields_without_a_name_are_none() {
    let server = Server::start().await;
    assert_eq!(server.send(event()).await.id(), ID);
    for (name, status) in [("name=\"a\"; filename=\"log.txt\"", 201), ("name=\"a\"", 400)] {
        let form = format!(
            "--between\r\nContent-Disposition: form-data; {name}\r\n\r\nlines\r\n--between--\r\n"
        );
        let request = server.post_as_curl(&format!("/api/P/events/{ID}/attachments/"));
        let request = request.header("Content-Type", "multipart/form-data; boundary=between");
        assert_eq!(request.body(form).send().await.unwrap().status(), status, "{name}");
    }
    let files = server.read(&format!("/projects/default/shop/events/{ID}/attachments/")).await;
    assert_eq!(crate::api::program::column(&files, "name"), ["log.txt"]);
}
