//! The pages of releases, with what real clients and builds send.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::browser::{Browser, create_user};
use super::projects::create_organization;
use crate::api::program::{Program, error_with, send, send_sessions, server};
use crate::support::page_text::page_text;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";
const LIST: &str = "/default/releases";

pub(super) async fn started() -> (TestApp, Browser, TestProject) {
    let app = server().await;
    create_user(&app, ADA).await;
    let browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    (app, browser, project)
}

/// Sends counted sessions of a release, begun some hours ago.
pub(super) async fn sessions(
    app: &TestApp,
    project: &TestProject,
    release: &str,
    hours_ago: i64,
    counts: Value,
) {
    send_sessions(app, project, [release, "live"], hours_ago, counts).await;
}

/// Tells of a release with a commit and a deploy, as a build does.
pub(super) async fn build(app: &TestApp, version: &str, hours_ago: i64) {
    let program = Program::of_organization(app, "org:ci").await;
    let at = app.app.clock.now() - TimeDelta::hours(hours_ago);
    let body = json!({
        "version": version, "projects": ["shop"], "dateReleased": at,
        "commits": [{"id": "c".repeat(40), "repository": "acme/shop", "author_name": "Ada",
            "author_email": ADA, "message": format!("What {version} brings\n\nin many words"),
            "patch_set": [{"path": "src/pay.py", "type": "A"}]}]});
    let releases = "/organizations/default/releases/";
    assert!(program.ask(Method::POST, releases, Some(&body)).await.status.is_success());
    let encoded: String = form_urlencoded::byte_serialize(version.as_bytes()).collect();
    let path = format!("{releases}{}/deploys/", encoded.replace('+', "%20"));
    let body = json!({"environment": "live", "dateFinished": at});
    assert_eq!(program.ask(Method::POST, &path, Some(&body)).await.status, StatusCode::CREATED);
}

pub(super) async fn text_of(browser: &mut Browser, path: &str) -> String {
    page_text(browser.get(path).await.expect_page())
}

#[tokio::test]
async fn an_instance_without_releases_says_how_to_make_one() {
    let (app, mut browser, _) = started().await;
    let page = browser.get(LIST).await;
    let text = page_text(page.expect_page());
    assert!(text.contains("No release yet"), "{text}");
    assert!(text.contains("export SENTRY_URL=https://picket.example.com"), "{text}");
    assert!(text.contains("export SENTRY_PROJECT=shop"), "{text}");
    let narrowed = text_of(&mut browser, &format!("{LIST}?query=shop")).await;
    assert!(narrowed.contains("No release matches"), "{narrowed}");
    assert!(browser.get("/default/issues").await.body.contains("href=\"/default/releases\""));
    app.stop().await;
}

#[tokio::test]
async fn the_list_shows_each_release_beside_the_one_before() {
    let (app, mut browser, project) = started().await;
    build(&app, "shop@1.0", 48).await;
    build(&app, "shop@1.1", 3).await;
    sessions(&app, &project, "shop@1.0", 30, json!({"exited": 990, "crashed": 10})).await;
    sessions(&app, &project, "shop@1.0", 2, json!({"exited": 50})).await;
    sessions(&app, &project, "shop@1.1", 1, json!({"exited": 147, "crashed": 3})).await;
    let event =
        |release: &str| error_with("KeyError", &json!({"release": release, "environment": "live"}));
    send(&app, &project, &[event("shop@1.0")]).await;
    let program = Program::of_organization(&app, "event:write").await;
    assert!(
        program.put("/issues/SHOP-1/", &json!({"status": "resolved"})).await.status.is_success()
    );
    app.app.clock.advance(TimeDelta::minutes(1));
    let new = error_with("TypeError", &json!({"release": "shop@1.1", "environment": "live"}));
    send(&app, &project, &[event("shop@1.1"), new]).await;

    let text = text_of(&mut browser, LIST).await;
    let (first, second) = text.split_at(text.find("shop 1.0").unwrap());
    assert!(first.contains("shop 1.1") && first.contains("1 commit by Ada"), "{first}");
    assert!(
        first.contains("live 3 hours ago") && first.contains("released 3 hours ago"),
        "{first}"
    );
    // 147 of 150 beside 1,040 of 1,050.
    assert!(first.contains("98.00%"), "{first}");
    assert!(first.contains("Adopted 75%"), "{first}");
    assert!(second.contains("99.05%") && second.contains("Adopted 25%"), "{second}");
    let body = browser.get(LIST).await.body;
    // The first has nothing before it, and no users are known of either.
    assert_eq!(body.matches("<span class=\"sr-only\">, ").count(), 1, "{body}");
    assert!(body.contains(", 1.05 percentage points less than in 1.0<"), "{body}");
    assert!(body.contains("href=\"/default/releases/shop@1.1#new\">1</a>"), "{body}");
    assert!(body.contains("href=\"/default/releases/shop@1.1#regressed\">1</a>"), "{body}");

    let newer = text_of(&mut browser, &format!("{LIST}?query=release.version:%3E1.0")).await;
    assert!(newer.contains("shop 1.1") && !newer.contains("shop 1.0"), "{newer}");
    let unread = text_of(&mut browser, &format!("{LIST}?query=level:error")).await;
    assert!(unread.contains("Releases have no level"), "{unread}");
    assert!(!unread.contains("shop 1.1") && !unread.contains("No release matches"), "{unread}");
    let elsewhere = text_of(&mut browser, &format!("{LIST}?environment=staging")).await;
    assert!(elsewhere.contains("No release matches"), "{elsewhere}");
    let day = browser.get(&format!("{LIST}?period=24h&project=shop")).await.body;
    assert!(day.contains(", 2.00 percentage points less than in 1.0<"), "{day}");
    let searched = text_of(&mut browser, &format!("{LIST}?query=1.0")).await;
    assert!(searched.contains("shop 1.0") && !searched.contains("shop 1.1"), "{searched}");
    let strange = text_of(&mut browser, &format!("{LIST}?project=nobody")).await;
    assert!(strange.contains("No release matches"), "{strange}");
    app.stop().await;
}

