//! Patterns of where something comes from: `example.com`, `*.example.com`, `https://example.com:8443`,
//! `chrome-extension://*`, `*:3000`, `*` (`protocol.md` §2.6, §7).

use std::sync::Arc;

/// A pattern of pages and other sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePattern {
    /// The pattern itself, for values that are no URLs: `about`, `data:text/html,…`.
    text: String,
    scheme: Option<String>,
    host: HostPattern,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Any,
    /// The domain and everything below it.
    Below(String),
    Exactly(String),
}

/// A URL's or a bare name's parts, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    text: String,
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
}

/// The pages that may send to a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages(Option<Arc<[SourcePattern]>>);

impl Pages {
    /// All pages.
    pub const ALL: Self = Self(None);

    /// Those that a project's list allows; `*` allows all.
    pub fn new(allowed_domains: &[String]) -> Self {
        let is_open = allowed_domains.iter().any(|line| line == "*");
        let patterns = allowed_domains.iter().filter_map(|line| SourcePattern::parse(line).ok());
        Self((!is_open).then(|| patterns.collect()))
    }

    /// Whether a page may send; whoever is no page may.
    pub fn allow(&self, page: Option<&Source>) -> bool {
        match (&self.0, page) {
            (Some(pages), Some(page)) => pages.iter().any(|pattern| pattern.matches(page)),
            _ => true,
        }
    }
}

impl Source {
    /// Takes a URL apart; a bare name is a host.
    pub fn new(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_owned()), rest),
            None => (None, text.as_str()),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = split_port(authority);
        let usual = match scheme.as_deref() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        };
        let port = port.and_then(|port| port.parse().ok()).or(usual);
        let host = host.trim_end_matches('.').to_owned();
        Self { text, scheme, host, port }
    }

    /// The page that sends a request with these headers, `Origin` and `Referer`; none for programs that are
    /// no pages, and pages that keep it to themselves.
    pub fn of_page(origin: Option<&[u8]>, referer: Option<&[u8]>) -> Option<Self> {
        let sources = [origin, referer].into_iter().flatten();
        let mut sources = sources.map(|header| Self::new(&String::from_utf8_lossy(header)));
        sources.find(Self::is_web)
    }

    /// Whether it is a page of the web; nothing else has an origin.
    pub fn is_web(&self) -> bool {
        matches!(self.scheme.as_deref(), Some("http" | "https")) && !self.host.is_empty()
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What stands before `://`.
    pub fn scheme(&self) -> Option<&str> {
        self.scheme.as_deref()
    }
}

/// `host:port`, where a host in brackets may hold colons.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port))
            if !port.contains(']') && (!host.contains(':') || host.ends_with(']')) =>
        {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

impl SourcePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim().to_lowercase();
        let (scheme, rest) = match text.split_once("://") {
            Some(("" | "*", rest)) => (None, rest),
            Some((scheme, rest)) => (Some(scheme.to_owned()), rest),
            None => (None, text.as_str()),
        };
        if rest.contains(['/', '?', '#']) {
            return Err("has a path: only scheme, host and port count");
        }
        let (host, port) = split_port(rest);
        let port = match port {
            None | Some("*") => None,
            Some(port) => Some(port.parse().map_err(|_| "has a port that is no number")?),
        };
        let host = match host.strip_prefix("*.") {
            _ if host == "*" => HostPattern::Any,
            Some(domain) if !domain.contains('*') => HostPattern::Below(domain.to_owned()),
            None if !host.contains('*') && !host.is_empty() => {
                HostPattern::Exactly(host.to_owned())
            }
            _ => return Err("can have * only alone or as *. in front of a domain"),
        };
        Ok(Self { text, scheme, host, port })
    }

    /// Whether a source fits.
    pub fn matches(&self, source: &Source) -> bool {
        if self.text == source.text {
            return true;
        }
        let fits_scheme =
            self.scheme.as_ref().is_none_or(|scheme| source.scheme.as_ref() == Some(scheme));
        let fits_port = self.port.is_none_or(|port| source.port == Some(port));
        fits_scheme && fits_port && self.host.matches(&source.host)
    }
}

impl HostPattern {
    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(exact) => exact == host,
            Self::Below(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, source: &str) -> bool {
        SourcePattern::parse(pattern).unwrap().matches(&Source::new(source))
    }

    #[test]
    fn hosts_schemes_and_ports_are_told_apart() {
        for (pattern, good, bad) in [
            ("example.com", "https://EXAMPLE.com:8443/a?b#c", "https://www.example.com/"),
            ("*.example.com", "https://a.b.example.com", "https://badexample.com"),
            ("*.example.com", "http://example.com", "http://example.com.evil.net"),
            ("https://example.com", "https://example.com", "http://example.com"),
            ("https://example.com:443", "https://example.com", "https://example.com:8443"),
            ("http://localhost:3000", "http://localhost:3000", "http://localhost:3001"),
            ("*:3000", "http://anything:3000/x", "http://anything:300/x"),
            ("https://*.example.com:8443", "https://a.example.com:8443", "https://a.example.com"),
            ("chrome-extension://*", "chrome-extension://abcdef/script.js", "https://chrome.com"),
            ("about", "about:blank", "about.example"),
            ("[::1]:3000", "http://[::1]:3000/", "http://[::1]/"),
            ("[::1]", "http://[::1]:3000/", "http://[::2]/"),
            ("example.com", "https://user@example.com./", "https://example.com@evil.net/"),
        ] {
            assert!(matches(pattern, good), "{pattern} fits {good}");
            assert!(!matches(pattern, bad), "{pattern} does not fit {bad}");
        }
        assert!(matches("*", "https://anything.at.all/"));
    }

    #[test]
    fn what_is_no_pattern_is_named() {
        for (pattern, words) in [
            ("https://example.com/path", "has a path: only scheme, host and port count"),
            ("example.com:http", "has a port that is no number"),
            ("exa*mple.com", "can have * only alone or as *. in front of a domain"),
            ("*.*.com", "can have * only alone or as *. in front of a domain"),
            ("", "can have * only alone or as *. in front of a domain"),
        ] {
            assert_eq!(SourcePattern::parse(pattern), Err(words), "{pattern}");
        }
    }

    #[test]
    fn only_pages_of_the_web_have_an_origin() {
        assert!(Source::new("https://a.example").is_web() && Source::new("HTTP://a").is_web());
        for text in ["null", "file:///home/x", "capacitor://localhost", "", "https://", "a.example"]
        {
            assert!(!Source::new(text).is_web(), "{text}");
        }
    }
}
