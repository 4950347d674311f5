//! The list of issues, one issue with its events, and the verbs on them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, between, create_user};
use super::projects::create_organization;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";

pub(super) async fn ada(app: &TestApp) -> Browser {
    create_user(app, ADA).await;
    Browser::signed_in(app, ADA).await
}

/// Sends an event and waits until its issue can be seen; gives the event's id.
pub(super) async fn send(app: &TestApp, project: &TestProject, mut event: Value) -> String {
    let id = picket::base::EventId::random().to_string();
    event["event_id"] = json!(id);
    let body = format!("{{\"event_id\":\"{id}\"}}\n{{\"type\":\"event\"}}\n{event}\n");
    assert_eq!(app.send_envelope(project, body).await.status(), StatusCode::OK);
    app.settle().await;
    id
}

pub(super) fn error(kind: &str, value: &str) -> Value {
    json!({
        "platform": "python",
        "release": "shop@1.0",
        "environment": "production",
        "tags": {"region": "eu"},
        "exception": {"values": [{"type": kind, "value": value, "stacktrace": {"frames": [
            {"function": "main", "module": "shop", "filename": "shop.py", "lineno": 1, "in_app": true},
            {"function": "total", "module": "shop.cart", "filename": "cart.py", "lineno": 7, "in_app": true,
             "context_line": "    return sum / count", "vars": {"count": "0"}},
        ]}}]},
    })
}

/// The titles in a list, in its order.
pub(super) fn titles(page: &str) -> Vec<String> {
    let link = |row: &str| between(row, "<b>", "</b>").unwrap().to_owned();
    page.split("data-item>").skip(1).map(link).collect()
}

/// The number that the list's checkbox of an issue sends.
pub(super) fn number_of(page: &str, short_id: &str) -> String {
    let rows = page.split("name=\"issue\" value=\"").skip(1);
    let row = rows.into_iter().find(|row| row.contains(&format!("Select {short_id}\"")));
    row.unwrap().split('"').next().unwrap().to_owned()
}

/// The numbers on the tabs.
fn counts(page: &str) -> Vec<String> {
    let tabs = between(page, "id=\"tabs\"", "</nav>").unwrap();
    tabs.split("class=\"count\">")
        .skip(1)
        .map(|t| t.split('<').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_issue_is_found_resolved_and_brought_back() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    send(&app, &project, error("ZeroDivisionError", "division by zero")).await;
    send(&app, &project, error("KeyError", "'price'")).await;

    let page = browser.get("/default/issues").await;
    assert_eq!(titles(page.expect_page()), ["KeyError", "ZeroDivisionError"]);
    assert_eq!(counts(&page.body), ["2", "0", "0", "2"]);

    let found = browser.get("/default/issues?query=price+region:eu&environment=production").await;
    assert_eq!(titles(found.expect_page()), ["KeyError"]);
    let found = browser.get("/default/issues?query=price&environment=staging").await;
    assert!(found.expect_page().contains("No issue matches"));

    let number = number_of(&page.body, "SHOP-1");
    browser.get("/default/issues").await;
    let fields = [("verb", "resolve"), ("issue", number.as_str())];
    let done = browser.post("/default/issues", &fields).await;
    assert!(done.expect_page().contains("1 issue resolved."));
    assert_eq!(titles(&done.body), ["KeyError"]);
    assert_eq!(counts(&done.body), ["1", "1", "0", "2"]);
    let resolved = browser.get("/default/issues?state=resolved").await;
    assert_eq!(titles(resolved.expect_page()), ["ZeroDivisionError"]);

    let undo = between(&done.body, "name=\"undo\" value=\"", "\"").unwrap().replace("&#34;", "\"");
    let undone = browser.post("/default/issues", &[("verb", "undo"), ("undo", &undo)]).await;
    assert!(undone.expect_page().contains("Undone: 1 issue is as before."));
    assert_eq!(counts(&undone.body), ["2", "0", "0", "2"]);
    app.stop().await;
}

#[tokio::test]
async fn an_error_that_comes_back_after_it_was_resolved_is_marked() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    send(&app, &project, error("KeyError", "'price'")).await;
    browser.get("/default/issues/SHOP-1").await.expect_page();
    let done = browser.post("/default/issues/SHOP-1", &[("verb", "resolve")]).await;
    assert!(done.expect_page().contains("1 issue resolved."));
    assert!(done.body.contains("value=\"reopen\"") && !done.body.contains("value=\"resolve\""));

    send(&app, &project, error("KeyError", "'price'")).await;
    let page = browser.get("/default/issues/SHOP-1").await;
    assert!(page.expect_page().contains(">Regressed<"));
    let history = browser.get("/default/issues/SHOP-1/activity").await;
    let history = history.expect_page();
    let lines = ["reopened it", "resolved it", "opened it with the first event"];
    let places: Vec<_> = lines.iter().map(|line| history.find(line)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?}: {history}");
    app.stop().await;
}

