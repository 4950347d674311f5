//! Acceptance 15–24 and 38: who may send, and where they say who they are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::door::{
    Answer, Door, ID, KEY, OTHER_KEY, OTHER_PROJECT, PROJECT, Setting, answer, credentials, event,
};

const NOT_THIS_PROJECT: &str = "event submission rejected with_reason: ProjectId";

/// Sends the event with these headers to `path_and_query`.
async fn send(door: &Door, path_and_query: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = door.http.post(format!("{}{path_and_query}", door.url)).body(event());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request).await
}

#[tokio::test]
async fn credentials_may_stand_in_four_places() {
    let door = Door::open().await;
    let path = "/api/42/envelope/";
    let sentry = format!("Sentry sentry_key={KEY}");
    let basic = format!("Basic {}", STANDARD.encode(format!("{KEY}:")));
    assert_eq!(send(&door, path, &[("X-Sentry-Auth", &sentry)]).await.id(), ID);
    assert_eq!(
        send(
            &door,
            path,
            &[(
                "x-sentry-auth",
                &sentry
                    .to_uppercase()
                    .replace("SENTRY_KEY", "sentry_key")
                    .replace("ABCDEF", "abcdef")
            )]
        )
        .await
        .id(),
        ID
    );
    assert_eq!(send(&door, path, &[("Authorization", &sentry)]).await.id(), ID);
    assert_eq!(send(&door, path, &[("Authorization", &basic)]).await.id(), ID);
    let query =
        format!("{path}?sentry_key={KEY}&sentry_version=7&sentry_client=sentry.javascript%2F8.0");
    assert_eq!(send(&door, &query, &[]).await.id(), ID);
    assert_eq!(door.kept().await[4].client.as_deref(), Some("sentry.javascript/8.0"));
}

#[tokio::test]
async fn credentials_in_two_places_are_one_too_many() {
    let door = Door::open().await;
    let sentry = format!("Sentry sentry_key={KEY}");
    let query = format!("/api/42/envelope/?sentry_key={KEY}");
    for (path, headers) in [
        (query.as_str(), &[("X-Sentry-Auth", sentry.as_str())][..]),
        (&query, &[("Authorization", &sentry)]),
        ("/api/42/envelope/", &[("Authorization", &sentry), ("X-Sentry-Auth", &sentry)]),
        ("/api/42/envelope/", &[("X-Sentry-Auth", &sentry), ("X-Sentry-Auth", &sentry)]),
    ] {
        let answer = send(&door, path, headers).await;
        let expected = (401, "multiple authorization payloads detected");
        assert_eq!((answer.status, answer.detail()), expected, "{path} {headers:?}");
    }
    // An empty header, and one for somebody else, do not count.
    let headers = [("X-Sentry-Auth", ""), ("Authorization", "Bearer abc")];
    assert_eq!(send(&door, &query, &headers).await.status, 200);
}

#[tokio::test]
async fn without_credentials_nothing_is_taken() {
    let door = Door::open().await;
    for headers in [&[][..], &[("X-Sentry-Auth", "")], &[("Authorization", "Bearer abc")]] {
        let answer = send(&door, "/api/42/envelope/", headers).await;
        assert_eq!((answer.status, answer.detail()), (401, "missing authorization information"));
    }
    let answer = send(&door, "/api/42/store/", &[]).await;
    assert_eq!((answer.status, answer.detail()), (401, "missing authorization information"));
    assert_eq!(door.kept().await.len(), 0);
}

#[tokio::test]
async fn credentials_that_cannot_be_read_are_refused() {
    let door = Door::open().await;
    let with = |rest: &str| format!("Sentry sentry_key={KEY}, {rest}");
    let (short, long) = (&KEY[1..], format!("{KEY}0"));
    let malformed = (401, "bad x-sentry-auth header");
    for (value, expected) in [
        ("Sentry foo".to_owned(), malformed),
        (with("sentry_version=x"), malformed),
        (with("sentry_version=8"), (400, "unsupported protocol version (8)")),
        (format!("Sentry sentry_key={short}"), (400, "bad sentry DSN public key")),
        (format!("Sentry sentry_key={long}"), (400, "bad sentry DSN public key")),
        (with("sentry_version=5"), (200, "")),
        (with("sentry_version=2"), (200, "")),
        (with("sentry_version=7.0"), (200, "")),
        (format!("Sentry sentry_key={KEY}.no-cache"), (200, "")),
    ] {
        let answer = send(&door, "/api/42/envelope/", &[("X-Sentry-Auth", &value)]).await;
        assert_eq!((answer.status, answer.detail()), expected, "{value}");
    }
}

#[tokio::test]
async fn the_path_must_name_a_project_by_its_number() {
    let door = Door::open().await;
    let sentry = credentials(KEY);
    for project in
        ["abc", "1e3", "-1", "+42", "18446744073709551616", "%00", "..%2f42", "%ff", "4%32"]
    {
        let answer =
            send(&door, &format!("/api/{project}/envelope/"), &[("X-Sentry-Auth", &sentry)]).await;
        assert_eq!(
            (answer.status, answer.detail()),
            (400, "bad project path parameter"),
            "{project}"
        );
    }
    // 0 is no project: the key says which.
    let answer = send(&door, "/api/0/envelope/", &[("X-Sentry-Auth", &sentry)]).await;
    assert_eq!(answer.id(), ID);
}

