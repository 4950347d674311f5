//! Points 38 to 43: the other doors.

use reqwest::Method;
use serde_json::json;

use super::{ID, Server, event};
use crate::ingest::door::answer;
use crate::ingest::native::minidump_form;

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

/// 41
#[tokio::test]
async fn a_dump_is_answered_with_the_id_of_its_event_and_a_form_without_one_is_refused() {
    let server = Server::start().await;
    let recorded = minidump_form();
    let no_file =
        "--between\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--between--\r\n";
    for (boundary, form, status) in
        [("between", no_file.as_bytes().to_vec(), 400), ("XBOUNDARYX", recorded, 200)]
    {
        let kind = format!("multipart/form-data; boundary={boundary}");
        let request = server.post("/api/P/minidump/?sentry_key=K").header("Content-Type", kind);
        let answer = request.body(form).send().await.unwrap();
        assert_eq!(answer.status(), status);
        if status == 200 {
            assert_eq!(answer.headers()["content-type"], "text/plain");
            let id = answer.text().await.unwrap();
            assert_eq!((id.len(), id.matches('-').count()), (36, 4), "{id}");
            assert_eq!(server.event_ids().await, [id.replace('-', "")]);
        }
    }
    assert_eq!(server.titles().await, ["SIGSEGV / SEGV_MAPERR: Crash at address 0x0"]);
}

/// 43
#[tokio::test]
async fn a_job_without_an_sdk_reports_with_a_get_or_a_post() {
    let server = Server::start().await;
    for (method, path, status) in [
        (Method::GET, "/api/P/cron/nightly/K?status=ok", 202),
        (Method::POST, "/api/P/cron/nightly/K/?status=in_progress", 202),
        (Method::GET, "/api/P/cron/nightly/K/", 400),
    ] {
        let path =
            path.replace("/K?", "/KEY?").replace("/K/", "/KEY/").replace("KEY", &server.shop.key);
        let answer = server.request(method, &path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    let counted = "monitor unsupported not_yet_supported 2";
    assert!(server.outcomes().await.contains(&counted.to_owned()));
}