#[tokio::test]
async fn long_lists_have_pages() {
    let (app, mut browser, _) = started().await;
    let program = Program::of_organization(&app, "org:ci").await;
    for number in 1..=30 {
        let body = json!({"version": format!("shop@{number}")});
        let path = "/projects/default/shop/releases/";
        assert!(program.ask(Method::POST, path, Some(&body)).await.status.is_success());
    }
    let page = browser.get(LIST).await.body;
    assert!(page.contains("shop@30") && page.contains("shop@6\"") && !page.contains("shop@5\""));
    let (before, _) = page.split_once("\" rel=\"next\"").unwrap();
    let next = before.rsplit('"').next().unwrap().replace("&#38;", "&");
    let second = browser.get(&next).await;
    assert!(second.expect_page().contains("shop@5\"") && !second.body.contains("shop@6\""));
    assert!(second.body.contains("rel=\"prev\""));
    app.stop().await;
}

#[tokio::test]
async fn a_release_says_what_it_brought_and_whether_to_go_on() {
    let (app, mut browser, project) = started().await;
    build(&app, "shop@1.0", 10).await;
    build(&app, "shop@1.1", 3).await;
    sessions(&app, &project, "shop@1.0", 9, json!({"exited": 1_980, "crashed": 20, "did": "ada"}))
        .await;
    sessions(&app, &project, "shop@1.1", 1, json!({"exited": 950, "crashed": 50, "did": "eve"}))
        .await;
    let new = error_with("TypeError", &json!({"release": "shop@1.1", "environment": "live"}));
    send(&app, &project, &[new]).await;
    let program = Program::of_organization(&app, "event:write").await;
    let resolved = json!({"status": "resolved", "statusDetails": {"inRelease": "shop@1.1"}});
    send(&app, &project, &[error_with("OldError", &json!({"release": "shop@1.0"}))]).await;
    assert!(program.put("/issues/SHOP-2/", &resolved).await.status.is_success());

    let path = format!("{LIST}/shop@1.1");
    let text = text_of(&mut browser, &path).await;
    assert!(
        text.contains("shop@1.1 is broken: more sessions crash, 5.00% instead of 1.00%."),
        "{text}"
    );
    assert!(text.contains("Crash-free sessions: 95.00% −4.00"), "{text}");
    let part = |from: &str, to: &str| {
        let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{from}: {text}"));
        rest.split_once(to).unwrap_or_else(|| panic!("{to}: {text}")).0.to_owned()
    };
    assert!(part("New issues", "Regressed issues").contains("TypeError"), "{text}");
    assert!(part("Resolved by it", "Deploys").contains("OldError"), "{text}");
    assert!(part("Commits", "About it").contains("What shop@1.1 brings"), "{text}");
    assert!(!text.contains("in many words"), "{text}");
    let body = browser.get(&path).await.body;
    assert!(body.contains("<code>src/pay.py</code></th><td>added</td>"), "{body}");
    assert!(body.contains("rel=\"prev\" title=\"The release before: shop@1.0\""), "{body}");
    assert!(body.contains("part-crashed") && body.contains("class=\"mark mark-deploy\""), "{body}");
    assert!(body.contains("1.1 deployed to live, 22 Nov 2026, 12:00 UTC"), "{body}");
    let before = browser.get(&format!("{LIST}/shop@1.0?project=shop&period=24h")).await;
    assert!(before.expect_page().contains("rel=\"next\" title=\"The release after: shop@1.1\""));

    for wrong in ["shop@9", "shop@1.1?project=nobody"] {
        assert_eq!(browser.get(&format!("{LIST}/{wrong}")).await.status, StatusCode::NOT_FOUND);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_release_is_set_aside_taken_back_finalized_and_deleted() {
    let (app, mut browser, project) = started().await;
    let event = error_with("KeyError", &json!({"release": "shop@1.0"}));
    send(&app, &project, &[event]).await;
    let path = format!("{LIST}/shop@1.0");
    assert!(text_of(&mut browser, &path).await.contains("Not finalized"));
    for (verb, said, listed, archived) in
        [("archive", "no longer listed", false, true), ("restore", "listed again", true, false)]
    {
        let answer = browser.post(&path, &[("verb", verb)]).await;
        assert_eq!(answer.expect_redirect(), path);
        assert!(browser.get(&path).await.expect_page().contains(said), "{verb}");
        assert_eq!(text_of(&mut browser, LIST).await.contains("shop 1.0"), listed, "{verb}");
        let aside = text_of(&mut browser, &format!("{LIST}?status=archived")).await;
        assert_eq!(aside.contains("shop 1.0"), archived, "{verb}");
        browser.get(&path).await;
    }
    browser.post(&path, &[("verb", "finalize")]).await.expect_redirect();
    assert!(!text_of(&mut browser, &path).await.contains("Not finalized"));
    let answer = browser.post(&path, &[("verb", "explode")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.post(&path, &[("verb", "delete")]).await.expect_redirect(), LIST);
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn whatever_a_release_is_called_its_page_is_reached_by_its_link_and_shows_it_as_text() {
    let (app, mut browser, project) = started().await;
    let long = format!("long@{}", "9".repeat(190));
    let nasty = "\"><script>alert(1)<script><b>";
    for version in [
        nasty,
        "a b",
        "100%",
        "%2F",
        "?x=1&y#z",
        "ünï çödé",
        "日本@1.0",
        "compare",
        "...",
        "+",
        &long,
    ] {
        sessions(&app, &project, version, 1, json!({"exited": 1})).await;
        let page = browser.get(&format!("{LIST}?project=shop")).await;
        let body = page.expect_page();
        assert!(!body.contains("<script>alert"), "{version}");
        let link = super::browser::between(body, "class=\"release-link\" href=\"", "\"").unwrap();
        let link = link.replace("&#38;", "&");
        let page = browser.get(&link).await;
        assert_eq!(page.status, StatusCode::OK, "{version}: {link}");
        assert!(!page.body.contains("<script>alert"), "{version}");
        let whole = page_text(&page.body);
        assert!(whole.contains(version), "{version}: {whole}");
        let action = link.split('?').next().unwrap();
        let answer = browser.post(action, &[("verb", "archive")]).await;
        assert_eq!(answer.expect_redirect(), action, "{version}");
        assert_eq!(browser.get(action).await.status, StatusCode::OK, "{version}");
    }
    app.stop().await;
}

#[tokio::test]
async fn nobody_sees_or_changes_releases_of_another_organization() {
    let (app, mut browser, project) = started().await;
    sessions(&app, &project, "shop@1.0", 1, json!({"exited": 1})).await;
    create_organization(&app, "other").await;
    browser.get(LIST).await;
    for path in ["/other/releases", "/other/releases/shop@1.0"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        let answer = browser.post(path, &[("verb", "delete")]).await;
        assert!(matches!(answer.status.as_u16(), 404 | 405), "{path}");
    }
    assert_eq!(browser.get(&format!("{LIST}/shop@1.0")).await.status, StatusCode::OK);
    app.stop().await;
}

#[tokio::test]
async fn issues_are_chosen_by_release_and_lead_to_their_releases() {
    let (app, mut browser, project) = started().await;
    build(&app, "shop@1.0", 5).await;
    let event = |kind: &str, release: &str| error_with(kind, &json!({"release": release}));
    send(&app, &project, &[event("KeyError", "shop@1.0"), event("TypeError", "shop@2 \"*\"")])
        .await;
    let list = browser.get("/default/issues").await.body;
    assert!(list.contains("<option value=\"shop@1.0\">shop@1.0</option>"), "{list}");
    let chosen = |text: &str| (text.contains("KeyError"), text.contains("TypeError"));
    let one = text_of(&mut browser, "/default/issues?release=shop%401.0").await;
    assert_eq!(chosen(&one), (true, false), "{one}");
    let other = text_of(&mut browser, "/default/issues?release=shop%402+%22*%22").await;
    assert_eq!(chosen(&other), (false, true), "{other}");
    let gone = browser.get("/default/issues?release=shop%409").await.body;
    assert!(
        gone.contains("<option value=\"shop@9\" selected>") && gone.contains("No issue matches")
    );

    let page = browser.get("/default/issues/SHOP-1?chart=24h").await.body;
    let link = "<a href=\"/default/releases/shop@1.0?project=shop\">shop@1.0</a>";
    assert_eq!(page.matches(link).count(), 2, "first and last: {page}");
    assert!(page.contains("aria-label=\"1.0 deployed to live, 22 Nov 2026, 10:00 UTC\""), "{page}");
    assert!(page.contains("<summary>1 deploy and 1 new release</summary>"), "{page}");
    let usage = browser.get("/default/usage").await.body;
    assert!(usage.contains("<summary>1 deploy and 1 new release</summary>"), "{usage}");
    app.stop().await;
}
