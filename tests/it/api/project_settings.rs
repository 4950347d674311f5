//! The settings of a project as programs read and change them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::program::{Program, error_with, send, server};

const PROJECT: &str = "/projects/default/shop/";

#[tokio::test]
async fn what_a_program_sets_is_what_it_reads_and_what_counts() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let program = Program::of_organization(&app, "project:read,project:write,event:read").await;
    let before = program.read(PROJECT).await;
    assert_eq!(before["dataScrubber"], true);
    assert_eq!(before["allowedDomains"], json!(["*"]));
    assert_eq!(before["groupingConfig"], "newstyle:2026-01-20");

    let wanted = json!({
        "name": "Web shop",
        "defaultEnvironment": "live",
        "allowedDomains": ["shop.example.com"],
        "sensitiveFields": ["loyalty"],
        "scrubIPAddresses": true,
        "groupingEnhancements": "stack.module:shop.vendor.* -app",
        "fingerprintingRules": "type:ApiError -> api-error",
    });
    let answer = program.put(PROJECT, &wanted).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let after = program.read(PROJECT).await;
    assert_eq!(answer.body, after);
    for (field, value) in wanted.as_object().unwrap() {
        assert_eq!(&after[field], value, "{field}");
    }
    assert_eq!(after["slug"], "shop", "links stay");
    assert_eq!(after["dataScrubber"], true, "what was not named stays");

    for number in 0..2 {
        let extra = json!({"extra": {"loyalty": "gold-4711"}});
        send(&app, &project, &[error_with("ApiError", &extra)]).await;
        send(&app, &project, &[error_with(&format!("Error{number}"), &extra)]).await;
    }
    let issues = program.read("/organizations/default/issues/?query=error.type:ApiError").await;
    assert_eq!(issues[0]["count"], "2", "the fingerprint rule counts");
    let events = program.read("/organizations/default/issues/SHOP-1/events/?full=1").await;
    assert_eq!(events[0]["context"]["loyalty"], "[Filtered]", "{}", events[0]);
    let has_default = events[0]["tags"]
        .as_array()
        .unwrap()
        .iter()
        .any(|tag| tag["key"] == "environment" && tag["value"] == "live");
    assert!(has_default, "{}", events[0]["tags"]);

    let back = json!({"defaultEnvironment": null, "sensitiveFields": []});
    assert_eq!(program.put(PROJECT, &back).await.status, StatusCode::OK);
    let after = program.read(PROJECT).await;
    assert_eq!(
        (&after["defaultEnvironment"], &after["sensitiveFields"]),
        (&Value::Null, &json!([]))
    );
    app.stop().await;
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_by_its_name_and_nothing_else_is_changed() {
    let app = server().await;
    app.create_project("Shop").await;
    let program = Program::of_organization(&app, "project:read,project:write").await;
    let before = program.read(PROJECT).await;
    for (change, field) in [
        (json!({"name": ""}), "name"),
        (json!({"sensitiveFields": ["ab"]}), "sensitiveFields"),
        (json!({"allowedDomains": ["x".repeat(301)]}), "allowedDomains"),
        (json!({"groupingEnhancements": "stack.nonsense:x +app"}), "groupingEnhancements"),
        (json!({"fingerprintingRules": "type:A without an arrow"}), "fingerprintingRules"),
        (json!({"defaultEnvironment": "a/b"}), "defaultEnvironment"),
        (json!({"resolveAge": 720}), "resolveAge"),
        (json!({"slug": "other"}), "slug"),
        (json!({"platform": "rust"}), "platform"),
    ] {
        let mut wanted = json!({"scrubIPAddresses": true});
        wanted.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = program.put(PROJECT, &wanted).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wanted}: {}", answer.body);
        assert!(answer.body[field][0].is_string(), "{wanted}: {}", answer.body);
        assert_eq!(program.read(PROJECT).await, before, "{wanted}");
    }
    // What is so already may be said: programs send back what they read.
    let same = json!({"slug": "shop", "resolveAge": 0, "isBookmarked": false});
    assert_eq!(program.put(PROJECT, &same).await.status, StatusCode::OK);
    app.stop().await;
}
