//! Which pages may send (`protocol.md` §2.6).

use chrono::TimeDelta;
use picket::base::{Clock, Timestamp};
use picket::domain::filters::{self, FilterSettings};

use super::door::{Answer, Door, KEY, PROJECT, Setting, answer, event};

async fn open() -> Door {
    let clock = Clock::fixed(Timestamp::UNIX_EPOCH + TimeDelta::days(20_000));
    Door::open_with(Setting { clock, ..Setting::default() }).await
}

async fn allow(door: &Door, domains: &[&str]) {
    let allowed_domains = domains.iter().map(|line| (*line).to_owned()).collect();
    let settings = FilterSettings { allowed_domains, ..FilterSettings::default() };
    filters::set(&door.app, PROJECT, settings).await.unwrap();
    // As long as a key is believed.
    door.app.clock.advance(TimeDelta::minutes(1));
}

async fn send(door: &Door, page: &[(&str, &str)]) -> Answer {
    let mut request = door.post_as_curl().body(event());
    for (name, value) in page {
        request = request.header(*name, *value);
    }
    answer(request).await
}

async fn status(door: &Door, page: &[(&str, &str)]) -> u16 {
    send(door, page).await.status
}

#[tokio::test]
async fn a_page_that_is_not_on_the_list_is_refused_and_a_program_is_not() {
    let door = open().await;
    let anywhere = [("Origin", "https://anywhere.example")];
    assert_eq!(status(&door, &anywhere).await, 200, "all may send by default");

    allow(&door, &["shop.example", "*.cdn.example", "https://exact.example:8443", "*:3000"]).await;
    for (origin, expected) in [
        ("https://shop.example", 200),
        ("http://SHOP.example:81", 200),
        ("https://www.shop.example", 403),
        ("https://cdn.example", 200),
        ("https://a.b.cdn.example", 200),
        ("https://evilcdn.example", 403),
        ("https://exact.example:8443", 200),
        ("https://exact.example", 403),
        ("http://exact.example:8443", 403),
        ("http://localhost:3000", 200),
        ("https://anywhere.example", 403),
        ("null", 200),
        ("capacitor://localhost", 200),
    ] {
        assert_eq!(status(&door, &[("Origin", origin)]).await, expected, "{origin}");
    }
    assert_eq!(status(&door, &[]).await, 200, "no page");
    let by_referer = |url| [("Referer", url)];
    assert_eq!(status(&door, &by_referer("https://shop.example/cart?x")).await, 200);
    assert_eq!(status(&door, &by_referer("https://anywhere.example/cart")).await, 403);
    let both = [("Origin", "https://shop.example"), ("Referer", "https://anywhere.example/")];
    assert_eq!(status(&door, &both).await, 200, "the origin counts first");

    allow(&door, &[]).await;
    assert_eq!(status(&door, &[("Origin", "https://shop.example")]).await, 403);
    assert_eq!(status(&door, &[]).await, 200);
    allow(&door, &["*"]).await;
    assert_eq!(status(&door, &anywhere).await, 200);
}

#[tokio::test]
async fn a_refused_page_can_read_why_and_the_refusal_is_counted() {
    let door = open().await;
    allow(&door, &["shop.example"]).await;

    let refused = send(&door, &[("Origin", "https://anywhere.example")]).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    let why = "event submission rejected with_reason: Cors";
    assert_eq!(refused.header("x-sentry-error"), why);
    // Authentication by the envelope's own DSN is no way around.
    let dsn = format!("http://{KEY}@127.0.0.1/{PROJECT}");
    let body = format!("{{\"dsn\":\"{dsn}\"}}\n{{\"type\":\"event\"}}\n{{}}\n");
    let tunneled = door.post().header("Origin", "https://anywhere.example").body(body);
    assert_eq!(answer(tunneled).await.status, 403);
    assert_eq!(door.kept().await.len(), 0);

    let counted = ("unknown".to_owned(), "invalid".to_owned(), "cors".to_owned(), 2);
    assert_eq!(door.refused().await, [counted]);
}
