//! The HTTP request that was being served (`protocol.md` §5.13).

use super::at::At;
use super::attributes::clean;
use super::body;
use super::budget::Budget;
use super::limits::{Limit, limit_pairs};
use crate::protocol::event::{Event, Request, parse_cookies};
use crate::protocol::lenient::Pairs;

const URL: Limit = Limit::with(256, 40);
const FRAGMENT: Limit = Limit::with(1024, 100);
const WORD: Limit = Limit::of(128);
const MAX_QUERY_BYTES: usize = 1024;
const MAX_COOKIES_BYTES: usize = 2048;
const MAX_HEADERS_BYTES: usize = 8 * 1024;
const ENV: Budget = Budget::of(8 * 1024, 7);
const OTHER: Budget = Budget::of(2048, 5);

/// Brings the request into its canonical form.
pub(super) fn normalize(event: &mut Event, at: At<'_>) {
    let Some(request) = &mut event.request else { return };
    let at = at.field("request");
    drop_empty(request);
    normalize_method(request, at);
    split_url(request);
    request.url.take_if(|url| url.is_empty());
    URL.apply(&mut request.url, "url", at);
    FRAGMENT.apply(&mut request.fragment, "fragment", at);
    normalize_headers(request);
    normalize_pairs(&mut request.query_string, MAX_QUERY_BYTES, at.field("query_string"));
    normalize_pairs(&mut request.cookies, MAX_COOKIES_BYTES, at.field("cookies"));
    normalize_pairs(&mut request.headers, MAX_HEADERS_BYTES, at.field("headers"));
    body::normalize(request, at);
    ENV.apply_to_field(&mut request.env, "env", at);
    WORD.apply(&mut request.protocol, "protocol", at);
    WORD.apply(&mut request.api_target, "api_target", at);
    OTHER.apply(&mut request.other, at);
    event.request.take_if(|request| *request == Request::default());
}

/// What is there but empty is absent, so that the URL and the headers may fill it.
fn drop_empty(request: &mut Request) {
    for pairs in [&mut request.query_string, &mut request.cookies, &mut request.headers] {
        pairs.take_if(|pairs| pairs.0.is_empty());
    }
    request.fragment.take_if(|fragment| fragment.is_empty());
}

fn normalize_method(request: &mut Request, at: At<'_>) {
    clean(&mut request.method);
    let Some(method) = &mut request.method else { return };
    let upper = method.to_ascii_uppercase();
    let is_allowed = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
    if (3..=32).contains(&upper.len()) && upper.bytes().all(is_allowed) {
        *method = upper;
    } else {
        at.field("method").invalid_text(method, "expected an HTTP method");
        request.method = None;
    }
}

/// Moves query and fragment out of the URL, unless the client sent them apart.
fn split_url(request: &mut Request) {
    clean(&mut request.url);
    let Some(url) = &mut request.url else { return };
    if let Some((rest, fragment)) = url.split_once('#') {
        if request.fragment.is_none() && !fragment.is_empty() {
            request.fragment = Some(fragment.to_owned());
        }
        *url = rest.to_owned();
    }
    if let Some((rest, query)) = url.split_once('?') {
        if request.query_string.is_none() && !query.is_empty() {
            let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            request.query_string = Some(Pairs(pairs));
        }
        *url = rest.to_owned();
    }
    // Clients that shorten a URL themselves end it with one character.
    if let Some(short) = url.strip_suffix('…') {
        *url = format!("{short}...");
    }
    if let Some(punycode) = with_ascii_host(url) {
        *url = punycode;
    }
}

/// The URL with an international host name in its ASCII form.
fn with_ascii_host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find('/').unwrap_or(rest.len());
    // What was cut once has been here before; a cut host name would become another one.
    if rest[..end].is_ascii() || url.ends_with("...") {
        return None;
    }
    let parsed = url::Url::parse(&format!("{scheme}://{}/", &rest[..end])).ok()?;
    let authority = parsed.as_str().strip_suffix('/')?;
    Some(format!("{authority}{}", &rest[end..]))
}

/// Writes header names in one way and moves the cookies to where they belong.
fn normalize_headers(request: &mut Request) {
    let Some(headers) = &mut request.headers else { return };
    let names_in_order = |headers: &Pairs| headers.0.is_sorted_by(|one, other| one.0 <= other.0);
    // Those of an object are sorted by how they were written.
    let is_sorted = names_in_order(headers);
    for (name, _) in &mut headers.0 {
        if !is_title_case(name) {
            *name = title_case(name);
        }
    }
    if is_sorted && !names_in_order(headers) {
        headers.0.sort_by(|one, other| one.0.cmp(&other.0));
    }
    if request.cookies.is_none() {
        let is_cookie = |(name, _): &(String, String)| name == "Cookie";
        let cookies: Vec<_> = headers.0.iter().filter(|header| is_cookie(header)).collect();
        let parsed: Vec<_> = cookies.iter().flat_map(|(_, value)| parse_cookies(value)).collect();
        if !parsed.is_empty() {
            request.cookies = Some(Pairs(parsed));
            headers.0.retain(|header| !is_cookie(header));
        }
    }
}

fn is_title_case(name: &str) -> bool {
    let mut is_start = true;
    name.bytes().all(|byte| {
        let fits = if is_start { !byte.is_ascii_lowercase() } else { !byte.is_ascii_uppercase() };
        is_start = byte == b'-';
        fits
    })
}

