//! What the defaults find by its look (`protocol.md` §6.2).

use std::net::Ipv6Addr;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::texts::{Hit, Patterns};
use super::{FILTERED, cards, rules};

/// The countries whose banks number accounts internationally.
const IBAN: &str = r"\b(?:A[DELTZ]|B[AEGHRY]|C[HRYZ]|D[EKO]|E[EGS]|F[IOR]|G[BEILRT]|H[RU]|I[ELQST]|JO|K[WZ]|L[BCITUVY]|M[CDEKRTU]|N[LO]|P[KLST]|QA|R[OS]|S[ACDEIKMTV]|T[LNR]|UA|V[AG]|XK)[0-9]{2}[A-Z0-9]{11,29}\b";

const IPV4: &str =
    r"\b(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\b";

/// Declares constant expressions.
macro_rules! expressions {
    ($($name:ident = $expression:expr;)+) => {$(
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($expression).expect("a constant expression"));
    )+};
}

expressions! {
    ACCOUNT = IBAN;
    PERSON = r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b";
    BEARER = r"(?i)\bbearer\s+[a-z0-9\-._~+/]+=*";
    EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+";
    // To the last `@` before the host, because passwords may hold one.
    URL = r#"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/?\#:@"'<>]*:([^\s/?\#"'<>]+)@"#;
    // A key that was cut has no end.
    PEM = r"(?s)-----BEGIN [A-Z0-9 ]*(PRIVATE|PUBLIC) KEY(?: BLOCK)?-----(.+?)(?:-----END [A-Z0-9 ]*KEY|$)";
    ADDRESS_4 = IPV4;
    ADDRESS_6 = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.[0-9]{1,3}){3})?";
}

/// Everything in `text` that the defaults take out.
pub(super) fn find(text: &str, patterns: Patterns, hits: &mut Vec<Hit>) {
    let replacements = match patterns {
        Patterns::Filter => [FILTERED; 4],
        Patterns::Message => ["[creditcard]", "[iban]", "[us-ssn]", "Bearer [token]"],
    };
    let [card, account, person, bearer] = replacements;
    let cards = cards::find(text, false);
    hits.extend(cards.into_iter().map(|range| Hit::new(range, card, rules::CARD)));
    let mut add = |expression: &Regex, replacement, rule| {
        let found = expression.find_iter(text);
        hits.extend(found.map(|found| Hit::new(found.range(), replacement, rule)));
    };
    add(&ACCOUNT, account, rules::IBAN);
    add(&PERSON, person, rules::SSN);
    add(&BEARER, bearer, rules::BEARER);
    if patterns == Patterns::Message {
        add(&EMAIL, "[email]", rules::EMAIL);
    }
    find_keys(text, false, hits);
    find_url_passwords(text, hits);
}

/// The insides of keys in PEM form.
pub(super) fn find_keys(text: &str, is_only_private: bool, hits: &mut Vec<Hit>) {
    for found in PEM.captures_iter(text) {
        let inside = found.get(2).expect("the group is not optional");
        let trimmed = inside.as_str().trim();
        let is_wanted = !is_only_private || &found[1] == "PRIVATE";
        if is_wanted && !trimmed.is_empty() && trimmed != FILTERED {
            let start = inside.start() + inside.as_str().len() - inside.as_str().trim_start().len();
            hits.push(Hit::new(start..start + trimmed.len(), FILTERED, rules::PEM));
        }
    }
}

/// The passwords of URLs.
pub(super) fn find_url_passwords(text: &str, hits: &mut Vec<Hit>) {
    let passwords = URL.captures_iter(text).filter_map(|found| found.get(1));
    let secret = passwords.filter(|password| password.as_str() != FILTERED);
    hits.extend(secret.map(|password| Hit::new(password.range(), FILTERED, rules::URL)));
}

/// Addresses of the network.
pub(super) fn find_addresses(text: &str, hits: &mut Vec<Hit>) {
    let fourth = ADDRESS_4.find_iter(text).map(|found| found.range());
    let sixth = ADDRESS_6.find_iter(text).filter_map(|found| sixth_version(text, found.range()));
    hits.extend(fourth.chain(sixth).map(|range| Hit::new(range, "[ip]", rules::IP)));
}

/// The part of `range` that is an address of version 6 and no path of a program such as `a::b`.
fn sixth_version(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let end = range.start + text[range.clone()].trim_end_matches('.').len();
    let found = &text[range.start..end];
    let is_part = text[..range.start].ends_with(|c: char| c.is_alphanumeric() || c == '_')
        || text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let is_address =
        found.bytes().any(|byte| byte.is_ascii_digit()) && found.parse::<Ipv6Addr>().is_ok();
    (!is_part && is_address).then_some(range.start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(find: impl Fn(&str, &mut Vec<Hit>), text: &str) -> Vec<&str> {
        let mut hits = Vec::new();
        find(text, &mut hits);
        hits.into_iter().map(|hit| &text[hit.range]).collect()
    }

    #[test]
    fn what_looks_secret_is_found() {
        for (text, expected) in [
            ("to GB82WEST12345698765432.", "GB82WEST12345698765432"),
            ("ssn 078-05-1120", "078-05-1120"),
            ("Authorization: bearer abc.DEF-1==", "bearer abc.DEF-1=="),
            ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "MIIB"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\nabc", "MIIB\nabc"),
            ("postgres://app:p@ss:w@db:5432/x", "p@ss:w"),
            ("amqp://:pw@rabbit", "pw"),
        ] {
            assert_eq!(found(|text, hits| find(text, Patterns::Filter, hits), text), [expected]);
        }
    }

    #[test]
    fn what_only_looks_alike_is_not() {
        for text in [
            "XX82WEST12345698765432",
            "2078-05-11200",
            "https://x.y/a:b@c",
            "https://user@x.y",
            "https://app:[Filtered]@db",
            "bob@example.com",
            "-----BEGIN PRIVATE KEY-----\n[Filtered]\n-----END PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        ] {
            let none: [&str; 0] = [];
            assert_eq!(
                found(|text, hits| find(text, Patterns::Filter, hits), text),
                none,
                "{text}"
            );
        }
    }

    #[test]
    fn addresses_of_both_versions_are_found() {
        for (text, expected) in [
            ("from 192.0.2.7:80 to ::1.", vec!["192.0.2.7", "::1"]),
            ("2001:db8::8a2e:370:7334", vec!["2001:db8::8a2e:370:7334"]),
            ("std::io::Error at a::b", vec![]),
            ("12:30:45 and 1.2.3", vec![]),
            ("999.1.1.1", vec![]),
        ] {
            assert_eq!(found(find_addresses, text), expected, "{text}");
        }
    }
}
