//! Exceptions with ids: groups, chains, and shapes that make no sense (`grouping.md` §8).

use picket::grouping::{Config, Grouping, VariantName};

use super::{event, grouped};

/// An exception: `Type:value id parent group`, with `-` for what is absent.
fn exception(words: &str) -> String {
    let mut parts = words.split(' ');
    let (kind, value) = parts.next().unwrap().split_once(':').unwrap();
    let mut mechanism = vec![r#""type":"generic""#.to_owned()];
    for (name, word) in ["exception_id", "parent_id", "is_exception_group"].iter().zip(parts) {
        if word != "-" {
            mechanism.push(format!(r#""{name}":{word}"#));
        }
    }
    let mechanism = mechanism.join(",");
    format!(r#"{{"type":"{kind}","value":"{value}","mechanism":{{{mechanism}}}}}"#)
}

fn with(platform: &str, sdk_version: &str, exceptions: &[&str]) -> Grouping {
    let exceptions: Vec<_> = exceptions.iter().map(|words| exception(words)).collect();
    let json = format!(
        r#"{{"platform":"{platform}","sdk":{{"name":"s","version":"{sdk_version}"}},"exception":{{"values":[{}]}}}}"#,
        exceptions.join(",")
    );
    grouped(event(json.as_bytes()), &Config::default())
}

fn grouping(exceptions: &[&str]) -> Grouping {
    with("other", "1.0", exceptions)
}

fn texts(grouping: &Grouping) -> String {
    grouping.values(VariantName::App).join(" ")
}

#[test]
fn equal_inner_errors_count_once_and_lose_their_wrapper() {
    let one = grouping(&["A:a 1 0 -", "G:g 0 - true"]);
    assert_eq!(texts(&one), "A a");
    assert_eq!(one.main_exception_id, Some(1));
    let three = grouping(&["A:a 3 0 -", "A:a 2 0 -", "A:a 1 0 -", "G:g 0 - true"]);
    assert_eq!(three.hashes(), one.hashes());
    assert_eq!(three.main_exception_id, Some(1), "the first of them as the program sees it");
}

#[test]
fn different_inner_errors_count_once_each_by_type_descending_before_the_root() {
    let mixed = grouping(&["B:b 4 0 -", "A:a 3 0 -", "B:b 2 0 -", "C:c 1 0 -", "G:group 0 - true"]);
    assert_eq!(texts(&mixed), "C c B b A a G group");
    assert_eq!(mixed.main_exception_id, None);
}

#[test]
fn only_neighbours_in_the_order_of_types_are_compared() {
    let values = grouping(&["A:x 3 0 -", "A:y 2 0 -", "A:x 1 0 -", "G:g 0 - true"]);
    assert_eq!(texts(&values), "A x A y A x G g");
}

#[test]
fn inner_errors_may_differ_in_what_changes_from_event_to_event() {
    let changing = grouping(&["A:17 2 0 -", "A:18 1 0 -", "G:g 0 - true"]);
    assert_eq!(texts(&changing), "A <int>");
}

#[test]
fn groups_in_groups_are_walked_through() {
    let nested = grouping(&["A:a 3 2 -", "G:inner 2 0 true", "B:b 1 0 -", "G:outer 0 - true"]);
    assert_eq!(texts(&nested), "B b A a G outer");
}

#[test]
fn the_only_inner_error_brings_its_first_causes() {
    let chain = grouping(&["E:other 4 1 -", "D:d 3 2 -", "C:c 2 1 -", "A:a 1 0 -", "G:g 0 - true"]);
    assert_eq!(texts(&chain), "A a C c D d");
    // Later in the list is earlier in the program: `C` is the first cause of `A`.
    assert_eq!(chain.main_exception_id, Some(1));
}

#[test]
fn shapes_that_make_no_sense_are_plain_chains() {
    for (what, exceptions) in [
        ("no ids", &["A:a - - -", "B:b - - true"][..]),
        ("one without an id", &["A:a - 0 -", "B:b 0 - true"]),
        ("an id twice", &["A:a 0 - -", "B:b 0 - true"]),
        ("its own parent", &["A:a 1 1 -", "B:b 0 - true"]),
        ("a root that is its own parent", &["A:a 1 0 -", "B:b 0 0 true"]),
        ("no root", &["A:a 2 1 -", "B:b 1 - true"]),
        ("nothing but groups", &["A:a 1 0 true", "B:b 0 - true"]),
        ("groups in a circle", &["A:a 1 2 true", "B:b 2 1 true", "C:c 0 - true"]),
    ] {
        let grouping = grouping(exceptions);
        let plain: Vec<_> = exceptions
            .iter()
            .map(|words| words.split(' ').next().unwrap().replace(':', " "))
            .collect();
        assert_eq!(texts(&grouping), plain.join(" "), "{what}");
        assert_eq!(grouping.main_exception_id, None, "{what}");
    }
}

#[test]
fn an_exception_without_a_mechanism_makes_a_plain_chain() {
    let json = br#"{"exception":[{"type":"A","value":"a"},
        {"type":"G","value":"g","mechanism":{"type":"x","exception_id":0,"is_exception_group":true}}]}"#;
    let grouping = grouped(event(json), &Config::default());
    assert_eq!(texts(&grouping), "A a G g");
}

#[test]
fn a_group_of_one_exception_is_that_exception() {
    assert_eq!(texts(&grouping(&["G:g 0 - true"])), "G g");
}

#[test]
fn a_parent_that_is_not_there_leaves_its_children_out() {
    assert_eq!(texts(&grouping(&["B:b 2 7 -", "A:a 1 0 -", "G:g 0 - true"])), "A a");
}

#[test]
fn the_third_python_client_keeps_its_chains() {
    let group = ["A:a 1 0 -", "G:g 0 - true"];
    assert_eq!(texts(&with("python", "3.0.0", &group)), "A a G g");
    assert_eq!(texts(&with("python", "2.30.0", &group)), "A a");
    assert_eq!(texts(&with("node", "3.0.0", &group)), "A a");
}

#[test]
fn every_exception_of_a_chain_counts_and_its_own_stack_hides_its_value() {
    let json = br#"{"platform":"java","exception":[
        {"type":"Cause","value":"refused by 10.0.0.7"},
        {"type":"Outer","value":"lost","stacktrace":{"frames":[
            {"module":"a.B","function":"run","in_app":true},
            {"module":"org.apache.X","function":"call","in_app":false}]}}]}"#;
    let grouping = grouped(event(json), &Config::default());
    assert_eq!(
        grouping.values(VariantName::App),
        ["Cause", "refused by <ip>", "Outer", "a.B", "run"]
    );
    // An exception without a stack is not part of the full stack's view.
    assert_eq!(
        grouping.values(VariantName::System),
        ["Outer", "a.B", "run", "org.apache.X", "call"]
    );
}

#[test]
fn react_recovered_from_the_cause() {
    let recovered = "There was an error while hydrating but React was able to recover by instead \
                     client rendering from the nearest Suspense boundary.";
    let json = format!(
        r#"{{"platform":"javascript","exception":[
            {{"type":"TypeError","value":"x","mechanism":{{"type":"chained","source":"cause","exception_id":1,"parent_id":0}}}},
            {{"type":"Error","value":"{recovered}","mechanism":{{"type":"generic","exception_id":0}}}}]}}"#
    );
    assert_eq!(grouped(event(json.as_bytes()), &Config::default()).main_exception_id, Some(1));
}

#[test]
fn rxjava_wraps_what_nobody_subscribed_to() {
    let json = br#"{"platform":"java","exception":[
        {"type":"IllegalStateException","value":"x","mechanism":{"type":"chained","exception_id":1,"parent_id":0}},
        {"type":"UndeliverableException","module":"io.reactivex.rxjava3.exceptions","value":"y",
         "mechanism":{"type":"UncaughtExceptionHandler","exception_id":0}}]}"#;
    assert_eq!(grouped(event(json), &Config::default()).main_exception_id, Some(1));
}
