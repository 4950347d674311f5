//! The Node client.

use insta::assert_debug_snapshot;

use super::{issues, programs, run, variable};
use crate::support::{TestApp, requirement};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_client_reports_becomes_issues() {
    let modules = variable("PICKET_TEST_NODE_MODULES").unwrap_or_default();
    if !std::path::Path::new(&modules).join("@sentry/node").is_dir() {
        requirement::skip("sdk", "no `@sentry/node`; PICKET_TEST_NODE_MODULES names where it is");
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
