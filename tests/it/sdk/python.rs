//! The Python client.

use insta::assert_debug_snapshot;

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
