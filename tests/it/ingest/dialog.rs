//! The form on error pages is no way around allowed domains and limits.

use chrono::TimeDelta;
use picket::base::{Clock, Timestamp};
use picket::domain::filters::{self, FilterSettings};
use picket::domain::limits::{self, Limits, ProjectLimits, Windows};
use reqwest::RequestBuilder;

use super::door::{Door, ID, KEY, PROJECT, Setting};

async fn open() -> Door {
    let clock = Clock::fixed(Timestamp::UNIX_EPOCH + TimeDelta::days(20_000));
    Door::open_with(Setting { clock, ..Setting::default() }).await
}

fn address(door: &Door) -> String {
    let dsn = format!("http://{KEY}@{}/{PROJECT}", door.address);
    let dsn: String = form_urlencoded::byte_serialize(dsn.as_bytes()).collect();
    format!("http://{}/api/embed/error-page/?dsn={dsn}&eventId={ID}", door.address)
}

fn form(door: &Door) -> RequestBuilder {
    let request =
        door.http.post(address(door)).body("name=Bob&email=bob%40example.com&comments=Hi");
    request.header("Content-Type", "application/x-www-form-urlencoded")
}

async fn status(request: RequestBuilder, origin: &str) -> u16 {
    request.header("Origin", origin).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_page_that_is_not_on_the_list_gets_neither_the_form_nor_its_words_through() {
    let door = open().await;
    let allowed_domains = vec!["shop.example".to_owned()];
    let settings = FilterSettings { allowed_domains, ..FilterSettings::default() };
    filters::set(&door.app, PROJECT, settings).await.unwrap();
    let show = || door.http.get(address(&door));
    for (origin, expected) in [("https://shop.example", 200), ("https://elsewhere.example", 403)] {
        assert_eq!(status(show(), origin).await, expected, "{origin}");
        assert_eq!(status(form(&door), origin).await, expected, "{origin}");
    }
    assert_eq!(door.kept().await.len(), 1);
}

#[tokio::test]
async fn what_is_past_a_limit_is_refused_and_counted() {
    let door = open().await;
    let everything = Windows { minute: Some(2), ..Windows::default() };
    let limits = Limits { everything, ..Limits::default() };
    let set = ProjectLimits { limits, ..ProjectLimits::default() };
    limits::set(&door.app, PROJECT, set).await.unwrap();
    let origin = "https://shop.example";
    assert_eq!(status(form(&door), origin).await, 200);
    assert_eq!(status(form(&door), origin).await, 200);
    assert_eq!(status(form(&door), origin).await, 429);
    assert_eq!(door.kept().await.len(), 2);
    let refused = ("feedback", "rate_limited", "project_all_minute", 1);
    let refused = (refused.0.to_owned(), refused.1.to_owned(), refused.2.to_owned(), refused.3);
    assert_eq!(door.refused().await, [refused]);
}
