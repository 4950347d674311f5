//! Browsers' reports about security as issues: from the report to the page.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use super::browser::{Browser, create_user};
use crate::chromium;
use crate::support::page_text::page_text;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";

/// Where a page of the project sends its reports.
fn report_url(app: &TestApp, project: &TestProject) -> String {
    format!(
        "{}/api/{}/security/?sentry_key={}&sentry_release=shop%401",
        app.url, project.id, project.key
    )
}

async fn send(app: &TestApp, project: &TestProject, kind: &str, report: Value) {
    let request = app.http.post(report_url(app, project)).header("Content-Type", kind);
    let answer = request.header(
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    );
    assert_eq!(answer.body(report.to_string()).send().await.unwrap().status(), 200);
}

/// A violation as Firefox reports it.
fn violation(page: &str, blocked: &str) -> Value {
    json!({"csp-report": {
        "blocked-uri": blocked, "column-number": 7, "disposition": "enforce", "document-uri": page,
        "effective-directive": "script-src-elem", "line-number": 12,
        "original-policy": "default-src 'none'; script-src 'self'; report-uri /x", "referrer": "",
        "source-file": "https://shop.example/app.js", "status-code": 200, "violated-directive": "script-src-elem",
    }})
}

#[tokio::test]
async fn violations_of_one_directive_by_one_host_are_one_issue() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let csp = "application/csp-report";
    send(&app, &project, csp, violation("https://shop.example/cart", "https://evil.example/a.js"))
        .await;
    send(&app, &project, csp, violation("https://shop.example/pay", "https://evil.example/b.js?c"))
        .await;
    send(&app, &project, csp, violation("https://shop.example/pay", "https://other.example/b.js"))
        .await;
    send(&app, &project, csp, json!({"csp-report": {"effective-directive": "no-src"}})).await;
    app.settle().await;

    let list = page_text(browser.get("/default/issues").await.expect_page());
    assert!(list.contains("Blocked 'script' from 'evil.example'"), "{list}");
    assert!(list.contains("Blocked 'script' from 'other.example'"), "{list}");
    let page = page_text(browser.get("/default/issues/SHOP-1").await.expect_page());
    let part = page.split("## Policy violation").last().unwrap();
    insta::assert_snapshot!(part.split("\n## ").next().unwrap().trim(), @r"
    Directive: script-src-elem
      Blocked: https://evil.example/b.js?c
      Page: https://shop.example/pay
      Source: https://shop.example/app.js:12:7
      Status: 200
    ### Policy of the page
      - default-src 'none'
      - script-src 'self' Violated
      - report-uri /x
    ");
    assert!(page.contains("shop@1") && page.contains("Firefox 140.0"), "{page}");
    let text = |text: &str| text.to_owned();
    assert_eq!(
        app.outcomes().await,
        [
            (text("security"), text("accepted"), text(""), 3),
            (text("security"), text("invalid"), text("security_report"), 1),
        ]
    );
    app.stop().await;
}

#[tokio::test]
async fn reports_about_hosts_are_issues_too() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let json_type = "application/json";
    let host =
        json!({"hostname": "www.shop.example", "port": 443, "date-time": "2014-04-06T13:00:50Z"});
    let mut pins = host.clone();
    pins["known-pins"] = json!(["pin-sha256=\"d6qzRu9z\""]);
    send(&app, &project, json_type, pins).await;
    send(&app, &project, "application/expect-ct-report+json", json!({"expect-ct-report": host}))
        .await;
    send(&app, &project, json_type, json!({"expect-staple-report": host})).await;
    app.settle().await;
    let list = page_text(browser.get("/default/issues").await.expect_page());
    for title in [
        "Public key pinning validation failed for",
        "Expect-CT failed for",
        "Expect-Staple failed for",
    ] {
        assert!(list.contains(&format!("{title} 'www.shop.example'")), "{list}");
    }
    let kinds: Vec<String> = sqlx::query_scalar("SELECT kind FROM issues ORDER BY kind")
        .fetch_all(&app.app.db)
        .await
        .unwrap();
    assert_eq!(kinds, ["expectct", "expectstaple", "hpkp"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_chromium_itself_reports_becomes_issues() {
    let Some(browser) = chromium::browser() else { return };
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/policy.mjs");
    let output = Command::new("node")
        .arg(program)
        .arg(report_url(&app, &project))
        .arg(&browser.chromium)
        .env("PICKET_TEST_NODE_MODULES", &browser.modules)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    app.settle().await;
    let titles: Vec<String> = sqlx::query_scalar("SELECT title FROM issues ORDER BY title")
        .fetch_all(&app.app.db)
        .await
        .unwrap();
    assert_eq!(titles, ["Blocked 'image' from 'cdn.invalid'", "Blocked inline 'script' element"]);
    app.stop().await;
}
