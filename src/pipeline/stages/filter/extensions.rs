//! Errors that browser extensions, toolbars and injected scripts are known to cause.

use std::sync::LazyLock;

use regex::Regex;

use crate::protocol::event::{Event, Exception};

static VALUES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        top\.GLOBALS | originalCreateNotification | canvas\.contentDocument |
        MyApp_RemoveAllHighlights | http://tt\.epicplay\.com | Can't\ find\ variable:\ ZiteReader |
        jigsaw\ is\ not\ defined | ComboSearch\ is\ not\ defined |
        http://loading\.retry\.widdit\.com/ | atomicFindClose | fb_xd_fragment |
        bmi_SafeAddOnload | EBCallBackMessageReceived | _gCrWeb | conduitPage |
        null\ is\ not\ an\ object\ \(evaluating\ 'elt\.parentNode'\) |
        plugin\.setSuspendState\ is\ not\ a\ function | Extension\ context\ invalidated |
        webkit-masked-url: | can't\ access\ dead\ object |
        Cannot\ redefine\ property:\ (solana|ethereum|googletag) |
        undefined\ is\ not\ an\ object\ \(evaluating\ 'a\..'\) |
        Permission\ denied\ to\ access\ property\  | Can't\ find\ variable:\ gmo",
    )
    .expect("the pattern is a regular expression")
});

static SOURCES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        graph\.facebook\.com | connect\.facebook\.net | eatdifferent\.com\.woopra-ns\.com |
        static\.woopra\.com/js/woopra\.js |
        ^(chrome|chrome-extension|moz-extension|safari-extension|safari-web-extension):// |
        webkit-masked-url | 127\.0\.0\.1:4001/isrunning | webappstoolbarba\.texthelp\.com/ |
        metrics\.itunes\.apple\.com\.edgesuite\.net/ | kaspersky-labs\.com",
    )
    .expect("the pattern is a regular expression")
});

/// Whether the first exception is that of an extension.
pub(super) fn is_extension(event: &Event) -> bool {
    let Some(exception) = event.exceptions().first() else { return false };
    exception.value.as_deref().is_some_and(|value| VALUES.is_match(value))
        || source(exception).is_some_and(|source| SOURCES.is_match(source))
}

/// The file in which it happened; browsers have names for code that is in none.
fn source(exception: &Exception) -> Option<&str> {
    let frames = exception.stacktrace.as_ref()?.frames();
    let paths = frames.iter().rev().filter_map(|frame| frame.abs_path.as_deref());
    paths.into_iter().find(|path| !matches!(*path, "<anonymous>" | "[native code]"))
}
