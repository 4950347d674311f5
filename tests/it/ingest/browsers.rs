//! Acceptance 25, 26 and 28: what browsers need in order to send and to read the answer.

use reqwest::Method;

use super::door::{Answer, Door, answer, event};

const ORIGIN: (&str, &str) = ("Origin", "https://shop.example");

fn assert_readable_by_pages(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{answer:?}");
    let exposed = answer.header("access-control-expose-headers");
    for name in ["x-sentry-error", "x-sentry-rate-limits", "retry-after"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
}

#[tokio::test]
async fn a_preflight_is_answered_without_credentials() {
    let door = Door::open().await;
    for path in ["/api/42/envelope/", "/api/42/store/", "/api/store/", "/api/abc/envelope/"] {
        let url = format!("{}{path}", door.url);
        let request = door.http.request(Method::OPTIONS, url).header(ORIGIN.0, ORIGIN.1);
        let answer = answer(request.header("Access-Control-Request-Method", "POST")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_readable_by_pages(&answer);
        assert_eq!(answer.header("access-control-allow-methods"), "POST");
        assert_eq!(answer.header("access-control-max-age"), "3600");
        let allowed = answer.header("access-control-allow-headers");
        for name in ["x-sentry-auth", "content-type", "authorization", "sentry-trace", "baggage"] {
            assert!(allowed.split(", ").any(|word| word == name), "{name} in {allowed}");
        }
    }
}

#[tokio::test]
async fn every_answer_can_be_read_by_a_page() {
    let door = Door::open().await;
    let accepted = answer(door.post_as_curl().header(ORIGIN.0, ORIGIN.1).body(event())).await;
    assert_eq!(accepted.status, 200);
    assert_readable_by_pages(&accepted);
    for (refused, status) in [
        (door.post().body(event()), 401),
        (door.post_as_curl().body("x"), 400),
        (door.post_as_curl().header("Content-Encoding", "foo").body("x"), 415),
        (door.http.get(format!("{}/api/42/envelope/", door.url)), 405),
        (door.http.post(format!("{}/api/x/envelope/", door.url)), 400),
    ] {
        let answer = answer(refused.header(ORIGIN.0, ORIGIN.1)).await;
        assert_eq!(answer.status, status);
        assert_readable_by_pages(&answer);
        assert_eq!(answer.header("x-sentry-error"), answer.detail());
    }
}

#[tokio::test]
async fn other_methods_are_refused_by_name() {
    let door = Door::open().await;
    for (method, path, allowed) in [
        (Method::GET, "/api/42/envelope/", "POST, OPTIONS"),
        (Method::PUT, "/api/42/envelope/", "POST, OPTIONS"),
        (Method::DELETE, "/api/42/store/", "GET, POST, OPTIONS"),
    ] {
        let answer = answer(door.http.request(method, format!("{}{path}", door.url))).await;
        assert_eq!((answer.status, answer.detail()), (405, "method not allowed"));
        assert_eq!(answer.header("allow"), allowed);
    }
}
