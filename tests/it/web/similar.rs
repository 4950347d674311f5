//! Issues that are suggested because they may be the same problem.

use serde_json::{Value, json};

use super::browser::{Browser, between};
use super::issues::{ada, error, number_of, send};
use crate::support::TestApp;

/// A failed charge, reached through one of several ways in.
fn charge(way_in: &str) -> Value {
    let mut event = error("PaymentError", "the provider declined the card");
    let frame = |module: &str, function: &str, line: u32| json!({"module": module, "function": function, "filename": "app.py", "lineno": line, "in_app": true});
    event["exception"]["values"][0]["stacktrace"]["frames"] = json!([
        frame("shop.wsgi", "handle", 12),
        frame("shop.views", way_in, 40),
        frame("shop.orders", "place", 88),
        frame("shop.payments", "charge", 31),
        frame("shop.payments.client", "post", 9),
    ]);
    event
}

/// What the section says on an issue's page.
fn section(page: &str) -> &str {
    between(page, "id=\"similar\"", "</section>").unwrap()
}

async fn suggested(browser: &mut Browser, short_id: &str) -> Vec<String> {
    let page = browser.get(&format!("/default/issues/{short_id}/merging")).await;
    let links = section(page.expect_page()).split("<a href=\"/default/issues/").skip(1);
    links.map(|link| link.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn issues_that_differ_in_one_frame_are_suggested_to_each_other_with_the_reasons() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let (shop, till) = (app.create_project("Shop").await, app.create_project("Till").await);
    for event in
        [charge("checkout"), charge("checkout"), charge("retry"), error("KeyError", "'price'")]
    {
        send(&app, &shop, event).await;
    }
    send(&app, &till, charge("subscribe")).await;

    assert_eq!(suggested(&mut browser, "SHOP-1").await, ["SHOP-2"]);
    assert_eq!(suggested(&mut browser, "SHOP-2").await, ["SHOP-1"]);
    for alone in ["SHOP-3", "TILL-1"] {
        let page = browser.get(&format!("/default/issues/{alone}/merging")).await;
        assert!(section(page.expect_page()).contains("No other issue of this project"), "{alone}");
    }
    let page = browser.get("/default/issues/SHOP-2/merging").await;
    let section = section(page.expect_page());
    for words in [
        "PaymentError: the provider declined the card",
        "2 events",
        "same innermost 3 of 4 frames",
        "same type",
        "of all frames are the same",
        "same message",
    ] {
        assert!(section.contains(words), "{words}: {section}");
    }
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM issue_signatures")
        .fetch_one(&app.app.db)
        .await
        .unwrap();
    assert_eq!(stored, 4, "one for each issue, none for events of known ones");
    app.stop().await;
}

#[tokio::test]
async fn what_is_merged_or_was_taken_apart_is_not_suggested() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    for way_in in ["checkout", "retry", "subscribe"] {
        send(&app, &project, charge(way_in)).await;
    }
    assert_eq!(suggested(&mut browser, "SHOP-1").await.len(), 2);
    let list = browser.get("/default/issues").await;
    let second = number_of(&list.body, "SHOP-2");

    let url = "/default/issues/SHOP-1/merging";
    let page = browser.get(url).await;
    let form = between(section(page.expect_page()), "value=\"SHOP-2\"", "</form>").unwrap();
    assert!(form.contains("name=\"verb\" value=\"merge\""), "{form}");
    let merged = browser.post(url, &[("with", "SHOP-2"), ("verb", "merge")]).await;
    assert!(merged.expect_page().contains("Merged SHOP-2 into SHOP-1."));
    assert_eq!(suggested(&mut browser, "SHOP-1").await, ["SHOP-3"]);
    assert_eq!(suggested(&mut browser, "SHOP-3").await, ["SHOP-1"], "once, with both its parts");

    let taken = browser.post(url, &[("verb", "take-out"), ("home", second.as_str())]).await;
    assert!(taken.expect_page().contains("They are kept apart now."));
    assert_eq!(suggested(&mut browser, "SHOP-1").await, ["SHOP-3"]);
    assert_eq!(suggested(&mut browser, "SHOP-2").await, ["SHOP-3"]);
    let mut of_third = suggested(&mut browser, "SHOP-3").await;
    of_third.sort();
    assert_eq!(of_third, ["SHOP-1", "SHOP-2"]);
    app.stop().await;
}
