//! What existing clients insist on: a missing key or a wrong type is an error to them (`web-api.md` §2).

use chrono::{DateTime, FixedOffset};
use serde_json::{Value, json};

use super::program::{Program, create_user, send_corpus, server};
use crate::support::TestApp;

/// Checks `value` against a shape: an object of shapes, a list of one shape, or words:
/// `text`, `number`, `whole` (number), `flag`, `date` (ending in `Z`), `url`, `digits`, `object`; a `?` behind
/// allows null, a `~` behind a key allows that it is missing.
fn fits(value: &Value, shape: &Value, place: &str) {
    match shape {
        Value::Object(fields) => {
            let object =
                value.as_object().unwrap_or_else(|| panic!("{place}: {value} is no object"));
            for (name, shape) in fields {
                let (name, may_miss) =
                    name.strip_suffix('~').map_or((name.as_str(), false), |name| (name, true));
                match object.get(name) {
                    Some(value) => fits(value, shape, &format!("{place}.{name}")),
                    None => assert!(may_miss, "{place}.{name} is missing"),
                }
            }
        }
        Value::Array(shapes) => {
            let list = value.as_array().unwrap_or_else(|| panic!("{place}: {value} is no list"));
            for (index, value) in list.iter().enumerate() {
                fits(value, &shapes[0], &format!("{place}[{index}]"));
            }
        }
        Value::String(word) => match word.strip_suffix('?') {
            Some(_) if value.is_null() => {}
            Some(word) => assert!(is(value, word), "{place}: {value} is no {word}"),
            None => assert!(is(value, word), "{place}: {value} is no {word}"),
        },
        other => panic!("{place}: {other} is no shape"),
    }
}

fn is(value: &Value, word: &str) -> bool {
    match word {
        "text" => value.is_string(),
        "number" => value.is_number(),
        "whole" => value.is_i64(),
        "flag" => value.is_boolean(),
        "object" => value.is_object(),
        "digits" => value.as_str().is_some_and(|text| text.parse::<u64>().is_ok()),
        "url" => value.as_str().is_some_and(|text| url::Url::parse(text).is_ok()),
        "date" => value.as_str().is_some_and(|text| {
            text.ends_with('Z') && text.parse::<DateTime<FixedOffset>>().is_ok()
        }),
        other => panic!("{other} is no word of a shape"),
    }
}

async fn seeded() -> TestApp {
    let app = server().await;
    let project = app.create_project("Shop").await;
    for file in [
        "python/py_chained",
        "browser/browser_breadcrumbs",
        "node/node_message",
        "rust/rust_message",
    ] {
        send_corpus(&app, &project, file).await;
    }
    app
}

async fn reader(app: &TestApp) -> Program<'_> {
    let user = create_user(app).await;
    let scopes = "org:read,project:read,team:read,event:write";
    Program::acting(app, Some(user), scopes).await
}

#[tokio::test]
async fn sentry_cli_gets_what_it_parses() {
    let app = seeded().await;
    let program = reader(&app).await;
    let identity = json!({"auth": {"scopes": ["text"]}, "user": {"id": "text", "email": "text"}});
    fits(&program.read("/").await, &identity, "info");
    fits(
        &program.read("/organizations/?cursor=").await,
        &json!([{
            "id": "text", "slug": "text", "name": "text", "dateCreated": "date", "isEarlyAdopter": "flag",
            "require2FA": "flag", "requireEmailVerification": "flag", "features": ["text"],
        }]),
        "organizations",
    );
    fits(
        &program.read("/organizations/default/projects/?cursor=").await,
        &json!([{"id": "text", "slug": "text", "name": "text", "team": {"id": "text", "slug": "text", "name": "text"}}]),
        "projects",
    );
    let issues = program.read("/projects/default/shop/issues/?query=&cursor=").await;
    assert_eq!(issues.as_array().unwrap().len(), 4);
    fits(
        &issues,
        &json!([{
            "id": "text", "shortId": "text", "title": "text", "lastSeen": "date", "status": "text", "level": "text",
        }]),
        "issues",
    );
    fits(
        &program.read("/projects/default/shop/events/?cursor=").await,
        &json!([{
            "eventID": "text", "dateCreated": "date", "title": "text", "user": "object?",
            "tags": [{"key": "text", "value": "text"}], "project~": "whole?",
        }]),
        "events",
    );
    let answer = program
        .put("/projects/default/shop/issues/?status=unresolved", &json!({"status": "resolved"}))
        .await;
    assert!(answer.status.is_success());
    assert_eq!(program.read("/projects/default/shop/issues/?query=is:unresolved").await, json!([]));
}

