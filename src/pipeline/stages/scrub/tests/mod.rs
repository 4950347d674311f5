//! What is taken out, where, and what is left alone.

mod properties;
pub(super) mod secrets;
mod settings;

use serde_json::{Value, json};

use super::{ScrubConfig, scrub};
use crate::domain::privacy::PrivacySettings;
use crate::pipeline::stages::{Facts, normalize};
use crate::protocol::event::Event;
use crate::protocol::lenient::Problems;

/// Reads and normalises an event, as the pipeline does.
fn normalized(json: &str) -> Event {
    let problems = Problems::default();
    let mut event = Event::read(json.as_bytes(), &problems).unwrap().unwrap();
    let event_id = "fc6d8c0c43fc4630ad850ee518f1b9d0".parse().unwrap();
    let facts = Facts::new(event_id, "2026-11-22T12:00:00Z".parse().unwrap());
    normalize(&mut event, &facts, problems).unwrap();
    event
}

/// What is stored of an event under these settings.
fn scrubbed_with(settings: &PrivacySettings, event: &Value) -> Value {
    let mut event = normalized(&event.to_string());
    scrub(&mut event, &ScrubConfig::new(settings));
    serde_json::to_value(&event).unwrap()
}

fn scrubbed(event: &Value) -> Value {
    scrubbed_with(&PrivacySettings::default(), event)
}

#[test]
fn values_under_secret_names_are_taken_out_and_marked() {
    let event = scrubbed(&json!({
        "extra": {"db_password": "hunter2", "token_count": 5, "author": {"name": "Ada"}, "city": "Bonn",
                  "passwd": null}
    }));
    assert_eq!(
        event["extra"],
        json!({"db_password": "[Filtered]", "token_count": null, "author": null, "city": "Bonn",
               "passwd": null})
    );
    assert_eq!(
        event["_meta"]["extra"],
        json!({
            "db_password": {"": {"len": 7, "rem": [["@password:filter", "s", 0, 10]]}},
            "token_count": {"": {"rem": [["@password:filter", "x"]]}},
            "author": {"": {"rem": [["@password:filter", "x"]]}},
        })
    );
}

#[test]
fn texts_that_speak_of_secrets_go_where_data_is_and_stay_where_people_read() {
    let event = scrubbed(&json!({
        "message": "reset your password",
        "extra": {"note": "reset your password"},
        "breadcrumbs": [{"message": "reset your password", "category": "auth"}],
        "tags": {"flow": "password reset"},
        "exception": [{"type": "AuthError", "value": "wrong password"}],
    }));
    assert_eq!(event["extra"]["note"], "[Filtered]");
    assert_eq!(event["breadcrumbs"]["values"][0]["message"], "[Filtered]");
    assert_eq!(event["breadcrumbs"]["values"][0]["category"], "auth");
    assert_eq!(event["logentry"]["formatted"], "reset your password");
    assert_eq!(event["tags"], json!([["flow", "password reset"], ["level", "error"]]));
    assert_eq!(event["exception"]["values"][0]["value"], "wrong password");
}

#[test]
fn a_request_keeps_its_shape_without_its_secrets() {
    let event = scrubbed(&json!({"request": {
        "url": "https://ada:hunter2@shop.example/cart?token=abc&page=2",
        "headers": {"authorization": "Bearer abc", "user-agent": "auth-client/1", "accept": "*/*",
                    "cookie": "sessionid=abc; theme=dark; csrf__1=abc"},
        "data": {"user": "ada", "credentials": ["abc"], "card": "4111 1111 1111 1111"},
        "env": {"SERVER_NAME": "web-1", "DB_PASSWORD": "abc"},
    }}));
    let request = &event["request"];
    assert_eq!(request["url"], "https://ada:[Filtered]@shop.example/cart");
    assert_eq!(request["query_string"], json!([["token", "[Filtered]"], ["page", "2"]]));
    assert_eq!(
        request["cookies"],
        json!([["sessionid", "[Filtered]"], ["theme", "dark"], ["csrf__1", "[Filtered]"]])
    );
    assert_eq!(
        request["headers"],
        json!([
            ["Accept", "*/*"],
            ["Authorization", "[Filtered]"],
            ["User-Agent", "auth-client/1"]
        ])
    );
    assert_eq!(request["data"], json!({"user": "ada", "credentials": null, "card": "[Filtered]"}));
    assert_eq!(request["env"], json!({"DB_PASSWORD": "[Filtered]", "SERVER_NAME": "web-1"}));
    assert_eq!(
        event["_meta"]["request"]["url"][""],
        json!({"len": 37, "rem": [["@urlauth:filter", "s", 12, 22]]})
    );
}

