//! Deciding about issues.

use chrono::TimeDelta;
use picket::domain::issues::{self, IssueFilter, Scope, Status, Substatus};
use serde_json::{Value, json};

use super::program::{Program, create_user, error, send, server};
use crate::support::{TestApp, TestProject};

async fn three() -> (TestApp, TestProject) {
    let app = server().await;
    let project = app.create_project("Shop").await;
    send(&app, &project, &[error("A"), error("B"), error("C")]).await;
    // What is decided now was decided after the events arrived.
    app.app.clock.advance(TimeDelta::seconds(1));
    (app, project)
}

async fn ada(app: &TestApp) -> Program<'_> {
    let user = create_user(app).await;
    Program::acting(app, Some(user), "event:write,project:read").await
}

/// Status and substatus of the three issues.
async fn states(app: &TestApp) -> Vec<String> {
    let mut db = app.app.db.acquire().await.unwrap();
    let scope = Scope::organization(app.organization);
    let now = app.app.clock.now();
    let mut found =
        issues::search(&mut db, &scope, &IssueFilter::default(), now).await.unwrap().items;
    found.sort_by_key(|issue| issue.id);
    let word = |issue: &issues::Issue| {
        issue.substatus.map_or(issue.status.as_str(), Substatus::as_str).to_owned()
    };
    found.iter().map(word).collect()
}

