//! Rules for grouping: what is wrong with them, what they would do, saving them, and having issues follow.

use chrono::TimeDelta;
use picket::base::Clock;
use picket::domain::grouping_rules::{self, GroupingSettings};
use picket::pipeline::regrouping;
use serde_json::{Value, json};

use super::browser::{Browser, between};
use super::issues::{ada, error, send};
use crate::support::{TestApp, TestProject};

/// A server whose clock stands until it is told to go on.
async fn server() -> TestApp {
    TestApp::start_at(Clock::fixed("2026-11-22T15:00:00Z".parse().unwrap()), |_| {}).await
}

const PAGE: &str = "/default/projects/shop/settings/grouping";

/// What the form sends when nothing but the rules was changed.
fn fields<'a>(verb: &'a str, fingerprint: &'a str) -> Vec<(&'a str, &'a str)> {
    let features = ["built_in_in_app", "compiler_frames", "script_modules", "react_messages"];
    let mut fields: Vec<(&str, &str)> = features.map(|name| ("feature", name)).to_vec();
    fields.extend([("verb", verb), ("fingerprint_rules", fingerprint)]);
    fields
}

async fn post(browser: &mut Browser, fields: &[(&str, &str)]) -> String {
    browser.get(PAGE).await.expect_page();
    browser.post(PAGE, fields).await.expect_page().to_owned()
}

/// Presses a button that leads back to the page.
async fn press(browser: &mut Browser, fields: &[(&str, &str)]) {
    browser.get(PAGE).await.expect_page();
    browser.post(PAGE, fields).await.expect_redirect();
}

/// The page when nothing goes on in the background any more.
pub(crate) async fn followed(app: &TestApp, browser: &mut Browser) -> String {
    loop {
        regrouping::go_on(&app.app).await.unwrap();
        let page = browser.get(PAGE).await.expect_page().to_owned();
        if !page.contains("<progress") {
            return page;
        }
    }
}

/// Two issues: a timeout with two events, and another with one.
async fn timeouts(app: &TestApp, project: &TestProject) {
    send(app, project, error("TimeoutError", "no answer from the till")).await;
    send(app, project, error("TimeoutError", "no answer from the till")).await;
    let mut other = error("TimeoutError", "no answer from the stock");
    other["exception"]["values"][0]["stacktrace"]["frames"][1]["function"] = json!("stock");
    send(app, project, other).await;
}

async fn titles_and_counts(browser: &mut Browser) -> Vec<String> {
    let list = browser.get("/default/issues").await;
    let mut rows: Vec<String> = list
        .expect_page()
        .split("data-item>")
        .skip(1)
        .map(|row| {
            let id = between(row, "class=\"issue-id\">", "<").unwrap();
            let count = between(row, "data-label=\"events\"><span title=\"", "\"").unwrap();
            let count = count.split(' ').next().unwrap();
            format!("{id} {count}")
        })
        .collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_is_named_with_its_line_and_nothing_is_saved() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    let rules = "type:TimeoutError -> timeout\ntipe:KeyError -> key";
    for verb in ["preview", "save", "apply"] {
        let page = post(&mut browser, &fields(verb, rules)).await;
        assert!(page.contains("Line 2, <code>tipe:KeyError -&#62; key</code>"), "{page}");
        assert!(page.contains("nothing was saved"));
    }
    let mut db = app.app.db.acquire().await.unwrap();
    let stored = grouping_rules::find(&mut db, project.id).await.unwrap();
    drop(db);
    assert_eq!(stored, GroupingSettings::default());
    app.stop().await;
}

#[tokio::test]
async fn a_preview_says_what_would_join_begin_anew_and_which_rule_does_nothing() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    timeouts(&app, &project).await;
    send(&app, &project, error("KeyError", "'price'")).await;
    let rules = "type:TimeoutError -> timeout\ntype:ValueError -> value\ntype:KeyError -> key";
    let page = post(&mut browser, &fields("preview", rules)).await;
    let said = "Of 4 stored events: 2 issues would join others, 1 issue would begin anew.";
    assert!(page.contains(said), "{page}");
    assert!(page.contains("2 events would be a new issue, together with SHOP-2"));
    assert!(page.contains("Line 2: <code>type:ValueError -&#62; value</code>"));
    assert_eq!(titles_and_counts(&mut browser).await, ["SHOP-1 2", "SHOP-2 1", "SHOP-3 1"]);

    let none = post(&mut browser, &fields("preview", "")).await;
    assert!(none.contains("Of 4 stored events: 3 issues stay as they are."), "{none}");
    app.stop().await;
}

