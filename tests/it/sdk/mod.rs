//! The real clients against a running Picket: what they send becomes issues that a person can read.

mod browser;
mod node;
mod outline;
mod python;
mod rust;
mod sentry_cli;
mod sessions;

use std::path::PathBuf;
use std::process::Output;

use tokio::process::Command;

use crate::support::{TestApp, TestProject};

/// The directory of the programs that use the clients.
fn programs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
}

/// What the test run says about where the clients are.
fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "tells the tests about the machine")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Runs a client's program to its end.
async fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// An issue as a line: level, title, culprit, events, users, state.
async fn issues(app: &TestApp, project: &TestProject) -> Vec<String> {
    let rows = sqlx::query_as::<_, (i16, String, String, i64, i64, String, bool)>(
        "SELECT level, title, culprit, event_count, user_count, platform, is_unhandled
         FROM issues WHERE project_id = $1 ORDER BY level DESC, title",
    )
    .bind(project.id.0)
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(level, title, culprit, events, users, platform, is_unhandled)| {
            let unhandled = if is_unhandled { " unhandled" } else { "" };
            format!(
                "{level} {platform} {title} | {culprit} | {events} events, {users} users{unhandled}"
            )
        })
        .collect()
}
