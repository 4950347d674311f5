//! What becomes of texts, pattern by pattern (`grouping.md` §9.3, §9.5).

use proptest::prelude::*;

use super::{Placeholder, Replaced};

fn parameterize(text: &str) -> Option<String> {
    super::parameterize(text, Replaced::default())
}

fn assert_becomes(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let found = parameterize(text);
        assert_eq!(found.as_deref().unwrap_or(text), *expected, "{text}");
    }
}

fn assert_stays(texts: &[&str]) {
    for text in texts {
        assert_eq!(parameterize(text), None, "{text}");
    }
}

fn assert_all(placeholder: &str, texts: &[&str]) {
    for text in texts {
        let sentence = format!("a {text} b");
        assert_eq!(parameterize(&sentence), Some(format!("a {placeholder} b")), "{text}");
    }
}

#[test]
fn the_consequences_that_the_reference_names() {
    assert_becomes(&[
        ("key=12", "key=<int>"),
        ("abc123", "<hex>"),
        ("deadbeef", "<hex>"),
        ("user_42", "user_<int>"),
        ("12:30", "<date>"),
        ("3s", "<duration>"),
        ("12345678", "<hex>"),
        ("1234567", "<int>"),
    ]);
    assert_stays(&["decade", "python3", "user42", "dogNumber1", "bball4lyfe", "retry10s"]);
}

#[test]
fn mail_addresses() {
    assert_all("<email>", &["bob@example.com", "a.b+c@localhost", "x!y@sub-1.example.org"]);
    assert_becomes(&[
        ("to=bob@example.com.", "<email>."),
        ("a@b@c", "<email>@c"),
        ("@bob", "@bob"),
        ("bob@ home", "bob@ home"),
    ]);
    let long = "a".repeat(255) + "@b";
    assert_eq!(parameterize(&long).unwrap(), "a<email>");
}

#[test]
fn urls() {
    assert_all("<url>", &["https://example.com/a?b=c#d", "redis+tls://h:6379/0", "x://é"]);
    assert_becomes(&[
        ("see http://a.b/c, then", "see <url>, then"),
        ("'http://a.b/c'", "'<url>'"),
        ("1http://a.b", "1<url>"),
        ("http://", "http://"),
        ("file://?x", "file://?x"),
        ("://x", "://x"),
    ]);
}

#[test]
fn hosts() {
    assert_all("<hostname>", &["example.com", "db-1.eu.example.org", "EXAMPLE.COM", "main.rs"]);
    assert_becomes(&[("a.example.com.", "<hostname>.")]);
    let long = "a.".repeat(130) + "com";
    assert_eq!(parameterize(&long), Some("a.".repeat(4) + "<hostname>"), "255 characters at most");
    assert_stays(&["foo.py", "example.Com", "-a.b.com-", "a..com", "self.value"]);
}

#[test]
fn trace_ids_and_uuids() {
    assert_all(
        "<traceparent>",
        &[
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "1-5759e988-bd862e3fe1be46a994272793",
        ],
    );
    assert_all(
        "<uuid>",
        &["7c1ff2e2-6cbf-4b6c-9a0c-0f6d1f1a5b0e", "7C1FF2E2-6CBF-4B6C-9A0C-0F6D1F1A5B0E"],
    );
}

#[test]
fn hashes_and_hexadecimal_numbers() {
    assert_all("<sha1>", &["da39a3ee5e6b4b0d3255bfef95601890afd80709"]);
    assert_all("<md5>", &["d41d8cd98f00b204e9800998ecf8427e"]);
    assert_all("<hex>", &["0x1F", "0XaB", "ab12", "AB12", "-0123456789", "cafebabecafe"]);
    assert_all("<git_sha>", &["a1b2c3d"]);
    assert_all("<swift_txn_id>", &["tx0123456789abcdef01234-0123456789ewr"]);
    assert_stays(&["aB12", "beef", "feeding", "0xzz"]);
    // Only numbers without the prefix may have a minus.
    assert_becomes(&[("-0x1f", "-<hex>"), ("-ab12", "<hex>"), ("a-ab12", "a-<hex>")]);
}

#[test]
fn dates() {
    assert_all(
        "<date>",
        &[
            "Mon, 2 Jan 2006 15:04:05 +0100",
            "Mon, 02 Jan 2006 15:04 GMT",
            "2 Jan 2006 15:04:05 PST",
            "Jan 02, 2006",
            "Mon Jan 02, 06",
            "Monday, 02-Jan-06 15:04:05 GMT",
            "Mon, 02-Jan-06 15:04:05 GMT",
            "2006-01-02T15:04:05Z",
            "2006-01-02T15:04:05.678901+01:00",
            "Mon Jan 02 2006 15:04:05 GMT+0100",
            "Mon Jan 02 2006 15:04:05 GMT+0100 (Central European Standard Time)",
            "2006-01-02 15:04",
            "20060102T150405Z",
            "20060102 150405",
            "3:04 PM",
            "3:04:05",
            "15:04:05",
            "2006-01-02",
            "Mon Jan 2 15:04:05 2006",
            "Jan 2 15:04:05 2006",
            "datetime.datetime(2006, 1, 2, 15, 4)",
        ],
    );
    assert_becomes(&[
        ("2006-01-02T15:04:05.678UTC", "<date>.678UTC"),
        ("2006-01-02T15:04:05+0100x", "<date>+0100x"),
        ("12:30:45:67", "<int>:<int>:<int>:<int>"),
        ("main.py:12:30", "main.py:<int>:<int>"),
        ("2006-13-99", "<int>-<int>-<int>"),
        ("25:00", "<int>:<int>"),
        ("Monday 3", "Monday <int>"),
        ("May 5", "May <int>"),
    ]);
}

