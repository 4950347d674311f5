//! Style, scripts and pictures: compiled into the binary, read from `static/` in debug builds.
//!
//! An address holds the content's hash, `/static/1f0c2a9b/picket.css`, so browsers keep it for ever and
//! still see every change at once. Our own style sheets and scripts go out as one file each: they are
//! small, and one request is faster than ten on HTTP/1.1. Relative `url(…)`s in the style sheet stay
//! below the same hash, which is why a file is served under any hash, but cached only under its own.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::base::secrets::hex;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// The route of [`show_asset`].
pub const ASSET_PATH: &str = "/static/{hash}/{*path}";

/// Files that go out joined, in this order.
const BUNDLES: &[(&str, &[&str])] = &[
    (
        "picket.css",
        &[
            "css/tokens.css",
            "css/base.css",
            "css/layout.css",
            "css/components.css",
            "css/forms.css",
            "css/issues.css",
            "css/issue.css",
            "css/stack.css",
            "css/event.css",
            "css/accounts.css",
            "css/usage.css",
            "css/releases.css",
        ],
    ),
    ("picket.js", &["js/time.js", "js/page.js", "js/issues.js", "js/event.js", "js/keys.js"]),
];

/// The address of every asset by its path.
static URLS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let bundles = BUNDLES.iter().map(|(path, _)| (*path).to_owned());
    let files = Files::iter().map(Cow::into_owned);
    bundles
        .chain(files)
        .filter_map(|path| {
            let url = format!("/static/{}/{path}", hash(&read(&path)?));
            Some((path, url))
        })
        .collect()
});

/// The address of the asset at `path` below `static/`, or of a bundle. Unknown paths lead nowhere.
pub fn url(path: &str) -> &'static str {
    URLS.get(path).map_or("/static/unknown", String::as_str)
}

/// Sends an asset.
pub async fn show_asset(Path((wanted_hash, path)): Path<(String, String)>) -> Response {
    let Some(content) = read(&path) else {
        return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
    };
    let is_current = !cfg!(debug_assertions) && hash(&content) == wanted_hash;
    let cache = if is_current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(header::CONTENT_TYPE, content_type(&path)), (header::CACHE_CONTROL, cache)];
    (headers, content.into_owned()).into_response()
}

fn read(path: &str) -> Option<Cow<'static, [u8]>> {
    let Some((_, parts)) = BUNDLES.iter().find(|(name, _)| *name == path) else {
        return Files::get(path).map(|file| file.data);
    };
    let mut joined = Vec::new();
    for part in *parts {
        joined.extend_from_slice(&Files::get(part)?.data);
        joined.push(b'\n');
    }
    Some(Cow::Owned(joined))
}

fn hash(content: &[u8]) -> String {
    hex(&Sha256::digest(content)[..4])
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_bundle_exists() {
        for (bundle, parts) in BUNDLES {
            for part in *parts {
                assert!(Files::get(part).is_some(), "{part} of {bundle}");
            }
        }
    }

    #[test]
    fn an_address_changes_with_the_content_and_leads_to_a_file() {
        let address = url("picket.css");
        let hash = address.strip_prefix("/static/").unwrap().split('/').next().unwrap();
        assert_eq!(hash.len(), 8, "{address}");
        assert_ne!(super::hash(b"a"), super::hash(b"b"));
        assert_eq!(url("css/missing.css"), "/static/unknown");
    }

    #[test]
    fn style_sheets_name_only_files_that_exist() {
        let css = String::from_utf8(read("picket.css").unwrap().into_owned()).unwrap();
        let mut named = 0;
        for rest in css.split("url(\"").skip(1) {
            let path = rest.split('"').next().unwrap();
            assert!(Files::get(path).is_some(), "{path}");
            named += 1;
        }
        assert!(named > 0, "the fonts are named in tokens.css");
    }
}
