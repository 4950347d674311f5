//! Identifiers that programs make up: hashes, trace ids, random names.

use super::scan::{Scan, Word};

/// The longest number that is taken for one.
const MAX_HEX: usize = 128;

/// The longest identifier of several parts.
const MAX_MULTI_PART: usize = 128;

/// W3C's `00-…-…-01` and AWS's `1-…-…`.
pub(super) fn traceparent<'t>(scan: Scan<'t>, word: Word<'t>) -> Option<Scan<'t>> {
    if word.next() != Some(b'-') {
        return None;
    }
    let hex = |scan: Scan<'t>, count| {
        scan.literal("-")?.run(count, count, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let end = match word.bytes() {
        b"00" => hex(hex(scan.skip(2), 32)?, 16)?.any_of(&["-00", "-01"])?,
        b"1" => hex(hex(scan.skip(1), 8)?, 24)?,
        _ => return None,
    };
    end.at_word_end()
}

/// `8-4-4-4-12` hexadecimal digits.
pub(super) fn uuid<'t>(scan: Scan<'t>, word: Word<'t>) -> Option<Scan<'t>> {
    if word.len() != 8 || !word.is_hex {
        return None;
    }
    let end = [4, 4, 4, 12].into_iter().try_fold(scan.skip(8), |scan, count| {
        scan.literal("-")?.run(count, count, u8::is_ascii_hexdigit)
    });
    end?.at_word_end()
}

/// A hash of a known length.
pub(super) fn hash(word: Word<'_>, length: usize) -> Option<Scan<'_>> {
    if word.is_hex && word.len() == length { word.end.at_word_end() } else { None }
}

/// `OpenStack` Swift's transactions.
pub(super) fn swift_transaction<'t>(scan: Scan<'t>, word: Word<'t>) -> Option<Scan<'t>> {
    let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if word.len() != 23 {
        return None;
    }
    let end = scan.literal("tx")?.run(21, 21, hex)?.literal("-")?;
    if !end.rest().iter().take(10).all(hex) || end.rest().len() < 10 {
        return None;
    }
    end.skip(10).run(0, usize::MAX - 1, super::scan::is_word)
}

/// `0x…`, and what [`bare_hex`] finds.
pub(super) fn hex(word: Word<'_>) -> Option<Scan<'_>> {
    let is_prefixed = matches!(word.bytes(), [b'0', b'x' | b'X', digits @ ..]
        if !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit));
    if is_prefixed { word.end.at_word_end() } else { bare_hex(word) }
}

/// Short numbers with digits and letters of one case, and long ones. Only these may have a minus.
pub(super) fn bare_hex(word: Word<'_>) -> Option<Scan<'_>> {
    let is_one_case = word.is_hex && !(word.has_lower && word.has_upper);
    let is_number = match word.len() {
        4..=6 => word.has_digit && word.has_letter(),
        length => (8..=MAX_HEX).contains(&length),
    };
    if is_one_case && is_number { word.end.at_word_end() } else { None }
}

/// A short commit hash.
pub(super) fn git_sha(word: Word<'_>) -> Option<Scan<'_>> {
    let is_hash =
        word.is_hex && word.len() == 7 && word.has_digit && word.has_lower && !word.has_upper;
    if is_hash { word.end.at_word_end() } else { None }
}

/// Letters and digits that change too often for a name: `a8Xk2p`, but not `python3` or `bball4lyfe`.
pub(super) fn random(word: Word<'_>) -> Option<Scan<'_>> {
    let is_random = match word.len() {
        0..=3 => false,
        4 | 5 => word.changes >= 3 && word.has_lower && word.has_upper,
        _ => word.changes >= 3,
    };
    is_random.then_some(word.end)
}

/// Several such parts behind each other: `a1b2-c3d4-e5f6`. The parts may be shorter than a random word that
/// stands alone, so they must look random together: each has a digit, one changes twice, and there are at
/// least eight letters and digits. `us-east-1`, `1080p-60fps` and `gpt-4o` stay.
pub(super) fn multi_part_random(scan: Scan<'_>) -> Option<Scan<'_>> {
    let mut word = Word::at(scan);
    let (mut parts, mut changes, mut most_changes, mut length) = (0, 0, 0, 0);
    let mut has_letter = false;
    loop {
        if !word.has_digit || word.end.at - scan.at > MAX_MULTI_PART {
            return None;
        }
        parts += 1;
        length += word.len();
        changes += word.changes;
        most_changes = most_changes.max(word.changes);
        has_letter |= word.has_letter();
        let next = word.end.literal("-").map(Word::at).filter(|next| next.len() > 0);
        match next {
            Some(next) => word = next,
            None => break,
        }
    }
    let is_random = parts > 1 && has_letter && length >= 8 && most_changes >= 2 && changes >= 3;
    is_random.then_some(word.end)
}