#[test]
fn durations() {
    assert_all("<duration>", &["12ms", "3s", "1.5s"]);
    assert_becomes(&[("3 s", "<int> s"), ("3sec", "3sec"), ("v3s", "v3s")]);
}

#[test]
fn hardware_addresses() {
    assert_all(
        "<mac_addr>",
        &[
            "0a:1b:2c:3d:4e:5f",
            "0A-1B-2C-3D-4E-5F",
            "0a 1b 2c 3d 4e 5f",
            "0a1b.2c3d.4e5f",
            "de-ad-be-ef-ca-fe",
        ],
    );
}

#[test]
fn ip_addresses() {
    assert_all(
        "<ip>",
        &[
            "10.0.0.1",
            "255.255.255.255",
            "2001:db8:0:0:0:0:0:1",
            "2001:db8::1",
            "::1",
            "::",
            "fe80::1%eth0",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
        ],
    );
    assert_becomes(&[
        ("10.0.0.1:8080", "<ip>:<int>"),
        ("[::1]:80", "[<ip>]:<int>"),
        ("to 2001:db8::1: refused", "to <ip>: refused"),
        ("lost 2001:db8::1... (::1).", "lost <ip>... (<ip>)."),
        ("to ::1.5ms", "to <ip>.<duration>"),
        ("::ffff:10.0.0.1x", "<ip>.<int>.<int>.1x"),
        ("10.0.0.256", "<int>.<int>.<int>.<int>"),
        ("1.2.3.4.5", "<int>.<int>.<int>.<int>.<int>"),
    ]);
    assert_stays(&["Shop::cart", "std::bad_alloc", "::cart"]);
}

#[test]
fn random_ids() {
    assert_all("<random_id>", &["x8Xk2pQ9", "a1B2", "q1w2e3r4", "x1y2-z3x4-k5m6"]);
    assert_becomes(&[("job_x8Xk2pQ9", "job_<random_id>")]);
    assert_stays(&["g1h2", "sha256sum", "us-east-one", "x86-sixty"]);
    assert_becomes(&[
        ("us-east-1", "us-east-<int>"),
        ("1080p-60fps", "1080p-60fps"),
        ("gpt-4o", "gpt-4o"),
    ]);
}

#[test]
fn numbers() {
    assert_becomes(&[
        ("1.5", "<float>"),
        ("-1.5", "<float>"),
        ("a-1.5", "a-<float>"),
        ("1.2.3", "<int>.<int>.<int>"),
        ("(-5)", "(<int>)"),
        ("5-3", "<int>-<int>"),
        ("order#17", "order#<int>"),
        ("订单12失败", "订单<int>失败"),
        ("v2", "v2"),
        ("2nd", "2nd"),
        ("7 of 9", "<int> of <int>"),
    ]);
}

#[test]
fn values_behind_an_equals_sign() {
    assert_becomes(&[
        ("name='bob'", "name=<quoted_str>"),
        ("name=\"bob smith\" x", "name=<quoted_str> x"),
        ("ok=True", "ok=<bool>"),
        ("ok=false,", "ok=<bool>,"),
        ("ok=Trueish", "ok=Trueish"),
        ("name=''", "name=''"),
        ("name: 'bob'", "name: 'bob'"),
    ]);
}

#[test]
fn a_kind_that_is_kept_stays_as_a_whole() {
    let kept = Replaced::new(&[Placeholder::Ip, Placeholder::Date].into(), false);
    let text = "10.0.0.1 lost order 17 at 12:30";
    assert_eq!(super::parameterize(text, kept).unwrap(), "10.0.0.1 lost order <int> at 12:30");
    let all = Replaced::new(&Placeholder::ALL.into(), false);
    assert_eq!(
        super::parameterize("a@b.c 7 x=true 7c1ff2e2-6cbf-4b6c-9a0c-0f6d1f1a5b0e", all),
        None
    );
}

#[test]
fn status_codes_stay_where_a_project_wants_it() {
    let kept = Replaced::new(&[].into(), true);
    for (text, expected) in [
        ("status 404 for order 17", "status 404 for order <int>"),
        ("HTTP/1.1 500", "HTTP/<float> 500"),
        ("http 502: 30 tries", "http 502: <int> tries"),
        ("status_code=403", "status_code=403"),
        ("Response (404)", "Response (404)"),
        ("order 404", "order <int>"),
        ("code 4040", "code <int>"),
        ("code 999", "code <int>"),
        ("é 404", "é <int>"),
    ] {
        let found = super::parameterize(text, kept);
        assert_eq!(found.as_deref().unwrap_or(text), expected, "{text}");
    }
}

#[test]
fn prose_stays() {
    assert_stays(&[
        "",
        "division by zero",
        "Cannot read properties of undefined (reading total)",
        "können Sie das lesen? 日本語",
    ]);
}

#[test]
fn a_text_that_is_too_long_stays() {
    let text = "é".repeat(8190) + " 7";
    assert!(parameterize(&text).is_some());
    assert_eq!(parameterize(&(text + "x")), None);
}

proptest! {
    #[test]
    fn any_text_can_be_parameterized(text in "\\PC{0,200}") {
        let _ = parameterize(&text);
    }

    #[test]
    fn text_of_what_patterns_are_made_of_can_be_parameterized(
        text in "[0-9a-fA-FxzT:./@='\"%_ \u{e9}-]{0,60}"
    ) {
        let _ = parameterize(&text);
    }

    #[test]
    fn a_text_without_what_patterns_need_stays(text in "[g-zG-Z ,!?]{0,80}") {
        prop_assert_eq!(parameterize(&text), None);
    }
}
