//! Crashes of native programs (`protocol.md` §1.8, §4.5, §4.6): from the dump to the event.

use std::io::Write;

use picket::base::Clock;
use reqwest::Response;
use serde_json::{Value, json};

use super::corpus::recorded;
use super::door::{Door, ID, KEY, OTHER_KEY};
use super::encodings::compressed;
use crate::api::program::{Program, column};
use crate::support::TestApp;

/// The form of a Breakpad client: the dump of a program that wrote to the address 0.
pub(crate) fn minidump_form() -> Vec<u8> {
    recorded("native/minidump_multipart")[0].body()
}

/// The dump in it.
fn dump() -> Vec<u8> {
    let form = minidump_form();
    let find = |from: usize, wanted: &[u8]| {
        from + form[from..].windows(wanted.len()).position(|bytes| bytes == wanted).unwrap()
    };
    let start = find(0, b"MDMP");
    form[start..find(start, b"\r\n--XBOUNDARYX")].to_vec()
}

/// A form with these fields: what stands behind `form-data; ` and the bytes.
fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (about, bytes) in fields {
        write!(form, "--between\r\nContent-Disposition: form-data; {about}\r\n\r\n").unwrap();
        form.extend_from_slice(bytes);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--between--\r\n");
    form
}

const DUMP: &str = "name=\"upload_file_minidump\"; filename=\"crash.dmp\"";
const FORM: &str = "multipart/form-data; boundary=between";

struct Crashes {
    app: TestApp,
}

impl Crashes {
    async fn start() -> Self {
        let clock = Clock::fixed("2026-11-22T15:00:00Z".parse().unwrap());
        let app = TestApp::start_at(clock, |_| {}).await;
        app.create_corpus_project().await;
        Self { app }
    }

    async fn post(&self, path: &str, kind: &str, body: Vec<u8>) -> Response {
        let request = self.app.http.post(format!("{}/api/42/{path}", self.app.url));
        request.header("Content-Type", kind).body(body).send().await.unwrap()
    }

    /// Sends a form and gives the event's id.
    async fn send(&self, fields: &[(&str, &[u8])]) -> String {
        let path = format!("minidump/?sentry_key={KEY}");
        let answer = self.post(&path, FORM, form(fields)).await;
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap().replace('-', "")
    }

    async fn read(&self, path: &str) -> Value {
        self.app.settle().await;
        let program = Program::reading(&self.app).await;
        program.read(&format!("/projects/default/shop/events/{path}")).await
    }

    async fn stored(&self, id: &str) -> Value {
        self.read(&format!("{id}/json/")).await
    }

    async fn files(&self, id: &str) -> Vec<String> {
        let files = self.read(&format!("{id}/attachments/")).await;
        let mut files: Vec<String> = column(&files, "type")
            .into_iter()
            .zip(column(&files, "name"))
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect();
        files.sort();
        files
    }
}

#[tokio::test]
async fn a_dump_becomes_an_event_with_threads_modules_and_the_reason() {
    let crashes = Crashes::start().await;
    let answer = crashes
        .post(
            &format!("minidump?sentry_key={KEY}"),
            "multipart/form-data; boundary=XBOUNDARYX",
            minidump_form(),
        )
        .await;
    assert_eq!(answer.status(), 200);
    let id = answer.text().await.unwrap().replace('-', "");
    let event = crashes.stored(&id).await;
    assert_eq!((&event["platform"], &event["level"]), (&json!("native"), &json!("fatal")));
    let crash = &event["exception"]["values"][0];
    assert_eq!(crash["type"], "SIGSEGV / SEGV_MAPERR");
    assert_eq!(crash["mechanism"]["type"], "minidump");
    assert_eq!(crash["mechanism"]["handled"], false);
    let threads = event["threads"]["values"].as_array().unwrap();
    let crashed: Vec<_> = threads.iter().filter(|thread| thread["crashed"] == true).collect();
    assert_eq!((crashed.len(), &crashed[0]["id"]), (1, &crash["thread_id"]));
    let images = event["debug_meta"]["images"].as_array().unwrap();
    assert!(images.iter().any(|it| it["debug_id"] == "1965cdb3-3156-486a-19b5-772be1d17f2a"));
    assert_eq!(event["contexts"]["os"]["name"], "Linux");
    let files = ["event.attachment extra.log", "event.minidump crashy.dmp"];
    assert_eq!(crashes.files(&id).await, files);
    crashes.app.stop().await;
}

