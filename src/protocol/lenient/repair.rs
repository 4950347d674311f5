//! Turns almost-JSON into JSON.

/// Mends what real clients get wrong (`protocol.md` §13.2): bytes that are no UTF-8, halves of
/// surrogate pairs, `NaN` and `Infinity`, numbers too large to count. The meaning of valid JSON does
/// not change; what is still no JSON afterwards is not one.
pub fn repair(bytes: &[u8]) -> Vec<u8> {
    mend(bytes).into_bytes()
}

/// Whether [`repair`] may have something to do in JSON of which some came from a client unparsed: what
/// we skip without looking, strict parsers refuse. Quick, and sometimes wrongly `true`.
pub fn is_suspicious(json: &[u8]) -> bool {
    /// From so many digits on a number may be past what `f64` holds.
    const MANY_DIGITS: usize = 300;
    let is_digit = u8::is_ascii_digit;
    let is_odd = |at: usize| match json[at..] {
        [b'\\', b'u', b'd' | b'D', second, ..] => !matches!(second, b'0'..=b'7'),
        [b'e' | b'E', b'+', a, b, c, ..] | [b'e' | b'E', a, b, c, ..] => {
            [a, b, c].iter().all(is_digit)
        }
        _ => false,
    };
    memchr::memchr3_iter(b'\\', b'e', b'E', json).any(is_odd)
        || json.chunk_by(|a, b| is_digit(a) && is_digit(b)).any(|run| run.len() > MANY_DIGITS)
}

/// The same as [`repair`], as the text that it is.
pub(super) fn mend(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(next) = rest.chars().next() {
        let taken = match next {
            '"' => copy_string(rest, &mut out),
            'N' | 'I' | '-' | '0'..='9' => copy_number(rest, &mut out),
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    out
}

/// Copies the string literal that `rest` begins with; returns how much of `rest` it was.
fn copy_string(rest: &str, out: &mut String) -> usize {
    out.push('"');
    let mut at = 1;
    while at < rest.len() {
        let tail = &rest[at..];
        if tail.starts_with('"') {
            out.push('"');
            return at + 1;
        }
        if tail.starts_with("\\u") {
            at += copy_unicode_escape(tail, out);
        } else if tail.starts_with('\\') {
            let escaped: String = tail.chars().take(2).collect();
            at += escaped.len();
            out.push_str(&escaped);
        } else {
            let run = tail.find(['"', '\\']).unwrap_or(tail.len());
            push_without_controls(&tail[..run], out);
            at += run;
        }
    }
    at
}

/// Raw control characters are not allowed in JSON strings; some clients send them.
fn push_without_controls(run: &str, out: &mut String) {
    use std::fmt::Write;
    for c in run.chars() {
        if c < ' ' {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
}

/// Copies one `\uXXXX`, or a pair of them; a lone half becomes U+FFFD.
fn copy_unicode_escape(tail: &str, out: &mut String) -> usize {
    const REPLACEMENT: &str = "\\ufffd";
    let unit = |from: &str| {
        let digits = from.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(tail) else {
        out.push_str(REPLACEMENT);
        return 2;
    };
    let is_high = (0xd800..0xdc00).contains(&first);
    let is_low = |unit: u16| (0xdc00..0xe000).contains(&unit);
    if is_high && tail.get(6..).and_then(unit).is_some_and(is_low) {
        out.push_str(&tail[..12]);
        return 12;
    }
    out.push_str(if is_high || is_low(first) { REPLACEMENT } else { &tail[..6] });
    6
}

/// Copies a number, or `null` in place of one that JSON or `f64` cannot hold.
fn copy_number(rest: &str, out: &mut String) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let token = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
    let too_large = || token.parse::<f64>().is_ok_and(|number| !number.is_finite());
    let is_word = matches!(token.trim_start_matches('-'), "NaN" | "Infinity");
    out.push_str(if is_word || too_large() { "null" } else { token });
    token.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &[u8]) -> String {
        mend(text)
    }

    #[test]
    fn valid_json_is_left_alone() {
        let text = r#"{"a":[1,-2.5e3,true,null,"q\"\\ \u00e9 \ud83d\ude00 NaN 1e999"],"b":{}}"#;
        assert_eq!(mended(text.as_bytes()), text);
    }

    #[test]
    fn half_a_surrogate_pair_becomes_the_replacement_character() {
        assert_eq!(mended(br#""a\ud800b\udc00\ud800\n""#), r#""a\ufffdb\ufffd\ufffd\n""#);
        assert_eq!(mended(br#""\u12""#), r#""\ufffd12""#);
    }

    #[test]
    fn numbers_that_json_cannot_hold_become_null() {
        assert_eq!(
            mended(b"[NaN,Infinity,-Infinity,1e400,-1e999,1e30]"),
            "[null,null,null,null,null,1e30]"
        );
    }

    #[test]
    fn what_strict_parsers_refuse_in_what_we_skipped_is_found() {
        let many = "9".repeat(400);
        for json in [r#"["\ud800"]"#, r#"["\uDFFF"]"#, "[1e400]", "[1E+400]", "[-2e308]", &many] {
            assert!(is_suspicious(json.as_bytes()), "{json}");
            assert!(serde_json::from_str::<serde_json::Value>(json).is_err());
            assert!(serde_json::from_slice::<serde_json::Value>(&repair(json.as_bytes())).is_ok());
        }
        for json in [r#"["\ud7ff", "the e1", "a\\b", 1e30, 1.5E-9]"#, "", "\\", "e", "\"\\u"] {
            assert!(!is_suspicious(json.as_bytes()), "{json}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(mended(b"\"a\xffb\""), "\"a\u{fffd}b\"");
        assert_eq!(mended(b"\"a\nb\""), "\"a\\u000ab\"");
    }

    #[test]
    fn input_that_ends_early_does_not_panic() {
        for text in ["\"", "\"\\", "\"\\u", "\"\\ud800", "\"\\ud800\\u", "-", "N", "\"\\ué"] {
            mended(text.as_bytes());
        }
    }
}
