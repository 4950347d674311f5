//! Numbers, durations, and values behind an equals sign.

use super::scan::{Scan, Word};

/// The longest part of a duration; longer numbers are something else.
const MAX_DURATION_DIGITS: usize = 20;

/// `12ms`, `3s`, `1.5s`.
pub(super) fn duration(scan: Scan<'_>) -> Option<Scan<'_>> {
    let number = scan.digits(1, MAX_DURATION_DIGITS)?;
    let unit = number.literal("ms").or_else(|| {
        number.maybe(|scan| scan.literal(".")?.digits(1, MAX_DURATION_DIGITS)).literal("s")
    });
    unit?.at_word_end()
}

/// `1.5`, but no part of `1.2.3`.
pub(super) fn float(scan: Scan<'_>) -> Option<Scan<'_>> {
    if is_behind_number_and_dot(scan) {
        return None;
    }
    let whole = scan.digits(1, usize::MAX - 1)?;
    let end = whole.literal(".")?.digits(1, usize::MAX - 1)?;
    end.unless(u8::is_ascii_alphanumeric).filter(|end| !is_before_dot_and_number(*end))
}

/// One to seven digits; more are hexadecimal numbers. An underscore may stand beside it.
pub(super) fn int(scan: Scan<'_>) -> Option<Scan<'_>> {
    scan.digits(1, 7)?.unless(u8::is_ascii_alphanumeric)
}

/// Whether a number behind `before` says how a request ended: `status 404`, `HTTP/1.1 500`, `code: 403`.
pub(super) fn is_status_code(before: &str, number: &str) -> bool {
    const WORDS: [&str; 7] =
        ["status", "code", "http", "response", "error", "statuscode", "returned"];
    let is_code = number.len() == 3 && matches!(number.as_bytes()[0], b'1'..=b'5');
    let is_sign = |c: char| matches!(c, ' ' | ':' | '=' | '#' | '(' | '[' | '"' | '\'' | '_');
    let word = before.trim_end_matches(is_sign);
    let word = ["/1.0", "/1.1", "/2.0", "/2", "/3"]
        .iter()
        .find_map(|version| word.strip_suffix(version))
        .unwrap_or(word);
    let start = word
        .rfind(|c: char| !c.is_ascii_alphabetic())
        .map_or(0, |at| at + word[at..].chars().next().map_or(0, char::len_utf8));
    let word = word[start..].to_ascii_lowercase();
    is_code && WORDS.contains(&word.as_str())
}

/// `='text'`: the quotes and what is in them.
pub(super) fn quoted(scan: Scan<'_>, quote: u8) -> Option<Scan<'_>> {
    if !scan.follows(|byte| *byte == b'=') {
        return None;
    }
    let length = scan.skip(1).rest().iter().position(|byte| *byte == quote)?;
    (length > 0).then(|| scan.skip(length + 2))
}

/// `=true`.
pub(super) fn boolean<'t>(scan: Scan<'t>, word: Word<'t>) -> Option<Scan<'t>> {
    let is_value = scan.follows(|byte| *byte == b'=')
        && matches!(word.bytes(), b"True" | b"true" | b"False" | b"false");
    if is_value { word.end.at_word_end() } else { None }
}

/// Whether this is the second part of a dotted number.
pub(super) fn is_behind_number_and_dot(scan: Scan<'_>) -> bool {
    matches!(scan.text[..scan.at], [.., b'0'..=b'9', b'.'])
}

/// Whether a dotted number goes on here.
pub(super) fn is_before_dot_and_number(scan: Scan<'_>) -> bool {
    matches!(scan.rest(), [b'.', b'0'..=b'9', ..])
}