#[test]
fn a_message_says_what_was_there() {
    let event = scrubbed(&json!({
        "logentry": {
            "message": "mail to %s failed",
            "params": ["ada@example.com", "4111111111111111"],
            "formatted": "mail to ada@example.com, 078-05-1120, GB82WEST12345698765432 and \
                          4111111111111111 failed with Bearer abc123",
        }
    }));
    assert_eq!(
        event["logentry"],
        json!({
            "message": "mail to %s failed",
            "params": ["ada@example.com", "[Filtered]"],
            "formatted": "mail to [email], [us-ssn], [iban] and [creditcard] failed with Bearer [token]",
        })
    );
}

#[test]
fn credentials_are_taken_out_of_what_people_read() {
    let event = scrubbed(&json!({
        "transaction": "/hook/xoxb-123456789012-abcdefghij",
        "exception": [{
            "type": "ConnectionError",
            "value": "cannot reach postgres://app:hunter2@db:5432/shop",
            "stacktrace": {"frames": [{
                "function": "connect", "filename": "db.py", "lineno": 1,
                "context_line": "client('AKIAIOSFODNN7EXAMPLE')",
                "pre_context": ["# ghp_0123456789abcdefghijABCDEFGHIJ012345"],
            }]}
        }],
    }));
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["value"], "cannot reach postgres://app:[Filtered]@db:5432/shop");
    let frame = &exception["stacktrace"]["frames"][0];
    assert_eq!(frame["context_line"], "client('[Filtered]')");
    assert_eq!(frame["pre_context"], json!(["# [Filtered]"]));
    assert_eq!(event["transaction"], "/hook/[Filtered]");
    let tags = event["tags"].as_array().unwrap();
    assert!(tags.contains(&json!(["transaction", "/hook/[Filtered]"])), "{tags:?}");
}

#[test]
fn known_contexts_are_facts_and_unknown_ones_are_data() {
    let event = scrubbed(&json!({"contexts": {
        "runtime": {"name": "auth-runtime", "version": "1"},
        "trace": {"trace_id": "41111111111111114111111111111111", "span_id": "4111111111111111",
                  "data": {"password": "abc"}},
        "response": {"headers": [["Set-Cookie", "a=b"], ["X-Auth", "abc"]], "cookies": {"session": "abc"}},
        "billing": {"password": "abc", "plan": "pro"},
        "auth": {"plan": "pro"},
        "fancy": {"type": "runtime", "name": "auth-runtime"},
    }}));
    let contexts = &event["contexts"];
    assert_eq!(contexts["runtime"]["name"], "auth-runtime");
    assert_eq!(contexts["fancy"]["name"], "auth-runtime");
    assert_eq!(contexts["trace"]["span_id"], "4111111111111111");
    assert_eq!(contexts["trace"]["data"]["password"], "[Filtered]");
    assert_eq!(contexts["response"]["headers"][1][1], "[Filtered]");
    assert_eq!(contexts["response"]["cookies"]["session"], "[Filtered]");
    assert_eq!(
        contexts["billing"],
        json!({"password": "[Filtered]", "plan": "pro", "type": "billing"})
    );
    assert_eq!(contexts["auth"], Value::Null);
}

