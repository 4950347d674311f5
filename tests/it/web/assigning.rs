//! Whose issues are: by rules, by people, by the commits that may have brought them.

use picket::pipeline::project_settings::BELIEVED_FOR;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::browser::Browser;
use super::ownership::{checkout_error, send, shop};
use crate::api::program::Program;
use crate::support::TestApp;
use crate::support::page_text::page_text;

const SETTINGS: &str = "/default/projects/shop/settings/ownership";
const ISSUE: &str = "/default/issues/SHOP-1";
const RULES: &str =
    "path:src/web/* ada@example.com\r\npath:src/checkout/* #payments eve@example.com";

async fn save_rules(app: &TestApp, browser: &mut Browser, auto_assign: &str) {
    browser.get(SETTINGS).await.expect_page();
    let fields = [("verb", "save"), ("rules", RULES), ("auto_assign", auto_assign)];
    browser.post(SETTINGS, &fields).await.expect_redirect();
    app.app.clock.advance(BELIEVED_FOR);
}

async fn history(browser: &mut Browser) -> String {
    page_text(browser.get(&format!("{ISSUE}/activity")).await.expect_page())
}

/// The short ids that a search of the list finds.
async fn found(browser: &mut Browser, query: &str) -> Vec<String> {
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let page = browser.get(&format!("/default/issues?state=all&query={query}")).await;
    let page = page.expect_page();
    let ids = page.split("<span class=\"issue-id\">").skip(1);
    let mut ids: Vec<String> = ids.map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn other_error() -> Value {
    json!({"exception": [{"type": "OSError", "value": "disk", "stacktrace": {"frames": [
        {"filename": "lib/disk.py", "function": "write", "in_app": true}]}}]})
}

#[tokio::test]
async fn a_new_issue_goes_to_whom_the_rules_say_and_its_history_says_why() {
    let (app, project, mut browser) = shop().await;
    save_rules(&app, &mut browser, "rules").await;
    send(&app, &project, &checkout_error()).await;
    send(&app, &project, &other_error()).await;
    let text = history(&mut browser).await;
    let line = "Picket assigned it to #payments by rule path:src/checkout/*, which found src/checkout/pay.py";
    assert!(text.contains(line), "{text}");
    let list = page_text(browser.get("/default/issues").await.expect_page());
    assert!(list.contains("SHOP-1") && list.contains("#payments"), "{list}");
    assert_eq!(found(&mut browser, "assigned:#payments").await, ["SHOP-1"]);
    assert_eq!(found(&mut browser, "is:unassigned").await, ["SHOP-2"]);
    let issue = page_text(browser.get(ISSUE).await.expect_page());
    assert!(
        issue.contains("#payments by rule path:src/checkout/*: src/checkout/pay.py"),
        "{issue}"
    );
    let other = page_text(browser.get("/default/issues/SHOP-2").await.expect_page());
    assert!(other.contains("#default owns the project, and no rule knows this event"), "{other}");
    app.stop().await;
}

#[tokio::test]
async fn nothing_is_assigned_where_that_is_off_and_nothing_that_people_assigned_is_changed() {
    let (app, project, mut browser) = shop().await;
    save_rules(&app, &mut browser, "off").await;
    send(&app, &project, &checkout_error()).await;
    assert_eq!(found(&mut browser, "is:unassigned").await, ["SHOP-1"]);
    save_rules(&app, &mut browser, "rules").await;
    send(&app, &project, &checkout_error()).await;
    assert_eq!(found(&mut browser, "is:unassigned").await, ["SHOP-1"], "it is not new any more");

    // It comes back, and the rules give it away; it comes back once more, and people's choice stays.
    let come_back = async |browser: &mut Browser, release: &str| {
        browser.get(ISSUE).await.expect_page();
        browser.post(ISSUE, &[("verb", "resolve")]).await.expect_page();
        app.app.clock.advance(BELIEVED_FOR);
        let mut event = checkout_error();
        event["release"] = json!(release);
        send(&app, &project, &event).await;
    };
    come_back(&mut browser, "shop@4.3.0").await;
    assert_eq!(found(&mut browser, "assigned:#payments").await, ["SHOP-1"]);
    browser.get(ISSUE).await.expect_page();
    browser.post(ISSUE, &[("verb", "assign:user:1")]).await.expect_page();
    come_back(&mut browser, "shop@4.4.0").await;
    assert_eq!(found(&mut browser, "assigned:me").await, ["SHOP-1"]);
    let text = history(&mut browser).await;
    assert_eq!(text.matches("by rule").count(), 1, "{text}");
    app.stop().await;
}

#[tokio::test]
async fn issues_are_given_to_members_and_teams_and_taken_back() {
    let (app, project, mut browser) = shop().await;
    send(&app, &project, &checkout_error()).await;
    send(&app, &project, &other_error()).await;
    let list = browser.get("/default/issues").await;
    let page = list.expect_page();
    let ids: Vec<String> = page
        .split("name=\"issue\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 2);
    let verb = page.split("name=\"verb\" value=\"assign:team:").find(|it| it.contains("#payments"));
    let team = verb.unwrap().split('"').next().unwrap();
    let verb = format!("assign:team:{team}");
    let fields = [("verb", verb.as_str()), ("issue", ids[0].as_str()), ("issue", ids[1].as_str())];
    let given = browser.post("/default/issues", &fields).await;
    assert!(given.expect_page().contains("2 issues assigned."), "{}", given.body);
    assert_eq!(found(&mut browser, "assigned:#payments").await, ["SHOP-1", "SHOP-2"]);
    assert_eq!(found(&mut browser, "assigned:my_teams").await, [""; 0], "Ada is not in it");
    let mut eve = Browser::signed_in(&app, "eve@example.com").await;
    assert_eq!(found(&mut eve, "assigned:my_teams").await, ["SHOP-1", "SHOP-2"]);

    browser.get(ISSUE).await.expect_page();
    let given = browser.post(ISSUE, &[("verb", "assign:user:1")]).await;
    let page = given.expect_page().to_owned();
    assert!(page.contains("1 issue assigned."), "{page}");
    assert_eq!(found(&mut browser, "assigned:ada@example.com").await, ["SHOP-1"]);
    assert_eq!(found(&mut browser, "has:assignee !assigned:me").await, ["SHOP-2"]);
    let undo = page.split("name=\"undo\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let undo = undo.replace("&#34;", "\"");
    let undone = browser.post(ISSUE, &[("verb", "undo"), ("undo", &undo)]).await;
    assert!(undone.expect_page().contains("Undone: 1 issue is assigned as before."));
    assert_eq!(found(&mut browser, "assigned:#payments").await, ["SHOP-1", "SHOP-2"]);
    let nobody = browser.post(ISSUE, &[("verb", "assign:")]).await;
    assert!(nobody.expect_page().contains("1 issue assigned to nobody."));
    assert_eq!(found(&mut browser, "assigned:none").await, ["SHOP-1"]);
    let text = history(&mut browser).await;
    assert!(text.contains("ada took it from whoever had it"), "{text}");
    assert!(text.contains("ada assigned it to #payments"), "{text}");

    let wrong = browser.post(ISSUE, &[("verb", "assign:user:4711")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
    app.stop().await;
}

/// What `sentry-cli releases set-commits` sends.
fn commits(message: &str, path: &str) -> Value {
    json!({"commits": [{
        "id": "3f2a9c1de07b44f1a2c3d4e5f60718293a4b5c6d",
        "message": message,
        "author_name": "Eve Example",
        "author_email": "eve@example.com",
        "repository": "acme/shop",
        "timestamp": "2026-11-22T12:00:00Z",
        "patch_set": [{"path": path, "type": "M"}],
    }]})
}

#[tokio::test]
async fn a_commit_that_touched_a_file_of_the_stack_is_suspected_with_its_author() {
    let (app, project, mut browser) = shop().await;
    let program = Program::of_organization(&app, "project:read,project:write").await;
    let releases = "/organizations/default/releases/";
    let make = json!({"version": "shop@4.2.0", "projects": ["shop"]});
    assert!(program.ask(Method::POST, releases, Some(&make)).await.status.is_success());
    let told =
        commits("Cards are charged at once\n\nand more", "services/shop/src/checkout/pay.py");
    let release = format!("{releases}shop@4.2.0/");
    assert_eq!(program.put(&release, &told).await.status, StatusCode::OK);
    send(&app, &project, &checkout_error()).await;
    let text = page_text(browser.get(ISSUE).await.expect_page());
    assert!(
        text.contains("wrote 3f2a9c1, which changed services/shop/src/checkout/pay.py"),
        "{text}"
    );
    assert!(text.contains("3f2a9c1 Cards are charged at once"), "{text}");
    assert!(text.contains("the file of the frame of your own code nearest the crash"), "{text}");

    let events = program.get("/projects/default/shop/events/").await.body;
    let id = events[0]["eventID"].as_str().unwrap();
    let path = format!("/projects/default/shop/events/{id}/committers/");
    let committers = program.get(&path).await.body;
    assert_eq!(committers["committers"][0]["author"]["email"], "eve@example.com");
    let commit = &committers["committers"][0]["commits"][0];
    assert_eq!(commit["id"], "3f2a9c1de07b44f1a2c3d4e5f60718293a4b5c6d");
    assert_eq!(commit["suspectCommitType"], "via commit in release");
    app.stop().await;
}

#[tokio::test]
async fn a_new_issue_goes_to_the_author_of_the_commit_that_touched_its_file() {
    let (app, project, mut browser) = shop().await;
    let program = Program::of_organization(&app, "project:read,project:write,event:read").await;
    let releases = "/organizations/default/releases/";
    let mut release = commits("Cards are charged at once", "services/shop/src/checkout/pay.py");
    release["version"] = json!("shop@4.2.0");
    release["projects"] = json!(["shop"]);
    assert!(program.ask(Method::POST, releases, Some(&release)).await.status.is_success());
    save_rules(&app, &mut browser, "commits").await;
    send(&app, &project, &checkout_error()).await;
    send(&app, &project, &other_error()).await;
    assert_eq!(found(&mut browser, "assigned:eve@example.com").await, ["SHOP-1"]);
    assert_eq!(found(&mut browser, "is:unassigned").await, ["SHOP-2"], "nobody touched its file");
    let text = history(&mut browser).await;
    let line = "assigned it to eve, who wrote commit 3f2a9c1de07b of shop@4.2.0, which changed services/shop/src/checkout/pay.py";
    assert!(text.contains(line), "{text}");
    let lines = program.get("/issues/SHOP-1/activities/").await.body;
    assert_eq!(lines["activity"][0]["data"]["commit"], "3f2a9c1de07b44f1a2c3d4e5f60718293a4b5c6d");

    // What people decide stays when it comes back, and so does nobody's if they take it away and it goes on.
    browser.get(ISSUE).await.expect_page();
    browser.post(ISSUE, &[("verb", "assign:user:1")]).await.expect_page();
    send(&app, &project, &checkout_error()).await;
    assert_eq!(found(&mut browser, "assigned:me").await, ["SHOP-1"]);
    browser.get(ISSUE).await.expect_page();
    browser.post(ISSUE, &[("verb", "resolve")]).await.expect_page();
    let mut again = checkout_error();
    again["release"] = json!("shop@4.3.0");
    app.app.clock.advance(BELIEVED_FOR);
    send(&app, &project, &again).await;
    assert_eq!(found(&mut browser, "assigned:me is:regressed").await, ["SHOP-1"]);
    app.stop().await;
}

#[tokio::test]
async fn where_the_author_is_no_member_the_rule_decides_and_where_that_is_off_nobody() {
    let (app, project, mut browser) = shop().await;
    let program = Program::of_organization(&app, "project:read,project:write").await;
    let releases = "/organizations/default/releases/";
    let mut release = commits("Cards are charged at once", "src/checkout/pay.py");
    release["version"] = json!("shop@4.2.0");
    release["projects"] = json!(["shop"]);
    release["commits"][0]["author_email"] = json!("stranger@example.com");
    assert!(program.ask(Method::POST, releases, Some(&release)).await.status.is_success());
    save_rules(&app, &mut browser, "commits").await;
    send(&app, &project, &checkout_error()).await;
    assert_eq!(found(&mut browser, "assigned:#payments").await, ["SHOP-1"]);
    let text = history(&mut browser).await;
    assert!(text.contains("assigned it to #payments by rule path:src/checkout/*"), "{text}");

    // A commit counts for those who chose that.
    release["commits"][0]["author_email"] = json!("eve@example.com");
    assert!(program.ask(Method::POST, releases, Some(&release)).await.status.is_success());
    for (choice, expected) in [("rules", "assigned:#payments"), ("off", "is:unassigned")] {
        save_rules(&app, &mut browser, choice).await;
        let mut event = checkout_error();
        event["exception"][0]["type"] = json!(format!("{choice}Error"));
        event["fingerprint"] = json!([choice]);
        send(&app, &project, &event).await;
        let title = format!("{expected} title:{choice}Error*");
        assert_eq!(found(&mut browser, &title).await.len(), 1, "{choice}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_commit_that_fixes_an_issue_resolves_it_in_its_release_once() {
    let (app, project, mut browser) = shop().await;
    send(&app, &project, &checkout_error()).await;
    send(&app, &project, &other_error()).await;
    let program = Program::of_organization(&app, "project:read,project:write,event:read").await;
    let releases = "/organizations/default/releases/";
    let mut release = commits("Fixes shop-1, SHOP-77 and prefixSHOP-2", "src/checkout/pay.py");
    release["version"] = json!("shop@4.3.0");
    release["projects"] = json!(["shop"]);
    assert!(program.ask(Method::POST, releases, Some(&release)).await.status.is_success());
    let issue = program.get("/issues/SHOP-1/").await.body;
    assert_eq!(issue["status"], "resolved");
    assert_eq!(issue["statusDetails"]["inRelease"], "shop@4.3.0");
    assert_eq!(program.get("/issues/SHOP-2/").await.body["status"], "unresolved");
    let text = history(&mut browser).await;
    let line = "resolved it in shop@4.3.0 because of commit 3f2a9c1de07b by Eve Example: “Fixes shop-1, SHOP-77 and prefixSHOP-2”";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("eve resolved it in shop@4.3.0"), "{text}");

    let mut again = checkout_error();
    again["release"] = json!("shop@4.4.0");
    app.app.clock.advance(BELIEVED_FOR);
    send(&app, &project, &again).await;
    assert_eq!(program.get("/issues/SHOP-1/").await.body["status"], "unresolved");
    assert!(program.ask(Method::POST, releases, Some(&release)).await.status.is_success());
    assert_eq!(program.get("/issues/SHOP-1/").await.body["status"], "unresolved", "only once");
    let text = history(&mut browser).await;
    assert_eq!(text.matches("because of commit").count(), 1, "{text}");
    app.stop().await;
}
