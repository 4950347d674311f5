//! Security reports about what extensions, toolbars and networks put into pages.

use std::sync::LazyLock;

use crate::domain::filters::{Source, SourcePattern};
use crate::protocol::event::Event;
use crate::protocol::lenient::RawMap;

/// Sources that no page asks for.
const INJECTED: [&str; 45] = [
    "about",
    "ms-browser-extension",
    "chrome://*",
    "chrome-extension://*",
    "chromeinvokeimmediate://*",
    "chromenull://*",
    "safari-extension://*",
    "mxaddon-pkg://*",
    "jar://*",
    "webviewprogressproxy://*",
    "ms-browser-extension://*",
    "tmtbff://*",
    "mbinit://*",
    "symres://*",
    "resource://*",
    "moz-extension://*",
    "*.metrext.com",
    "static.image2play.com",
    "*.tlscdn.com",
    "73a5b0806e464be8bd4e694c744624f0.com",
    "020dfefc4ac745dab7594f2f771c1ded.com",
    "*.superfish.com",
    "addons.mozilla.org",
    "v.zilionfast.in",
    "widgets.amung.us",
    "xls.searchfun.in",
    "istatic.datafastguru.info",
    "localhost",
    "resultshub-a.akamaihd.net",
    "pulseadnetwork.com",
    "gateway.zscalertwo.net",
    "www.passpack.com",
    "middlerush-a.akamaihd.net",
    "www.websmartcenter.com",
    "a.linkluster.com",
    "saveyoutime.ru",
    "cdncache-a.akamaihd.net",
    "x.rafomedia.com",
    "savingsslider-a.akamaihd.net",
    "injections.adguard.com",
    "icontent.us",
    "amiok.org",
    "connectionstrenth.com",
    "siteheart.net",
    "netanalitics.space",
];

static PATTERNS: LazyLock<Vec<SourcePattern>> = LazyLock::new(|| {
    INJECTED.iter().filter_map(|pattern| SourcePattern::parse(pattern).ok()).collect()
});

/// Chrome's own page about an error, as it calls it.
const ERROR_PAGE: &str = "data:text/html,chromewebdata";

/// Whether the report is about such a source.
pub(super) fn is_injected(event: &Event) -> bool {
    let Some(report) = event.csp.as_ref().and_then(|raw| raw.parse::<RawMap>()) else {
        return false;
    };
    let is_listed = |name: &str| {
        let Some(text) = report.get(name).and_then(|value| value.parse::<String>()) else {
            return false;
        };
        let source = Source::new(&text);
        // A page at `localhost` is a developer's own, and that has a filter of its own.
        let is_own_page = name != "blocked_uri" && source.host() == "localhost";
        text.eq_ignore_ascii_case(ERROR_PAGE)
            || !is_own_page && PATTERNS.iter().any(|pattern| pattern.matches(&source))
    };
    ["blocked_uri", "source_file", "document_uri"].into_iter().any(is_listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_read() {
        assert_eq!(PATTERNS.len(), INJECTED.len());
    }
}