/// `x-request-id` as `X-Request-Id`.
fn title_case(name: &str) -> String {
    let mut is_start = true;
    let cased = name.chars().map(|c| {
        let cased = if is_start { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        is_start = c == '-';
        cased
    });
    cased.collect()
}

fn normalize_pairs(pairs: &mut Option<Pairs>, bytes: usize, at: At<'_>) {
    let Some(inner) = pairs else { return };
    limit_pairs(inner, bytes, at);
    if inner.0.is_empty() {
        *pairs = None;
    }
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    fn run(json: &str) -> (Request, Vec<String>) {
        let json = format!(r#"{{"request":{json}}}"#);
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let (problems, _) = noted(|at| normalize(&mut event, at));
        (event.request.unwrap_or_default(), problems)
    }

    fn pairs(pairs: Option<&Pairs>) -> Vec<(&str, &str)> {
        let pairs = pairs.map_or(&[][..], |pairs| &pairs.0);
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn query_and_fragment_leave_the_url() {
        let (request, _) = run(r#"{"url":"http://x.y/a?b=1&c=d+e#top?x"}"#);
        assert_eq!(request.url.as_deref(), Some("http://x.y/a"));
        assert_eq!(pairs(request.query_string.as_ref()), [("b", "1"), ("c", "d e")]);
        assert_eq!(request.fragment.as_deref(), Some("top?x"));
        let (request, _) = run(r#"{"url":"/a?b=1#f","query_string":"?z=2","fragment":"g"}"#);
        assert_eq!(request.url.as_deref(), Some("/a"));
        assert_eq!(pairs(request.query_string.as_ref()), [("z", "2")]);
        assert_eq!(request.fragment.as_deref(), Some("g"));
    }

    #[test]
    fn an_international_host_is_written_in_ascii() {
        for (url, expected) in [
            ("https://bücher.example/straße", "https://xn--bcher-kva.example/straße"),
            ("https://u@bücher.example:81", "https://u@xn--bcher-kva.example:81"),
            ("https://x.example/ü", "https://x.example/ü"),
            ("bücher", "bücher"),
            ("https://x.y/very…", "https://x.y/very..."),
        ] {
            let (request, _) = run(&format!(r#"{{"url":"{url}"}}"#));
            assert_eq!(request.url.as_deref(), Some(expected));
        }
    }

    #[test]
    fn methods_are_words_in_capitals() {
        assert_eq!(run(r#"{"method":"m-search"}"#).0.method.as_deref(), Some("M-SEARCH"));
        for bad in ["G", "GE T", "GET1"] {
            let (request, problems) = run(&format!(r#"{{"method":"{bad}"}}"#));
            assert_eq!((request.method, problems.len()), (None, 1), "{bad}");
        }
    }

    #[test]
    fn headers_are_written_in_one_way() {
        let (request, _) = run(r#"{"headers":{"x-request-ID":["a","b"],"HOST":"x"}}"#);
        assert_eq!(pairs(request.headers.as_ref()), [("Host", "x"), ("X-Request-Id", "a,b")]);
    }

    #[test]
    fn headers_of_an_object_are_sorted_as_they_are_written_here_and_those_of_a_list_are_not() {
        let (request, _) = run(r#"{"headers":{"accept":"q","CONTENT-length":5,"x-y":true}}"#);
        let sorted = [("Accept", "q"), ("Content-Length", "5"), ("X-Y", "True")];
        assert_eq!(pairs(request.headers.as_ref()), sorted);
        let (request, _) = run(r#"{"headers":[["x-b","1"],["accept","q"]]}"#);
        assert_eq!(pairs(request.headers.as_ref()), [("X-B", "1"), ("Accept", "q")]);
    }

    #[test]
    fn a_header_whose_value_is_an_object_is_left_out() {
        let (request, _) = run(r#"{"headers":{"Accept":{"a":1},"Host":"x"}}"#);
        assert_eq!(pairs(request.headers.as_ref()), [("Host", "x")]);
    }

    #[test]
    fn cookies_come_out_of_their_header() {
        let (request, _) = run(r#"{"headers":[["cookie","a=1; b=2"],["Host","x"]]}"#);
        assert_eq!(pairs(request.cookies.as_ref()), [("a", "1"), ("b", "2")]);
        assert_eq!(pairs(request.headers.as_ref()), [("Host", "x")]);
        let (request, _) = run(r#"{"cookies":{"c":"3"},"headers":[["Cookie","a=1"]]}"#);
        assert_eq!(pairs(request.cookies.as_ref()), [("c", "3")]);
        assert_eq!(pairs(request.headers.as_ref()), [("Cookie", "a=1")]);
    }

    #[test]
    fn each_part_has_its_budget() {
        let long = "x".repeat(10_000);
        let json = format!(
            r#"{{"url":"http://{long}","query_string":"a={long}","fragment":"{long}",
            "cookies":"a={long}","headers":{{"A":"{long}"}},"env":{{"A":"{long}"}}}}"#
        );
        let (request, _) = run(&json);
        assert_eq!(request.url.unwrap().len(), 256);
        assert_eq!(request.fragment.unwrap().len(), 1024);
        let length = |pairs: Option<Pairs>| pairs.unwrap().0[0].1.len() + 1;
        assert_eq!(length(request.query_string), 1024);
        assert_eq!(length(request.cookies), 2048);
        assert_eq!(length(request.headers), 8192);
        assert!(request.env.unwrap()["A"].text().len() <= 8192);
    }
}
