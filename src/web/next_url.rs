//! Where to go after signing in, when a link said so.

/// The path to go on to, if it stays on this server; anything else is ignored.
///
/// Browsers read `//host`, `/\host` and `/<tab>/host` as another server, so none of them passes.
pub(super) fn sanitized(next: &str) -> Option<&str> {
    let rest = next.strip_prefix('/')?;
    let is_ours = !rest.starts_with('/')
        && !next.contains('\\')
        && !next.chars().any(char::is_control)
        && next.len() <= 2000;
    is_ours.then_some(next)
}

#[cfg(test)]
mod tests {
    use super::sanitized;

    #[test]
    fn a_path_of_our_own_passes() {
        for next in ["/", "/default/issues?query=is:unresolved&x=//y", "/account#sessions"] {
            assert_eq!(sanitized(next), Some(next));
        }
    }

    #[test]
    fn whatever_leads_to_another_server_does_not() {
        for next in [
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example/",
            "https:evil.example",
            "javascript:alert(1)",
            "evil.example",
            "\\\\evil.example",
            "",
            " /account",
        ] {
            assert_eq!(sanitized(next), None, "{next:?}");
        }
        assert_eq!(sanitized(&format!("/{}", "x".repeat(2000))), None);
    }
}
