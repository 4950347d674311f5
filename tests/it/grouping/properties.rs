//! What must hold for every event and every rule, however strange.

use std::sync::LazyLock;

use picket::grouping::{
    Algorithm, Config, Feature, Placeholder, Signature, Switches, check_rules, compare,
    compare_groupings, explain, explain_joined, group, matched_rules, prepare, regroup, similarity,
};
use picket::protocol::event::{Event, Exception, Frame, LogEntry, Mechanism, Stacktrace, User};
use picket::protocol::lenient::{RawMap, Values};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::Value;

/// Texts that look like parts of names, paths and messages, and some that look like nothing.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,30}",
        "[a-z<>():&*@$_ .-]{0,30}",
        "(https?:|webpack:|app:|file:)?//?[a-z0-9./?#_~-]{0,40}",
        "[A-Za-z]:?[\\\\/][a-z0-9.\\\\/]{0,30}",
        Just("<T as Foo>::bar::h0123456789abcdef".to_owned()),
        Just("class@anonymous\0/a.php:3$0::run".to_owned()),
        Just("a.B$$EnhancerBySpringCGLIB$$1a_2".to_owned()),
        Just("{{ default }}".to_owned()),
        Just("{{ stack.package }}".to_owned()),
    ]
}

const PLATFORMS: [&str; 10] =
    ["python", "javascript", "node", "native", "cocoa", "java", "php", "ruby", "csharp", "go"];

fn platform() -> impl Strategy<Value = String> {
    prop_oneof![proptest::sample::select(&PLATFORMS[..]).prop_map(str::to_owned), text()]
}

prop_compose! {
    fn frame()(
        texts in proptest::array::uniform6(of(text())),
        platform in of(platform()),
        in_app in of(any::<bool>()),
        lineno in of(0..3_u64),
    ) -> Frame {
        let [function, raw_function, module, package, abs_path, context_line] = texts;
        let filename = abs_path.clone();
        Frame {
            function, raw_function, module, package, abs_path, context_line, filename, platform,
            in_app, lineno,
            ..Frame::default()
        }
    }
}

prop_compose! {
    fn exception()(
        kind in of(text()),
        value in of(text()),
        frames in of(vec(frame(), 0..6)),
        ids in (of(0..4_u64), of(0..4_u64), of(any::<bool>())),
        has_mechanism in any::<bool>(),
    ) -> Exception {
        let (exception_id, parent_id, is_exception_group) = ids;
        let mechanism =
            Mechanism { exception_id, parent_id, is_exception_group, ..Mechanism::default() };
        Exception {
            kind,
            value,
            stacktrace: frames.map(|frames| Stacktrace {
                frames: Some(frames),
                ..Stacktrace::default()
            }),
            mechanism: has_mechanism.then_some(mechanism),
            ..Exception::default()
        }
    }
}

