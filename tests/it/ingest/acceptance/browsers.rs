//! Points 25 to 28: what browsers ask.

use picket::domain::filters::{self, FilterSettings};
use reqwest::Method;

use super::{Server, event};
use crate::ingest::door::answer;

const PATH: &str = "/api/P/envelope/";
const PAGE: &str = "https://shop.example";

/// 25
#[tokio::test]
async fn a_preflight_tells_what_may_be_sent() {
    let server = Server::start().await;
    let answer = answer(server.request(Method::OPTIONS, PATH).header("Origin", PAGE)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-allow-headers").contains("x-sentry-auth"));
    assert_eq!(answer.header("access-control-max-age"), "3600");
}

/// 26
#[tokio::test]
async fn a_page_can_read_what_it_is_told_also_when_refused() {
    let server = Server::start().await;
    for (body, status) in [(event(), 200), ("x".to_owned(), 400)] {
        let answer = answer(server.post_as_curl(PATH).header("Origin", PAGE).body(body)).await;
        assert_eq!(answer.status, status);
        let exposed = answer.header("access-control-expose-headers");
        assert_eq!(exposed, "x-sentry-error, x-sentry-rate-limits, retry-after");
    }
}

/// 27
#[tokio::test]
async fn only_pages_on_the_list_may_send_and_programs_always() {
    let server = Server::start().await;
    let allowed_domains = vec!["shop.example".to_owned()];
    let settings = FilterSettings { allowed_domains, ..FilterSettings::default() };
    filters::set(&server.app.app, server.shop.id, settings).await.unwrap();
    server.wait();
    let request = || server.post_as_curl(PATH).body(event());
    let elsewhere = request().header("Origin", "https://elsewhere.example");
    assert_eq!(answer(elsewhere).await.status, 403);
    assert_eq!(answer(request().header("Origin", PAGE)).await.status, 200);
    assert_eq!(answer(request()).await.status, 200);
}

/// 28
#[tokio::test]
async fn nothing_is_to_be_got_where_envelopes_are_sent() {
    let server = Server::start().await;
    assert_eq!(answer(server.request(Method::GET, PATH)).await.status, 405);
}
