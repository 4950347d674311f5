//! What must hold for every event and every rule, however strange.

use picket::grouping::{Config, explain, group, prepare};
use picket::protocol::event::{Event, Exception, Frame, LogEntry, Mechanism, Stacktrace};
use picket::protocol::lenient::Values;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

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
