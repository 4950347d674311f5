//! Links out of what events say, and parts of links in.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// What must be escaped in one part of a path.
const PATH_PART: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\');

/// The address if a browser may be sent there from a page of ours: `http` or `https`, nothing else.
pub fn outward(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    // A password in a link would be sent on a click and be seen by whoever looks over the shoulder.
    let is_bare = url.username().is_empty() && url.password().is_none();
    (is_web && is_bare).then(|| url.into())
}

/// A text as one part of a path.
pub fn path_part(text: &str) -> String {
    utf8_percent_encode(text, PATH_PART).to_string()
}

/// A text as a value in a query.
pub fn query_value(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The name in what somebody typed or pasted: whoever pastes the address of a thing means the thing.
pub fn last_part(typed: &str) -> &str {
    typed.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_means_what_it_leads_to() {
        for typed in ["SHOP-2", " SHOP-2 ", "https://picket.example.com/default/issues/SHOP-2/"] {
            assert_eq!(last_part(typed), "SHOP-2");
        }
        assert_eq!(last_part(" / "), "");
    }

    #[test]
    fn only_addresses_of_the_web_become_links() {
        assert_eq!(
            outward(" https://example.com/a?b#c ").as_deref(),
            Some("https://example.com/a?b#c")
        );
        for address in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,<script>",
            "//example.com",
            "/settings",
            "https://user:secret@example.com/",
            "http://",
            "",
        ] {
            assert_eq!(outward(address), None, "{address}");
        }
    }

    #[test]
    fn parts_of_addresses_are_escaped() {
        assert_eq!(path_part("a/b?c#d"), "a%2Fb%3Fc%23d");
        assert_eq!(query_value("a b&c=\"d\""), "a%20b%26c%3D%22d%22");
    }
}
