//! Replaces what changes from event to event in a text by the name of its kind (`grouping.md` §9.2–9.5):
//! `order 17 of bob@example.com` is `order <int> of <email>`.
//!
//! One pass from left to right. Where several patterns match, the one that stands first in the list of
//! §9.3 wins, however short; where none matches, the next character is tried. The patterns are written out
//! in code: most look at what stands before and behind them, and a text of prose costs a table look-up per
//! byte.
//!
//! # Adding a pattern
//! A function in the file of its kind, its place in `at_word` or `at_sign`, and a higher [`VERSION`]:
//! every text that it matches gets another hash.

mod dates;
mod ids;
mod network;
mod numbers;
mod placeholder;
mod scan;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use placeholder::Placeholder;
pub(super) use placeholder::Replaced;

use network::{Emails, Urls};
use placeholder::Placeholder::{
    Bool, Date, Duration, Email, Float, GitSha, Hex, Hostname, Int, Ip, MacAddr, Md5, QuotedStr,
    RandomId, Sha1, SwiftTxnId, Traceparent, Url, Uuid,
};
use scan::{Scan, Word};

/// The version of the patterns; stored with every hash.
pub(super) const VERSION: &str = "parameters:2026-08.2";

/// Longer texts are data, not messages, and stay as they are; in characters.
const MAX_CHARS: usize = 8192;

/// The text with placeholders; `None` if it has nothing to replace. A part of a kind that is kept stays as a
/// whole: an address does not fall apart into its numbers.
pub(super) fn parameterize(text: &str, replaced: Replaced) -> Option<String> {
    if !may_match(text.as_bytes()) || is_too_long(text) {
        return None;
    }
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut matcher = Matcher::new(text);
    while at < text.len() {
        match matcher.match_at(at) {
            Some((kind, end)) if keeps(replaced, kind, text, at..end) => at = end,
            Some((kind, end)) => {
                out.push_str(&text[copied..at]);
                out.push_str(kind.as_str());
                (copied, at) = (end, end);
            }
            None => at += 1,
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

fn keeps(replaced: Replaced, kind: Placeholder, text: &str, at: Range<usize>) -> bool {
    replaced.keeps(kind)
        || replaced.keeps_status_codes
            && matches!(kind, Int)
            && numbers::is_status_code(&text[..at.start], &text[at])
}

fn is_too_long(text: &str) -> bool {
    text.len() > MAX_CHARS && text.chars().count() > MAX_CHARS
}

/// Whether any pattern can match at all. Each needs a digit, one of a few signs, or the letters of a long
/// hexadecimal number, be it one in pairs.
fn may_match(text: &[u8]) -> bool {
    const SHORTEST_HEX: u32 = 8;
    let mut hex_letters = 0;
    text.iter().any(|byte| match byte {
        b'0'..=b'9' | b'@' | b':' | b'=' | b'.' => true,
        b'a'..=b'f' | b'A'..=b'F' => {
            hex_letters += 1;
            hex_letters >= SHORTEST_HEX
        }
        b'-' | b' ' | b'\t' | b'\n' | b'\r' => false,
        _ => {
            hex_letters = 0;
            false
        }
    })
}

/// A match: what is put in its place, and where it ends.
type Match = (Placeholder, usize);

struct Matcher<'t> {
    text: &'t [u8],
    emails: Emails<'t>,
    urls: Urls<'t>,
}

impl<'t> Matcher<'t> {
    fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), emails: Emails::new(text), urls: Urls::new(text) }
    }

    /// The first pattern of the list that matches at `at`.
    fn match_at(&mut self, at: usize) -> Option<Match> {
        let scan = Scan { text: self.text, at };
        let next = scan.peek()?;
        if let Some(end) = self.emails.end_at(at) {
            return Some((Email, end));
        }
        if let Some(end) = self.urls.end_at(at) {
            return Some((Url, end));
        }
        match next {
            // Everything below wants to stand apart from letters and digits before it.
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' if !scan.follows(u8::is_ascii_alphanumeric) => {
                at_word(scan)
            }
            b'-' | b':' | b'"' | b'\'' => at_sign(scan, next),
            _ => None,
        }
    }
}

/// The patterns that begin with a letter or digit.
fn at_word(scan: Scan<'_>) -> Option<Match> {
    let word = Word::at(scan);
    let named = |kind, found: Option<Scan<'_>>| found.map(|end| (kind, end.at));
    if scan.follows(|byte| *byte == b'_') {
        return named(RandomId, ids::random(word))
            .or_else(|| named(RandomId, ids::multi_part_random(scan)))
            .or_else(|| named(Float, numbers::float(scan)))
            .or_else(|| named(Int, numbers::int(scan)));
    }
    named(Hostname, network::hostname(scan, word))
        .or_else(|| named(Traceparent, ids::traceparent(scan, word)))
        .or_else(|| named(Uuid, ids::uuid(scan, word)))
        .or_else(|| named(Sha1, ids::hash(word, 40)))
        .or_else(|| named(Md5, ids::hash(word, 32)))
        .or_else(|| named(Date, dates::date(scan, word)))
        .or_else(|| named(Duration, numbers::duration(scan)))
        .or_else(|| named(MacAddr, network::mac_address(scan, word)))
        .or_else(|| named(Ip, network::ip(scan, word)))
        .or_else(|| named(SwiftTxnId, ids::swift_transaction(scan, word)))
        .or_else(|| named(Hex, ids::hex(word)))
        .or_else(|| named(GitSha, ids::git_sha(word)))
        .or_else(|| named(RandomId, ids::random(word)))
        .or_else(|| named(RandomId, ids::multi_part_random(scan)))
        .or_else(|| named(Float, numbers::float(scan)))
        .or_else(|| named(Int, numbers::int(scan)))
        .or_else(|| named(Bool, numbers::boolean(scan, word)))
}

/// The patterns that begin with a sign.
fn at_sign(scan: Scan<'_>, sign: u8) -> Option<Match> {
    let named = |kind, found: Option<Scan<'_>>| found.map(|end| (kind, end.at));
    match sign {
        b'"' | b'\'' => named(QuotedStr, numbers::quoted(scan, sign)),
        // A minus between words is a dash.
        _ if scan.follows(scan::is_word) => None,
        b':' => named(Ip, network::ipv6(scan)),
        _ => {
            let number = scan.skip(1);
            if !number.peek()?.is_ascii_alphanumeric() {
                return None;
            }
            named(Hex, ids::bare_hex(Word::at(number)))
                .or_else(|| named(Float, numbers::float(number)))
                .or_else(|| named(Int, numbers::int(number)))
        }
    }
}
