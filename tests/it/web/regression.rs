//! Issues that were resolved in a release, and which events bring them back.

use chrono::TimeDelta;
use picket::domain::issues;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::browser::Browser;
use super::releases::started;
use crate::api::program::{Program, error, send};
use crate::support::{TestApp, TestProject};

const ISSUE: &str = "/default/issues/SHOP-1";

struct Scene {
    app: TestApp,
    project: TestProject,
    browser: Browser,
}

impl Scene {
    async fn begin() -> Self {
        let (app, browser, project) = started().await;
        Self { app, project, browser }
    }

    /// An event of a release, a minute after what happened last.
    async fn sees(&self, release: &str) {
        self.app.app.clock.advance(TimeDelta::minutes(1));
        let mut event = error("KeyError");
        if !release.is_empty() {
            event["release"] = json!(release);
        }
        send(&self.app, &self.project, &[event]).await;
    }

    async fn presses(&mut self, verb: &str, release: &str) -> String {
        self.app.app.clock.advance(TimeDelta::minutes(1));
        self.browser.get(ISSUE).await;
        let fields = [("verb", verb), ("release", release)];
        self.browser.post(ISSUE, &fields).await.expect_page().to_owned()
    }

    async fn program(&self) -> Program<'_> {
        Program::of_organization(&self.app, "event:write,project:releases").await
    }

    /// The status and, if it is not resolved, the substatus.
    async fn state(&self) -> String {
        let issue = self.program().await.read("/issues/SHOP-1/").await;
        let word = |key: &str| issue[key].as_str().map(str::to_owned);
        word("substatus").or_else(|| word("status")).unwrap()
    }
}

#[tokio::test]
async fn what_is_resolved_in_the_next_release_is_not_reopened_by_the_builds_that_are_out() {
    let mut scene = Scene::begin().await;
    scene.sees("shop@1.9.0").await;
    scene.sees("shop@1.10.0").await;
    let page = scene.presses("resolve-in-next-release", "").await;
    assert!(page.contains("1 issue resolved."), "{page}");
    assert!(page.contains("Resolved in the release after shop@1.10.0"), "{page}");
    for old in ["shop@1.10.0", "shop@1.9.0", "shop@1.9.1", "shop@1.10.0-rc1", ""] {
        scene.sees(old).await;
        assert_eq!(scene.state().await, "resolved", "an event of {old:?}");
    }
    scene.sees("shop@1.10.1").await;
    assert_eq!(scene.state().await, "regressed");

    let page = scene.browser.get(ISSUE).await.expect_page().to_owned();
    let came_back = page.find("Came back").expect("the page says when it came back");
    assert!(page[came_back..].contains("shop@1.10.1"), "and with which release");
    let history = scene.browser.get(&format!("{ISSUE}/activity")).await.expect_page().to_owned();
    assert!(history.contains("reopened it: an event of shop@1.10.1"), "{history}");
    let program = scene.program().await;
    let lines = program.read("/issues/SHOP-1/activities/").await;
    assert_eq!(lines["activity"][0]["type"], "set_regression");
    assert_eq!(lines["activity"][0]["data"], json!({"version": "shop@1.10.1"}));
    assert_eq!(program.read("/issues/SHOP-1/").await["statusDetails"], json!({}));
    scene.app.stop().await;
}

#[tokio::test]
async fn what_is_resolved_in_a_release_comes_back_with_it_and_with_newer_ones_only() {
    let mut scene = Scene::begin().await;
    scene.sees("shop@2.0.0").await;
    scene.presses("resolve-in-release", "shop@2.1.0").await;
    for old in ["shop@2.0.0", "shop@2.0.9", "shop@2.1.0-beta", ""] {
        scene.sees(old).await;
        assert_eq!(scene.state().await, "resolved", "an event of {old:?}");
    }
    scene.sees("shop@2.1.0").await;
    assert_eq!(scene.state().await, "regressed");

    scene.presses("resolve-in-current-release", "").await;
    scene.sees("shop@2.0.0").await;
    assert_eq!(scene.state().await, "resolved");
    scene.sees("").await;
    assert_eq!(scene.state().await, "regressed", "no release named: one of the newest");
    scene.app.stop().await;
}

#[tokio::test]
async fn hashes_have_no_order_but_the_one_in_which_they_came() {
    let mut scene = Scene::begin().await;
    let hashes = ["f", "3", "a"].map(|digit| digit.repeat(40));
    scene.sees(&hashes[0]).await;
    scene.sees(&hashes[1]).await;
    scene.presses("resolve-in-next-release", "").await;
    scene.sees(&hashes[0]).await;
    scene.sees(&hashes[1]).await;
    assert_eq!(scene.state().await, "resolved");
    scene.sees(&hashes[2]).await;
    assert_eq!(scene.state().await, "regressed");
    scene.app.stop().await;
}