#[tokio::test]
async fn the_model_context_server_gets_what_it_parses() {
    let app = seeded().await;
    let program = reader(&app).await;
    let issue = json!({
        "id": "text", "shortId": "text", "title": "text", "firstSeen": "date", "lastSeen": "date",
        "count": "text", "userCount": "whole", "permalink": "url", "status": "text", "culprit": "text?",
        "project": {"id": "text", "slug": "text", "name": "text"}, "metadata": "object",
    });
    fits(
        &program.read("/auth/").await,
        &json!({"id": "text", "name": "text?", "email": "text"}),
        "whoami",
    );
    fits(
        &program.read("/organizations/?per_page=25&query=").await,
        &json!([{
            "id": "text", "slug": "text", "name": "text",
            "links": {"regionUrl": "url", "organizationUrl": "url"},
        }]),
        "organizations",
    );
    fits(
        &program.read("/organizations/default/teams/?per_page=25&query=").await,
        &json!([{"id": "text", "slug": "text", "name": "text"}]),
        "teams",
    );
    let project = json!({
        "id": "text", "slug": "text", "name": "text", "platform": "text?", "hasProfiles": "flag",
        "hasReplays": "flag", "hasLogs": "flag", "firstTransactionEvent": "flag",
    });
    let projects = program.read("/organizations/default/projects/?per_page=25&query=").await;
    fits(&projects, &json!([project]), "projects");
    fits(&program.read("/projects/default/shop/").await, &project, "project");
    fits(
        &program.read("/projects/default/shop/keys/").await,
        &json!([{
            "id": "text", "name": "text", "dsn": {"public": "url"}, "isActive": "flag", "dateCreated": "date",
        }]),
        "keys",
    );
    for sort in ["user", "freq", "date", "new", "recommended"] {
        let path = format!(
            "/organizations/default/issues/?limit=10&sort={sort}&statsPeriod=24h&query=is:unresolved\
             &project={}&collapse=unhandled",
            projects[0]["id"].as_str().unwrap()
        );
        let issues = program.read(&path).await;
        assert_eq!(issues.as_array().unwrap().len(), 4, "{sort}");
        fits(&issues, &json!([issue]), "issues");
    }
    fits(&program.read("/organizations/default/issues/SHOP-1/").await, &issue, "issue");
    let flat = json!({"status": "ignored", "substatus": "archived_until_condition_met", "ignoreDuration": 60});
    let updated = program.put("/organizations/default/issues/SHOP-1/", &flat).await;
    fits(&updated.body, &issue, "updated issue");
    let tag = json!({
        "key": "text", "name": "text", "totalValues": "number", "uniqueValues": "number",
        "topValues": [{"value": "text", "count": "number"}],
    });
    fits(&program.read("/organizations/default/issues/SHOP-1/tags/level/").await, &tag, "tag");
}