#[tokio::test]
async fn one_goes_through_the_events_of_an_issue_from_the_first_to_the_last() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    let mut ids = Vec::new();
    for minute in 0..3 {
        let mut event = error("KeyError", "'price'");
        let at = app.app.clock.now() - chrono::TimeDelta::minutes(10 - minute);
        event["timestamp"] = json!(at.to_rfc3339());
        ids.push(send(&app, &project, event).await);
    }
    let url = |id: &str| format!("/default/issues/SHOP-1/events/{id}");

    // Without a wish one sees the last; only backwards from there.
    let last = browser.get("/default/issues/shop-1").await;
    let last = last.expect_page();
    assert!(last.contains(&format!("data-copy-text=\"{}\"", ids[2])));
    assert!(last.contains(&format!("href=\"{}\" rel=\"prev\"", url(&ids[1]))));
    assert!(!last.contains("rel=\"next\"") && last.contains(&url("oldest")));

    let middle = browser.get(&url(&ids[1])).await;
    assert!(middle.expect_page().contains(&format!("href=\"{}\" rel=\"prev\"", url(&ids[0]))));
    assert!(middle.body.contains(&format!("href=\"{}\" rel=\"next\"", url(&ids[2]))));
    let first = browser.get(&url("oldest")).await;
    assert!(first.expect_page().contains(&format!("data-copy-text=\"{}\"", ids[0])));

    let stored = browser.get(&format!("{}/json", url(&ids[1]))).await;
    assert_eq!(stored.header("content-type"), "application/json");
    let stored: Value = serde_json::from_str(stored.expect_page()).unwrap();
    assert_eq!(stored["event_id"], json!(ids[1]));
    app.stop().await;
}

#[tokio::test]
async fn the_reason_is_on_the_page_and_its_frames_keep_the_order_that_was_chosen() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    send(&app, &project, error("ZeroDivisionError", "division by zero")).await;

    let page = browser.get("/default/issues/SHOP-1").await;
    let page = page.expect_page();
    for part in
        ["ZeroDivisionError", "division by zero", "cart.py:7", "return sum / count", "count"]
    {
        assert!(page.contains(part), "{part}");
    }
    let functions = |page: &str| -> Vec<String> {
        page.split("frame-function\">")
            .skip(1)
            .map(|t| t.split('<').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(functions(page), ["total", "main"]);
    let chosen = browser.get("/default/issues/SHOP-1?order=oldest").await;
    assert_eq!(functions(chosen.expect_page()), ["main", "total"]);
    let later = browser.get("/default/issues/SHOP-1").await;
    assert_eq!(functions(later.expect_page()), ["main", "total"]);

    let why = browser.get("/default/issues/SHOP-1/grouping").await;
    assert!(
        why.expect_page()
            .contains("Grouped by the type <code>ZeroDivisionError</code> and 2 in-app frames.")
    );
    let tags = browser.get("/default/issues/SHOP-1/tags").await;
    assert!(tags.expect_page().contains("region") && tags.body.contains("100%"));
    app.stop().await;
}

#[tokio::test]
async fn a_long_list_is_paged_there_and_back() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    for number in 0..55 {
        let message =
            json!({"message": format!("Failure {number}"), "fingerprint": [number.to_string()]});
        let body = format!("{{}}\n{{\"type\":\"event\"}}\n{message}\n");
        assert_eq!(app.send_envelope(&project, body).await.status(), StatusCode::OK);
    }
    app.settle().await;
    let first = browser.get("/default/issues?sort=new").await;
    let next = between(first.expect_page(), "class=\"pagination\"", "</nav>").unwrap();
    assert!(!next.contains("rel=\"prev\""));
    let next = between(next, "<a class=\"button\" href=\"", "\" rel=\"next\"")
        .unwrap()
        .replace("&#38;", "&");
    let second = browser.get(&next).await;
    let previous =
        between(second.expect_page(), "href=\"/default/issues?sort=new&#38;cursor", "\"").unwrap();
    let mut seen = titles(&first.body);
    seen.extend(titles(&second.body));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 55);
    let back = browser.get(&format!("/default/issues?sort=new&cursor{previous}")).await;
    assert_eq!(titles(back.expect_page()), titles(&first.body));
    app.stop().await;
}