#[tokio::test]
async fn issues_follow_new_rules_and_go_back_when_that_is_undone() {
    let app = server().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    timeouts(&app, &project).await;
    let rules = "type:TimeoutError -> timeout";
    press(&mut browser, &fields("apply", rules)).await;
    let page = followed(&app, &mut browser).await;
    assert!(page.contains("Saved, and the issues follow: 1 part joined another issue"), "{page}");
    assert!(page.contains("type:TimeoutError -&#62; timeout"), "the settings are saved");
    assert_eq!(titles_and_counts(&mut browser).await, ["SHOP-1 3"]);

    // The pipeline believes settings for some seconds.
    app.app.clock.advance(TimeDelta::seconds(10));
    let mut third = error("TimeoutError", "a third way to be late");
    third["exception"]["values"][0]["stacktrace"]["frames"][1]["function"] = json!("third");
    send(&app, &project, third).await;
    assert_eq!(titles_and_counts(&mut browser).await, ["SHOP-1 4"], "new events find the issue");

    press(&mut browser, &[("verb", "undo")]).await;
    let undone = followed(&app, &mut browser).await;
    assert!(undone.contains("Undone: the issues are as before."), "{undone}");
    let counts = titles_and_counts(&mut browser).await;
    assert_eq!(counts, ["SHOP-1 3", "SHOP-2 1"], "what came meanwhile stays where its part is");
    app.stop().await;
}

#[tokio::test]
async fn an_older_state_of_the_rules_is_brought_back() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    for rules in ["type:A -> a", "type:B -> b"] {
        browser.get(PAGE).await.expect_page();
        browser.post(PAGE, &fields("save", rules)).await.expect_redirect();
    }
    let page = browser.get(PAGE).await;
    assert!(page.expect_page().contains("type:B -&#62; b"));
    let back = browser.post(PAGE, &[("verb", "restore"), ("revision", "1")]).await;
    back.expect_redirect();
    let mut db = app.app.db.acquire().await.unwrap();
    let stored = grouping_rules::find(&mut db, project.id).await.unwrap();
    assert_eq!(stored.fingerprint_rules, "type:A -> a");
    let revisions = grouping_rules::revisions(&mut db, project.id).await.unwrap();
    drop(db);
    assert_eq!(revisions.iter().map(|it| it.number).collect::<Vec<_>>(), [3, 2, 1]);
    assert!(revisions[0].is_restored);
    app.stop().await;
}

#[tokio::test]
async fn settings_are_tried_on_one_event_with_the_reason_for_its_hash() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    let id = send(&app, &project, error("TimeoutError", "no answer")).await;
    let mut sent = fields("test", "type:TimeoutError -> timeout");
    sent.push(("event", &id));
    let page = post(&mut browser, &sent).await;
    assert!(page.contains("Fingerprint rules that match</dt><dd>Line 1"), "{page}");
    assert!(page.contains("<dt>custom_server_fingerprint</dt>"));
    let mut sent = fields("test", "");
    sent.push(("event", "SHOP-1"));
    assert!(post(&mut browser, &sent).await.contains("Paste the id of an event"));
    app.stop().await;
}

/// An event of the corpus' kinds, so that both algorithms have much to disagree about.
fn kinds() -> Vec<Value> {
    let mut chained = error("RuntimeError", "outer");
    let cause = error("KeyError", "'price'")["exception"]["values"][0].clone();
    chained["exception"]["values"].as_array_mut().unwrap().insert(0, cause);
    let mut script = error("TypeError", "x is undefined");
    script["platform"] = json!("javascript");
    vec![
        error("ZeroDivisionError", "division by zero"),
        chained,
        script,
        json!({"platform": "python", "logentry": {"message": "order 17 failed"}}),
        json!({"platform": "go", "exception": {"values": [{"type": "E", "value": "at 10:12:13"}]}}),
    ]
}

