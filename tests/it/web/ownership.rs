//! Teams, and who owns which part of a project.

use picket::base::Clock;
use picket::domain::ownership::MAX_RULES_BYTES;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, create_user};
use crate::api::program::start_time;
use crate::support::page_text::page_text;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";
const SETTINGS: &str = "/default/projects/shop/settings/ownership";
const TEAMS: &str = "/default/settings/teams";

/// An error of the checkout, which the web part calls.
pub(crate) fn checkout_error() -> Value {
    json!({
        "platform": "python",
        "release": "shop@4.2.0",
        "request": {"url": "https://shop.example/checkout/pay"},
        "tags": {"tenant": "acme"},
        "exception": [{"type": "KeyError", "value": "'card'", "stacktrace": {"frames": [
            {"filename": "src/web/handler.py", "module": "web.handler", "function": "post",
             "lineno": 7, "in_app": true},
            {"filename": "src/checkout/pay.py", "module": "checkout.pay", "function": "pay",
             "lineno": 42, "in_app": true},
            {"filename": "cards/client.py", "module": "cards.client", "function": "charge",
             "lineno": 3, "in_app": false},
        ]}}],
    })
}

/// Sends an event; the issue is there when this is done.
pub(crate) async fn send(app: &TestApp, project: &TestProject, event: &Value) {
    let body = format!("{{}}\n{{\"type\":\"event\"}}\n{event}\n");
    assert_eq!(app.send_envelope(project, body).await.status(), StatusCode::OK);
    app.settle().await;
}

/// A shop with Ada, who owns the organization, Eve, and the team #payments with Eve in it.
pub(crate) async fn shop() -> (TestApp, TestProject, Browser) {
    let app = TestApp::start_at(Clock::fixed(start_time()), |_| {}).await;
    create_user(&app, ADA).await;
    create_user(&app, EVE).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    browser.get(TEAMS).await.expect_page();
    browser.post(TEAMS, &[("name", "Payments")]).await.expect_redirect();
    let page = browser.get(&format!("{TEAMS}/payments")).await;
    let page = page.expect_page();
    let start = page.find("<option value=\"").unwrap();
    let options: Vec<&str> = page[start..].split("<option value=\"").skip(1).collect();
    let eve = options.iter().find(|option| option.contains(EVE)).unwrap();
    let id = eve.split('"').next().unwrap().to_owned();
    let fields = [("verb", "add"), ("person", id.as_str())];
    browser.post(&format!("{TEAMS}/payments"), &fields).await.expect_redirect();
    (app, project, browser)
}

