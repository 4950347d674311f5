//! Whether anything can be in a text, asked of every text and answered quickly.
//!
//! A yes costs time, a wrong no leaves a secret in the event: what is asked here must be true of
//! everything that a rule can find. Texts that are JSON are asked as they are, names and all; an escape
//! can only hide a letter as `\u`, which is suspicious by itself, and a slash as `\/`.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::ScrubConfig;
use super::names;
use super::texts::Reach;

/// What is in every name, text and pattern of the defaults that has letters of its own.
static DEFAULTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let others = [names::TOKEN, "bearer", "-----begin", "cookie", "\"otp\"", "\\u"];
    let words = names::WORDS.into_iter().chain(others).chain(["two-factor", "two_factor"]);
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .expect("a few words")
});

/// What every credential has in it.
static CREDENTIALS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(super::credentials::SIGNS)
        .expect("a few words")
});

/// The fewest characters of a number that a rule looks for: `078-05-1120`, two of them hyphens.
const MIN_RUN: usize = 11;

/// The fewest digits of a card.
const CARD_DIGITS: usize = 15;

/// The shortest number of an account.
const ACCOUNT_CHARS: usize = 15;

/// No country has fewer digits in the numbers of its accounts.
const ACCOUNT_DIGITS: usize = 8;

impl ScrubConfig {
    /// Whether something may be in `text`.
    pub(super) fn suspects(&self, text: &str, reach: Reach) -> bool {
        let is_whole = || names::WHOLE.iter().any(|word| word.eq_ignore_ascii_case(text));
        (reach.words && self.defaults && is_whole()) || self.suspects_inside(text, reach)
    }

    /// Whether something may be in `json`, in a name or in a value.
    pub(super) fn suspects_json(&self, json: &str, reach: Reach) -> bool {
        // What is a letter to a rule may be written in digits.
        self.suspects_inside(json, reach) || (self.does_anything() && json.contains("\\u"))
    }

    fn suspects_inside(&self, text: &str, reach: Reach) -> bool {
        let patterns = self.defaults && reach.patterns.is_some();
        let listed = || reach.names && self.fields.as_ref().is_some_and(|it| it.is_match(text));
        (patterns && DEFAULTS.is_match(text))
            || (self.credentials && CREDENTIALS.is_match(text))
            || ((patterns || self.credentials) && (has_url_password(text) || has_run(text)))
            || listed()
            || (self.addresses && reach.addresses && has_address(text))
            || (patterns && reach.is_message() && text.contains('@'))
    }
}

/// Whether there may be a user and a password in a URL.
fn has_url_password(text: &str) -> bool {
    memchr::memchr(b'@', text.as_bytes()).is_some()
        && (text.contains("://") || text.contains(":\\/\\/"))
}

fn has_address(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.contains(['.', ':'])
}

/// Whether there may be the number of a card, an account or a person: a run of digits, capitals, blanks
/// and hyphens.
fn has_run(text: &str) -> bool {
    let bytes = text.as_bytes();
    // A run covers one of every so many places; most texts are dismissed by looking at those alone.
    let mut at = MIN_RUN - 1;
    while at < bytes.len() {
        if is_in_run(bytes[at]) {
            let before = bytes[..at].iter().rev().take_while(|byte| is_in_run(**byte)).count();
            let behind = bytes[at..].iter().take_while(|byte| is_in_run(**byte)).count();
            if before + behind >= MIN_RUN && is_number(&bytes[at - before..at + behind]) {
                return true;
            }
            at += behind;
        }
        at += MIN_RUN;
    }
    false
}

fn is_in_run(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase() || matches!(byte, b' ' | b'-')
}

/// Whether the number of a card, a person or an account can be in a run.
fn is_number(run: &[u8]) -> bool {
    let digits = |part: &[u8]| part.iter().filter(|byte| byte.is_ascii_digit()).count();
    let mut spaced = run.split(|byte| byte.is_ascii_uppercase());
    let mut joined = run.split(|byte| matches!(byte, b' ' | b'-'));
    spaced.any(|part| digits(part) >= CARD_DIGITS || part.windows(MIN_RUN).any(is_person))
        || joined.any(|part| part.len() >= ACCOUNT_CHARS && digits(part) >= ACCOUNT_DIGITS)
}

fn is_person(window: &[u8]) -> bool {
    let is_hyphen = |at: usize| matches!(at, 3 | 6);
    let mut bytes = window.iter().enumerate();
    bytes.all(|(at, byte)| if is_hyphen(at) { *byte == b'-' } else { byte.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_suspected_wherever_they_stand() {
        for number in
            ["078-05-1120", "4111111111111111", "4111 1111 1111 1111", "GB82WEST12345698765432"]
        {
            for before in 0..30 {
                let text = format!("{}{number}{}", "x".repeat(before), "y".repeat(30 - before));
                assert!(has_run(&text), "{text}");
            }
        }
    }

    #[test]
    fn ordinary_texts_are_not_suspected() {
        for text in [
            "GET /api/v1/users/12 HTTP/1.1",
            "{\"a\": [1, 2, 3], \"LONG_CONSTANT_NAME\": \"x\"}",
            "2026-11-22T12:00:00",
            "2026-11-22 12:00:00",
            "    def some_function(self, argument):",
            "4c79f60c11214eb38604f4ae0781bfb2",
            "",
        ] {
            assert!(!has_run(text), "{text}");
        }
    }
}
