//! Files of strangers on their way to somebody's disk.

use axum::response::AppendHeaders;
use http::{HeaderName, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Should a browser open the file all the same: no scripts, no forms, nothing from anywhere.
pub const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");

/// The longest name that every file system takes, in characters of one byte.
const MAX_NAME_CHARS: usize = 150;

/// The headers under which a file is saved and not opened.
pub fn headers(name: &str, length: u64) -> AppendHeaders<[(HeaderName, HeaderValue); 6]> {
    AppendHeaders([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
        (header::CONTENT_DISPOSITION, disposition(name)),
    ])
}

/// Says how to call the file: once for everybody, once more with every letter it has.
fn disposition(name: &str) -> HeaderValue {
    let safe = safe_name(name);
    let plain: String = safe
        .chars()
        .map(|c| if c.is_ascii() && !matches!(c, '"' | '%') { c } else { '_' })
        .collect();
    let exact = utf8_percent_encode(&safe, NON_ALPHANUMERIC);
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}");
    HeaderValue::try_from(value).expect("printable ASCII is allowed in headers")
}

/// The name without what leads elsewhere, hides its end, or ends a header.
fn safe_name(name: &str) -> String {
    let is_bidirectional = |c: char| matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let letters = name.chars().filter(|c| !is_bidirectional(*c)).take(MAX_NAME_CHARS);
    let unsafe_letter =
        |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '<' | '>' | '|');
    let safe: String = letters.map(|c| if unsafe_letter(c) { '_' } else { c }).collect();
    let safe = safe.trim().trim_start_matches('.').to_owned();
    if safe.is_empty() { "attachment".to_owned() } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_ends_no_header() {
        for (name, expected) in [
            ("log.txt", "log.txt"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a\r\nSet-Cookie: x", "a__Set-Cookie_ x"),
            ("C:\\boot.ini", "C__boot.ini"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            (" ... ", "attachment"),
            ("", "attachment"),
        ] {
            assert_eq!(safe_name(name), expected, "{name:?}");
        }
        assert_eq!(safe_name(&"x".repeat(4096)).len(), MAX_NAME_CHARS);
    }

    #[test]
    fn quotes_and_other_alphabets_survive() {
        let value = disposition("Bild \"ä\" 100%.png");
        assert_eq!(
            value.to_str().unwrap(),
            "attachment; filename=\"Bild ___ 100_.png\"; filename*=UTF-8''Bild%20%22%C3%A4%22%20100%25%2Epng"
        );
    }
}