#[tokio::test]
async fn an_upgrade_of_the_algorithm_splits_no_issue() {
    let app = server().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    let set = async |algorithm: &str| {
        let settings =
            GroupingSettings { algorithm: algorithm.to_owned(), ..GroupingSettings::default() };
        grouping_rules::set(&app.app, project.id, settings, None).await.unwrap();
        // The pipeline believes settings for some seconds.
        app.app.clock.advance(TimeDelta::seconds(10));
    };
    set("newstyle:2023-01-11").await;
    for event in kinds() {
        send(&app, &project, event).await;
    }
    let before = titles_and_counts(&mut browser).await;
    assert_eq!(before.len(), kinds().len());

    set("newstyle:2026-01-20").await;
    for _ in 0..2 {
        for event in kinds() {
            send(&app, &project, event).await;
        }
    }
    let after = titles_and_counts(&mut browser).await;
    let tripled: Vec<String> = before.iter().map(|row| row.replace(" 1", " 3")).collect();
    assert_eq!(after, tripled);
    let origins: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT origin FROM issue_hashes ORDER BY 1")
            .fetch_all(&app.app.db)
            .await
            .unwrap();
    assert_eq!(origins, ["created", "upgrade"]);

    // When the transition is over, nothing is looked up by the old hashes; the new ones lead there.
    app.app.clock.advance(grouping_rules::TRANSITION);
    let mut browser = Browser::signed_in(&app, "ada@example.com").await;
    for event in kinds() {
        send(&app, &project, event).await;
    }
    assert_eq!(titles_and_counts(&mut browser).await.len(), kinds().len());
    app.stop().await;
}

#[tokio::test]
async fn two_events_are_compared_and_a_rule_that_joins_them_is_ready_to_be_tried() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    timeouts(&app, &project).await;
    let page = browser.get("/default/issues/SHOP-1/compare?with=SHOP-2").await;
    let page = page.expect_page();
    assert!(page.contains("first difference"), "{page}");
    assert!(page.contains("To make them one issue"), "{page}");
    let query = between(page, "/settings/grouping?", "\"").unwrap();
    let settings = browser.get(&format!("{PAGE}?{}", query.replace("&#38;", "&"))).await;
    assert!(settings.expect_page().contains("A rule was filled in below."));

    let nobody = browser.get("/default/issues/SHOP-1/compare?with=SHOP-9").await;
    assert!(nobody.expect_page().contains("no event and no issue “SHOP-9”"));
    let same = browser.get("/default/issues/SHOP-1/compare?with=SHOP-1").await;
    assert!(!same.expect_page().contains("first difference"));
    app.stop().await;
}

#[tokio::test]
async fn settings_that_issues_are_to_follow_stay_filled_in_until_they_are_saved() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    timeouts(&app, &project).await;
    // Looking cannot go on, so that there is time to press.
    sqlx::raw_sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON regrouping_hashes
         FOR EACH ROW EXECUTE FUNCTION refuse();",
    )
    .execute(&app.app.db)
    .await
    .unwrap();
    let rules = "type:TimeoutError -> timeout";
    press(&mut browser, &fields("apply", rules)).await;
    let page = browser.get(PAGE).await.expect_page().to_owned();
    assert!(page.contains("0 of 2 parts of issues are looked at"), "{page}");
    assert!(page.contains("<progress max=\"100\" value=\"0\""), "{page}");
    assert!(page.contains("type:TimeoutError -&#62; timeout"), "{page}");
    for verb in ["save", "apply"] {
        let refused = browser.post(PAGE, &fields(verb, "type:KeyError -> key")).await;
        assert!(refused.body.contains("follow other settings right now"), "{}", refused.body);
    }
    press(&mut browser, &[("verb", "stop")]).await;
    let page = browser.get(PAGE).await.expect_page().to_owned();
    assert!(page.contains("Stopped: nothing was changed"), "{page}");
    assert!(page.contains("type:TimeoutError -&#62; timeout"), "{page}");
    let mut db = app.app.db.acquire().await.unwrap();
    let stored = grouping_rules::find(&mut db, project.id).await.unwrap();
    drop(db);
    assert_eq!(stored, GroupingSettings::default());
    app.stop().await;
}