#[tokio::test]
async fn what_the_program_said_before_it_died_is_laid_on_top() {
    let crashes = Crashes::start().await;
    let packed =
        rmp_serde::to_vec(&json!({"event_id": ID, "release": "shop@1", "tags": {"a": "1"}}))
            .unwrap();
    let crumb = |message: &str, at: u32| {
        rmp_serde::to_vec(&json!({"message": message, "timestamp": 1_795_000_000 + at})).unwrap()
    };
    let (first, second) = ([crumb("one", 1), crumb("two", 2)].concat(), crumb("three", 3));
    let id = crashes
        .send(&[
            (DUMP, &dump()),
            ("name=\"__sentry-event\"; filename=\"__sentry-event\"", &packed),
            ("name=\"__sentry-breadcrumb1\"; filename=\"__sentry-breadcrumb1\"", &second),
            ("name=\"__sentry-breadcrumb2\"; filename=\"__sentry-breadcrumb2\"", &first),
            ("name=\"sentry[user][id]\"", b"ada"),
            ("name=\"sentry\"", b"{\"environment\":\"live\"}"),
            ("name=\"prod\"", b"Shop"),
            ("name=\"log\"; filename=\"shop.log\"", b"lines"),
        ])
        .await;
    assert_eq!(id, ID, "the program gave its event an id");
    let event = crashes.stored(&id).await;
    assert_eq!((&event["release"], &event["environment"]), (&json!("shop@1"), &json!("live")));
    assert_eq!((&event["user"]["id"], &event["extra"]["prod"]), (&json!("ada"), &json!("Shop")));
    let crumbs = event["breadcrumbs"]["values"].as_array().unwrap();
    let crumbs: Vec<_> = crumbs.iter().map(|crumb| crumb["message"].clone()).collect();
    assert_eq!(crumbs, ["two", "three"], "the newer ones, as many as the longer file has");
    let files = [
        "event.attachment shop.log",
        "event.breadcrumbs __sentry-breadcrumb1",
        "event.breadcrumbs __sentry-breadcrumb2",
        "event.minidump crash.dmp",
        "event.payload __sentry-event",
    ];
    assert_eq!(crashes.files(&id).await, files);
    let outcomes = crashes.app.outcome_lines().await;
    assert!(outcomes.contains(&"error accepted  1".to_owned()), "{outcomes:?}");
    assert!(outcomes.contains(&"attachment_item accepted  5".to_owned()), "{outcomes:?}");
    crashes.app.stop().await;
}

#[tokio::test]
async fn a_dump_may_come_bare_compressed_or_wrapped() {
    let crashes = Crashes::start().await;
    let dump = dump();
    for kind in ["application/octet-stream", "application/x-dmp"] {
        let path = format!("minidump/?sentry_key={KEY}");
        assert_eq!(crashes.post(&path, kind, dump.clone()).await.status(), 200, "{kind}");
    }
    for encoding in ["gzip", "zstd", "xz", "bzip2"] {
        let id = crashes.send(&[(DUMP, &compressed(encoding, &dump))]).await;
        let crash = &crashes.stored(&id).await["exception"]["values"][0];
        assert_eq!(crash["type"], "SIGSEGV / SEGV_MAPERR", "{encoding}");
    }
    let wrapped = String::from("--within\r\nContent-Disposition: form-data; ") + DUMP + "\r\n\r\n";
    let wrapped = [wrapped.as_bytes(), &dump, b"\r\n--within--\r\n"].concat();
    let id = crashes.send(&[(DUMP, &wrapped)]).await;
    let crash = &crashes.stored(&id).await["exception"]["values"][0];
    assert_eq!(crash["type"], "SIGSEGV / SEGV_MAPERR", "a form in the form");
    let outcomes = crashes.app.outcome_lines().await;
    assert!(outcomes.contains(&"error accepted  7".to_owned()), "{outcomes:?}");
    crashes.app.stop().await;
}

