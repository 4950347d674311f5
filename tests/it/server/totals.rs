//! Everything that counts events, side by side: it must all say the same.

use sqlx::PgPool;

use crate::support::{TestApp, TestProject};

/// What the database says.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Totals {
    stored: i64,
    on_issues: i64,
    by_hour: i64,
    accepted: i64,
    other: i64,
}

impl Totals {
    /// What must be there after so many events were acknowledged, each another one.
    pub(super) fn of(events: i64) -> Self {
        Self { stored: events, on_issues: events, by_hour: events, accepted: events, other: 0 }
    }

    /// What is there.
    pub(super) async fn read(db: &PgPool) -> Self {
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM events) AS stored,
                    (SELECT coalesce(sum(event_count), 0)::bigint FROM issues) AS on_issues,
                    (SELECT coalesce(sum(event_count), 0)::bigint FROM issue_hours) AS by_hour,
                    (SELECT coalesce(sum(quantity) FILTER (WHERE outcome = 'accepted'), 0)::bigint
                     FROM outcomes) AS accepted,
                    (SELECT coalesce(sum(quantity) FILTER (WHERE outcome NOT IN ('accepted', 'rate_limited')), 0)::bigint
                     FROM outcomes) AS other",
        )
        .fetch_one(db)
        .await
        .unwrap()
    }
}

/// Sends one error of a kind.
pub(super) async fn send(app: &TestApp, project: &TestProject, kind: i64) -> reqwest::Response {
    let event = serde_json::json!({
        "exception": [{"type": format!("Error{}", kind % 7), "value": "it broke"}],
        "extra": {"ballast": "x".repeat(2_000)},
    });
    app.send_envelope(project, format!("{{}}\n{{\"type\":\"event\"}}\n{event}\n")).await
}
