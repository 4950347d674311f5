//! Violations of a page's content security policy.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Fields, SecurityReportError, number, text};

/// The directives that can be violated.
const DIRECTIVES: [&str; 32] = [
    "base-uri",
    "block-all-mixed-content",
    "child-src",
    "connect-src",
    "default-src",
    "fenced-frame-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "navigate-to",
    "object-src",
    "plugin-types",
    "prefetch-src",
    "referrer",
    "report-to",
    "report-uri",
    "require-sri-for",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
    "upgrade-insecure-requests",
    "worker-src",
];

/// What a content security policy stopped, or would have stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Csp {
    /// The directive that was violated; one of a known list.
    pub effective_directive: String,
    /// The same with its sources, as older browsers send it; may be empty.
    pub violated_directive: String,
    /// What was blocked: an address, or a word such as `self`, `inline`, `eval`, `data`.
    pub blocked_uri: String,
    /// The page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_uri: Option<String>,
    /// The whole policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_policy: Option<String>,
    /// Where the visitor came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// `enforce`, or `report` when nothing was really blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// The HTTP status of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u64>,
    /// The script that wanted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_file: Option<String>,
    /// The line in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_number: Option<u64>,
    /// The column in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_number: Option<u64>,
    /// The first characters of an inline script or style.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_sample: Option<String>,
}

impl Csp {
    /// Reads the fields in any browser's spelling.
    ///
    /// # Errors
    /// When no known directive was violated.
    pub fn read(fields: &Fields) -> Result<Self, SecurityReportError> {
        let violated_directive = text(fields, "violated_directive").unwrap_or_default();
        let first_word = || violated_directive.split_whitespace().next().map(str::to_owned);
        let effective_directive = text(fields, "effective_directive")
            .or_else(first_word)
            .filter(|directive| DIRECTIVES.contains(&directive.as_str()))
            .ok_or(SecurityReportError::Unusable)?;
        let blocked = text(fields, "blocked_uri").or_else(|| text(fields, "blockedURL"));
        let sample = || text(fields, "script_sample").or_else(|| text(fields, "sample"));
        Ok(Self {
            effective_directive,
            violated_directive,
            blocked_uri: blocked.unwrap_or_else(|| "self".to_owned()),
            document_uri: text(fields, "document_uri").or_else(|| text(fields, "documentURL")),
            original_policy: text(fields, "original_policy"),
            referrer: text(fields, "referrer"),
            disposition: text(fields, "disposition"),
            status_code: number(fields, "status_code"),
            source_file: text(fields, "source_file"),
            line_number: number(fields, "line_number"),
            column_number: number(fields, "column_number"),
            script_sample: sample(),
        })
    }

    /// What happened, in a sentence.
    pub fn message(&self) -> String {
        let thing = self.thing();
        match (self.blocked_host(), self.effective_directive.as_str()) {
            (Some(host), "form-action") => format!("Blocked 'form' action to '{host}'"),
            (Some(host), "script-src-attr") => {
                format!("Blocked inline script attribute from '{host}'")
            }
            (Some(host), "style-src-attr") => format!("Blocked style attribute from '{host}'"),
            (Some(host), _) => format!("Blocked '{thing}' from '{host}'"),
            (None, "script-src") => format!("Blocked unsafe {} 'script'", self.unsafe_word()),
            (None, "script-src-elem") if self.blocked_uri == "eval" => {
                "Blocked unsafe eval() 'script'".to_owned()
            }
            (None, "script-src-elem") => "Blocked inline 'script' element".to_owned(),
            (None, "script-src-attr") => "Blocked inline script attribute".to_owned(),
            (None, "style-src-elem") => "Blocked 'style' or 'link' element".to_owned(),
            (None, "style-src-attr") => "Blocked style attribute".to_owned(),
            (None, _) => format!("Blocked inline '{thing}'"),
        }
    }

