//! Releases beside each other: the verdict, its thresholds, and any two of them.

use reqwest::StatusCode;
use serde_json::json;

use super::browser::Browser;
use super::projects::create_organization;
use super::releases::{build, sessions, started, text_of};
use crate::api::program::{error_with, send};
use crate::support::page_text::page_text;
use crate::support::{TestApp, TestProject};

const LIST: &str = "/default/releases";
const SETTINGS: &str = "/default/projects/shop/settings/releases";

/// A release with 20 crashes in 2,000 sessions, and one with 50 in 1,000.
async fn two_releases() -> (TestApp, Browser, TestProject) {
    let (app, browser, project) = started().await;
    build(&app, "shop@1.0", 10).await;
    build(&app, "shop@1.1", 3).await;
    sessions(&app, &project, "shop@1.0", 9, json!({"exited": 1_980, "crashed": 20})).await;
    sessions(&app, &project, "shop@1.1", 2, json!({"exited": 950, "crashed": 50})).await;
    (app, browser, project)
}

#[tokio::test]
async fn a_verdict_shows_what_was_compared_and_what_it_means() {
    let (app, mut browser, project) = two_releases().await;
    let path = format!("{LIST}/shop@1.1/verdict");
    let text = text_of(&mut browser, &format!("{path}?environment=live")).await;
    for line in [
        "shop@1.1 is broken in live: more sessions crash, 5.00% instead of 1.00%.",
        "shop@1.1 | 22 Nov 2026, 12:00:00 UTC | 22 Nov 2026, 15:00:00 UTC | 1,000 | 0 | 50 | 0",
        "shop@1.0 | 22 Nov 2026, 05:00:00 UTC | 22 Nov 2026, 08:00:00 UTC | 2,000 | 0 | 20 | 0",
        "| Much worse",
        "| Not worse",
        "Sessions of this release | 1,000 | at least 200 | Met",
        "Resolved issues that came back | 0 | at most 0 | Met",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("+2.32 to +6.13 points | <0.01%"), "{text}");
    assert!(
        text.contains("picket release verify 'shop@1.1' --project shop --environment 'live'"),
        "{text}"
    );

    let nowhere = text_of(&mut browser, &format!("{path}?environment=staging")).await;
    assert!(
        nowhere.contains("There is not enough data about shop@1.1 in staging yet"),
        "{nowhere}"
    );
    assert!(nowhere.contains("It did not come there yet"), "{nowhere}");
    let first = text_of(&mut browser, &format!("{LIST}/shop@1.0/verdict")).await;
    assert!(first.contains("Everything in the seven days before"), "{first}");
    assert!(first.contains("Sessions it is compared with | 0 | at least 200 | Not met"), "{first}");
    let long = format!("odd%{}", "x".repeat(150));
    sessions(&app, &project, &long, 1, json!({"exited": 1})).await;
    let odd = long.replace('%', "%25");
    assert!(
        text_of(&mut browser, &format!("{LIST}/{odd}/verdict"))
            .await
            .contains("it has 0 sessions of")
    );
    for wrong in ["shop@9/verdict", "shop@1.1/verdict?project=nobody"] {
        assert_eq!(browser.get(&format!("{LIST}/{wrong}")).await.status, StatusCode::NOT_FOUND);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_project_sets_what_it_tolerates() {
    let (app, mut browser, _) = two_releases().await;
    let page = browser.get(SETTINGS).await;
    assert!(page.expect_page().contains("name=\"broken_crashes\" type=\"text\" value=\"2\""));
    let lenient = [
        ("min_sessions", "500"),
        ("tolerated_crashes", "10"),
        ("broken_crashes", "20 %"),
        ("tolerated_errors", "1,5"),
        ("max_new_unhandled_issues", "3"),
        ("max_regressed_issues", "0"),
        ("hours", "12"),
    ];
    let with = |name: &str, value: &'static str| {
        let mut fields = lenient;
        fields.iter_mut().filter(|(field, _)| *field == name).for_each(|field| field.1 = value);
        fields
    };
    for (name, value, words) in [
        ("min_sessions", "few", "20 or more"),
        ("tolerated_crashes", "-1", "from 0 to 100"),
        ("broken_crashes", "5", "at least as much as is tolerated"),
        ("hours", "0", "from 1 to 336"),
    ] {
        let answer = browser.post(SETTINGS, &with(name, value)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(answer.body.contains(words), "{name}: {}", answer.body);
    }
    let before = text_of(&mut browser, &format!("{LIST}/shop@1.1/verdict")).await;
    assert!(before.contains("is broken"), "{before}");
    browser.get(SETTINGS).await;
    browser.post(SETTINGS, &lenient).await.expect_redirect();
    let saved = browser.get(SETTINGS).await.body;
    assert!(saved.contains("value=\"500\"") && saved.contains("value=\"1.5\""), "{saved}");
    let after = text_of(&mut browser, &format!("{LIST}/shop@1.1/verdict")).await;
    assert!(after.contains("shop@1.1 is healthy: nothing got worse."), "{after}");
    assert!(after.contains("at least 500"), "{after}");
    create_organization(&app, "other").await;
    let foreign = "/other/projects/shop/settings/releases";
    assert_eq!(browser.get(foreign).await.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn any_two_releases_are_compared() {
    let (app, mut browser, project) = two_releases().await;
    let event = |kind: &str, release: &str| {
        error_with(kind, &json!({"release": release, "environment": "live"}))
    };
    send(
        &app,
        &project,
        &[
            event("OnlyOld", "shop@1.0"),
            event("Both", "shop@1.0"),
            event("Both", "shop@1.1"),
            event("OnlyNew", "shop@1.1"),
        ],
    )
    .await;
    let empty = browser.get(&format!("{LIST}/compare")).await;
    assert!(empty.expect_page().contains("<option value=\"shop@1.0\">"), "{}", empty.body);
    assert!(!page_text(&empty.body).contains("Health"));

    let page = browser.get(&format!("{LIST}/compare?base=shop%401.0&head=shop%401.1")).await;
    let text = page_text(page.expect_page());
    assert!(text.contains("Crash-free sessions | 99.00%"), "{text}");
    assert!(text.contains("| −4.00 | −"), "{text}");
    let part = |from: &str, to: &str| {
        let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{from}: {text}"));
        rest.split_once(to).unwrap_or_else(|| panic!("{to}: {text}")).0.to_owned()
    };
    let second = part("Issues that only the second has", "Issues that only the first has");
    assert!(second.contains("OnlyNew") && !second.contains("Both"), "{second}");
    let first = part("Issues that only the first has", "What lies between");
    assert!(first.contains("OnlyOld") && !first.contains("Both"), "{first}");
    let between = text.split_once("What lies between").unwrap().1;
    assert!(
        between.contains("What shop@1.1 brings") && !between.contains("What shop@1.0"),
        "{between}"
    );

    let swapped =
        text_of(&mut browser, &format!("{LIST}/compare?base=shop%401.1&head=shop%401.0")).await;
    assert!(swapped.contains("+4.00") && swapped.contains("Look the other way round"), "{swapped}");
    let unknown =
        text_of(&mut browser, &format!("{LIST}/compare?base=shop%401.0&head=%3Cb%3E")).await;
    assert!(unknown.contains("There is no release <b>."), "{unknown}");
    app.create_project("Blog").await;
    let apart = format!("{LIST}/compare?base=shop%401.0&head=shop%401.1&project=blog");
    assert!(text_of(&mut browser, &apart).await.contains("no such project in common"));
    create_organization(&app, "other").await;
    let foreign = "/other/releases/compare?base=a&head=b";
    assert_eq!(browser.get(foreign).await.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn comparing_begins_with_the_latest_two_and_says_where_there_are_none() {
    let (app, mut browser, _) = started().await;
    let path = format!("{LIST}/compare");
    let nothing = text_of(&mut browser, &path).await;
    assert!(nothing.contains("Nothing to compare yet"), "{nothing}");
    build(&app, "shop@1.0", 10).await;
    build(&app, "worker@7.0", 9).await;
    build(&app, "shop@1.1", 3).await;
    let page = browser.get(&path).await.expect_page().to_owned();
    for field in ["name=\"base\" value=\"shop@1.0\"", "name=\"head\" value=\"shop@1.1\""] {
        assert!(page.contains(field), "{field}: {page}");
    }
    let half = browser.get(&format!("{path}?head=worker%407.0")).await.expect_page().to_owned();
    assert!(half.contains("name=\"base\" value=\"\""), "what was chosen stays: {half}");
    app.stop().await;
}