#[tokio::test]
async fn a_key_opens_its_own_project_only() {
    let door = Door::open().await;
    let wrong = [("X-Sentry-Auth", credentials(OTHER_KEY))];
    let wrong = wrong.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = send(&door, "/api/42/envelope/", &wrong).await;
    assert_eq!((answer.status, answer.detail()), (403, NOT_THIS_PROJECT));
    assert_eq!(answer.header("x-sentry-error"), NOT_THIS_PROJECT);
    assert_eq!(send(&door, "/api/43/envelope/", &wrong).await.status, 200);
    let unknown = credentials(&"e".repeat(32));
    let answer = send(&door, "/api/42/envelope/", &[("X-Sentry-Auth", &unknown)]).await;
    assert_eq!((answer.status, answer.detail()), (403, NOT_THIS_PROJECT));
    let kept = door.kept().await;
    assert_eq!((kept.len(), kept[0].project_id), (1, OTHER_PROJECT));
    // Counted for the project that the key belongs to; the unknown key belongs to nobody.
    let counted = ("unknown".to_owned(), "invalid".to_owned(), "project_id".to_owned(), 1);
    assert_eq!(door.refused().await, [counted]);
}

#[tokio::test]
async fn a_tunnel_passes_on_only_what_stands_in_the_envelope() {
    let door = Door::open().await;
    let with_dsn = |dsn: &str| {
        let header =
            format!("{{\"dsn\":\"{dsn}\",\"sdk\":{{\"name\":\"a.b\",\"version\":\"1\"}}}}");
        door.post().body(format!("{header}\n{{\"type\":\"event\"}}\n{{}}"))
    };
    let dsn = format!("https://{KEY}:secret@errors.example.com:9000/prefix/42");
    assert_eq!(answer(with_dsn(&dsn)).await.status, 200);
    assert_eq!(door.kept().await[0].client.as_deref(), Some("a.b/1"));

    let malformed = answer(with_dsn("https://errors.example.com/42")).await;
    assert_eq!((malformed.status, malformed.detail()), (401, "bad envelope authentication header"));
    let short = answer(with_dsn("https://abc@errors.example.com/42")).await;
    assert_eq!((short.status, short.detail()), (400, "bad sentry DSN public key"));
    let other_path = answer(with_dsn(&format!("https://{OTHER_KEY}@h/{OTHER_PROJECT}"))).await;
    assert_eq!(other_path.status, 400);
    let not_its_own = answer(with_dsn(&format!("https://{OTHER_KEY}@h/{PROJECT}"))).await;
    assert_eq!((not_its_own.status, not_its_own.detail()), (403, NOT_THIS_PROJECT));
    let not_text = door.post().body("{\"dsn\":5}\n{\"type\":\"event\"}\n{}");
    assert_eq!(answer(not_text).await.status, 401);
    assert_eq!(door.kept().await.len(), 1);
}

#[tokio::test]
async fn the_envelopes_dsn_must_not_contradict_the_request() {
    let door = Door::open().await;
    for (dsn, status) in [
        (format!("https://{KEY}@anywhere.example/{PROJECT}"), 200),
        (format!("https://{KEY}@h/{OTHER_PROJECT}"), 400),
        (format!("https://{OTHER_KEY}@h/{PROJECT}"), 400),
        ("nonsense".to_owned(), 401),
    ] {
        let answer =
            door.send(format!("{{\"dsn\":\"{dsn}\"}}\n{{\"type\":\"event\"}}\n{{}}")).await;
        assert_eq!(answer.status, status, "{dsn}");
    }
}

#[tokio::test]
async fn careless_slashes_are_forgiven() {
    let door = Door::open().await;
    let sentry = credentials(KEY);
    for path in [
        "//api//42//envelope/",
        "/api/42/envelope",
        "/api///42/envelope//?a=//b",
        "//api/42/envelope",
    ] {
        let answer = send(&door, path, &[("X-Sentry-Auth", &sentry)]).await;
        assert_eq!(answer.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_proxy_is_believed_about_the_client_only_if_it_is_trusted() {
    for (trusted, expected) in [(0, "127.0.0.1"), (1, "2001:db8::7")] {
        let mut setting = Setting::default();
        setting.config.server.trusted_proxies = trusted;
        let door = Door::open_with(setting).await;
        let request = door.post_as_curl().header("X-Forwarded-For", "6.6.6.6, 2001:db8::7");
        let request =
            request.header("Origin", "https://shop.example").header("User-Agent", "\u{e9}");
        assert_eq!(answer(request.body(event())).await.status, 200);
        let kept = door.kept().await;
        assert_eq!(kept[0].client_address.unwrap().to_string(), expected);
        assert_eq!(kept[0].origin.as_deref(), Some("https://shop.example"));
        assert_eq!(kept[0].user_agent.as_deref(), Some("\u{e9}"));
    }
}
