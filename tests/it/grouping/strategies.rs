//! Which part of an event decides, and what counts of each (`grouping.md` §3, §4, §8.5, §9).

use picket::grouping::{Config, Grouping, Strategy, VariantName};

use super::{event, grouped};

fn grouping(json: &str) -> Grouping {
    grouped(event(json.as_bytes()), &Config::default())
}

/// The variants with a hash and what it is made of.
fn hashed(json: &str) -> Vec<(String, String)> {
    let grouping = grouping(json);
    let values = |name: &str| {
        let name: VariantName = serde_json::from_value(name.into()).unwrap();
        grouping.values(name).join(" ")
    };
    grouping.hashes().iter().map(|(name, _)| ((*name).to_owned(), values(name))).collect()
}

fn only(name: &str, values: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), values.to_owned())]
}

const STACK: &str = r#""stacktrace":{"frames":[{"function":"f","in_app":true}]}"#;
const OTHER_STACK: &str = r#""stacktrace":{"frames":[{"function":"g","in_app":true}]}"#;

#[test]
fn the_parts_of_an_event_decide_in_order() {
    let parts = [
        (Strategy::Exception, r#""exception":[{"type":"E"}]"#.to_owned()),
        (Strategy::Threads, format!(r#""threads":[{{"crashed":true,{STACK}}}]"#)),
        (Strategy::Stacktrace, OTHER_STACK.to_owned()),
        (Strategy::Template, r#""template":{"filename":"a.html","context_line":"x"}"#.to_owned()),
        (
            Strategy::Csp,
            r#""csp":{"effective_directive":"img-src","blocked_uri":"https://a.example"}"#
                .to_owned(),
        ),
        (Strategy::Hpkp, r#""hpkp":{"hostname":"a.example"}"#.to_owned()),
        (Strategy::ExpectStaple, r#""expectstaple":{"hostname":"a.example"}"#.to_owned()),
        (Strategy::ExpectCt, r#""expectct":{"hostname":"a.example"}"#.to_owned()),
        (Strategy::Message, r#""message":"m""#.to_owned()),
    ];
    for (index, (strategy, _)) in parts.iter().enumerate() {
        // The only exception would take the stack beside it.
        let left =
            parts[index..].iter().filter(|(part, _)| index > 0 || *part != Strategy::Stacktrace);
        let json: Vec<_> = left.map(|(_, json)| json.as_str()).collect();
        let grouping = grouping(&format!("{{{}}}", json.join(",")));
        assert_eq!(grouping.basis.unwrap().strategy, *strategy);
    }
}

#[test]
fn a_part_that_says_nothing_leaves_the_decision_to_the_next() {
    let synthetic =
        r#"{"exception":[{"type":"E","mechanism":{"type":"x","synthetic":true}}],"message":"m"}"#;
    assert_eq!(hashed(synthetic), only("default", "m"));
    let empty_thread = r#"{"threads":[{"crashed":true}],"message":"m"}"#;
    assert_eq!(hashed(empty_thread), only("default", "m"));
}

#[test]
fn older_reports_count_by_kind_and_host() {
    for (json, values) in [
        (r#"{"hpkp":{"hostname":"a.example","port":443}}"#, "hpkp a.example"),
        (r#"{"expectct":{"hostname":"a.example"}}"#, "expect-ct a.example"),
        (r#"{"expectstaple":{"hostname":"a.example"}}"#, "expect-staple a.example"),
    ] {
        assert_eq!(hashed(json), only("default", values), "{json}");
    }
}

#[test]
fn a_template_counts_by_its_file_and_line_as_they_are() {
    let json =
        r#"{"template":{"filename":"Shop/Cart.html","context_line":"  {% broken %} ","lineno":7}}"#;
    assert_eq!(hashed(json), only("default", "Shop/Cart.html   {% broken %} "));
}

#[test]
fn the_template_of_a_message_goes_before_its_text() {
    let json =
        r#"{"logentry":{"message":"user %s failed","formatted":"user 7 failed","params":["7"]}}"#;
    assert_eq!(hashed(json), only("default", "user %s failed"));
    assert_eq!(hashed(r#"{"message":"user 7 failed"}"#), only("default", "user <int> failed"));
    assert_eq!(
        hashed(r#"{"sentry.interfaces.Message":{"message":"order 7\nlost\nwhy"}}"#),
        only("default", "order <int>\nlost...")
    );
}

#[test]
fn events_without_content_share_one_hash_with_empty_messages() {
    let nothing = "d41d8cd98f00b204e9800998ecf8427e";
    for json in [
        "{}",
        r#"{"message":""}"#,
        r#"{"logentry":{"message":""}}"#,
        r#"{"threads":[{"id":1},{"id":2}]}"#,
        r#"{"stacktrace":{"frames":[]}}"#,
        r#"{"exception":[null]}"#,
        r#"{"fingerprint":["x","{{ default }}"]}"#,
    ] {
        assert_eq!(grouping(json).hashes(), [("fallback", nothing.to_owned())], "{json}");
    }
}

#[test]
fn a_thread_decides_if_exactly_one_crashed_or_is_current_or_is_alone() {
    let thread = |name: &str, flags: &str| {
        format!(r#"{{{flags}"stacktrace":{{"frames":[{{"function":"{name}","in_app":true}}]}}}}"#)
    };
    let of = |threads: &[(&str, &str)]| {
        let threads: Vec<_> = threads.iter().map(|(name, flags)| thread(name, flags)).collect();
        let hashed = hashed(&format!(r#"{{"threads":{{"values":[{}]}}}}"#, threads.join(",")));
        hashed.into_iter().next().map(|(_, values)| values).unwrap_or_default()
    };
    let (crashed, current) = (r#""crashed":true,"#, r#""current":true,"#);
    assert_eq!(of(&[("a", "")]), "a");
    assert_eq!(of(&[("a", ""), ("b", "")]), "");
    assert_eq!(of(&[("a", ""), ("b", current)]), "b");
    assert_eq!(of(&[("a", crashed), ("b", current)]), "a");
    assert_eq!(of(&[("a", crashed), ("b", crashed)]), "");
    assert_eq!(of(&[("a", crashed), ("b", crashed), ("c", current)]), "c");
}

#[test]
fn both_views_of_a_stack_have_a_hash_where_they_differ() {
    let frames = |json: &str| {
        hashed(&format!(
            r#"{{"platform":"other","exception":[{{"type":"E","value":"v 7","stacktrace":{{"frames":[{json}]}}}}]}}"#
        ))
    };
    let (app, system) = (r#"{"function":"a","in_app":true}"#, r#"{"function":"s","in_app":false}"#);
    assert_eq!(
        frames(&format!("{system},{app}")),
        [("app".to_owned(), "E a".to_owned()), ("system".to_owned(), "E s a".to_owned())]
    );
    assert_eq!(frames(app), only("app", "E a"));
    // Without own frames type and message are not asked: the full stack tells more.
    assert_eq!(frames(system), only("system", "E s"));
    assert_eq!(frames(r#"{"function":"u"}"#), only("system", "E u"));
    assert_eq!(frames(r#"{"lineno":7,"in_app":true}"#), only("app", "E v <int>"));
    assert_eq!(frames(&format!("null,{app}")), only("app", "E a"));
}

#[test]
fn an_ns_error_counts_by_domain_and_code() {
    let json = r#"{"platform":"cocoa","exception":[{"type":"NSError","value":"lost",
        "mechanism":{"type":"NSError","meta":{"ns_error":{"domain":"Shop","code":-7}}}}]}"#;
    assert_eq!(hashed(json), only("app", "NSError Shop -7"));
}

#[test]
fn a_type_that_was_made_up_does_not_count() {
    let json = r#"{"platform":"native","exception":[{"type":"SIGSEGV","value":"bad 0x7",
        "mechanism":{"type":"signalhandler","synthetic":true}}]}"#;
    assert_eq!(hashed(json), only("app", "bad <hex>"));
}

#[test]
fn local_violations_of_a_policy_are_told_apart() {
    let csp = |json: &str| hashed(&format!(r#"{{"csp":{json}}}"#))[0].1.clone();
    for (json, values) in [
        (
            r#"{"effective_directive":"script-src","blocked_uri":"self","violated_directive":"script-src 'unsafe-eval'"}"#,
            "script-src 'unsafe-eval'",
        ),
        (
            r#"{"effective_directive":"style-src","blocked_uri":"self","violated_directive":"style-src 'unsafe-inline'"}"#,
            "style-src 'self'",
        ),
        (r#"{"effective_directive":"img-src","blocked_uri":"data"}"#, "img-src data:"),
        (
            r#"{"effective_directive":"img-src","blocked_uri":"data:image/png;base64,x"}"#,
            "img-src data:",
        ),
        (
            r#"{"effective_directive":"font-src","blocked_uri":"https://a.example/b?c"}"#,
            "font-src a.example",
        ),
    ] {
        assert_eq!(csp(json), values, "{json}");
    }
}

#[test]
fn a_fingerprint_of_defaults_only_repeats_what_counts() {
    let twice = r#"{"message":"m","fingerprint":["{{default}}","{{ default }}"]}"#;
    assert_eq!(hashed(twice), only("default", "m m"));
    let once = r#"{"message":"m","fingerprint":["{{default}}"]}"#;
    assert_eq!(hashed(once), only("default", "m"));
    assert_eq!(
        hashed(r#"{"message":"m","fingerprint":["a",7,true,"{{ default }}","b"]}"#),
        only("default", "a 7 True m b")
    );
}
