//! Acceptance 36 and 37: limits of keys, projects and the server.

use chrono::TimeDelta;
use picket::base::{Clock, ProjectId, Timestamp};
use picket::config::Config;
use picket::domain::limits::{self, Group, Limits, ProjectLimits, Window, Windows};
use picket::infra::db::partitions::{self, Partitioned};
use picket::protocol::envelope::Envelope;

use super::door::{
    Answer, Door, ID, KEY, OTHER_KEY, OTHER_PROJECT, PROJECT, Setting, answer, credentials, event,
};

/// Ten seconds into a minute, twenty minutes into an hour.
const NOW: &str = "2026-11-22T10:20:10Z";

const SESSION: &str = "{}\n{\"type\":\"session\"}\n{\"sid\":\"a\"}";
const CLIENT_REPORT: &str = "{}\n{\"type\":\"client_report\"}\n{\"discarded_events\":[]}";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

async fn open() -> Door {
    open_with(Config::default()).await
}

async fn open_with(config: Config) -> Door {
    Door::open_with(Setting { clock: Clock::fixed(now()), config, ..Setting::default() }).await
}

fn limit(group: Group, window: Window, limit: u64) -> Limits {
    let limit = Some(limit);
    let windows = match window {
        Window::Minute => Windows { minute: limit, ..Windows::default() },
        Window::Hour => Windows { hour: limit, ..Windows::default() },
        Window::Month => Windows { month: limit, ..Windows::default() },
    };
    match group {
        Group::Errors => Limits { errors: windows, ..Limits::default() },
        Group::Attachments => Limits { attachments: windows, ..Limits::default() },
        Group::Everything => Limits { everything: windows, ..Limits::default() },
    }
}

async fn limit_project(door: &Door, project: ProjectId, limits: Limits) {
    let set = ProjectLimits { limits, ..ProjectLimits::default() };
    limits::set(&door.app, project, set).await.unwrap();
    // What is known is believed for so long.
    door.app.clock.advance(TimeDelta::seconds(5));
}

fn file(bytes: usize) -> String {
    let header = format!("{{\"type\":\"attachment\",\"length\":{bytes},\"filename\":\"a.txt\"}}");
    format!("{{\"event_id\":\"{ID}\"}}\n{header}\n{}", "x".repeat(bytes))
}

fn refused(category: &str, reason: &str, quantity: i64) -> (String, String, String, i64) {
    (category.to_owned(), "rate_limited".to_owned(), reason.to_owned(), quantity)
}

fn item_types(body: &[u8]) -> Vec<String> {
    let envelope = Envelope::parse(body).unwrap();
    envelope.items.iter().map(|item| item.header.item_type.as_str().to_owned()).collect()
}

#[tokio::test]
async fn a_limited_project_is_told_exactly_what_to_hold_back_and_for_how_long() {
    let door = open().await;
    limit_project(&door, PROJECT, limit(Group::Errors, Window::Minute, 2)).await;
    for _ in 0..2 {
        let answer = door.send(event()).await;
        assert_eq!((answer.status, answer.header("x-sentry-rate-limits")), (200, ""));
    }

    let answer = door.send(event()).await;
    assert_eq!(answer.status, 429);
    // 10:20:15 until 10:21:00.
    assert_eq!(answer.header("retry-after"), "45");
    let told = "45:error:project:project_errors_minute";
    assert_eq!(answer.header("x-sentry-rate-limits"), told);
    assert_eq!(answer.detail(), "event submission rejected with_reason: RateLimited");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-expose-headers").contains("x-sentry-rate-limits"));

    // Other categories go on, and the answer says once more what does not.
    for other in [SESSION, CLIENT_REPORT] {
        let answer = door.send(other).await;
        assert_eq!((answer.status, answer.header("x-sentry-rate-limits")), (200, told));
        assert_eq!(answer.header("retry-after"), "");
    }
    assert_eq!(door.kept().await.len(), 4);
    assert_eq!(door.refused().await, [refused("error", "project_errors_minute", 1)]);

    door.app.clock.advance(TimeDelta::seconds(45));
    let answer = door.send(event()).await;
    assert_eq!((answer.status, answer.header("x-sentry-rate-limits")), (200, ""));
}

#[tokio::test]
async fn client_reports_are_never_limited() {
    let door = open().await;
    limit_project(&door, PROJECT, limit(Group::Everything, Window::Month, 0)).await;
    let answer = door.send(SESSION).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("x-sentry-rate-limits"), "300::project:project_all_month");
    assert_eq!(answer.header("retry-after"), "300", "and not until the month is over");
    assert_eq!(door.send(CLIENT_REPORT).await.status, 200);
    assert_eq!(door.kept().await.len(), 1);
}

