//! The Python client.

use insta::{assert_debug_snapshot, assert_snapshot};

use super::outline::outline;
use super::{issues, programs, run, variable};
use crate::support::{TestApp, requirement};

/// A Python that can import the client.
async fn python() -> Option<String> {
    let python = variable("PICKET_TEST_PYTHON").unwrap_or_else(|| "python3".to_owned());
    let found =
        tokio::process::Command::new(&python).args(["-c", "import sentry_sdk"]).output().await;
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    requirement::skip("sdk", "no Python with `sentry-sdk`; PICKET_TEST_PYTHON names one");
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_python_client_reports_becomes_issues() {
    let Some(python) = python().await else { return };
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let program = programs().join("errors.py");

    run(&python, &[program.to_str().unwrap(), &project.dsn]).await;
    app.settle().await;

    assert_debug_snapshot!(issues(&app, &project).await, @r#"
    [
        "40 python KeyError: 'lamp' | __main__ in charge | 2 events, 2 users",
        "40 python stock of pen is negative: -4 |  | 1 events, 0 users",
    ]
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_flask_becomes_an_issue_with_its_request() {
    let Some(python) = python().await else { return };
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let program = programs().join("errors_flask.py");

    run(&python, &[program.to_str().unwrap(), &project.dsn]).await;
    app.settle().await;

    assert_snapshot!(outline(&app).await, @r#"
    error | ValueError: could not convert string to float: '12,5' | set_price | unhandled, 1 events, 1 users
      tags currency=EUR, environment=production, release=shop@1.4.2, user=id:7
      exception ValueError | could not convert string to float: '12,5' | flask, handled false
        price_of errors_flask.py:23 `return float(text)` ["text"]
        set_price errors_flask.py:31 `return str(price_of(flask.request.form["price"]))` ["sku"]
      request POST http://127.0.0.1/items/lamp/price [["currency","EUR"]] {"price":"12,5"}
      breadcrumb warning | shop | price of lamp changes
    "#);
    app.stop().await;
}
