//! What a project may switch, and the algorithm before the current one.

use picket::grouping::{
    Algorithm, Config, Feature, Grouping, Placeholder, Switches, VariantName, group, prepare,
    regroup,
};

use super::{event, grouped};

fn config(switches: &Switches) -> Config {
    Config::with(Algorithm::default(), switches, "", "").unwrap()
}

fn only(feature: Feature, on: bool) -> Config {
    config(&Switches::default().with(feature, on))
}

fn with(json: &str, config: &Config) -> Grouping {
    grouped(event(json.as_bytes()), config)
}

fn app(json: &str, config: &Config) -> String {
    with(json, config).values(VariantName::App).join(" ")
}

fn old() -> Config {
    Config::with(Algorithm::Newstyle2023, &Switches::default(), "", "").unwrap()
}

#[test]
fn kinds_of_changing_texts_can_be_kept() {
    let switches = Switches { kept: [Placeholder::Ip].into(), ..Switches::default() };
    let json = r#"{"message":"10.0.0.1 lost order 7"}"#;
    let kept = with(json, &config(&switches));
    assert_eq!(kept.values(VariantName::Default), ["10.0.0.1 lost order <int>"]);
    let codes = only(Feature::KeepStatusCodes, true);
    let json = r#"{"message":"status 404 for order 7"}"#;
    assert_eq!(with(json, &codes).values(VariantName::Default), ["status 404 for order <int>"]);
}

#[test]
fn built_in_rules_may_leave_in_app_to_the_client() {
    let json = r#"{"platform":"python","exception":[{"type":"E","stacktrace":{"frames":[
        {"function":"f","module":"m","in_app":true,"abs_path":"/srv/site-packages/m.py"},
        {"function":"g","module":"n","in_app":true,"abs_path":"/srv/n.py"}]}}]}"#;
    assert_eq!(app(json, &Config::default()), "E n g");
    assert_eq!(app(json, &only(Feature::BuiltInInApp, false)), "E m f n g");
}

#[test]
fn frames_of_compilers_are_known_unless_switched_off() {
    let json = r#"{"platform":"native","exception":[{"type":"E","stacktrace":{"frames":[
        {"function":"start_thread","in_app":true},{"function":"shop::pay","in_app":true}]}}]}"#;
    assert_eq!(app(json, &Config::default()), "E shop::pay");
    assert_eq!(app(json, &only(Feature::CompilerFrames, false)), "E start_thread shop::pay");
}

#[test]
fn modules_of_scripts_can_be_left_out_also_of_stored_events() {
    let json = r#"{"platform":"javascript","exception":[{"type":"E","stacktrace":{"frames":[
        {"function":"f","abs_path":"https://a.example/js/app-4f3c2b1a.js","in_app":true}]}}]}"#;
    let without = only(Feature::ScriptModules, false);
    assert_eq!(app(json, &Config::default()), "E app f");
    assert_eq!(app(json, &without), "E f");
    let mut stored = event(json.as_bytes());
    prepare(&mut stored, &Config::default());
    assert_eq!(regroup(&stored, &without).hashes(), with(json, &without).hashes());
}

#[test]
fn numbers_of_react_become_the_issue_of_hydration_errors() {
    let json = r#"{"platform":"javascript","transaction":"/cart","exception":[{"type":"Error",
        "value":"Minified React error #418; visit https://react.dev/errors/418 for the full message"}]}"#;
    let spelled = with(json, &Config::default());
    assert_eq!(spelled.values(VariantName::BuiltInFingerprint), ["hydrationerror", "/cart"]);
    assert_eq!(with(json, &only(Feature::ReactMessages, false)).hashes()[0].0, "app");
}

const HELPER: &str =
    r#""stacktrace":{"frames":[{"function":"report","module":"m","in_app":true}]}"#;

#[test]
fn the_message_decides_beside_a_type_that_says_nothing() {
    let switches =
        Switches { generic_types: vec!["\\*errors.*".to_owned()], ..Switches::default() };
    let json = |value: &str| {
        format!(
            r#"{{"platform":"go","exception":[{{"type":"*errors.errorString","value":"{value}",{HELPER}}}]}}"#
        )
    };
    let (refused, lost) = (json("refused"), json("lost 7"));
    assert_eq!(app(&refused, &Config::default()), app(&lost, &Config::default()));
    assert_eq!(app(&lost, &config(&switches)), "*errors.errorString lost <int> m report");
    assert_ne!(app(&refused, &config(&switches)), app(&lost, &config(&switches)));
}

#[test]
fn a_wrapper_gives_way_to_its_cause() {
    let switches =
        Switches { generic_types: vec!["\\*fmt.wrapError".to_owned()], ..Switches::default() };
    let json = format!(
        r#"{{"platform":"go","exception":[{{"type":"*net.OpError","value":"refused"}},
            {{"type":"*fmt.wrapError","value":"pay: refused",{HELPER}}}]}}"#
    );
    assert_eq!(app(&json, &config(&switches)), "*net.OpError refused m report");
}

