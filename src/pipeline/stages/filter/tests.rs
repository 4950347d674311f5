//! Each filter: what it leaves out, and what it must not.

use serde_json::{Value, json};

use super::*;
use crate::domain::filters::FilterSettings;
use crate::protocol::lenient::Problems;

fn event(json: &Value) -> Event {
    let problems = Problems::default();
    let mut event = Event::read(json.to_string().as_bytes(), &problems).unwrap().unwrap();
    let facts = Facts::new(crate::base::EventId::random(), "2026-11-22T12:00:00Z".parse().unwrap());
    super::super::normalize(&mut event, &facts, problems).unwrap();
    event
}

fn off() -> FilterSettings {
    FilterSettings::nothing()
}

fn reason(settings: &FilterSettings, json: &Value) -> &'static str {
    filter(&event(json), SentBy::default(), &FilterConfig::new(settings)).err().unwrap_or("")
}

fn list(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn with_agent(agent: &str) -> Value {
    json!({"message": "hi", "request": {"url": "https://shop.example/", "headers": {"User-Agent": agent}}})
}

fn exception(kind: &str, value: &str) -> Value {
    json!({"exception": {"values": [{"type": kind, "value": value}]}})
}

#[test]
fn chunks_and_hydration_are_left_out_unless_switched_off() {
    let on = FilterSettings::default();
    for (kind, value) in [
        ("ChunkLoadError", "Loading chunk 7 failed."),
        ("UnhandledRejection: Uncaught x", "ChunkLoadError: Loading chunk 7 failed."),
        ("Error", "Uncaught (in promise): ChunkLoadError: x"),
    ] {
        assert_eq!(reason(&on, &exception(kind, value)), "chunk-load-error", "{kind} {value}");
        assert_eq!(reason(&off(), &exception(kind, value)), "");
    }
    assert_eq!(reason(&on, &exception("Error", "Loading chunk 7 failed.")), "");
    let react = |number: &str| {
        exception(
            "Error",
            &format!(
                "Minified React error #{number}; visit https://react.dev/errors/{number}?x for more"
            ),
        )
    };
    assert_eq!(reason(&on, &react("418")), "react-hydration-errors");
    assert_eq!(reason(&on, &react("4180")), "");
    assert_eq!(reason(&on, &react("421")), "");
    let cause = "see https://react.dev/errors/421, caused by https://react.dev/errors/418";
    assert_eq!(reason(&on, &exception("Error", cause)), "react-hydration-errors");
    assert_eq!(reason(&off(), &react("418")), "");
}

#[test]
fn messages_are_compared_whole_with_the_message_and_with_every_exception() {
    let settings = FilterSettings { error_messages: list(&["TypeError: *", "*timeout*"]), ..off() };
    assert_eq!(reason(&settings, &json!({"message": "Read TIMEOUT"})), "error-message");
    assert_eq!(reason(&settings, &exception("TypeError", "x is undefined")), "error-message");
    let chain =
        json!({"exception": [{"type": "A", "value": "b"}, {"type": "TypeError", "value": "c"}]});
    assert_eq!(reason(&settings, &chain), "error-message");
    assert_eq!(reason(&settings, &exception("MyTypeError", "x")), "");
    let formatted = json!({"logentry": {"message": "%s", "formatted": "a timeout b"}});
    assert_eq!(reason(&settings, &formatted), "error-message");
}

#[test]
fn releases_and_addresses_are_those_of_the_lists() {
    let settings = FilterSettings {
        releases: list(&["shop@1.*"]),
        ip_addresses: list(&["10.0.0.0/8", "2001:db8::1"]),
        ..off()
    };
    assert_eq!(reason(&settings, &json!({"release": "Shop@1.9"})), "release-version");
    assert_eq!(reason(&settings, &json!({"release": "shop@2.0"})), "");
    // The connection's address counts, not what the event says of its user.
    let other = json!({"message": "hi", "user": {"ip_address": "10.1.1.1"}});
    assert_eq!(reason(&settings, &other), "");
    let config = FilterConfig::new(&settings);
    let sent = |address: &str| SentBy { address: address.parse().ok(), user_agent: None };
    let event = event(&other);
    assert_eq!(filter(&event, sent("10.9.9.9"), &config), Err("ip-address"));
    assert_eq!(filter(&event, sent("2001:db8::1"), &config), Err("ip-address"));
    assert_eq!(filter(&event, sent("203.0.113.1"), &config), Ok(()));
    assert_eq!(filter(&event, SentBy::of_stored(&event), &config), Err("ip-address"));
}

#[test]
fn a_developers_own_machine_is_known_by_address_page_and_host() {
    let settings = FilterSettings { localhost: true, ..off() };
    let page = |url: &str| json!({"message": "hi", "request": {"url": url}});
    for local in [
        "http://localhost:3000/x",
        "http://shop.localhost/",
        "file:///home/ada/a.html",
        "http://127.0.0.1/",
    ] {
        assert_eq!(reason(&settings, &page(local)), "localhost", "{local}");
        assert_eq!(reason(&off(), &page(local)), "");
    }
    for other in
        ["https://localhost.example/", "https://notlocalhost/", "https://shop.example/?localhost"]
    {
        assert_eq!(reason(&settings, &page(other)), "", "{other}");
    }
    let user = json!({"message": "hi", "user": {"ip_address": "::1"}});
    assert_eq!(reason(&settings, &user), "localhost");
    let host = json!({"message": "hi", "request": {"url": "https://shop.example", "headers": {"Host": "localhost:8000"}}});
    assert_eq!(reason(&settings, &host), "localhost");
}

#[test]
fn extensions_are_known_by_the_first_exception_and_where_it_happened() {
    let settings = FilterSettings { browser_extensions: true, ..off() };
    let value = |value: &str| reason(&settings, &exception("Error", value));
    assert_eq!(value("extension CONTEXT invalidated."), "browser-extensions");
    assert_eq!(value("Cannot redefine property: ethereum"), "browser-extensions");
    assert_eq!(value("undefined is not an object (evaluating 'a.L')"), "browser-extensions");
    assert_eq!(value("undefined is not an object (evaluating 'a.Long')"), "");
    let at = |paths: &[&str]| {
        let frames: Vec<Value> = paths.iter().map(|path| json!({"abs_path": path})).collect();
        reason(
            &settings,
            &json!({"exception": [{"type": "E", "value": "x", "stacktrace": {"frames": frames}}]}),
        )
    };
    let extension = "chrome-extension://abcdef/content.js";
    assert_eq!(at(&["https://shop.example/a.js", extension, "<anonymous>"]), "browser-extensions");
    assert_eq!(at(&[extension, "https://shop.example/a.js"]), "");
    let second =
        json!({"exception": [{"type": "A", "value": "b"}, {"type": "E", "value": "_gCrWeb"}]});
    assert_eq!(reason(&settings, &second), "");
}

#[test]
fn old_browsers_are_those_that_were_chosen() {
    let chosen = |id: &str, agent: &str| {
        reason(&FilterSettings { legacy_browsers: list(&[id]), ..off() }, &with_agent(agent))
    };
    let ie9 = "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)";
    let ie11 = "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; AS; rv:11.0) like Gecko";
    let ie10_on_a_phone = "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; NOKIA; Lumia 520)";
    let android2 = "Mozilla/5.0 (Linux; U; Android 2.3.5; en-us; Nexus One) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1";
    let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36";
    let safari15 = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Safari/605.1.15";
    let opera_mini =
        "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10";
    for (id, agent) in [
        ("default", ie9),
        ("ie9", ie9),
        ("ie", ie11),
        ("ie11", ie11),
        ("ie10", ie10_on_a_phone),
        ("default", android2),
        ("android", android2),
        ("chrome", chrome),
        ("safari", safari15),
        ("opera_mini_pre_8", opera_mini),
    ] {
        assert_eq!(chosen(id, agent), "legacy-browsers", "{id}: {agent}");
    }
    for (id, agent) in [
        ("default", ie11),
        ("ie10", ie9),
        ("safari_pre_6", safari15),
        ("firefox", chrome),
        ("chrome", &chrome.replace("110", "111")),
        ("ie", ""),
    ] {
        assert_eq!(chosen(id, agent), "", "{id}: {agent}");
    }
}

#[test]
fn robots_are_known_by_their_names_also_where_only_the_request_has_one() {
    let settings = FilterSettings { web_crawlers: true, ..off() };
    let crawler = |agent: &str| reason(&settings, &with_agent(agent));
    for robot in [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "facebookexternalhit/1.1",
        "some-spider",
        "My Bot 1.0",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "GPTBot/1.0",
    ] {
        assert_eq!(crawler(robot), "web-crawlers", "{robot}");
    }
    for other in [
        "Slackbot 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 ChatGPT-User/1.0",
        "Robotics/1.0",
        "",
    ] {
        assert_eq!(crawler(other), "", "{other}");
    }
    let sent_by = SentBy { address: None, user_agent: Some("Googlebot/2.1") };
    let event = event(&json!({"message": "hi"}));
    assert_eq!(filter(&event, sent_by, &FilterConfig::new(&settings)), Err("web-crawlers"));
}

#[test]
fn reports_about_what_no_page_asked_for_are_left_out() {
    let on = FilterSettings::default();
    let report = |uri: &str| json!({"csp": {"blocked_uri": uri, "document_uri": "https://shop.example/", "effective_directive": "script-src"}});
    for injected in [
        "chrome-extension://abc",
        "about",
        "https://a.superfish.com/x.js",
        "data:text/html,chromewebdata",
    ] {
        assert_eq!(reason(&on, &report(injected)), "invalid-csp", "{injected}");
        assert_eq!(reason(&off(), &report(injected)), "");
    }
    for own in ["inline", "self", "https://cdn.example/x.js"] {
        assert_eq!(reason(&on, &report(own)), "", "{own}");
    }
    let mut local = report("https://cdn.example/x.js");
    local["csp"]["document_uri"] = json!("http://localhost:4173/csp");
    assert_eq!(reason(&on, &local), "", "a developer's page is another filter's");
    assert_eq!(reason(&on, &report("http://localhost:9000/x.js")), "invalid-csp");
}

#[test]
fn the_first_filter_in_the_order_names_the_reason() {
    let settings = FilterSettings {
        web_crawlers: true,
        releases: list(&["1.0"]),
        error_messages: list(&["*"]),
        ..off()
    };
    let mut event = with_agent("Googlebot/2.1");
    assert_eq!(reason(&settings, &event), "error-message");
    event["release"] = json!("1.0");
    assert_eq!(reason(&settings, &event), "release-version");
}
