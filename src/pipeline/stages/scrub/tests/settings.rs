//! What the switches and lists of a project do.

use serde_json::json;

use super::{scrubbed, scrubbed_with};
use crate::domain::privacy::PrivacySettings;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn sensitive(fields: &[&str]) -> PrivacySettings {
    PrivacySettings { sensitive_fields: names(fields), ..PrivacySettings::default() }
}

#[test]
fn listed_names_are_taken_out_of_names_and_texts() {
    let settings = sensitive(&["salary", "EMAIL"]);
    let event = scrubbed_with(
        &settings,
        &json!({
            "extra": {"yearly_Salary": 7, "note": "the salary is low", "pay": "ok"},
            "user": {"id": "7", "email": "ada@example.com"},
            "tags": {"salary.band": "B", "note": "salary"},
            "exception": [{"type": "SalaryError", "value": "no salary"}],
        }),
    );
    assert_eq!(event["extra"], json!({"yearly_Salary": null, "note": "[Filtered]", "pay": "ok"}));
    assert_eq!(event["user"], json!({"id": "7", "email": "[Filtered]"}));
    let tags = event["tags"].as_array().unwrap();
    assert!(tags.contains(&json!(["salary.band", "[Filtered]"])), "{tags:?}");
    assert!(tags.contains(&json!(["note", "salary"])), "{tags:?}");
    assert_eq!(event["exception"]["values"][0]["value"], "no salary");
    assert_eq!(event["_meta"]["user"]["email"][""]["rem"][0][0], "strip-fields");
}

#[test]
fn the_tag_of_the_user_does_not_say_what_was_taken_out() {
    let event = scrubbed_with(
        &sensitive(&["email"]),
        &json!({"user": {"email": "ada@example.com", "ip_address": "192.0.2.7"}}),
    );
    assert_eq!(event["tags"][1], json!(["user", "ip:192.0.2.7"]));
    let settings = PrivacySettings { scrub_ip_addresses: true, ..PrivacySettings::default() };
    let event = scrubbed_with(&settings, &json!({"user": {"ip_address": "192.0.2.7"}}));
    assert_eq!(event["tags"], json!([["level", "error"]]));
}

#[test]
fn a_safe_name_protects_its_value_and_not_what_is_below() {
    let settings = PrivacySettings {
        safe_fields: names(&["Author", "safe", "$open.**", "url"]),
        ..PrivacySettings::default()
    };
    let event = scrubbed_with(
        &settings,
        &json!({
            "extra": {"author": {"name": "Ada", "password": "x"}, "safe": {"password": "x"},
                      "open": {"a": {"password": "x"}}, "safe_not": "my password"},
            "breadcrumbs": [{"message": "a", "data": {"url": "https://x.y/auth"}}],
            "tags": {"author": "Ada"},
        }),
    );
    assert_eq!(
        event["extra"],
        json!({
            "author": {"name": "Ada", "password": "[Filtered]"}, "safe": {"password": "[Filtered]"},
            "open": {"a": {"password": "x"}}, "safe_not": "[Filtered]",
        })
    );
    assert_eq!(event["breadcrumbs"]["values"][0]["data"]["url"], "https://x.y/auth");
    assert_eq!(event["tags"][0], json!(["author", "Ada"]));
}

#[test]
fn addresses_are_removed_when_asked_for_even_from_safe_fields() {
    let sent = json!({
        "user": {"id": "7", "ip_address": "192.0.2.7"},
        "request": {"url": "https://x.y/", "env": {"REMOTE_ADDR": "192.0.2.7"},
                    "headers": {"X-Forwarded-For": "192.0.2.7, 2001:db8::1"}},
        "extra": {"peer": "192.0.2.7:443"},
        "sdk": {"name": "x", "version": "1", "client_ip": "192.0.2.7"},
        "exception": [{"type": "E", "value": "no route to 192.0.2.7"}],
        "logentry": {"formatted": "no route to 192.0.2.7"},
    });
    assert!(scrubbed(&sent).to_string().matches("192.0.2.7").count() >= 7);
    let settings = PrivacySettings {
        scrub_ip_addresses: true,
        safe_fields: names(&["peer"]),
        ..PrivacySettings::default()
    };
    let event = scrubbed_with(&settings, &sent);
    assert_eq!(event["user"], json!({"id": "7"}));
    assert_eq!(event["request"]["env"]["REMOTE_ADDR"], json!(null));
    assert_eq!(event["request"]["headers"][0][1], "[ip], [ip]");
    assert_eq!(event["extra"]["peer"], "[ip]:443");
    assert_eq!(event["sdk"]["client_ip"], json!(null));
    assert_eq!(event["exception"]["values"][0]["value"], "no route to 192.0.2.7");
    assert_eq!(event["logentry"]["formatted"], "no route to 192.0.2.7");
    let remark = &event["_meta"]["user"]["ip_address"][""]["rem"][0];
    assert_eq!(*remark, json!(["@ip:replace", "x"]));
}

#[test]
fn each_switch_switches_its_rules() {
    let sent = json!({
        "extra": {"password": "a", "salary": "b"},
        "exception": [{"type": "E", "value": "AKIAIOSFODNN7EXAMPLE"}],
    });
    let taken_out = |settings: PrivacySettings| {
        let event = scrubbed_with(&settings, &sent);
        let is_out = |value: &serde_json::Value| value == "[Filtered]";
        [
            is_out(&event["extra"]["password"]),
            is_out(&event["extra"]["salary"]),
            is_out(&event["exception"]["values"][0]["value"]),
        ]
    };
    let all = sensitive(&["salary"]);
    assert_eq!(taken_out(all.clone()), [true, true, true]);
    assert_eq!(
        taken_out(PrivacySettings { scrub_defaults: false, ..all.clone() }),
        [false, true, true]
    );
    assert_eq!(
        taken_out(PrivacySettings { scrub_data: false, ..all.clone() }),
        [false, false, true]
    );
    assert_eq!(
        taken_out(PrivacySettings { search_credentials: false, ..all }),
        [true, true, false]
    );
}
