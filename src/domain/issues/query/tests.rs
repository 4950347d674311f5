//! What a search for issues means.

use super::*;
use crate::base::{IssueNumber, ProjectId};
use crate::domain::issues::{Sought, Status, Substatus};
use crate::domain::query::{Comparison, NumberFilter};
use crate::domain::releases::wanted::Wanted;
use crate::protocol::event::Level;

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn read(query: &str) -> Condition {
    parse(query, now()).unwrap()
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn is(text: &str) -> Pattern {
    Pattern::Is(vec![text.to_owned()])
}

fn tag(key: &str, pattern: Pattern) -> Condition {
    Condition::Tag(key.to_owned(), pattern)
}

#[test]
fn states_have_words() {
    for (query, expected) in [
        ("is:unresolved", Condition::Status(Status::Unresolved)),
        ("is:archived", Condition::Status(Status::Ignored)),
        ("is:muted", Condition::Status(Status::Ignored)),
        ("!is:resolved", not(Condition::Status(Status::Resolved))),
        ("is:regressed", Condition::Substatus(Substatus::Regressed)),
        ("is:archived_forever", Condition::Substatus(Substatus::ArchivedForever)),
        ("is:unassigned", Condition::Assigned(Sought::Nobody)),
        ("is:linked", Condition::NEVER),
        ("assigned:none", Condition::Assigned(Sought::Nobody)),
        ("assigned:me", Condition::Assigned(Sought::Me)),
        (
            "assigned:[my_teams, #Payments, Ada]",
            Condition::Any(vec![
                Condition::Assigned(Sought::MyTeams),
                Condition::Assigned(Sought::Team("payments".to_owned())),
                Condition::Assigned(Sought::Person("ada".to_owned())),
            ]),
        ),
        ("has:assignee", Condition::Assigned(Sought::Anybody)),
    ] {
        assert_eq!(read(query), expected, "{query}");
    }
}

#[test]
fn levels_are_in_order() {
    use Level::{Debug, Error, Fatal, Info, Warning};
    let levels = Condition::Level;
    for (query, expected) in [
        ("level:error", levels(Error, Error)),
        ("level:critical", levels(Fatal, Fatal)),
        ("level:>=warning", levels(Warning, Fatal)),
        ("level:>warning", levels(Error, Fatal)),
        ("level:<warning", levels(Debug, Info)),
        ("level:>fatal", Condition::NEVER),
        ("level:<debug", Condition::NEVER),
        ("level:!=info", not(levels(Info, Info))),
        ("level:[info, fatal]", Condition::Any(vec![levels(Info, Info), levels(Fatal, Fatal)])),
        ("issue.priority:high", levels(Error, Fatal)),
    ] {
        assert_eq!(read(query), expected, "{query}");
    }
}

#[test]
fn fields_are_compared_as_text_and_everything_else_is_a_tag() {
    for (query, expected) in [
        ("error.type:KeyError", Condition::Field(Field::ExceptionType, is("KeyError"))),
        ("title:*boom*", Condition::Field(Field::Title, Pattern::Like("%boom%".to_owned()))),
        ("culprit:\"\"", not(Condition::Has(Field::Culprit))),
        ("release:1.2", tag("release", is("1.2"))),
        ("release:>1.2", tag("release", is(">1.2"))),
        ("release:\"\"", not(Condition::HasTag("release".to_owned()))),
        (
            "browser.name:[Chrome, Safari]",
            tag("browser.name", Pattern::Is(vec!["Chrome".to_owned(), "Safari".to_owned()])),
        ),
        ("tags[level]:blue", tag("level", is("blue"))),
        ("has:browser", Condition::HasTag("browser".to_owned())),
        ("environment:prod", Condition::Environment(is("prod"))),
        ("environment:\"\"", Condition::Environment(is(""))),
        ("message:a*b", Condition::Words(Pattern::Like("%a%b%".to_owned()))),
        ("a b", Condition::Words(Pattern::Like("%a b%".to_owned()))),
    ] {
        assert_eq!(read(query), expected, "{query}");
    }
}

#[test]
fn users_are_found_by_what_the_tag_says() {
    assert_eq!(read("user.email:a@b"), tag("user", is("email:a@b")));
    assert_eq!(read("user.ip:10.*"), tag("user", Pattern::Like("ip:10.%".to_owned())));
    assert_eq!(read("user:id:7"), tag("user", is("id:7")));
    let kinds = ["id:7", "email:7", "username:7", "ip:7"].map(|value| tag("user", is(value)));
    assert_eq!(read("user:7"), Condition::Any(kinds.to_vec()));
}

#[test]
fn releases_are_asked_for_by_their_parts() {
    let of = |wanted, is_first, words: &str| {
        Condition::Release(Box::new(OfRelease { wanted, is_first, words: words.to_owned() }))
    };
    let latest = |is_first, words| of(Wanted::Latest, is_first, words);
    assert_eq!(read("release:latest"), latest(false, "release:latest"));
    assert_eq!(read("!first_release:latest"), not(latest(true, "first_release:latest")));
    assert_eq!(
        read("release:[latest, shop@1]"),
        Condition::Any(vec![
            latest(false, "release:[latest, shop@1]"),
            tag("release", is("shop@1")),
        ])
    );
    let package = Wanted::Package(is("shop"));
    assert_eq!(read("release.package:!=shop"), not(of(package, false, "release.package:!=shop")));
    assert_eq!(read("tags[release.stage]:x"), tag("release.stage", is("x")));
}

#[test]
fn things_are_found_by_their_ids() {
    let event = "fc6d8c0c43fc4630ad850ee518f1b9d0";
    assert_eq!(read(event), Condition::Event(event.parse().unwrap()));
    assert_eq!(read(&format!("id:{event}")), Condition::Event(event.parse().unwrap()));
    assert_eq!(read("issue:My-Shop-2F"), Condition::Issue("my-shop".to_owned(), IssueNumber(79)));
    assert_eq!(read("project:7"), Condition::ProjectId(ProjectId(7)));
    assert_eq!(read("project:shop"), Condition::Project(is("shop")));
}

#[test]
fn numbers_and_times_are_read() {
    let number = NumberFilter { comparison: Comparison::Above, number: 1500.0 };
    assert_eq!(read("timesSeen:>1.5k"), Condition::TimesSeen(number));
    let Condition::FirstSeen(range) = read("age:-24h") else { panic!("no time") };
    assert_eq!(range.from, Some("2026-11-21T12:00:00Z".parse().unwrap()));
    assert_eq!(read("error.handled:no"), Condition::Unhandled);
    assert_eq!(read("error.unhandled:0"), not(Condition::Unhandled));
}

#[test]
fn what_cannot_be_answered_says_so() {
    for (query, problem) in [
        ("is:funny", "`is:funny` is unknown"),
        ("is:[resolved,new]", "takes one value"),
        ("level:loud", "not `loud`"),
        ("timesSeen:many", "needs a number"),
        ("age:yesterday", "needs a time"),
        ("error.handled:perhaps", "`true` or `false`"),
        ("issue:SHOP", "no short id"),
        ("id:abc", "no event id"),
        ("project.id:shop", "needs a number"),
        ("stack.module:a", "not indexed"),
        ("release.version:>newest", "none that can be compared"),
        ("release.build:>many", "compares numbers"),
        ("release.stage:loved", "adopted, adopting, not_adopted or replaced"),
        ("has:release.version", "`has:release` finds any"),
        ("flags[beta]:true", "feature flags"),
        ("url:[a*, b]", "cannot be used in the list"),
        ("issue.priority:urgent", "high, medium or low"),
    ] {
        let error = parse(query, now()).unwrap_err().to_string();
        assert!(error.contains(problem), "{query}: {error}");
    }
}