#[tokio::test]
async fn teams_are_made_renamed_filled_and_deleted_by_owners() {
    let (app, _, mut browser) = shop().await;
    let text = page_text(browser.get(TEAMS).await.expect_page());
    assert!(text.contains("Default | #default | 2 | 1"), "the first team has everybody: {text}");
    assert!(text.contains("Payments | #payments | 1 | 0"), "{text}");
    let team = format!("{TEAMS}/payments");
    browser.post(&team, &[("verb", "rename"), ("name", "Money")]).await.expect_redirect();
    let text = page_text(browser.get(&team).await.expect_page());
    assert!(text.contains("Money") && text.contains("#payments") && text.contains(EVE), "{text}");
    let wrong = browser.post(&team, &[("verb", "rename"), ("name", " ")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    let mut member = Browser::signed_in(&app, EVE).await;
    member.get(&team).await.expect_page();
    let refused = member.post(&team, &[("verb", "delete")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let refused = member.post(TEAMS, &[("name", "Mine")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    browser.get(&team).await;
    browser.post(&team, &[("verb", "delete")]).await.expect_redirect();
    let gone = browser.get(TEAMS).await;
    let page = gone.expect_page();
    assert!(page.contains("The team is deleted.") && !page.contains("Money"), "{page}");
    let last = browser.post(&format!("{TEAMS}/default"), &[("verb", "delete")]).await;
    assert!(page_text(&last.body).contains("This is the only team"), "{}", last.body);
    app.stop().await;
}

#[tokio::test]
async fn a_project_always_has_a_team_and_a_team_that_owns_something_stays() {
    let (app, _, mut browser) = shop().await;
    let new = browser.get("/default/projects/new").await;
    let page = new.expect_page();
    let start = page.find("name=\"team\"").unwrap();
    let payments = page[start..].split("<option value=\"").find(|it| it.contains("Payments"));
    let id = payments.unwrap().split('"').next().unwrap().to_owned();
    let fields = [("name", "Billing"), ("team", id.as_str())];
    browser.post("/default/projects/new", &fields).await.expect_redirect();
    let team = format!("{TEAMS}/payments");
    let text = page_text(browser.get(&team).await.expect_page());
    assert!(text.contains("Billing"), "{text}");
    let refused = browser.post(&team, &[("verb", "delete")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page_text(&refused.body).contains("it owns Billing;"), "{}", refused.body);

    browser.get("/default/projects/shop/settings").await.expect_page();
    let fields = [("name", "Shop"), ("team", id.as_str())];
    browser.post("/default/projects/shop/settings", &fields).await.expect_redirect();
    let text = page_text(browser.get(&team).await.expect_page());
    assert!(text.contains("Billing") && text.contains("Shop"), "{text}");
    let fields = [("name", "Shop"), ("team", "4711")];
    let wrong = browser.post("/default/projects/shop/settings", &fields).await;
    assert!(wrong.body.contains("Choose one of the organization&#39;s teams."), "{}", wrong.body);
    app.stop().await;
}

#[tokio::test]
async fn rules_are_checked_line_by_line_kept_and_tried_on_a_stored_event() {
    let (app, project, mut browser) = shop().await;
    browser.get(SETTINGS).await.expect_page();
    let empty = browser.post(SETTINGS, &[("verb", "try")]).await;
    assert!(empty.expect_page().contains("No event of this project is stored in full yet."));
    send(&app, &project, &checkout_error()).await;

    let wrong =
        "path:src/checkout/* #payments\r\nfile:x #payments\r\npath:y #gone nobody@example.com";
    let fields = [("verb", "save"), ("rules", wrong)];
    let answer = browser.post(SETTINGS, &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = page_text(&answer.body);
    assert!(text.contains("Line 2: file is unknown."), "{text}");
    let unknown = "path:y #gone nobody@example.com";
    let answer = browser.post(SETTINGS, &[("verb", "save"), ("rules", unknown)]).await;
    let text = page_text(&answer.body);
    assert!(text.contains("Line 1: There is no team #gone."), "{text}");
    assert!(
        text.contains("Nobody in this organization has the address nobody@example.com"),
        "{text}"
    );
    assert!(!browser.get(SETTINGS).await.expect_page().contains("#gone"), "nothing is saved");

    let rules = format!("path:src/web/* {ADA}\r\npath:src/checkout/* #payments {ADA}");
    let tried = browser.post(SETTINGS, &[("verb", "try"), ("rules", &rules)]).await;
    let text = page_text(tried.expect_page());
    assert!(
        text.contains(
            "Would go to #payments, ada@example.com, by line 2: path:src/checkout/* is src/checkout/pay.py."
        ),
        "{text}"
    );
    assert!(text.contains(&format!("1 | path:src/web/* | {ADA} | src/web/handler.py")), "{text}");
    let named = [("verb", "try"), ("rules", "url:*/cart #payments"), ("event", "shop-1")];
    let text = page_text(browser.post(SETTINGS, &named).await.expect_page());
    assert!(text.contains("No rule knows it. It would stay with #default"), "{text}");
    let lost = [("verb", "try"), ("rules", ""), ("event", "shop-77")];
    let text = page_text(browser.post(SETTINGS, &lost).await.expect_page());
    assert!(text.contains("This project has no such event in full."), "{text}");

    let fields = [("verb", "save"), ("rules", rules.as_str()), ("auto_assign", "rules")];
    browser.post(SETTINGS, &fields).await.expect_redirect();
    let page = browser.get(SETTINGS).await;
    assert!(page.expect_page().contains("path:src/checkout/* #payments"));
    let long = "#".repeat(MAX_RULES_BYTES + 1);
    let answer = browser.post(SETTINGS, &[("verb", "save"), ("rules", &long)]).await;
    assert!(answer.body.contains("Use up to 64 KiB of rules."));

    let refused = browser.post(&format!("{TEAMS}/payments"), &[("verb", "delete")]).await;
    assert!(
        page_text(&refused.body).contains("ownership rules of Shop name it"),
        "{}",
        refused.body
    );
    app.stop().await;
}

#[tokio::test]
async fn a_codeowners_file_is_mapped_to_people_and_becomes_rules() {
    let (app, _, mut browser) = shop().await;
    browser.get(SETTINGS).await.expect_page();
    let file = "[Shop] @acme/payments\r\n/services/shop/src/checkout/\r\n*.md @ada @stranger\r\n/docs/ @stranger\r\n";
    let fields = [
        ("verb", "read"),
        ("rules", "tags.tenant:acme #payments"),
        ("codeowners", file),
        ("source_root", "services/shop"),
    ];
    let read = browser.post(SETTINGS, &fields).await;
    let text = page_text(read.expect_page());
    assert!(text.contains("codeowners:/src/checkout/ #payments"), "guessed by slug: {text}");
    assert!(text.contains("codeowners:*.md ada@example.com"), "guessed by address: {text}");
    assert!(text.contains("Nobody here for @stranger."), "{text}");
    assert!(text.contains("Line 4, /docs/ @stranger: It is about another part"), "{text}");

    let names = [
        ("name", "@acme/payments"),
        ("owner", "#payments"),
        ("name", "@ada"),
        ("owner", ADA),
        ("name", "@stranger"),
        ("owner", EVE),
        ("auto_assign", "rules"),
    ];
    let mut fields = fields.to_vec();
    fields[0] = ("verb", "import");
    fields.extend(names);
    let imported = browser.post(SETTINGS, &fields).await;
    let page = imported.expect_page();
    assert!(page.contains("2 rules of CODEOWNERS stand among the rules below."), "{page}");
    assert!(page.contains("codeowners:*.md ada@example.com eve@example.com"), "{page}");
    assert!(
        !browser.get(SETTINGS).await.expect_page().contains("codeowners:*.md"),
        "not saved yet"
    );
    let start = page.find("name=\"rules\"").unwrap();
    let rules = page[start..].split_once(">\n").unwrap().1.split_once("</textarea>").unwrap().0;
    fields[0] = ("verb", "save");
    fields[1] = ("rules", rules);
    browser.post(SETTINGS, &fields).await.expect_redirect();
    let saved = browser.get(SETTINGS).await;
    let page = saved.expect_page();
    assert!(
        page.contains("tags.tenant:acme #payments") && page.contains("# From CODEOWNERS"),
        "{page}"
    );
    assert!(page.contains("value=\"services/shop\""), "the mapping is kept: {page}");
    app.stop().await;
}
