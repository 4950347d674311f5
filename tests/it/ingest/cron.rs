//! Signs of life of jobs that have no SDK, at the front door (`protocol.md` §9.3).

use picket::protocol::envelope::{Envelope, ItemType};
use reqwest::Method;
use serde_json::{Value, json};

use super::door::{Door, KEY, OTHER_KEY, Setting, answer, credentials};

/// The check-in that was kept last.
async fn last(door: &Door) -> Value {
    let kept = door.kept().await.pop().unwrap();
    let envelope = Envelope::parse(&kept.body).unwrap();
    assert_eq!(envelope.items[0].header.item_type, ItemType::CheckIn);
    serde_json::from_slice(envelope.items[0].payload).unwrap()
}

async fn status(door: &Door, method: Method, path: &str) -> u16 {
    let request = door.http.request(method, format!("{}/api/42/cron/{path}", door.url));
    let answer = answer(request).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    answer.status
}

#[tokio::test]
async fn the_query_is_a_check_in() {
    let door = Door::open().await;
    let id = "fc6d8c0c-43fc-4630-ad85-0ee518f1b9d0";
    let path =
        format!("night%20ly/{KEY}?status=error&check_in_id={id}&environment=live&duration=1.5&x=y");
    assert_eq!(status(&door, Method::GET, &path).await, 202);
    let expected = json!({
        "monitor_slug": "night ly", "status": "error", "check_in_id": id.replace('-', ""),
        "environment": "live", "duration": 1.5});
    assert_eq!(last(&door).await, expected);
    for path in [format!("a/{KEY}/?status=ok"), format!("a/?status=ok&sentry_key={KEY}")] {
        assert_eq!(status(&door, Method::POST, &path).await, 202, "{path}");
        assert_eq!(last(&door).await, json!({"monitor_slug": "a", "status": "ok"}));
    }
}

#[tokio::test]
async fn a_body_of_json_may_say_how_the_job_ought_to_run() {
    let door = Door::open().await;
    let config = json!({"schedule": {"type": "crontab", "value": "0 3 * * *"}});
    let body = json!({"status": "in_progress", "monitor_slug": "other", "monitor_config": config});
    let url = format!("{}/api/42/cron/nightly/{KEY}/", door.url);
    assert_eq!(answer(door.http.post(&url).json(&body)).await.status, 202);
    let kept = last(&door).await;
    assert_eq!(kept["monitor_slug"], "nightly", "the path names the monitor");
    assert_eq!(kept["monitor_config"], config);
    for bad in [json!([1]), json!({"status": 7}), json!({})] {
        assert_eq!(answer(door.http.post(&url).json(&bad)).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn what_is_no_check_in_or_from_nobody_is_refused() {
    let door = Door::open().await;
    for (path, expected) in [
        (format!("a/{KEY}"), 400),
        (format!("a/{KEY}?status=ok&check_in_id=x"), 400),
        (format!("a/{KEY}?status=ok&duration=soon"), 400),
        (format!("%20/{KEY}?status=ok"), 400),
        ("a/?status=ok".to_owned(), 401),
        (format!("a/{KEY}?status=ok&sentry_key={KEY}"), 401),
        ("a/short?status=ok".to_owned(), 400),
        (format!("a/{OTHER_KEY}?status=ok"), 403),
    ] {
        assert_eq!(status(&door, Method::GET, &path).await, expected, "{path}");
    }
    assert_eq!(status(&door, Method::PUT, &format!("a/{KEY}?status=ok")).await, 405);
    assert_eq!(door.kept().await.len(), 0);
}

#[tokio::test]
async fn a_job_is_never_told_to_hold_back() {
    let door = Door::open_with(Setting { journal_bytes: 4096, ..Setting::default() }).await;
    let statuses = async {
        loop {
            let status = status(&door, Method::GET, &format!("a/{KEY}?status=ok")).await;
            if status != 202 {
                break status;
            }
        }
    };
    assert_eq!(statuses.await, 503, "a trouble of ours is one to come again for");
    let event = door.post().header("X-Sentry-Auth", credentials(KEY)).body(super::door::event());
    assert_eq!(answer(event).await.status, 429);
}