#[tokio::test]
async fn of_an_envelope_with_several_items_only_what_belongs_to_the_event_goes_with_it() {
    let door = open().await;
    limit_project(&door, PROJECT, limit(Group::Errors, Window::Hour, 0)).await;
    let items = [
        "{\"type\":\"event\"}\n{\"message\":\"hi\"}",
        "{\"type\":\"attachment\",\"length\":4,\"filename\":\"a\"}\nabcd",
        "{\"type\":\"session\"}\n{\"sid\":\"a\"}",
        "{\"type\":\"user_report\"}\n{\"comments\":\"x\"}",
        "{\"type\":\"client_report\"}\n{\"discarded_events\":[]}",
    ];
    let header = format!("{{\"event_id\":\"{ID}\",\"sent_at\":\"2026-11-22T10:20:00Z\"}}");
    let envelope = format!("{header}\n{}\n", items.join("\n"));

    let answer = door.send(envelope.clone()).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("x-sentry-rate-limits"), "300:error:project:project_errors_hour");

    let kept = door.kept().await;
    assert_eq!(item_types(&kept[0].body), ["session", "user_report", "client_report"]);
    let rest = Envelope::parse(&kept[0].body).unwrap();
    assert_eq!(rest.header, Envelope::parse(envelope.as_bytes()).unwrap().header);
    assert_eq!(rest.items[1].payload, b"{\"comments\":\"x\"}");
    let dropped: Vec<_> = kept[0]
        .dropped
        .iter()
        .map(|item| (item.category.as_str(), &*item.reason, item.quantity))
        .collect();
    let reason = "project_errors_hour";
    let expected =
        [("error", reason, 1), ("attachment", reason, 4), ("attachment_item", reason, 1)];
    assert_eq!(dropped, expected, "counted with what is kept, and not a second time");
    assert_eq!(door.refused().await, []);
}

#[tokio::test]
async fn every_limit_lets_through_what_fits_and_refuses_the_next() {
    let door = open().await;
    for window in Window::ALL {
        for group in Group::ALL {
            let (body, quantity): (fn() -> String, u64) = match group {
                Group::Errors => (event, 1),
                Group::Attachments => (|| file(10), 10),
                Group::Everything => (|| SESSION.to_owned(), 1),
            };
            // A month later nothing of the last turn counts any more.
            door.app.clock.advance(TimeDelta::days(31));
            limit_project(&door, PROJECT, limit(group, window, 2 * quantity)).await;
            for _ in 0..2 {
                assert_eq!(door.send(body()).await.status, 200, "{group:?} {window:?}");
            }
            assert_eq!(door.send(body()).await.status, 429, "{group:?} {window:?}");
            door.app
                .clock
                .advance(window.end(window.start(door.app.clock.now())) - door.app.clock.now());
            assert_eq!(door.send(body()).await.status, 200, "{group:?} {window:?} later");
        }
    }
}

async fn send_with(door: &Door, project: ProjectId, key: &str) -> Answer {
    let url = format!("{}/api/{project}/envelope/", door.url);
    answer(door.http.post(url).header("X-Sentry-Auth", credentials(key)).body(event())).await
}

#[tokio::test]
async fn a_keys_own_limit_leaves_the_other_keys_alone_and_the_projects_counts_all_of_them() {
    const SECOND_KEY: &str = "1123456789abcdef0123456789abcdef";
    let door = open().await;
    sqlx::query(
        "INSERT INTO project_keys (public_key, project_id, label, created_at)
         VALUES ('1123456789abcdef0123456789abcdef', 42, 'Second', now())",
    )
    .execute(&door.app.db)
    .await
    .unwrap();
    let own = limit(Group::Errors, Window::Hour, 1);
    limits::set_of_key(&door.app, PROJECT, KEY, own).await.unwrap();
    limit_project(&door, PROJECT, limit(Group::Errors, Window::Minute, 3)).await;

    assert_eq!(send_with(&door, PROJECT, KEY).await.status, 200);
    let answer = send_with(&door, PROJECT, KEY).await;
    assert_eq!(answer.header("x-sentry-rate-limits"), "300:error:key:key_errors_hour");
    assert_eq!(send_with(&door, PROJECT, SECOND_KEY).await.status, 200);
    assert_eq!(send_with(&door, PROJECT, SECOND_KEY).await.status, 200, "the refused one is free");
    let answer = send_with(&door, PROJECT, SECOND_KEY).await;
    assert_eq!(answer.header("x-sentry-rate-limits"), "45:error:project:project_errors_minute");
    let answer = send_with(&door, PROJECT, KEY).await;
    assert_eq!(
        answer.header("x-sentry-rate-limits"),
        "300:error:key:key_errors_hour, 45:error:project:project_errors_minute"
    );
    assert_eq!(send_with(&door, OTHER_PROJECT, OTHER_KEY).await.status, 200);
}