#[test]
fn what_was_wrong_and_what_the_client_remembers_hold_no_secrets() {
    let chunks =
        json!({"extra": {"a": {"": {"len": 7, "chunks": [{"type": "text", "text": "hunter2"}]}}}});
    let event = scrubbed(&json!({"extra": {"a": "[Filtered]"}, "_meta": chunks}));
    assert_eq!(event["_meta"], json!({"extra": {"a": {"": {"len": 7}}}}));

    let event = scrubbed(&json!({
        "user": {"username": {"password": "hunter2"}},
        "release": ["AKIAIOSFODNN7EXAMPLE"],
        "_meta": {"extra": {"a": {"": {"val": "hunter3", "rem": [["mine", "s", 0, 3]]}}}},
    }));
    let text = event.to_string();
    for secret in ["hunter2", "AKIAIOSFODNN7EXAMPLE", "hunter3"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert_eq!(event["_meta"]["extra"]["a"][""], json!({"rem": [["mine", "s", 0, 3]]}));
}

#[test]
fn letters_written_as_escapes_do_not_hide_anything() {
    let event = r#"{"extra": {"p\u0061ssword": "hunter2", "url": "https:\/\/a:hunter3@x.y",
        "note": "\u0041KIAIOSFODNN7EXAMPLE"}, "contexts": {"x": {"s\u0065cret": "hunter4"}}}"#;
    let mut event = normalized(event);
    scrub(&mut event, &ScrubConfig::new(&PrivacySettings::default()));
    let text = serde_json::to_string(&event).unwrap();
    for secret in ["hunter", "KIAIOSFODNN7EXAMPLE"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn values_beside_a_secret_keep_their_bytes() {
    let json = r#"{"extra": {"a": {"password": "x", "n": 1.50e3, "z": [1, 2 ], "a":12345678901234567890123}}}"#;
    let mut event = normalized(json);
    scrub(&mut event, &ScrubConfig::new(&PrivacySettings::default()));
    assert_eq!(
        event.extra.unwrap()["a"].text(),
        r#"{"password": "[Filtered]", "n": 1.50e3, "z": [1, 2 ], "a":12345678901234567890123}"#
    );
}

#[test]
fn what_a_known_context_has_besides_its_facts_is_data() {
    let event = scrubbed(&json!({"contexts": {
        "os": {"name": "password os", "version": "1", "db_password": "hunter2", "note": "the password is x"},
        "runtime": {"name": "secret runtime", "version": "2"},
    }}));
    let os = &event["contexts"]["os"];
    assert_eq!((&os["name"], &os["os"]), (&json!("password os"), &json!("password os 1")));
    assert_eq!((&os["db_password"], &os["note"]), (&json!("[Filtered]"), &json!("[Filtered]")));
    assert_eq!(event["contexts"]["runtime"]["runtime"], "secret runtime 2");
}

#[test]
fn cookies_written_as_in_a_header_hold_no_secret_ones() {
    for cookies in [
        json!({"contexts": {"response": {"cookies": "theme=dark; sessionid=hunter2"}}}),
        json!({"contexts": {"response": {"headers": {"set-cookie": "sessionid=hunter2; Path=/"}}}}),
        json!({"contexts": {"response": {"headers": [["Set-Cookie", "csrf__1=hunter2"]]}}}),
        json!({"extra": {"Cookie": "a=b; PHPSESSID=hunter2"}}),
        json!({"breadcrumbs": [{"data": {"cookies": "connect.sid=hunter2"}}]}),
    ] {
        let event = scrubbed(&cookies).to_string();
        assert!(!event.contains("hunter2") && event.contains("@cookie"), "{event}");
    }
    let harmless = json!({"extra": {"cookies": "theme=dark; lang=de"}});
    assert_eq!(scrubbed(&harmless)["extra"], harmless["extra"]);
}

#[test]
fn what_is_quoted_of_a_pair_is_judged_by_its_name() {
    for pairs in [
        json!({"tags": {"my_password": "hunter2\nand more"}}),
        json!({"tags": [["my_password", "hunter2\nand more"]]}),
        json!({"tags": [["my_password", {"a": "hunter2"}]]}),
        json!({"request": {"url": "http://x.y", "headers": [["Authorization", {"a": "hunter2"}]]}}),
    ] {
        let event = scrubbed(&pairs);
        assert_eq!(event["errors"].as_array().map(Vec::len), Some(1), "{event}");
        assert!(!event.to_string().contains("hunter2"), "{event}");
    }
}
