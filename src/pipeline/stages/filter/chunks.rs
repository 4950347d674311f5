//! Parts of an application that could not be loaded, and React's markup that differs from the server's.

use std::sync::LazyLock;

use crate::domain::filters::Patterns;
use crate::protocol::event::Event;

/// Types and values, as globs.
const CHUNK_LOADS: [(&str, &str); 5] = [
    ("ChunkLoadError", "Loading chunk *"),
    ("*Uncaught *", "ChunkLoadError: Loading chunk *"),
    ("ChunkLoadError", "Failed to load chunk *"),
    ("*Uncaught *", "ChunkLoadError: Failed to load chunk *"),
    ("Error", "Uncaught (in promise): ChunkLoadError*"),
];

/// React's numbers of errors about hydration.
const HYDRATION_ERRORS: [&str; 5] = ["418", "419", "422", "423", "425"];

/// Where React's production build says a number.
const REACT_URLS: [&str; 2] =
    ["https://reactjs.org/docs/error-decoder.html?invariant=", "https://react.dev/errors/"];

static COMPILED: LazyLock<Vec<(Patterns, Patterns)>> = LazyLock::new(|| {
    let glob = |pattern: &str| Patterns::new(&[pattern.to_owned()]);
    CHUNK_LOADS.iter().map(|(kind, value)| (glob(kind), glob(value))).collect()
});

/// Whether a part of the application could not be loaded.
pub(super) fn is_chunk_load(event: &Event) -> bool {
    event.exceptions().iter().any(|exception| {
        let kind = exception.kind.as_deref().unwrap_or_default();
        let value = exception.value.as_deref().unwrap_or_default();
        // Nearly no error speaks of chunks: the globs are for those that do.
        value.contains("hunk")
            && COMPILED.iter().any(|(kinds, values)| kinds.matches(kind) && values.matches(value))
    })
}

/// Whether React found other markup than the server sent.
pub(super) fn is_hydration(event: &Event) -> bool {
    let values = event.exceptions().iter().filter_map(|exception| exception.value.as_deref());
    values.into_iter().any(|value| REACT_URLS.iter().any(|url| says_hydration(value, url)))
}

fn says_hydration(value: &str, url: &str) -> bool {
    value.match_indices(url).any(|(at, _)| {
        let behind = &value[at + url.len()..];
        let end = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
        HYDRATION_ERRORS.contains(&&behind[..end])
    })
}
