//! The language, the deciding and the reading of CODEOWNERS files.

use proptest::prelude::*;

use super::codeowners::{Conversion, LeftOut, Mapping, convert, placed};
use super::*;
use crate::protocol::event::Event;

fn event(json: &str) -> Event {
    Event::from_stored(json.as_bytes()).unwrap()
}

/// A checkout that calls a library, which crashes.
const CHECKOUT: &str = r#"{
    "request": {"url": "https://shop.example/checkout/pay"},
    "tags": [["environment", "production"], ["tenant", "acme"]],
    "exception": [{"type": "KeyError", "stacktrace": {"frames": [
        {"filename": "src/web/handler.py", "abs_path": "/srv/app/src/web/handler.py",
         "module": "web.handler", "in_app": true},
        {"filename": "src\\checkout\\pay.py", "module": "checkout.pay", "in_app": true},
        {"filename": "site-packages/cards/client.py", "module": "cards.client", "in_app": false}]}}]}"#;

fn decide(rules: &str, json: &str) -> Option<(usize, String)> {
    let compiled = Compiled::new(parse(rules).unwrap()).unwrap();
    let event = event(json);
    let decision = compiled.decide(&Subject::of(&event))?;
    Some((decision.rule.line, decision.found))
}

fn problems(rules: &str) -> Vec<(usize, String)> {
    let problems = parse(rules).unwrap_err();
    problems.into_iter().map(|problem| (problem.line, problem.text)).collect()
}

#[test]
fn every_matcher_finds_what_it_looks_at() {
    for (rule, found) in [
        ("path:src/checkout/* #payments", "src/checkout/pay.py"),
        ("module:checkout.* #payments", "checkout.pay"),
        ("url:*/checkout/* #payments", "https://shop.example/checkout/pay"),
        ("tags.tenant:acme #payments", "acme"),
        ("codeowners:/src/checkout/ #payments", "src/checkout/pay.py"),
        ("path:/srv/app/* #payments", "/srv/app/src/web/handler.py"),
    ] {
        assert_eq!(decide(rule, CHECKOUT), Some((1, found.to_owned())), "{rule}");
    }
    for rule in ["path:site-packages/* #x", "url:*/cart #x", "tags.tenant:acm #x", "module:pay #x"]
    {
        assert_eq!(decide(rule, CHECKOUT), None, "{rule}");
    }
}

#[test]
fn the_frame_nearest_the_crash_says_and_of_its_rules_the_last() {
    let line = |rules: &str| decide(rules, CHECKOUT).map(|(line, _)| line);
    assert_eq!(
        line("path:src/checkout/* #a\npath:src/web/* #b"),
        Some(1),
        "a caller stands behind"
    );
    assert_eq!(line("path:src/* #a\npath:src/checkout/* #b\npath:*.py #c"), Some(3));
    assert_eq!(line("path:src/web/* #a"), Some(1), "a caller is better than nobody");
    assert_eq!(line("url:* #a\npath:src/web/* #b"), Some(2), "rules about the event are rules too");
    assert_eq!(line("path:src/checkout/* #a\ntags.tenant:* #b"), Some(2));
    let nobody = "path:src/* #a\ncodeowners:/src/checkout/";
    let compiled = Compiled::new(parse(nobody).unwrap()).unwrap();
    let event = event(CHECKOUT);
    assert!(compiled.decide(&Subject::of(&event)).unwrap().rule.owners.is_empty());
    assert_eq!(compiled.all(&Subject::of(&event)).len(), 2);
}

#[test]
fn without_marked_frames_all_count_and_without_frames_none() {
    let unmarked = r#"{"exception": [{"type": "A", "stacktrace": {"frames": [
        {"filename": "a.rs"}, {"filename": "b.rs"}]}}]}"#;
    assert_eq!(decide("path:*.rs #a", unmarked), Some((1, "b.rs".to_owned())));
    let system = r#"{"exception": [{"type": "A", "stacktrace": {"frames": [
        {"filename": "a.rs", "in_app": false}]}}]}"#;
    assert_eq!(decide("path:*.rs #a", system), None);
    assert_eq!(decide("path:*.rs #a", "{}"), None);
    let thread =
        r#"{"threads": [{"crashed": true, "stacktrace": {"frames": [{"filename": "c.rs"}]}}]}"#;
    assert_eq!(decide("path:*.rs #a", thread), Some((1, "c.rs".to_owned())));
}

