//! The Node client.

use insta::{assert_debug_snapshot, assert_snapshot};

use super::outline::outline;
use super::{issues, programs, run, variable};
use crate::support::{TestApp, requirement};

/// Whether these packages are there.
pub(super) fn has(packages: &[&str]) -> bool {
    let modules = variable("PICKET_TEST_NODE_MODULES").unwrap_or_default();
    let missing =
        packages.iter().find(|package| !std::path::Path::new(&modules).join(package).is_dir());
    if let Some(package) = missing {
        let missing = format!("no `{package}`; PICKET_TEST_NODE_MODULES names where it is");
        requirement::skip("sdk", &missing);
    }
    missing.is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_client_reports_becomes_issues() {
    if !has(&["@sentry/node"]) {
        return;
    }
    let app = TestApp::start().await;
    let project = app.create_project("Api").await;
    let program = programs().join("errors.mjs");

    run("node", &[program.to_str().unwrap(), &project.dsn]).await;
    app.settle().await;

    assert_debug_snapshot!(issues(&app, &project).await, @r#"
    [
        "40 node Error: could not read the settings | readSettings(errors) | 1 events, 1 users",
        "30 node cache is cold |  | 1 events, 1 users",
    ]
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_express_becomes_an_issue_with_its_request() {
    if !has(&["@sentry/node", "express"]) {
        return;
    }
    let app = TestApp::start().await;
    let project = app.create_project("Api").await;
    let program = programs().join("errors_express.cjs");

    run("node", &[program.to_str().unwrap(), &project.dsn]).await;
    app.settle().await;

    assert_snapshot!(outline(&app).await, @r#"
    error | TypeError: Cannot read properties of null (reading 'number') | POST /orders/1042/pay | unhandled, 1 events, 1 users
      tags region=eu-1, environment=staging, release=api@2.0.0, user=id:42
      exception TypeError | Cannot read properties of null (reading 'number') | auto.http.express, handled false
        lastDigits errors_express.cjs:14 `return card.number.slice(-4);` []
        null errors_express.cjs:22 `response.send(lastDigits(request.body.card));` []
      request POST http://127.0.0.1/orders/1042/pay [["lang","en"]] {"card":null,"note":"Ünïcode"}
      breadcrumb warning | console | paying order 1042
    "#);
    app.stop().await;
}