prop_compose! {
    fn any_event()(
        platform in of(platform()),
        exceptions in vec(exception(), 0..5),
        message in of(text()),
        fingerprint in of(vec(text(), 0..3)),
    ) -> Event {
        Event {
            platform,
            fingerprint,
            exception: (!exceptions.is_empty()).then_some(Values { values: exceptions }),
            logentry: message.map(|text| LogEntry { formatted: Some(text), ..LogEntry::default() }),
            ..Event::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_event_has_hashes_and_an_explanation(event in any_event()) {
        let config = Config::default();
        let mut prepared = event.clone();
        prepare(&mut prepared, &config);
        let grouping = group(&prepared, &config);
        let hashes = grouping.hashes();
        prop_assert!(!hashes.is_empty());
        prop_assert!(hashes.iter().all(|(_, hash)| hash.len() == 32));
        prop_assert!(!explain(&grouping).sentence.is_empty());

        let mut again = prepared.clone();
        prepare(&mut again, &config);
        prop_assert_eq!(&again, &prepared, "preparing twice");
        prop_assert_eq!(&group(&again, &config), &grouping, "the same event, the same grouping");
    }

    #[test]
    fn what_is_stored_gives_the_same_hashes_in_any_order_of_its_fields(event in any_event()) {
        let config = Config::default();
        let mut prepared = event;
        prepare(&mut prepared, &config);
        let grouping = group(&prepared, &config);
        let stored = serde_json::to_vec(&prepared).unwrap();
        let read = Event::from_stored(&stored).unwrap();
        prop_assert_eq!(group(&read, &config).hashes(), grouping.hashes(), "stored");
        let reversed = reversed(&serde_json::from_slice(&stored).unwrap());
        let read = Event::from_stored(reversed.as_bytes()).unwrap();
        prop_assert_eq!(group(&read, &config).hashes(), grouping.hashes(), "reversed");
        prop_assert_eq!(regroup(&read, &config).hashes(), grouping.hashes(), "regrouped");
    }

    #[test]
    fn what_does_not_say_what_happened_does_not_count(event in any_event(), moved in 1..9_u64) {
        let config = Config::default();
        let mut other = event.clone();
        other.user = Some(User { id: Some("7".to_owned()), ..User::default() });
        other.release = Some("shop@2".to_owned());
        other.environment = Some("staging".to_owned());
        other.server_name = Some("web-2".to_owned());
        for exception in other.exception.iter_mut().flat_map(|list| &mut list.values) {
            exception.module = Some("shop.errors".to_owned());
            exception.thread_id = Some("12".to_owned());
            if let Some(mechanism) = &mut exception.mechanism {
                mechanism.handled = Some(false);
                mechanism.kind = Some("onerror".to_owned());
            }
            let stack = exception.stacktrace.iter_mut().flat_map(|stack| &mut stack.frames);
            for frame in stack.flatten() {
                // By the same number, so that what is recursion stays recursion.
                frame.lineno = frame.lineno.map(|line| line + moved);
                frame.colno = Some(moved);
                frame.instruction_addr = Some("0x7".to_owned());
                frame.pre_context = Some(vec!["before".to_owned()]);
                frame.vars = Some(RawMap::default());
            }
        }
        prop_assert_eq!(regroup(&other, &config).hashes(), regroup(&event, &config).hashes());
    }

    #[test]
    fn every_configuration_groups_every_event(event in any_event(), choice in 0..4_usize) {
        let config = &CONFIGS[choice];
        let grouping = regroup(&event, config);
        prop_assert!(!grouping.hashes().is_empty());
        prop_assert_eq!(&grouping.config, config.version());
        let mut prepared = event.clone();
        prepare(&mut prepared, config);
        prop_assert_eq!(&group(&prepared, config), &grouping);
        let _ = (explain(&grouping), matched_rules(&prepared, config));
    }

    #[test]
    fn any_two_events_can_be_compared(a in any_event(), b in any_event()) {
        let config = Config::default();
        let (left, right) = (regroup(&a, &config), regroup(&b, &config));
        let comparison = compare_groupings(&left, &right);
        prop_assert_eq!(comparison.is_same, explain_joined(&left, &right).is_some());
        let itself = compare_groupings(&left, &left);
        prop_assert!(itself.is_same && itself.rows.iter().all(|row| !row.differs));
        if let (Some(a), Some(b)) = (Signature::of(&left), Signature::of(&right)) {
            prop_assert!((0.0..=1.0).contains(&similarity(&a, &b).score));
            prop_assert!(similarity(&a, &a).score > 0.999);
            prop_assert_eq!(Signature::from_bytes(&a.to_bytes()), Some(a));
        }
    }
}

/// The same JSON with the fields of every object in reverse.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let fields = map
                .iter()
                .rev()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), reversed(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(reversed).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// The two algorithms, with nothing and with everything switched on.
static CONFIGS: LazyLock<Vec<Config>> = LazyLock::new(|| {
    let everything = Switches {
        features: Feature::ALL.into(),
        kept: [Placeholder::Int, Placeholder::Url].into(),
        generic_types: vec!["*".to_owned()],
        minimum_evidence: 3,
    };
    let nothing = Switches { features: [].into(), ..Switches::default() };
    let stack = "function:a* -app\ncategory:system +group";
    let fingerprint = "message:*a* -> {{ default }}, {{ value }}";
    let algorithms = [Algorithm::Newstyle2023, Algorithm::Newstyle2026];
    let all = algorithms.iter().flat_map(|algorithm| {
        [&everything, &nothing]
            .map(|switches| Config::with(*algorithm, switches, stack, fingerprint).unwrap())
    });
    all.collect()
});

// Each proposal that is tried compiles all rules again.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn rules_are_proposed_for_any_two_events(a in any_event(), b in any_event()) {
        for proposal in compare(&a, &b, &Config::default()).proposals {
            prop_assert!(check_rules(proposal.language, &proposal.rule).errors.is_empty());
        }
    }
}

// Each case compiles all built-in rules again.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn rules_are_read_or_refused(text in "\\PC{0,60}", rule in "[a-z.:|!\\[\\]{}\"\\\\*?#^+= ->,]{0,60}") {
        for rules in [text, rule] {
            let _ = Config::new(&rules, "");
            let _ = Config::new("", &rules);
        }
    }

    #[test]
    fn what_a_rule_asks_for_may_be_any_pattern(pattern in "[a-z/*?.{},\\[\\]!\\\\-]{1,20}", event in any_event()) {
        let rules = format!("function:\"{0}\" -app\npath:\"{0}\" -group", pattern.replace('\\', "\\\\"));
        let config = Config::new(&rules, "").unwrap();
        prop_assert!(!group(&event, &config).hashes().is_empty());
    }
}