#[test]
fn rules_are_read_with_comments_quotes_and_several_owners() {
    let rules = parse(
        "# who does what\n\n  path:\"src/my file\\\"s/*\" #Payments Ada@Example.com #payments\n\
         tags.browser.name:Firefox* ada@example.com\ncodeowners:/generated/\n",
    )
    .unwrap();
    assert_eq!(rules.iter().map(|rule| rule.line).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(rules[0].pattern, "src/my file\"s/*");
    assert_eq!(rules[0].words(), r#"path:"src/my file\"s/*""#);
    let owners: Vec<String> = rules[0].owners.iter().map(ToString::to_string).collect();
    assert_eq!(owners, ["#payments", "ada@example.com"]);
    assert_eq!(rules[1].matcher, Matcher::Tag("browser.name".to_owned()));
    assert!(rules[2].owners.is_empty());
}

#[test]
fn every_line_that_is_wrong_is_named_with_what_to_do() {
    let found = problems(
        "path:a #a\nsrc/* #a\nfile:a #a\npath: #a\nurl:x\npath:a somebody\npath:[a #a\npath:\"a #a\ntags.:x #a",
    );
    let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9]);
    for (index, words) in [
        (0, "Begin with what is looked at"),
        (1, "`file` is unknown. Use path, module, url"),
        (2, "The pattern is empty. Write what `path` has to be"),
        (3, "Nobody is named."),
        (4, "`somebody` is no owner. Write a member's e-mail address or #team."),
        (5, "`[a` has a [ without its ]."),
        (6, "A quote is not closed."),
        (7, "`tags.` is unknown."),
    ] {
        assert!(found[index].1.starts_with(words), "{:?}", found[index]);
    }
    assert!(problems(&"path:a #a\n".repeat(MAX_RULES + 1))[0].1.contains("1000 rules"));
    assert!(problems(&"#".repeat(MAX_RULES_BYTES + 1))[0].1.contains("64 KiB"));
    assert_eq!(problems("# a\0").len(), 1, "what cannot be stored is no comment either");
}

#[test]
fn owners_that_do_not_exist_are_named_once() {
    let rules = "path:a #gone\npath:b #gone eve@example.com";
    let found = check(rules, &Owners::default()).unwrap_err();
    let lines: Vec<usize> = found.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 2]);
    assert!(found[0].text.contains("There is no team `#gone`"), "{found:?}");
    assert!(found[1].text.contains("`eve@example.com`"), "{found:?}");
}

fn mapping(names: &[(&str, &str)]) -> Mapping {
    let names = names.iter().map(|(name, owner)| ((*name).to_owned(), (*owner).to_owned()));
    Mapping { names: names.collect(), ..Mapping::default() }
}

#[test]
fn a_codeowners_file_becomes_rules_and_what_cannot_is_listed() {
    let file = "# all of it\n*       @acme/core # and nobody else\n/docs/  docs@example.com @nobody\n\
                my\\ file.txt @ada\n/build/logs/ @gone\n\\#notes @ada\n/generated/\n";
    let mapping = mapping(&[
        ("@acme/core", "#core"),
        ("docs@example.com", "ada@example.com"),
        ("@ada", "ada@example.com"),
        ("@nobody", ""),
    ]);
    let Conversion { rules, names, left_out } = convert(file, &mapping);
    assert_eq!(
        rules,
        [
            "codeowners:* #core",
            "codeowners:/docs/ ada@example.com",
            "codeowners:\"my\\ file.txt\" ada@example.com",
            "codeowners:\\#notes ada@example.com",
            "codeowners:/generated/",
        ]
    );
    assert_eq!(names, ["@acme/core", "@ada", "@gone", "@nobody", "docs@example.com"]);
    let why = "Nobody whom it names is mapped to anybody here.".to_owned();
    assert_eq!(left_out, [LeftOut { line: 5, text: "/build/logs/ @gone".to_owned(), why }]);
    assert_eq!(parse(&rules.join("\n")).unwrap()[2].pattern, "my\\ file.txt");
}

