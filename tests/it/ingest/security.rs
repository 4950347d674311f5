//! Acceptance 39 and 40: what browsers report by themselves, at the front door.

use picket::protocol::envelope::{Envelope, ItemType};
use serde_json::json;

use super::door::{Door, KEY, OTHER_KEY, PROJECT};

const REPORT: &str = r#"{"csp-report":{"effective-directive":"script-src-elem","blocked-uri":"https://evil.example/x.js"}}"#;

/// Sends a body of a type to a path; gives the status and the body of the answer.
async fn send(door: &Door, path: &str, kind: Option<&str>, body: &str) -> (u16, String) {
    let request = door.http.post(format!("{}/api/{PROJECT}/{path}", door.url));
    let request = request.body(body.to_owned());
    let request = match kind {
        Some(kind) => request.header("Content-Type", kind),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn path(rest: &str) -> String {
    format!("security/?sentry_key={KEY}{rest}")
}

#[tokio::test]
async fn a_report_is_kept_as_the_browser_wrote_it() {
    let door = Door::open().await;
    let paths =
        [path(""), format!("csp-report/?sentry_key={KEY}"), format!("security?sentry_key={KEY}")];
    for path in paths {
        let kind = Some("application/csp-report; charset=utf-8");
        assert_eq!(send(&door, &path, kind, REPORT).await, (200, String::new()), "{path}");
    }
    let about = "&sentry_release=shop%401&sentry_environment=live";
    send(&door, &path(about), Some("Application/JSON"), REPORT).await;
    let kept = door.kept().await;
    assert_eq!(kept.len(), 4);
    for one in &kept {
        let envelope = Envelope::parse(&one.body).unwrap();
        assert!(one.event_id.is_some());
        assert_eq!(envelope.items[0].header.item_type, ItemType::RawSecurity);
        assert_eq!(envelope.items[0].payload, REPORT.as_bytes());
    }
    let last = Envelope::parse(&kept[3].body).unwrap().items[0].header.clone();
    assert_eq!(
        (last.release.as_deref(), last.environment.as_deref()),
        (Some("shop@1"), Some("live"))
    );
}

#[tokio::test]
async fn a_list_of_reports_is_as_many_events() {
    let door = Door::open().await;
    let kind = Some("application/reports+json");
    let one = json!({"type": "csp-violation", "body": {"effectiveDirective": "img-src"}});
    let list = json!([one, one]).to_string();
    assert_eq!(send(&door, &path(""), kind, &list).await, (200, String::new()));
    let kept = door.kept().await;
    assert_eq!(kept.len(), 2);
    assert_ne!(kept[0].event_id, kept[1].event_id);
    assert_eq!(send(&door, &path(""), kind, "[]").await.0, 200);
    let many = |count: usize| format!("[{}{{}}]", "{},".repeat(count - 1));
    assert_eq!(send(&door, &path(""), kind, &many(501)).await.0, 413);
    assert_eq!(door.kept().await.len(), 2);
    assert_eq!(send(&door, &path(""), kind, &many(500)).await.0, 200);
    assert_eq!(door.kept().await.len(), 502);
}

#[tokio::test]
async fn what_is_no_report_by_its_type_is_refused() {
    let door = Door::open().await;
    assert_eq!(send(&door, &path(""), Some("text/plain"), REPORT).await.0, 415);
    assert_eq!(send(&door, &path(""), None, REPORT).await.0, 400);
    assert_eq!(send(&door, &path(""), Some("nonsense"), REPORT).await.0, 400);
    let csp = Some("application/csp-report");
    assert_eq!(send(&door, "security/", csp, REPORT).await.0, 401);
    assert_eq!(send(&door, &format!("security/?sentry_key={OTHER_KEY}"), csp, REPORT).await.0, 403);
    assert_eq!(send(&door, &path(""), csp, "").await.0, 400);
    let large = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert_eq!(send(&door, &path(""), csp, &large((1 << 20) + 1)).await.0, 413);
    assert_eq!(door.kept().await.len(), 0);
    assert_eq!(send(&door, &path(""), csp, &large(1 << 20)).await.0, 200);
    let refused = door.refused().await;
    let reasons: Vec<_> = refused.iter().map(|(_, _, reason, n)| (reason.as_str(), *n)).collect();
    assert_eq!(
        reasons,
        [("content_type", 3), ("empty_body", 1), ("project_id", 1), ("request_too_large", 1)]
    );
}

#[tokio::test]
async fn a_browser_may_ask_first() {
    let door = Door::open().await;
    let request = door
        .http
        .request(reqwest::Method::OPTIONS, format!("{}/api/{PROJECT}/{}", door.url, path("")));
    let answer = request.header("Origin", "https://shop.example").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let get =
        door.http.get(format!("{}/api/{PROJECT}/{}", door.url, path(""))).send().await.unwrap();
    assert_eq!(get.status(), 405);
}