    /// What kind of unsafe script it was, as far as that is known.
    fn unsafe_word(&self) -> &'static str {
        let violates = |word: &str| self.violated_directive.contains(word);
        match self.blocked_uri.as_str() {
            "inline" => "inline",
            "eval" => "eval()",
            _ if violates("'unsafe-inline'") => "inline",
            _ if violates("'unsafe-eval'") => "eval()",
            _ => "(eval() or inline)",
        }
    }

    /// The directive as a word for what it governs.
    fn thing(&self) -> &str {
        match self.effective_directive.as_str() {
            "child-src" => "child",
            "connect-src" => "connect",
            "font-src" => "font",
            "img-src" => "image",
            "manifest-src" => "manifest",
            "media-src" => "media",
            "object-src" => "object",
            "script-src" | "script-src-elem" => "script",
            "style-src" | "style-src-elem" => "style",
            directive => directive,
        }
    }

    /// Who was blocked: a host with its port, or a scheme; none if it was the page itself.
    pub fn blocked_host(&self) -> Option<String> {
        let own = self.document_uri.as_deref().and_then(host);
        match self.blocked_uri.as_str() {
            "" | "self" | "'self'" | "inline" | "eval" => None,
            "data" => Some("data:".to_owned()),
            uri => Some(host(uri).unwrap_or_else(|| uri.to_owned())).filter(|_| host(uri) != own),
        }
    }

    /// What was blocked, without what must not be kept: payment providers put secrets there.
    pub fn blocked_uri_for_tag(&self) -> &str {
        let uri = self.blocked_uri.as_str();
        if host(uri).as_deref() == Some("api.stripe.com") {
            return uri.split(['?', '#']).next().unwrap_or_default();
        }
        uri
    }

    /// The directive with the page's own origin written as `'self'`.
    pub fn culprit(&self) -> Option<String> {
        let directive = match self.violated_directive.as_str() {
            "" => &self.effective_directive,
            violated => violated,
        };
        let own = self.document_uri.as_deref().and_then(|uri| Url::parse(uri).ok());
        let own = own.filter(Url::has_host).map(|url| url.origin().ascii_serialization());
        let is_own = |word: &str| own.as_deref() == Some(word.trim_end_matches('/'));
        let words = directive.split_whitespace();
        let words: Vec<_> = words.map(|word| if is_own(word) { "'self'" } else { word }).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}

/// The part of an address by which people know it; none if it is no address.
fn host(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty());
    Some(match (url.scheme(), host, url.port()) {
        ("http" | "https", Some(host), Some(port)) => format!("{host}:{port}"),
        ("http" | "https", Some(host), None) => host.to_owned(),
        (scheme, Some(host), _) => format!("{scheme}://{host}"),
        (scheme, None, _) => format!("{scheme}:"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csp(directive: &str, blocked: &str) -> Csp {
        Csp {
            effective_directive: directive.to_owned(),
            blocked_uri: blocked.to_owned(),
            document_uri: Some("https://shop.example:8443/cart".to_owned()),
            ..Csp::default()
        }
    }

    #[test]
    fn a_violation_is_called_by_what_was_blocked_and_from_where() {
        for (directive, blocked, expected) in [
            (
                "script-src-elem",
                "https://evil.example/x.js?a",
                "Blocked 'script' from 'evil.example'",
            ),
            ("img-src", "http://a.b:81/", "Blocked 'image' from 'a.b:81'"),
            ("img-src", "data", "Blocked 'image' from 'data:'"),
            ("font-src", "data:font/woff", "Blocked 'font' from 'data:'"),
            (
                "frame-src",
                "chrome-extension://abc/x",
                "Blocked 'frame-src' from 'chrome-extension://abc'",
            ),
            ("form-action", "https://evil.example/", "Blocked 'form' action to 'evil.example'"),
            ("style-src-attr", "https://a.b/", "Blocked style attribute from 'a.b'"),
            ("script-src-attr", "inline", "Blocked inline script attribute"),
            ("script-src-elem", "inline", "Blocked inline 'script' element"),
            ("style-src-elem", "inline", "Blocked 'style' or 'link' element"),
            ("script-src", "eval", "Blocked unsafe eval() 'script'"),
            ("script-src", "self", "Blocked unsafe (eval() or inline) 'script'"),
            ("img-src", "https://shop.example:8443/a.png", "Blocked inline 'image'"),
            ("img-src", "https://shop.example/a.png", "Blocked 'image' from 'shop.example'"),
            ("base-uri", "", "Blocked inline 'base-uri'"),
        ] {
            assert_eq!(csp(directive, blocked).message(), expected, "{directive} {blocked}");
        }
        let violated_directive = "script-src 'unsafe-inline' 'unsafe-eval'".to_owned();
        let inline = Csp { violated_directive, ..csp("script-src", "") };
        assert_eq!(inline.message(), "Blocked unsafe inline 'script'");
    }

    #[test]
    fn the_own_origin_of_a_directive_is_the_page_itself() {
        let violated_directive = "img-src https://shop.example:8443 https://cdn.example".to_owned();
        let report = Csp { violated_directive, ..csp("img-src", "x") };
        assert_eq!(report.culprit().unwrap(), "img-src 'self' https://cdn.example");
        assert_eq!(csp("img-src", "x").culprit().unwrap(), "img-src");
        assert_eq!(Csp::default().culprit(), None);
    }

    #[test]
    fn addresses_of_payments_lose_their_query() {
        let tag = |uri: &str| csp("connect-src", uri).blocked_uri_for_tag().to_owned();
        assert_eq!(
            tag("https://api.stripe.com/v1/tokens?card=4242#x"),
            "https://api.stripe.com/v1/tokens"
        );
        assert_eq!(tag("https://a.b/c?d"), "https://a.b/c?d");
    }
}