#[tokio::test]
async fn an_issue_is_resolved_reopened_and_archived_and_its_history_says_by_whom() {
    let (app, _project) = three().await;
    let program = ada(&app).await;
    let put = async |body: Value| {
        let answer = program.put("/organizations/default/issues/SHOP-1/", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    let resolved = put(json!({"status": "resolved"})).await;
    assert_eq!((&resolved["status"], &resolved["substatus"]), (&json!("resolved"), &Value::Null));
    let again = put(json!({"status": "resolved"})).await;
    assert_eq!(again["activity"], resolved["activity"], "nothing happened the second time");
    let reopened = put(json!({"status": "unresolved"})).await;
    assert_eq!(reopened["substatus"], "ongoing");
    let archived = put(json!({"status": "ignored", "substatus": "archived_forever"})).await;
    assert_eq!(
        (&archived["status"], &archived["substatus"]),
        (&json!("ignored"), &json!("archived_forever"))
    );

    let lines = archived["activity"].as_array().unwrap();
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["set_ignored", "set_unresolved", "set_resolved", "first_seen"]);
    assert_eq!(lines[0]["user"]["email"], "ada@example.com");
    assert_eq!(lines[3]["user"], Value::Null);
    assert_eq!(states(&app).await, ["archived_forever", "new", "new"]);
}

/// What is asked, and the status, substatus and details that come of it.
type Wish = (Value, &'static str, Value, Value);

const UNTIL: &str = "2026-12-01T00:00:00Z";

fn plain_wishes() -> Vec<Wish> {
    vec![
        (
            json!({"status": "resolvedInNextRelease"}),
            "resolved",
            Value::Null,
            json!({"inNextRelease": true}),
        ),
        (
            json!({"status": "resolved", "statusDetails": {"inNextRelease": true}}),
            "resolved",
            Value::Null,
            json!({"inNextRelease": true}),
        ),
        (
            json!({"status": "resolved", "statusDetails": {"inRelease": "shop@2"}}),
            "resolved",
            Value::Null,
            json!({"inRelease": "shop@2"}),
        ),
        (
            json!({"status": "resolved", "statusDetails": {"inCommit": {"commit": "abc", "repository": "r"}}}),
            "resolved",
            Value::Null,
            json!({"inCommit": "abc"}),
        ),
        (json!({"status": "muted"}), "ignored", json!("archived_until_escalating"), json!({})),
        (
            json!({"status": "ignored", "substatus": "archived_until_escalating"}),
            "ignored",
            json!("archived_until_escalating"),
            json!({}),
        ),
        (json!({"substatus": "archived_forever"}), "ignored", json!("archived_forever"), json!({})),
    ]
}

fn wishes_with_conditions() -> Vec<Wish> {
    vec![
        (
            json!({"status": "ignored", "statusDetails": {"ignoreUntil": UNTIL}}),
            "ignored",
            json!("archived_until_condition_met"),
            json!({"ignoreUntil": UNTIL}),
        ),
        (
            json!({"status": "ignored", "ignoreCount": 10, "ignoreWindow": 0}),
            "ignored",
            json!("archived_until_condition_met"),
            json!({"ignoreCount": 10}),
        ),
        (
            json!({"status": "ignored", "ignoreUserCount": 3, "ignoreCount": null}),
            "ignored",
            json!("archived_until_condition_met"),
            json!({"ignoreUserCount": 3}),
        ),
        (
            json!({"status": "unresolved", "substatus": "escalating"}),
            "unresolved",
            json!("escalating"),
            json!({}),
        ),
        (json!({"substatus": "ongoing"}), "unresolved", json!("ongoing"), json!({})),
        (
            json!({"hasSeen": true, "assignedTo": "", "inbox": false}),
            "unresolved",
            json!("ongoing"),
            json!({}),
        ),
        (json!({"status": "resolved", "unheardOf": {"a": 1}}), "resolved", Value::Null, json!({})),
    ]
}

#[tokio::test]
async fn every_way_to_say_it_is_understood() {
    let (app, _project) = three().await;
    let program = ada(&app).await;
    for (body, status, substatus, details) in
        plain_wishes().into_iter().chain(wishes_with_conditions())
    {
        let answer = program.put("/issues/SHOP-1/", &body).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
        let issue = answer.body;
        let found = (&issue["status"], &issue["substatus"], &issue["statusDetails"]);
        assert_eq!(found, (&json!(status), &substatus, &details), "{body}");
    }
    let now = app.app.clock.now();
    let answer =
        program.put("/issues/SHOP-1/", &json!({"status": "ignored", "snoozeDuration": 30})).await;
    let ends: picket::base::Timestamp =
        serde_json::from_value(answer.body["statusDetails"]["ignoreUntil"].clone()).unwrap();
    assert!((ends - now - TimeDelta::minutes(30)).abs() < TimeDelta::seconds(1));
}

#[tokio::test]
async fn what_would_be_forgotten_is_refused() {
    let (app, _project) = three().await;
    let program = ada(&app).await;
    for (body, field) in [
        (json!({"status": "broken"}), "status"),
        (json!({"status": "resolved", "substatus": "ongoing"}), "substatus"),
        (json!({"status": "unresolved", "substatus": "archived_forever"}), "substatus"),
        (json!({"substatus": "sleepy"}), "substatus"),
        (
            json!({"status": "ignored", "substatus": "archived_until_condition_met"}),
            "statusDetails",
        ),
        (json!({"status": "ignored", "ignoreCount": 10, "ignoreWindow": 60}), "ignoreWindow"),
        (json!({"status": "ignored", "ignoreCount": -1}), "ignoreCount"),
        (json!({"status": "ignored", "ignoreDuration": 9_000_000_000_000_i64}), "ignoreDuration"),
        (json!({"status": "resolved", "statusDetails": {"inCommit": 7}}), "inCommit"),
        (json!({"assignedTo": "nobody"}), "assignedTo"),
        (json!({"discard": true}), "discard"),
        (json!({"priority": "high"}), "priority"),
        (json!({"isBookmarked": true}), "isBookmarked"),
    ] {
        for path in ["/issues/SHOP-1/", "/organizations/default/issues/?id=4294967297"] {
            let answer = program.put(path, &body).await;
            assert_eq!(answer.status, 400, "{body}");
            assert!(answer.body[field][0].is_string(), "{body}: {}", answer.body);
        }
    }
    for (path, body) in [
        ("/issues/SHOP-1/", json!([])),
        ("/issues/SHOP-1/", json!({"status": 7})),
        ("/organizations/default/issues/?id=SHOP-1", json!({"status": "resolved"})),
        ("/organizations/default/issues/?status=broken", json!({"status": "resolved"})),
        ("/organizations/default/issues/?query=(", json!({"status": "resolved"})),
    ] {
        assert_eq!(program.put(path, &body).await.status, 400, "{path} {body}");
    }
    let long: Vec<String> = (0..1001).map(|id| format!("id={id}")).collect();
    let path = format!("/organizations/default/issues/?{}", long.join("&"));
    assert_eq!(program.put(&path, &json!({"status": "resolved"})).await.status, 400);
    let large = json!({"status": "resolved", "x": "x".repeat(300_000)});
    assert_eq!(program.put("/issues/SHOP-1/", &large).await.status, 413);
    assert_eq!(states(&app).await, ["new", "new", "new"]);
}

#[tokio::test]
async fn many_issues_change_at_once() {
    let (app, project) = three().await;
    let program = ada(&app).await;
    let [a, b] = [1, 3].map(|number| (project.id.0 << 32) | number);
    let resolve = json!({"status": "resolved"});

    let answer =
        program.put(&format!("/organizations/default/issues/?id={a}&id={b}"), &resolve).await;
    let changed = json!({"status": "resolved", "substatus": null, "statusDetails": {}});
    assert_eq!((answer.status.as_u16(), answer.body), (200, changed));
    assert_eq!(states(&app).await, ["resolved", "new", "resolved"]);

    let answer = program
        .put("/projects/default/shop/issues/?status=unresolved", &json!({"status": "ignored"}))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(states(&app).await, ["resolved", "archived_until_escalating", "resolved"]);

    let answer = program.put("/organizations/default/issues/?query=is:unresolved", &resolve).await;
    assert_eq!((answer.status.as_u16(), answer.body), (204, Value::Null));
    let answer = program.put("/organizations/default/issues/?id=99", &resolve).await;
    assert_eq!(answer.status, 204);

    let answer =
        program.put("/projects/default/shop/issues/", &json!({"status": "unresolved"})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(states(&app).await, ["ongoing", "ongoing", "ongoing"]);
}

#[tokio::test]
async fn a_change_can_be_taken_back() {
    let (app, project) = three().await;
    let scope = Scope::organization(app.organization);
    let ids = [1, 2].map(|number| picket::base::IssueId((project.id.0 << 32) | number));
    let archive = issues::Archive::Until { moment: None, events: Some(5), users: None };
    issues::archive(&app.app, &scope, &ids[..1], archive, None).await.unwrap();

    let changes =
        issues::resolve(&app.app, &scope, &ids, issues::Resolution::Now, None).await.unwrap();
    assert_eq!(changes.iter().map(|change| change.id).collect::<Vec<_>>(), ids);
    assert_eq!(states(&app).await, ["resolved", "resolved", "new"]);
    let before = changes.into_iter().map(|change| (change.id, change.before)).collect();
    let undone = issues::restore(&app.app, &scope, before, None).await.unwrap();
    assert_eq!(undone.len(), 2);
    assert_eq!(states(&app).await, ["archived_until_condition_met", "new", "new"]);
    let mut db = app.app.db.acquire().await.unwrap();
    let issue = issues::find(&mut db, ids[0]).await.unwrap().unwrap();
    assert_eq!(issue.status_detail.ignore_count, Some(5));
}

#[tokio::test]
async fn an_archive_ends_when_its_condition_is_met() {
    let (app, project) = three().await;
    let program = ada(&app).await;
    let archive = async |issue: &str, details: Value| {
        let body = json!({"status": "ignored", "statusDetails": details});
        assert_eq!(program.put(&format!("/issues/{issue}/"), &body).await.status, 200);
    };
    archive("SHOP-1", json!({"ignoreDuration": 60})).await;
    archive("SHOP-2", json!({"ignoreCount": 2})).await;
    archive("SHOP-3", json!({"ignoreUserCount": 1})).await;
    let archived = "archived_until_condition_met";
    assert_eq!(issues::reopen_due(&app.app).await.unwrap(), 0);

    send(&app, &project, &[error("B")]).await;
    assert_eq!(issues::reopen_due(&app.app).await.unwrap(), 0);
    assert_eq!(states(&app).await, [archived, archived, archived]);
    send(&app, &project, &[error("B")]).await;
    assert_eq!(issues::reopen_due(&app.app).await.unwrap(), 1);
    assert_eq!(states(&app).await, [archived, "ongoing", archived]);

    let mut by_user = error("C");
    by_user["user"] = json!({"id": "1"});
    send(&app, &project, &[by_user]).await;
    app.app.clock.advance(TimeDelta::minutes(61));
    assert_eq!(issues::reopen_due(&app.app).await.unwrap(), 2);
    assert_eq!(issues::reopen_due(&app.app).await.unwrap(), 0);
    assert_eq!(states(&app).await, ["ongoing", "ongoing", "ongoing"]);
    let history = program.read("/issues/SHOP-1/activities/").await;
    assert_eq!(history["activity"][0]["type"], "set_unresolved");
    assert_eq!(history["activity"][0]["user"], Value::Null);
}

#[tokio::test]
async fn a_resolved_issue_that_is_seen_again_is_shown_as_regressed() {
    let (app, project) = three().await;
    let program = ada(&app).await;
    let resolve = json!({"status": "resolved", "statusDetails": {"inRelease": "shop@2"}});
    assert_eq!(program.put("/issues/SHOP-1/", &resolve).await.status, 200);
    app.app.clock.advance(TimeDelta::seconds(1));
    send(&app, &project, &[error("A")]).await;

    let issue = program.read("/issues/SHOP-1/").await;
    assert_eq!(
        (&issue["status"], &issue["substatus"]),
        (&json!("unresolved"), &json!("regressed"))
    );
    assert_eq!(issue["statusDetails"], json!({}), "what was said with the old status is over");
    let kinds: Vec<&Value> =
        issue["activity"].as_array().unwrap().iter().map(|line| &line["type"]).collect();
    assert_eq!(kinds, ["set_regression", "set_resolved_in_release", "first_seen"]);
    assert_eq!(issue["activity"][1]["data"], json!({"version": "shop@2"}));
}

#[tokio::test]
async fn writers_and_people_on_the_same_issues_do_not_lock_each_other_out() {
    let (app, project) = three().await;
    let scope = Scope::organization(app.organization);
    let mut ids: Vec<_> =
        (1..=3).map(|number| picket::base::IssueId((project.id.0 << 32) | number)).collect();
    let deciding = async {
        for round in 0..20 {
            ids.rotate_left(1);
            if round % 2 == 0 {
                issues::resolve(&app.app, &scope, &ids, issues::Resolution::Now, None)
                    .await
                    .unwrap();
            } else {
                issues::reopen(&app.app, &scope, &ids, None).await.unwrap();
            }
        }
    };
    let writing = async {
        for _ in 0..10 {
            send(&app, &project, &[error("C"), error("A"), error("B")]).await;
        }
    };
    tokio::join!(deciding, writing);
    let mut db = app.app.db.acquire().await.unwrap();
    let found = issues::find_many(&mut db, &ids).await.unwrap();
    assert!(
        found.iter().all(|issue| issue.event_count == 11 && issue.status == Status::Unresolved)
    );
}
