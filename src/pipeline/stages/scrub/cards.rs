//! Numbers of cards.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// American Express, Visa, Mastercard, Discover; blanks or hyphens between the digits.
static CARD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)\b(?:
            3[\ -]?[47](?:[\ -]?[0-9]){13}
          | (?: 4[\ -]?[0-9] | 5[\ -]?[1-5] | 2[\ -]?[2-7] | 6[\ -]?5 )(?:[\ -]?[0-9]){14}
          | 6[\ -]?0[\ -]?1[\ -]?1(?:[\ -]?[0-9]){12}
        )\b",
    )
    .expect("a constant expression")
});

/// Numbers that look like those of cards. Where names and patterns are looked for, that is enough;
/// elsewhere (`is_strict`) their check digit must fit, too.
pub(super) fn find(text: &str, is_strict: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(card) = CARD.find_at(text, from) {
        // Mastercard's newer numbers begin like any other number, so only the check digit tells.
        let is_newer = card.as_str().starts_with('2');
        if (is_strict || is_newer) && !passes_luhn(card.as_str()) {
            from = card.start() + 1;
        } else {
            from = card.end();
            found.push(card.range());
        }
    }
    found
}

/// Whether the last digit fits the others, as on every card.
fn passes_luhn(number: &str) -> bool {
    let digits = number.bytes().rev().filter(u8::is_ascii_digit).map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) => doubled / 10 + doubled % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, is_strict: bool) -> Vec<&str> {
        find(text, is_strict).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn cards_of_four_kinds_are_found_however_they_are_written() {
        for card in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "5500005555555559",
            "2223003122003222",
            "378282246310005",
            "3782 822463 10005",
            "6011111111111117",
        ] {
            let text = format!("paid 12 with {card}, thanks");
            assert_eq!(texts(&text, true), [card]);
        }
    }

    const NONE: [&str; 0] = [];

    #[test]
    fn a_number_whose_check_digit_is_wrong_counts_only_where_data_is() {
        assert_eq!(texts("4111111111111112", true), NONE);
        assert_eq!(texts("4111111111111112", false), ["4111111111111112"]);
        assert_eq!(texts("2223003122003223", false), NONE);
        assert_eq!(texts("41111111111111111", false), NONE, "17 digits");
        assert_eq!(texts("1732234567890123", false), NONE, "a time in microseconds");
        assert_eq!(texts("4 4111111111111111", true), ["4111111111111111"]);
    }
}
