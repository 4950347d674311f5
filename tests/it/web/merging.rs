//! Merging issues and taking them apart, as people and programs do it.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::browser::between;
use super::issues::{ada, error, number_of, send, titles};
use crate::api::program::Program;
use crate::support::TestApp;

/// What "undo" of the page's toast sends.
fn undo_of(page: &str) -> String {
    between(page, "name=\"undo\" value=\"", "\"").unwrap().to_owned()
}

fn division(line: &str) -> Value {
    let mut event = error("ZeroDivisionError", "division by zero");
    event["exception"]["values"][0]["stacktrace"]["frames"][1]["context_line"] = json!(line);
    event
}

#[tokio::test]
async fn issues_are_merged_from_the_list_and_what_arrives_later_joins_them() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    send(&app, &project, division("return sum / count")).await;
    send(&app, &project, division("return sum / count")).await;
    send(&app, &project, division("return total / count")).await;
    send(&app, &project, error("KeyError", "'price'")).await;
    let list = browser.get("/default/issues").await;
    let (one, two) = (number_of(&list.body, "SHOP-1"), number_of(&list.body, "SHOP-2"));

    let fields = [("verb", "merge"), ("issue", one.as_str()), ("issue", two.as_str())];
    let merged = browser.post("/default/issues", &fields).await;
    assert!(merged.expect_page().contains("Merged SHOP-2 into SHOP-1."));
    assert_eq!(titles(&merged.body), ["KeyError", "ZeroDivisionError"]);

    send(&app, &project, division("return total / count")).await;
    let old = browser.get("/default/issues/SHOP-2").await;
    assert_eq!(old.expect_redirect(), "/default/issues/SHOP-1");
    let page = browser.get("/default/issues/SHOP-1").await;
    assert!(page.expect_page().contains("SHOP-2 was merged into this issue."));
    assert!(page.body.contains("<dt>Events</dt><dd><b>4</b>"), "{}", page.body);
    let history = browser.get("/default/issues/SHOP-1/activity").await;
    assert!(history.expect_page().contains("merged SHOP-2 into it"));

    let parts = browser.get("/default/issues/SHOP-1/merging").await;
    assert!(parts.expect_page().contains("Merged: SHOP-2"));
    let fields = [("verb", "take-out"), ("home", two.as_str())];
    let taken = browser.post("/default/issues/SHOP-1/merging", &fields).await;
    assert!(taken.expect_page().contains("Took SHOP-2 out of SHOP-1. They are kept apart now."));
    let back = browser.get("/default/issues/SHOP-2").await;
    assert!(back.expect_page().contains("<dt>Events</dt><dd><b>2</b>"), "{}", back.body);

    let undo = undo_of(&taken.body);
    let fields = [("verb", "undo"), ("undo", undo.as_str())];
    let undone = browser.post("/default/issues/SHOP-1/merging", &fields).await;
    assert!(undone.expect_page().contains("Undone: the issues are one again."));
    assert!(undone.body.contains("Merged: SHOP-2"));
    app.stop().await;
}

#[tokio::test]
async fn a_merge_that_cannot_be_says_why_and_leaves_the_page_as_it_was() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let (shop, till) = (app.create_project("Shop").await, app.create_project("Till").await);
    send(&app, &shop, error("KeyError", "'price'")).await;
    send(&app, &till, error("KeyError", "'price'")).await;
    let url = "/default/issues/SHOP-1/merging";
    browser.get(url).await.expect_page();
    for (with, problem) in [
        ("", "Type the id of the other issue, as SHOP-1."),
        ("SHOP-9", "There is no issue “SHOP-9”."),
        ("shop-1", "shop-1 is this issue."),
        ("TILL-1", "TILL-1 is of the project Till"),
    ] {
        let refused = browser.post(url, &[("verb", "merge"), ("with", with)]).await;
        assert!(refused.expect_page().contains(problem), "{with}: {}", refused.body);
    }
    let list = browser.get("/default/issues").await;
    let number = number_of(&list.body, "SHOP-1");
    let alone = browser.post("/default/issues", &[("verb", "merge"), ("issue", &number)]).await;
    assert!(alone.expect_page().contains("two at least."));
    app.stop().await;
}

#[tokio::test]
async fn parts_are_split_off_and_moved_by_their_checkboxes() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    send(&app, &project, division("return sum / count")).await;
    send(&app, &project, division("return total / count")).await;
    browser.get("/default/issues").await.expect_page();
    let url = "/default/issues/SHOP-1/merging";
    let address = "https://picket.example.com/default/issues/SHOP-2/";
    let merged = browser.post(url, &[("verb", "merge"), ("with", address)]).await;
    assert!(merged.expect_page().contains("Merged SHOP-2 into SHOP-1."));
    let own = merged.body.split("name=\"part\" value=\"").nth(1).unwrap();
    let own = own.split('"').next().unwrap().to_owned();

    let split = browser.post(url, &[("verb", "split"), ("part", &own)]).await;
    assert!(split.expect_page().contains("Made SHOP-3 of events of SHOP-1."), "{}", split.body);
    let new = browser.get("/default/issues/SHOP-3").await;
    assert!(new.expect_page().contains("<dt>Events</dt><dd><b>1</b>"));
    let all = browser.post(url, &[("verb", "split"), ("part", "1")]).await;
    assert!(all.expect_page().contains("not in this issue any more"), "{}", all.body);
    app.stop().await;
}

#[tokio::test]
async fn programs_merge_issues_find_them_by_their_old_ids_and_take_hashes_out() {
    let app = TestApp::start().await;
    let program = Program::of_organization(&app, "event:write,event:read").await;
    let project = app.create_project("Shop").await;
    send(&app, &project, division("return sum / count")).await;
    send(&app, &project, division("return sum / count")).await;
    send(&app, &project, division("return total / count")).await;
    let url = "/organizations/default/issues/?query=is:unresolved&sort=freq";
    let listed = program.get(url).await.body;
    let ids: Vec<&str> =
        listed.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    let (one, other) = (ids[0], ids[1]);
    let url = format!("/organizations/default/issues/?id={one}&id={other}");
    let merged = program.put(&url, &json!({"merge": 1})).await.body;
    assert_eq!(merged, json!({"merge": {"parent": one, "children": [other]}}));

    let found = program.get(&format!("/organizations/default/issues/{other}/")).await.body;
    assert_eq!((found["id"].as_str(), found["count"].as_str()), (Some(one), Some("3")));
    let url = format!("/organizations/default/issues/{one}/hashes/");
    let hashes = program.get(&url).await.body;
    let of_total = hashes
        .as_array()
        .unwrap()
        .iter()
        .find(|hash| hash["latestEvent"].to_string().contains("return total / count"));
    let hash = of_total.unwrap()["id"].as_str().unwrap();
    let taken = program.ask(reqwest::Method::DELETE, &format!("{url}?id={hash}"), None).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED);
    let count = program.get(&format!("/organizations/default/issues/{one}/")).await.body;
    assert_eq!(count["count"], "2");
    app.stop().await;
}
