//! Names of releases, taken apart and put in order.

use super::*;

fn day(day: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + chrono::TimeDelta::days(day)
}

#[test]
fn a_name_is_taken_apart() {
    let parts = |release| {
        let name = Name::parse(release);
        (name.package, name.raw)
    };
    assert_eq!(parts("shop@1.2.3+4"), (Some("shop"), "1.2.3+4"));
    assert_eq!(parts("@acme/shop@1.2.3"), (Some("@acme/shop"), "1.2.3"));
    assert_eq!(parts("1.2.3"), (None, "1.2.3"));
    assert_eq!(parts("@acme"), (None, "@acme"));
    assert_eq!(parts("shop@"), (None, "shop@"));
    assert_eq!(parts("@"), (None, "@"));
    assert_eq!(parts("ä@1"), (Some("ä"), "1"));
}

#[test]
fn a_version_is_numbers_or_a_hash_or_text() {
    let numbers = |text| match Name::parse(text).version {
        Version::Numbered(numbers) => Some(numbers),
        _ => None,
    };
    let full = numbers("shop@1.2.3.4-rc.1+77").unwrap();
    assert_eq!(full.parts, [1, 2, 3, 4]);
    assert_eq!((full.components, full.pre, full.build), (4, Some("rc.1"), Some("77")));
    assert_eq!(numbers("v2").unwrap().parts, [2, 0, 0, 0]);
    assert_eq!(numbers("1.0b2").unwrap().pre, Some("b2"));
    assert_eq!(numbers("2024.05.17").unwrap().parts, [2024, 5, 17, 0]);
    for text in [
        "1.2.3.4.5",
        "1..2",
        "1.2.",
        "-1",
        "next",
        "",
        "1.2 final",
        "1-",
        "1+",
        "99999999999999999999",
    ] {
        assert_eq!(numbers(text), None, "{text}");
    }
    let hash = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(Name::parse(hash).version, Version::Hash(hash));
    assert_eq!(Name::parse(hash).short(), "0123456789ab");
    assert_eq!(Name::parse("shop@202611221500").version, Version::Hash("202611221500"));
    assert_eq!(Name::parse("shop@1.2.3+4").short(), "1.2.3+4");
}

/// Each is older than the next by its version, though it came later.
#[test]
fn versions_of_a_package_go_by_their_numbers() {
    let ascending = [
        "shop@0.9",
        "shop@1.0.0-alpha",
        "shop@1.0.0-alpha.1",
        "shop@1.0.0-alpha.beta",
        "shop@1.0.0-beta.2",
        "shop@1.0.0-beta.11",
        "shop@1.0.0-rc9",
        "shop@1.0.0-rc10",
        "shop@1.0.0",
        "shop@1.0.0+9",
        "shop@1.0.0+10",
        "shop@1.0.0.1",
        "shop@1.0.1",
        "shop@1.2",
        "shop@v1.10.0",
        "shop@2",
        "shop@2024.5.1",
    ];
    for (older, one) in ascending.iter().enumerate() {
        for (newer, other) in ascending.iter().enumerate() {
            let dated =
                |release, place: usize| Dated { release, at: day(-i64::try_from(place).unwrap()) };
            let found = compare(dated(one, older), dated(other, newer));
            assert_eq!(found, older.cmp(&newer), "{one} {other}");
        }
    }
}

#[test]
fn what_has_no_numbers_in_common_goes_by_time() {
    for [one, other] in [
        ["0123456789ab", "fedcba987654"],
        ["shop@0123456789ab", "shop@1.0"],
        ["shop@2.0", "api@1.0"],
        ["nightly", "final"],
        ["shop@1.0", "shop@1.0.0"],
    ] {
        let dated = |release, at| Dated { release, at: day(at) };
        assert_eq!(compare(dated(one, 1), dated(other, 2)), Ordering::Less, "{one} {other}");
        assert_eq!(compare(dated(one, 2), dated(other, 1)), Ordering::Greater, "{one} {other}");
    }
    let same = |at| Dated { release: "shop@1", at: day(at) };
    assert_eq!(compare(same(1), same(2)), Ordering::Equal);
}