#[tokio::test]
async fn the_model_context_server_gets_events_it_parses() {
    let app = seeded().await;
    let program = reader(&app).await;
    let event = json!({
        "id": "text", "title": "text", "message": "text?", "type": "text", "culprit": "text?", "dateCreated": "date",
        "entries": [{"type": "text", "data": "object"}], "contexts": "object", "context": "object",
        "tags": [{"key": "text", "value": "text"}], "platform": "text", "_meta": "object",
    });
    for number in 1..=4 {
        for which in ["latest", "oldest", "recommended"] {
            let path = format!("/organizations/default/issues/SHOP-{number}/events/{which}/");
            let found = program.read(&path).await;
            fits(&found, &event, &path);
            for (name, context) in found["contexts"].as_object().unwrap() {
                assert!(context["type"].is_string(), "{path}: {name}");
            }
        }
        let path =
            format!("/organizations/default/issues/SHOP-{number}/events/?per_page=10&full=true");
        fits(&program.read(&path).await, &json!([event]), &path);
    }
}

#[tokio::test]
async fn grafana_gets_the_types_it_decodes() {
    let app = seeded().await;
    let program = reader(&app).await;
    let team = json!({"id": "text", "name": "text", "slug": "text"});
    let project = json!({
        "dateCreated": "date", "hasAccess": "flag", "id": "text", "isBookmarked": "flag", "isMember": "flag",
        "environments": ["text"], "name": "text", "slug": "text", "team": team, "teams": [team],
    });
    fits(&program.read("/organizations/default/projects/").await, &json!([project]), "projects");
    fits(
        &program.read("/teams/default/default/projects/").await,
        &json!([project]),
        "team's projects",
    );
    fits(
        &program.read("/organizations/").await,
        &json!([{
            "dateCreated": "date", "id": "text", "isEarlyAdopter": "flag", "name": "text", "require2FA": "flag",
            "slug": "text", "status": {"id": "text", "name": "text"}, "avatar": {"avatarType": "text"},
        }]),
        "organizations",
    );
    fits(
        &program.read("/organizations/default/teams/").await,
        &json!([{
            "avatar": {"avatarType": "text", "avatarUuid": "text?"}, "dateCreated": "date", "hasAccess": "flag",
            "id": "text", "isMember": "flag", "isPending": "flag", "memberCount": "whole", "name": "text",
            "projects": ["object"], "slug": "text",
        }]),
        "teams",
    );
    let tags = program.read("/organizations/default/tags/").await;
    fits(&tags, &json!([{"key": "text", "name": "text", "totalValues": "whole"}]), "tags");
    let path = "/organizations/default/issues/?query=is%3Aunresolved&start=2026-11-15T00:00:00\
                &end=2026-11-23T00:00:00&sort=date&limit=10000&project=1&environment=conf-python";
    let issues = program.read(path).await;
    assert_eq!(issues.as_array().unwrap().len(), 1);
    fits(
        &issues,
        &json!([{
            "count": "text", "userCount": "whole", "firstSeen": "date", "lastSeen": "date", "hasSeen": "flag",
            "isUnhandled": "flag", "isPublic": "flag", "isBookmarked": "flag", "isSubscribed": "flag",
            "numComments": "whole", "id": "text", "shortId": "text", "title": "text", "status": "text",
            "substatus": "text?", "level": "text", "type": "text", "platform": "text", "culprit": "text",
            "permalink": "url", "project": {"id": "text", "name": "text", "slug": "text", "platform": "text?"},
            "metadata": {"value": "text", "type": "text", "filename": "text", "function": "text"},
            "assignedTo": "object?", "subscriptionDetails": "object?",
        }]),
        "issues",
    );
}

#[tokio::test]
async fn the_collectors_exporter_gets_what_it_decodes() {
    let app = seeded().await;
    let program = reader(&app).await;
    let projects = program.read("/organizations/default/projects/").await;
    fits(&projects, &json!([{"id": "digits", "slug": "text", "name": "text"}]), "projects");
    let keys = program.read("/organizations/default/project-keys/").await;
    fits(
        &keys,
        &json!([{
            "id": "text", "name": "text", "public": "text", "secret": "text", "projectId": "whole",
            "isActive": "flag", "dsn": {"public": "url"},
        }]),
        "keys",
    );
    assert_eq!(keys[0]["projectId"].to_string(), projects[0]["id"].as_str().unwrap());
}