#[test]
fn a_stack_that_tells_little_lets_the_message_count_too() {
    let switches = Switches { minimum_evidence: 1, ..Switches::default() };
    let json = |function: &str| {
        format!(
            r#"{{"platform":"java","exception":[{{"type":"E","value":"lost 7","stacktrace":
            {{"frames":[{{"function":"{function}","module":"a.B","in_app":true}}]}}}}]}}"#
        )
    };
    assert_eq!(app(&json("run"), &Config::default()), "E a.B run");
    assert_eq!(app(&json("run"), &config(&switches)), "E lost <int> a.B run");
    assert_eq!(app(&json("payOrder"), &config(&switches)), "E a.B payOrder");
}

#[test]
fn a_stack_of_minified_names_gives_way_to_the_message() {
    let json = r#"{"platform":"javascript","exception":[{"type":"E","value":"lost 7","stacktrace":
        {"frames":[{"function":"t","in_app":true,"filename":"a.js"},
                   {"function":"e.n","in_app":true,"filename":"a.js"}]}}]}"#;
    assert_eq!(app(json, &only(Feature::DistrustMinifiedStacks, true)), "E lost <int>");
    let named = json.replace("e.n", "e.pay");
    assert_eq!(app(&named, &only(Feature::DistrustMinifiedStacks, true)), "E a.js t a.js pay");
}

#[test]
fn content_hashes_of_file_names_can_be_left_out() {
    let json = |hash: &str| {
        format!(
            r#"{{"platform":"node","exception":[{{"type":"E","stacktrace":{{"frames":[
            {{"function":"pay","filename":"/srv/app.{hash}.js","in_app":true}}]}}}}]}}"#
        )
    };
    let config = only(Feature::StripContentHashes, true);
    assert_eq!(app(&json("4f3c2b1a"), &config), "E app.js pay");
    assert_eq!(app(&json("4f3c2b1a"), &Config::default()), "E app.4f3c2b1a.js pay");
}

#[test]
fn events_without_content_can_be_told_apart_by_their_client() {
    let config = only(Feature::SplitFallback, true);
    let json =
        |client: &str| format!(r#"{{"platform":"php","sdk":{{"name":"{client}","version":"1"}}}}"#);
    let (one, other) = (with(&json("a"), &config), with(&json("b"), &config));
    assert_eq!(one.hashes()[0].0, "fallback");
    assert_ne!(one.hashes(), other.hashes());
    assert_eq!(one.values(VariantName::Fallback), ["nothing", "php", "a"]);
}

#[test]
fn the_algorithm_of_2023_hashes_in_another_order() {
    let json = r#"{"platform":"python","exception":[
        {"type":"Cause","value":"c"},
        {"type":"E","value":"v","stacktrace":{"frames":[{"function":"f","module":"m","in_app":true}]}}],
        "fingerprint":["{{ default }}"]}"#;
    assert_eq!(app(json, &old()), "Cause c m f E");
    assert_eq!(app(json, &Config::default()), "Cause c E m f");
    let unknown = r#"{"message":"m","fingerprint":["{{ moon }}"]}"#;
    let of = |config: &Config| {
        with(unknown, config).values(VariantName::CustomClientFingerprint).join(" ")
    };
    assert_eq!(of(&old()), "{{ moon }}");
    assert_eq!(of(&Config::default()), "<unrecognized-variable-moon>");
}

#[test]
fn the_rules_of_2023_let_system_frames_be_as_the_client_said() {
    let json = r#"{"platform":"native","exception":[{"type":"E","stacktrace":{"frames":[
        {"function":"memcpy_fast","package":"/System/Library/Frameworks/X","in_app":true},
        {"function":"pay","in_app":true}]}}]}"#;
    assert_eq!(app(json, &Config::default()), "E pay");
    assert_eq!(app(json, &old()), "memcpy_fast pay E");
}

#[test]
fn old_and_new_hashes_of_a_stored_event_can_be_had_side_by_side() {
    let json = r#"{"platform":"python","exception":[{"type":"E","stacktrace":{"frames":[
        {"function":"f","module":"m","in_app":true},
        {"function":"g","module":"n","in_app":true,"abs_path":"/srv/site-packages/n.py"}]}}]}"#;
    let previous = Config::new("function:f -app", "").unwrap();
    let mut stored = event(json.as_bytes());
    prepare(&mut stored, &Config::default());
    assert_eq!(regroup(&stored, &previous), with(json, &previous));
    assert_eq!(regroup(&stored, &old()), with(json, &old()));
    assert_eq!(regroup(&stored, &Config::default()), group(&stored, &Config::default()));
}