#[tokio::test]
async fn what_is_no_dump_is_refused_and_a_damaged_one_is_kept() {
    let door = Door::open().await;
    let post = |key: &str, kind: &'static str, body: Vec<u8>| {
        let url = format!("{}/api/42/minidump/?sentry_key={key}", door.url);
        let request = door.http.post(url).header("Content-Type", kind).body(body);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(post(KEY, FORM, form(&[("name=\"a\"; filename=\"b\"", b"MDMP")])).await, 400);
    assert_eq!(post(KEY, FORM, form(&[(DUMP, b"")])).await, 400);
    assert_eq!(post(KEY, FORM, form(&[(DUMP, b"not a dump")])).await, 400);
    assert_eq!(post(KEY, FORM, form(&[(DUMP, b"\x1f\x8bbroken")])).await, 400);
    assert_eq!(post(KEY, FORM, b"nonsense".to_vec()).await, 400);
    assert_eq!(post(KEY, "text/plain", dump()).await, 415);
    assert_eq!(post(OTHER_KEY, FORM, form(&[(DUMP, &dump())])).await, 403);
    assert_eq!(door.kept().await.len(), 0);

    let crashes = Crashes::start().await;
    let id = crashes.send(&[(DUMP, b"MDMP and then nothing")]).await;
    let event = crashes.stored(&id).await;
    assert_eq!(event["exception"]["values"][0]["type"], "Minidump");
    assert_eq!(event["errors"][0]["reason"], "the dump is damaged and could not be read");
    crashes.app.stop().await;
}

#[tokio::test]
async fn an_event_beside_its_dump_gets_what_it_does_not_say() {
    let crashes = Crashes::start().await;
    for name in ["rust/rust_minidump", "native/native_crash_breakpad"] {
        for captured in super::corpus::scenario(name) {
            let request =
                crashes.app.http.post(format!("{}{}", crashes.app.url, captured.target()));
            let request =
                captured.headers().iter().fold(request, |it, (name, value)| it.header(name, value));
            let answer = request.body(captured.body()).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{name}");
        }
    }
    crashes.app.settle().await;
    let events = crashes.read("").await;
    let ids = column(&events, "eventID");
    assert_eq!(ids.len(), 2);
    for id in ids {
        let event = crashes.stored(&id).await;
        assert_eq!(event["platform"], "native");
        assert!(event["release"].is_string(), "what the client said stays");
        assert!(!event["threads"]["values"].as_array().unwrap().is_empty());
        assert!(!event["debug_meta"]["images"].as_array().unwrap().is_empty());
    }
    crashes.app.stop().await;
}

/// A container as the Unreal engine writes it.
fn container(files: &[(&str, &[u8])]) -> Vec<u8> {
    let number = |value: usize| i32::try_from(value).unwrap().to_le_bytes();
    let name =
        |text: &str| [&number(260)[..], text.as_bytes(), &vec![0; 260 - text.len()]].concat();
    let mut plain = [&b"CR1"[..], &name("UECC-1"), &name("UECC-1.crash"), &number(0)].concat();
    plain.extend(number(files.len()));
    for (place, (file, bytes)) in files.iter().enumerate() {
        plain.extend([&number(place)[..], &name(file), &number(bytes.len()), bytes].concat());
    }
    compressed("deflate", &plain)
}

#[tokio::test]
async fn a_crash_of_the_unreal_engine_becomes_an_event_with_its_files() {
    let crashes = Crashes::start().await;
    let context = b"<FGenericCrashContext><RuntimeProperties><GameName>Shop-Linux</GameName></RuntimeProperties></FGenericCrashContext>";
    let crash = container(&[
        ("CrashContext.runtime-xml", context),
        ("Shop.log", b"one\ntwo\n"),
        ("Minidump.dmp", &dump()),
    ]);
    let path = format!("unreal/{KEY}/?UserID=ada");
    let answer = crashes.post(&path, "application/octet-stream", crash).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain");
    let id = answer.text().await.unwrap().replace('-', "");
    let event = crashes.stored(&id).await;
    assert_eq!(event["exception"]["values"][0]["type"], "SIGSEGV / SEGV_MAPERR");
    assert_eq!(event["contexts"]["unreal"]["GameName"], "Shop-Linux");
    assert_eq!(event["user"]["id"], "ada");
    assert_eq!(event["breadcrumbs"]["values"][1]["message"], "two");
    let files = [
        "event.minidump Minidump.dmp",
        "unreal.context CrashContext.runtime-xml",
        "unreal.logs Shop.log",
    ];
    assert_eq!(crashes.files(&id).await, files);

    let broken =
        crashes.post(&format!("unreal/{KEY}/"), "application/octet-stream", b"x".to_vec()).await;
    assert_eq!(broken.status(), 200, "what is wrong with it is found out later");
    crashes.app.settle().await;
    let outcomes = crashes.app.outcome_lines().await;
    assert!(outcomes.contains(&"error invalid invalid_unreal_report 1".to_owned()), "{outcomes:?}");
    crashes.app.stop().await;
}
