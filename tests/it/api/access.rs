//! Who may ask for what, and what everybody is told alike.

use insta::assert_snapshot;
use picket::api::routes;
use picket::infra::http::RouteLine;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::program::{Program, create_user, send_corpus, server};
use crate::support::{TestApp, TestProject};

#[test]
fn every_endpoint_states_its_scope() {
    let lines: Vec<String> = routes::routes().lines().iter().map(ToString::to_string).collect();
    assert_snapshot!(lines.join("\n"));
}

async fn shop() -> (TestApp, TestProject) {
    let app = server().await;
    let project = app.create_project("Shop").await;
    send_corpus(&app, &project, "python/py_chained").await;
    (app, project)
}

/// A line's path with things that exist.
fn path(line: &RouteLine, project: &TestProject) -> String {
    let key = if line.path.contains("/keys/") { project.key.as_str() } else { "level" };
    let event = "2ecd2d2dfe5b48aa87602133ee20bbc9";
    line.path
        .trim_start_matches("/api/0")
        .replace("{organization}", "default")
        .replace("{project}", "shop")
        .replace("{team}", "default")
        .replace("{member}", "me")
        .replace("{issue}", "SHOP-1")
        .replace("{version}", "py-chained@1.4.0+corpus")
        .replace("/sessions/", "/sessions/?field=sum(session)")
        .replace("/stats_v2/", "/stats_v2/?field=sum(quantity)&groupBy=outcome")
        .replace("{event}", event)
        .replace("{key}", key)
}

#[tokio::test]
async fn without_the_scope_an_endpoint_says_nothing() {
    let (app, project) = shop().await;
    let nobody = Program::anonymous(&app);
    let stranger = Program::with_token(&app, "sntryu_0123456789abcdef");
    let useless = Program::of_organization(&app, "alerts:write").await;
    for line in routes::routes().lines() {
        let (method, path) = (line.method.parse::<Method>().unwrap(), path(&line, &project));
        let unknown = stranger.ask(method.clone(), &path, None).await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "{line}");
        assert_eq!(unknown.body, json!({"detail": "Invalid token"}), "{line}");
        let anonymous = nobody.ask(method.clone(), &path, None).await;
        let refused = useless.ask(method, &path, None).await;
        match line.access.as_str() {
            "anybody" => assert!(anonymous.status.is_success() && refused.status.is_success()),
            "any token" => assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED, "{line}"),
            _ => {
                assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED, "{line}");
                let detail = "Authentication credentials were not provided.";
                assert_eq!(anonymous.body, json!({ "detail": detail }), "{line}");
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{line}");
                let detail = "You do not have permission to perform this action.";
                assert_eq!(refused.body, json!({ "detail": detail }), "{line}");
                assert_eq!(
                    refused.headers["www-authenticate"],
                    "Bearer error=\"insufficient_scope\""
                );
            }
        }
    }
}

