//! The digest of the texts that count (`grouping.md` §12.1).

use md5::{Digest, Md5};

/// MD5 over the texts without separators, so that hashes of existing installations stay valid.
pub(super) fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Md5::new();
    for text in texts {
        hasher.update(text.as_bytes());
    }
    hex(&hasher.finalize())
}

/// Whether `text` already is a digest as we write them.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_equal_those_of_existing_installations() {
        for (texts, expected) in [
            (
                &["ValueError", "invalid literal for int() with base <int>: 'abc'"][..],
                "e745bc3cb320a4210cdd29e4b33a8edd",
            ),
            (
                &["PaymentDeclined", "shop.checkout", "charge", "raise PaymentDeclined(order)"],
                "c66bdef9373b39465a9f9f8453d97d75",
            ),
            (&["checkout", "EU"], "db0923684683008bb490ada749b79935"),
            (&["script-src", "cdn.example.net"], "cb9453d8f3b9ee393dff824bb5602c7d"),
            // The hash of events that have nothing to group by.
            (&[], "d41d8cd98f00b204e9800998ecf8427e"),
        ] {
            assert_eq!(digest(texts.iter().copied()), expected, "{texts:?}");
        }
    }
}