#[tokio::test]
async fn a_search_that_cannot_be_read_says_so_at_its_place() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    app.create_project("Shop").await;
    let page = browser.get("/default/issues?query=level:%22fatal").await;
    assert!(
        page.expect_page().contains("aria-invalid=\"true\" aria-describedby=\"search-problem\"")
    );
    assert!(page.body.contains("value=\"level:&#34;fatal\""), "what was typed is still there");
    assert!(page.body.contains("How to search"));
    app.stop().await;
}

#[tokio::test]
async fn an_empty_list_says_what_to_do_next() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let page = browser.get("/default/issues").await;
    assert!(page.expect_page().contains("href=\"/default/projects/new\""));
    let project = app.create_project("Shop").await;
    let page = browser.get("/default/issues").await;
    assert!(page.expect_page().contains("Waiting for the first event"));
    assert!(page.body.contains("href=\"/default/projects/shop\""));
    send(&app, &project, error("KeyError", "'price'")).await;
    let number = number_of(&browser.get("/default/issues").await.body, "SHOP-1");
    browser.post("/default/issues", &[("verb", "archive"), ("issue", &number)]).await.expect_page();
    let page = browser.get("/default/issues").await;
    assert!(page.expect_page().contains("Nothing is waiting for you"));
    app.stop().await;
}

#[tokio::test]
async fn issues_of_other_organizations_do_not_exist() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    send(&app, &project, error("KeyError", "'price'")).await;
    let number = number_of(&browser.get("/default/issues").await.body, "SHOP-1");

    let other = create_organization(&app, "other").await;
    let bob =
        picket::domain::accounts::NewUser::parse("bob@example.com", "", super::browser::PASSWORD);
    picket::domain::organizations::create_member(&app.app, bob.unwrap(), Some(&other.slug))
        .await
        .unwrap();
    let mut bob = Browser::signed_in(&app, "bob@example.com").await;
    for path in ["/other/issues/SHOP-1", &format!("/other/issues/{number}"), "/default/issues"] {
        assert_eq!(bob.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    bob.get("/other/issues").await.expect_page();
    let fields = [("verb", "resolve"), ("issue", number.as_str())];
    let answer = bob.post("/other/issues", &fields).await;
    assert!(answer.expect_page().contains("Nothing to do"));
    let undo =
        format!(r#"[{{"issue":{number},"status":"resolved","substatus":null,"detail":{{}}}}]"#);
    bob.post("/other/issues", &[("verb", "undo"), ("undo", &undo)]).await.expect_page();
    assert_eq!(counts(&browser.get("/default/issues").await.body), ["1", "0", "0", "1"]);
    app.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_odd_forms_change_nothing() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    let id = send(&app, &project, error("KeyError", "'price'")).await;
    let nobody = "0".repeat(32);
    for path in [
        "/default/issues/SHOP-2".to_owned(),
        "/default/issues/nonsense".to_owned(),
        "/default/issues/SHOP-1/events/nonsense".to_owned(),
        format!("/default/issues/SHOP-1/events/{nobody}"),
        format!("/default/issues/SHOP-2/events/{id}/json"),
        "/default/issues/SHOP-2/tags".to_owned(),
    ] {
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    browser.get("/default/issues?cursor=nonsense&sort=nonsense&state=nonsense").await.expect_page();
    for fields in [[("verb", "delete"), ("undo", "")], [("verb", "undo"), ("undo", "[1]")]] {
        let answer = browser.post("/default/issues/SHOP-1", &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    let answer = browser.post("/default/issues", &[("verb", "resolve")]).await;
    assert!(answer.expect_page().contains("Select issues first."));
    assert_eq!(counts(&answer.body), ["1", "0", "0", "1"]);
    app.stop().await;
}
