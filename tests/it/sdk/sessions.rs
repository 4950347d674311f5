//! The sessions of real clients give the rates that a person would expect.

use chrono::TimeDelta;
use insta::assert_debug_snapshot;
use picket::domain::sessions::health::{self, Apart, Users, Wanted, Window};

use super::{node, programs, python, run, rust};
use crate::chromium::browser;
use crate::support::{TestApp, TestProject};

/// The project's sessions by release and environment, in lines.
async fn lines(app: &TestApp, project: &TestProject) -> Vec<String> {
    app.settle().await;
    let now = app.app.clock.now();
    let window = Window::whole(now - TimeDelta::hours(2), now + TimeDelta::hours(1));
    let wanted = Wanted { projects: vec![project.id], ..Wanted::default() };
    let apart = Apart { releases: true, environments: true, ..Apart::default() };
    let mut db = app.app.db.acquire().await.unwrap();
    let groups = health::groups(&mut db, &wanted, apart, window, Users::Counted).await.unwrap();
    let share = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{share:.2}"));
    let line = |group: health::Group| {
        let (sessions, users) = (group.total.sessions, group.total.users);
        format!(
            "{} {}: {} sessions, {} healthy, {} errored, {} unhandled, {} abnormal, {} crashed, crash-free {}; \
             {} users, {} crashed, crash-free {}",
            group.key.release.unwrap(),
            group.key.environment.unwrap(),
            sessions.total,
            sessions.healthy(),
            sessions.errored,
            sessions.unhandled,
            sessions.abnormal,
            sessions.crashed,
            share(sessions.crash_free()),
            users.total,
            users.crashed,
            share(users.crash_free()),
        )
    };
    groups.into_iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_the_python_client() {
    let Some(python) = python::python().await else { return };
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let program = programs().join("sessions.py");

    run(&python, &[program.to_str().unwrap(), &project.dsn]).await;

    assert_debug_snapshot!(lines(&app, &project).await, @r#"
    [
        "shop@1.4.2 production: 7 sessions, 2 healthy, 2 errored, 0 unhandled, 0 abnormal, 3 crashed, crash-free 0.57; 3 users, 2 crashed, crash-free 0.33",
    ]
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_the_node_client() {
    if !node::has(&["@sentry/node"]) {
        return;
    }
    let app = TestApp::start().await;
    let project = app.create_project("Api").await;
    let program = programs().join("sessions.mjs");
    for (how, user) in [("well", "1"), ("errored", "1"), ("well", "2"), ("crashed", "2")] {
        // The one that crashes ends with a failure, as it should.
        let output = tokio::process::Command::new("node")
            .args([program.to_str().unwrap(), &project.dsn, how, user])
            .output()
            .await
            .unwrap();
        assert_eq!(output.status.success(), how != "crashed", "{how}");
    }

    assert_debug_snapshot!(lines(&app, &project).await, @r#"
    [
        "api@2.0.0 staging: 4 sessions, 2 healthy, 1 errored, 0 unhandled, 0 abnormal, 1 crashed, crash-free 0.75; 2 users, 1 crashed, crash-free 0.50",
    ]
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_the_browser_client() {
    let Some(browser) = browser() else { return };
    if !node::has(&["@sentry/browser", "esbuild"]) {
        return;
    }
    let app = TestApp::start().await;
    let project = app.create_project("Web").await;
    let program = programs().join("errors_browser.mjs");

    let chromium = browser.chromium.to_str().unwrap();
    run("node", &[program.to_str().unwrap(), &project.dsn, chromium]).await;

    assert_debug_snapshot!(lines(&app, &project).await, @r#"
    [
        "web@5.0.1 production: 1 sessions, 0 healthy, 0 errored, 1 unhandled, 0 abnormal, 0 crashed, crash-free 1.00; 1 users, 0 crashed, crash-free 1.00",
    ]
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_the_rust_client() {
    let Some(program) = rust::program().await else { return };
    let app = TestApp::start().await;
    let project = app.create_project("Warehouse").await;

    run(program.to_str().unwrap(), &[&project.dsn, "sessions"]).await;

    assert_debug_snapshot!(lines(&app, &project).await, @r#"
    [
        "warehouse@3.1.0 production: 3 sessions, 1 healthy, 1 errored, 0 unhandled, 0 abnormal, 1 crashed, crash-free 0.67; 0 users, 0 crashed, crash-free -",
    ]
    "#);
    app.stop().await;
}