#[tokio::test]
async fn packages_of_one_project_are_told_apart() {
    let mut scene = Scene::begin().await;
    scene.sees("shop@1.0.0").await;
    scene.sees("worker@7.0.0").await;
    scene.sees("shop@1.0.0").await;
    let page = scene.presses("resolve-in-next-release", "").await;
    assert!(page.contains("Resolved in the release after shop@1.0.0"), "{page}");
    scene.sees("shop@1.0.0").await;
    assert_eq!(scene.state().await, "resolved");
    scene.sees("shop@1.0.1").await;
    assert_eq!(scene.state().await, "regressed");
    scene.app.stop().await;
}

#[tokio::test]
async fn what_a_commit_resolved_waits_for_the_release_that_has_it() {
    let scene = Scene::begin().await;
    scene.sees("shop@1.0.0").await;
    let program = scene.program().await;
    let sha = "0123456789abcdef0123456789abcdef01234567";
    scene.app.app.clock.advance(TimeDelta::minutes(1));
    let body = json!({"status": "resolved", "statusDetails": {"inCommit": {"commit": sha}}});
    assert_eq!(program.put("/issues/SHOP-1/", &body).await.status, StatusCode::OK);
    let make = async |version: &str, commits: Value| {
        let body = json!({"version": version, "projects": ["shop"], "commits": commits});
        let made = program.ask(Method::POST, "/organizations/default/releases/", Some(&body)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    };
    scene.sees("shop@1.0.0").await;
    assert_eq!(scene.state().await, "resolved", "no release has the commit");
    make("shop@1.1.0", json!([{"id": "f".repeat(40), "repository": "shop"}])).await;
    make("shop@1.2.0", json!([{"id": sha, "repository": "shop"}])).await;
    scene.sees("shop@1.1.0").await;
    assert_eq!(scene.state().await, "resolved", "built before the commit");
    scene.sees("shop@1.2.0").await;
    assert_eq!(scene.state().await, "regressed");
    scene.app.stop().await;
}

#[tokio::test]
async fn without_a_release_there_is_nothing_to_resolve_in_and_the_page_says_so() {
    let mut scene = Scene::begin().await;
    scene.sees("").await;
    let page = scene.browser.get(ISSUE).await.expect_page().to_owned();
    assert!(page.contains("No release of this project is known yet"));
    assert!(!page.contains("resolve-in-next-release"));
    // A program may ask for it all the same: then the next event that could be of a next release reopens it.
    let program = scene.program().await;
    let body = json!({"status": "resolvedInNextRelease"});
    assert_eq!(program.put("/issues/SHOP-1/", &body).await.status, StatusCode::OK);
    scene.sees("").await;
    assert_eq!(scene.state().await, "regressed");
    scene.app.stop().await;
}

#[tokio::test]
async fn an_event_that_was_received_before_the_decision_reopens_nothing() {
    let mut scene = Scene::begin().await;
    scene.sees("shop@1").await;
    let late = json!({"status": "resolved"});
    assert_eq!(scene.program().await.put("/issues/SHOP-1/", &late).await.status, StatusCode::OK);
    let mut event = error("KeyError");
    event["release"] = json!("shop@2");
    send(&scene.app, &scene.project, &[event]).await;
    assert_eq!(scene.state().await, "resolved", "received in the same moment at the latest");
    let said = scene.presses("resolve-in-release", "a/b").await;
    assert!(said.contains("No release is called so") || said.contains("already"), "{said}");
    scene.app.stop().await;
}

#[tokio::test]
async fn what_is_archived_until_it_escalates_comes_back_when_it_is_much_more_frequent() {
    let mut scene = Scene::begin().await;
    for _ in 0..3 {
        scene.sees("shop@1").await;
    }
    scene.presses("archive", "").await;
    scene.app.app.clock.advance(TimeDelta::days(2));
    let storm = |count: usize| vec![error("KeyError"); count];
    let least = usize::try_from(issues::escalation::LEAST_IN_HOUR).unwrap();
    send(&scene.app, &scene.project, &storm(least - 1)).await;
    assert_eq!(issues::escalate(&scene.app.app).await.unwrap(), 0);
    send(&scene.app, &scene.project, &storm(1)).await;
    assert_eq!(issues::escalate(&scene.app.app).await.unwrap(), 1);
    assert_eq!(issues::escalate(&scene.app.app).await.unwrap(), 0);
    assert_eq!(scene.state().await, "escalating");
    let history = scene.browser.get(&format!("{ISSUE}/activity")).await.expect_page().to_owned();
    let line = "found it escalating: 20 events in an hour, at most 3 in the week before";
    assert!(history.contains(line), "{history}");

    scene.presses("archive-forever", "").await;
    scene.app.app.clock.advance(TimeDelta::days(2));
    send(&scene.app, &scene.project, &storm(500)).await;
    assert_eq!(issues::escalate(&scene.app.app).await.unwrap(), 0, "archived for good is for good");
    scene.app.stop().await;
}
