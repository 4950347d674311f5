//! How a release may be called.

/// The longest name of a release, in bytes.
const MAX_BYTES: usize = 200;

/// What is wrong with the name of a release (`protocol.md` §5.6); `None`: nothing.
pub fn name_problem(release: &str) -> Option<&'static str> {
    if release.trim().is_empty() {
        return Some("a release has a name");
    }
    if release.len() > MAX_BYTES {
        return Some("a release has at most 200 bytes");
    }
    let is_forbidden = |byte: u8| matches!(byte, b'/' | b'\\') || byte.is_ascii_control();
    if release.bytes().any(is_forbidden) {
        return Some("a release has no slash, backslash or control character");
    }
    let is_reserved = matches!(release, "." | "..") || release.eq_ignore_ascii_case("latest");
    is_reserved.then_some("this word cannot name a release")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_must_fit_into_a_path() {
        for good in ["shop@1.2.3+4", "nightly", "v1", "Ünïcode", "latest-1"] {
            assert_eq!(name_problem(good), None, "{good}");
        }
        let long = "x".repeat(201);
        for bad in ["", " ", "a/b", "a\\b", "a\nb", ".", "..", "Latest", &long] {
            assert!(name_problem(bad).is_some(), "{bad}");
        }
    }
}