#[test]
fn sections_give_their_owners_and_negation_takes_them_away() {
    let file = "[Core] @core\nsrc/\n^[Docs][2] @docs\ndocs/ @core\n*.md\n!docs/internal.md\n[a-z]*.js @core\n";
    let mapping = mapping(&[("@core", "#core"), ("@docs", "#docs")]);
    assert_eq!(
        convert(file, &mapping).rules,
        [
            "codeowners:src/ #core",
            "codeowners:docs/ #core",
            "codeowners:*.md #docs",
            "codeowners:/docs/internal.md",
            "codeowners:[a-z]*.js #core",
        ]
    );
}

#[test]
fn a_root_moves_patterns_from_the_repository_to_the_stacks() {
    let file = "/services/shop/api/ @a\n/services/blog/ @a\n/services/ @a\n/services/*/web/ @a\n*.py @a\n/**/conf @a\n";
    let mapping = Mapping {
        stack_root: "/srv/app/".to_owned(),
        source_root: "services/shop".to_owned(),
        ..mapping(&[("@a", "#a")])
    };
    let Conversion { rules, left_out, .. } = convert(file, &mapping);
    assert_eq!(
        rules,
        [
            "codeowners:/srv/app/api/ #a",
            "codeowners:/srv/app/** #a",
            "codeowners:/srv/app/web/ #a",
            "codeowners:*.py #a",
            "codeowners:/srv/app/**/conf #a",
        ]
    );
    assert_eq!(left_out.len(), 1);
    assert_eq!(
        (left_out[0].line, left_out[0].why.as_str()),
        (2, "It is about another part of the repository.")
    );
}

#[test]
fn an_import_replaces_what_an_import_brought_and_nothing_else() {
    let first = placed("path:a #a\n", &["codeowners:b #b".to_owned()]);
    assert!(first.starts_with("# From CODEOWNERS"), "{first}");
    assert!(
        first.ends_with("# End of CODEOWNERS\n\npath:a #a\n"),
        "own rules stand behind: {first}"
    );
    let own = format!("path:c #c\n{first}");
    let second = placed(&own, &["codeowners:d #d".to_owned()]);
    assert!(second.contains("codeowners:d") && !second.contains("codeowners:b"), "{second}");
    assert!(
        second.starts_with("path:c #c\n# From") && second.ends_with("\n\npath:a #a"),
        "{second}"
    );
    assert_eq!(parse(&placed("", &["codeowners:b #b".to_owned()])).unwrap().len(), 1);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,200}", line in "(path|url|module|codeowners|tags.a):.{0,40} (#a|b@c.d)") {
        for text in [&text, &line] {
            if let Ok(rules) = parse(text) {
                let compiled = Compiled::new(rules).unwrap();
                let event = event(CHECKOUT);
                let _ = compiled.decide(&Subject::of(&event));
                for rule in compiled.rules() {
                    let again = parse(&format!("{} #a", rule.words())).unwrap();
                    prop_assert_eq!(&again[0].pattern, &rule.pattern);
                }
            }
        }
    }

    #[test]
    fn any_codeowners_file_becomes_rules_that_can_be_read(text in "(?s).{0,300}", lines in "([!^/]?[a-z*?\\[\\]\\\\ #@/.]{0,20}\n){0,8}", root in "[a-z/*.]{0,8}") {
        for text in [&text, &lines] {
            let found = convert(text, &Mapping::default());
            let names: Vec<(&str, &str)> = found.names.iter().map(|name| (name.as_str(), "#a")).collect();
            let mapping = Mapping { source_root: root.clone(), stack_root: root.clone(), ..mapping(&names) };
            let rules = convert(text, &mapping).rules;
            prop_assert_eq!(parse(&rules.join("\n")).unwrap().len(), rules.len());
        }
    }
}
