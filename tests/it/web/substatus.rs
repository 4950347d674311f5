//! How long an issue is called new, as people and programs see it.

use chrono::TimeDelta;
use picket::domain::issues;
use reqwest::StatusCode;
use serde_json::json;

use super::browser::{Browser, create_user};
use crate::api::program::{Program, error, send, server};

#[tokio::test]
async fn after_a_week_an_issue_is_ongoing_and_after_a_week_more_a_regressed_one_is() {
    let app = server().await;
    create_user(&app, "ada@example.com").await;
    let mut browser = Browser::signed_in(&app, "ada@example.com").await;
    let program = Program::of_organization(&app, "event:read,event:write").await;
    let project = app.create_project("Shop").await;
    send(&app, &project, &[error("KeyError")]).await;
    let path = "/organizations/default/issues/";
    let substatus = async |word: &str| {
        let found = program.read(&format!("{path}?query=is:{word}")).await;
        let all = program.read(path).await;
        assert_eq!(found.as_array().unwrap().len(), 1, "{word}: {all}");
        assert_eq!((&all[0]["status"], &all[0]["substatus"]), (&json!("unresolved"), &json!(word)));
    };

    app.app.clock.advance(TimeDelta::days(7) - TimeDelta::minutes(1));
    assert_eq!(issues::age(&app.app).await.unwrap(), 0);
    substatus("new").await;
    assert!(browser.get("/default/issues").await.expect_page().contains(">New<"));
    app.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(issues::age(&app.app).await.unwrap(), 1);
    substatus("ongoing").await;
    assert!(!browser.get("/default/issues").await.expect_page().contains(">New<"));
    assert!(!browser.get("/default/issues/SHOP-1").await.expect_page().contains(">New<"));

    let id = program.read(path).await[0]["id"].as_str().unwrap().to_owned();
    let resolved = program.put(&format!("{path}{id}/"), &json!({"status": "resolved"})).await;
    assert_eq!(resolved.status, StatusCode::OK);
    app.app.clock.advance(TimeDelta::days(30));
    assert_eq!(issues::age(&app.app).await.unwrap(), 0, "what is resolved stays so");
    send(&app, &project, &[error("KeyError")]).await;
    substatus("regressed").await;
    app.app.clock.advance(TimeDelta::days(7));
    assert_eq!(issues::age(&app.app).await.unwrap(), 1);
    substatus("ongoing").await;
    app.stop().await;
}