#[tokio::test]
async fn the_server_protects_itself_from_all_projects_together() {
    let mut config = Config::default();
    config.ingest.max_items_per_minute = 2;
    let door = open_with(config).await;
    assert_eq!(send_with(&door, PROJECT, KEY).await.status, 200);
    assert_eq!(send_with(&door, OTHER_PROJECT, OTHER_KEY).await.status, 200);
    let answer = send_with(&door, PROJECT, KEY).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("x-sentry-rate-limits"), "50::organization:server_minute");
    assert_eq!(door.send(CLIENT_REPORT).await.status, 200);
    door.app.clock.advance(TimeDelta::seconds(50));
    assert_eq!(send_with(&door, PROJECT, KEY).await.status, 200);
}

#[tokio::test]
async fn what_is_let_through_before_a_restart_or_by_another_process_counts() {
    for window in [Window::Hour, Window::Month] {
        let door = open().await;
        let mut db = door.app.db.acquire().await.unwrap();
        let today = now().date_naive();
        let first = today - TimeDelta::days(21);
        partitions::ensure(&mut db, Partitioned::Outcomes, first..=today).await.unwrap();
        // As the pipeline stores it: 3 of this hour; 2 of this month, but not of this hour; the last
        // month and what was refused do not count.
        for statement in [
            "('2026-11-22T10:00:00Z', 'error', 'accepted', '', 2)",
            "('2026-11-22T10:00:00Z', 'error', 'filtered', 'localhost', 1)",
            "('2026-11-22T10:00:00Z', 'error', 'rate_limited', 'project_errors_hour', 50)",
            "('2026-11-22T10:00:00Z', 'error', 'client_discard', 'before_send', 50)",
            "('2026-11-22T10:00:00Z', 'session', 'accepted', '', 50)",
            "('2026-11-01T00:00:00Z', 'error', 'accepted', '', 2)",
        ] {
            let statement = format!(
                "INSERT INTO outcomes (hour, category, outcome, reason, quantity, project_id, public_key)
                 SELECT *, 42, '{KEY}' FROM (VALUES {statement}) v (h, c, o, r, q)"
            )
            .replace("SELECT *", "SELECT h::timestamptz, c, o, r, q");
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *db).await.unwrap();
        }
        let before = if window == Window::Hour { 3 } else { 5 };
        limit_project(&door, PROJECT, limit(Group::Errors, window, before + 2)).await;
        assert_eq!(door.send(event()).await.status, 200, "{window:?}");

        // Another process stores one more, and this one learns of it.
        sqlx::query("UPDATE outcomes SET quantity = quantity + 2 WHERE outcome = 'filtered'")
            .execute(&mut *db)
            .await
            .unwrap();
        door.app.clock.advance(TimeDelta::seconds(5));
        let late = if window == Window::Hour { 429 } else { 200 };
        assert_eq!(door.send(event()).await.status, late, "months are looked at each minute");
        door.app.clock.advance(TimeDelta::minutes(1));
        assert_eq!(door.send(event()).await.status, 429, "{window:?}");
    }
}

#[tokio::test]
async fn limits_stay_while_postgres_is_away() {
    let door = open().await;
    limit_project(&door, PROJECT, limit(Group::Errors, Window::Hour, 1)).await;
    assert_eq!(door.send(event()).await.status, 200);
    let mut db = door.app.db.acquire().await.unwrap();
    sqlx::query("ALTER TABLE outcomes RENAME TO hidden").execute(&mut *db).await.unwrap();
    door.app.clock.advance(TimeDelta::seconds(5));
    assert_eq!(door.send(event()).await.status, 429);
    assert_eq!(door.send(SESSION).await.status, 200);
}

#[tokio::test]
async fn a_crash_report_without_an_event_counts_as_one_error() {
    let door = open().await;
    limit_project(&door, PROJECT, limit(Group::Errors, Window::Minute, 1)).await;
    let file = |kind: &str| {
        let header = "{\"type\":\"attachment\",\"length\":4,\"filename\":\"a\"";
        format!("{header},\"attachment_type\":\"{kind}\"}}\nMDMP\n")
    };
    let header = format!("{{\"event_id\":\"{ID}\"}}\n");
    let crash = [&header, &*file("event.minidump"), &file("event.breadcrumbs")].concat();
    assert_eq!(door.send(crash.clone()).await.status, 200);
    assert_eq!(door.send(crash).await.status, 429);
    let reason = "project_errors_minute";
    let expected = [
        refused("attachment", reason, 8),
        refused("attachment_item", reason, 2),
        refused("error", reason, 1),
    ];
    assert_eq!(door.refused().await, expected);

    // Beside an event it is a file of that event.
    door.app.clock.advance(TimeDelta::minutes(1));
    let event = "{\"type\":\"event\"}\n{\"message\":\"hi\"}\n";
    let both = [&header, &*file("event.minidump"), event].concat();
    assert_eq!(door.send(both.clone()).await.status, 200);
    assert_eq!(door.send(both).await.status, 429);
    let counted = door.refused().await;
    assert!(counted.contains(&refused("error", reason, 2)), "{counted:?}");
}