#[tokio::test]
async fn a_scope_opens_its_endpoints_and_a_higher_one_those_below() {
    let (app, project) = shop().await;
    let user = create_user(&app).await;
    let mut lines: Vec<RouteLine> = routes::routes().lines().into_iter().collect();
    // What is deleted is not there for the others.
    lines.sort_by_key(|line| line.method == "DELETE");
    for line in lines {
        let (method, path) = (line.method.parse::<Method>().unwrap(), path(&line, &project));
        let scope = match line.access.as_str() {
            "anybody" | "any token" => "org:ci",
            scope => scope.split(" or ").next().unwrap(),
        };
        let highest = scope.replace(":read", ":admin").replace(":write", ":admin");
        for scope in [scope, &highest] {
            let program = Program::acting(&app, Some(user), scope).await;
            let answer = program.ask(method.clone(), &path, None).await;
            // No file is there, or no longer a key; but whoever may not ask is told so first.
            let is_open = match answer.status {
                StatusCode::NOT_FOUND => {
                    line.path.contains("{attachment}") || line.method == "DELETE"
                }
                // The only team stays.
                StatusCode::CONFLICT => line.path.ends_with("{team}/"),
                StatusCode::BAD_REQUEST => line.method == "POST" || line.method == "DELETE",
                _ => false,
            };
            assert!(is_open || answer.status.is_success(), "{line} with {scope}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn seeing_issues_does_not_allow_to_change_them() {
    let (app, _project) = shop().await;
    let program = Program::of_organization(&app, "event:read,org:admin,project:admin").await;
    let resolve = json!({"status": "resolved"});
    for path in [
        "/organizations/default/issues/",
        "/organizations/default/issues/SHOP-1/",
        "/issues/SHOP-1/",
        "/projects/default/shop/issues/",
    ] {
        assert_eq!(program.put(path, &resolve).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(program.read("/issues/SHOP-1/").await["status"], "unresolved");
}

#[tokio::test]
async fn what_is_not_there_is_said_in_json_and_never_by_a_redirect() {
    let (app, _project) = shop().await;
    let program = Program::reading(&app).await;
    let nothing = json!({"detail": "The requested resource does not exist"});
    for path in [
        "/nothing/",
        "/nothing",
        "/organizations/other/",
        "/organizations/default/monitors/",
        "/projects/default/nothing/",
        "/projects/default/99/",
        "/projects/default/99999999999999999999/",
        "/organizations/default/issues/99/",
        "/organizations/default/issues/SHOP-9/",
        "/organizations/default/issues/nothing/",
        "/organizations/default/issues/%FF/",
        "/organizations/default/shortids/nothing/",
        "/issues/SHOP-1/events/nothing/",
        "/issues/SHOP-1/events/0123456789abcdef0123456789abcdef/",
        "/projects/default/shop/events/0123456789abcdef0123456789abcdef/json/",
        "/organizations/default/eventids/0123456789abcdef0123456789abcdef/",
        "/teams/default/nothing/",
    ] {
        let answer = program.get(path).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (404, &nothing), "{path}");
    }
    let answer = program.ask(Method::DELETE, "/organizations/default/issues/SHOP-1/", None).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.body, json!({"detail": "Method not allowed for this resource."}));
    assert_eq!(answer.headers["allow"], "GET,HEAD,PUT");
    for path in ["", "/organizations", "/organizations/default/issues", "/issues/SHOP-1"] {
        assert_eq!(program.get(path).await.status, StatusCode::OK, "{path} without its slash");
    }
}

#[tokio::test]
async fn a_program_that_asks_at_no_endpoint_is_not_answered_with_a_page() {
    let app = server().await;
    for path in ["/api/1/nothing/", "/api/nothing", "/api/1/envelopes/", "/api/0/nothing/"] {
        for method in [Method::GET, Method::POST] {
            let url = format!("{}{path}", app.url);
            let answer = app.http.request(method.clone(), url).body("{}").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
            assert_eq!(answer.headers()["content-type"], "application/json", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn credentials_of_another_kind_are_no_token() {
    let (app, _project) = shop().await;
    for credentials in ["Basic YTpi", "DSN http://a@b/1", "Bearer", "sntryu_0", "Bearer é"] {
        let request = app.http.get(format!("{}/api/0/organizations/", app.url));
        let answer = request.header("authorization", credentials.as_bytes()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{credentials}");
    }
}

#[tokio::test]
async fn programs_in_browsers_may_ask_and_read_the_headers() {
    let (app, _project) = shop().await;
    let program = Program::reading(&app).await;
    let question = Program::anonymous(&app);
    let question =
        question.ask(Method::OPTIONS, "/organizations/default/issues/SHOP-1/", None).await;
    assert_eq!(question.status, StatusCode::NO_CONTENT);
    assert!(question.headers["access-control-allow-methods"].to_str().unwrap().contains("PUT"));
    assert!(
        question.headers["access-control-allow-headers"]
            .to_str()
            .unwrap()
            .contains("Authorization")
    );
    for answer in [program.get("/").await, program.get("/nothing/").await] {
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.contains("Link") && exposed.contains("X-Hits"), "{exposed}");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn a_token_that_asks_too_often_is_told_when_to_go_on() {
    let (app, _project) = shop().await;
    let user = create_user(&app).await;
    let program = Program::acting(&app, Some(user), "org:read").await;
    let first = program.get("/auth/").await;
    let remaining = |answer: &super::program::Answer| {
        answer.headers["x-sentry-rate-limit-remaining"].to_str().unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(first.headers["x-sentry-rate-limit-limit"], "40");
    assert!(first.headers.contains_key("x-sentry-rate-limit-reset"));
    assert_eq!(first.headers["x-sentry-rate-limit-concurrentlimit"], "25");

    let mut last = first;
    for _ in 0..80 {
        last = program.at_once("/auth/").await;
        if last.status != StatusCode::OK {
            break;
        }
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(remaining(&last), 0);
    assert_eq!(last.headers["retry-after"], "1");
    assert!(last.body["detail"].as_str().unwrap().contains("too frequently"));
    app.app.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(program.get("/auth/").await.status, StatusCode::OK);
}
