//! Lists in pages: the `Link` header (`web-api.md` §1.6).

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::json::Json;
use super::parameters::Parameters;
use crate::app::App;
use crate::base::page::{Edge, MAX_TOTAL, Total};
use crate::base::{Cursor, Page, PageRequest};

/// What stays as it is in a parameter of a link. The comma does not: some clients split the header there.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a list is, as its clients can reach it.
#[derive(Clone, Debug)]
pub(super) struct ListUrl {
    /// The public URL with the path, and with every parameter but the cursor.
    base: String,
}

impl FromRequestParts<App> for ListUrl {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let Ok(parameters) = Parameters::from_request_parts(parts, app).await;
        let mut base = format!("{}{}?", app.config.server.base_url(), parts.uri.path());
        for (name, value) in parameters.without_cursor() {
            base.push('&');
            base.extend(utf8_percent_encode(name, PLAIN));
            base.push('=');
            base.extend(utf8_percent_encode(value, PLAIN));
        }
        Ok(Self { base })
    }
}

impl ListUrl {
    fn link(&self, edge: Edge, direction: &str) -> String {
        let (cursor, results) = (edge.cursor, edge.has_rows);
        format!(
            "<{}&cursor={cursor}>; rel=\"{direction}\"; results=\"{results}\"; cursor=\"{cursor}\"",
            self.base
        )
    }

    /// A page as an answer, with its links.
    pub(super) fn page<T: Serialize>(&self, page: Page<T>) -> Response {
        let links =
            format!("{}, {}", self.link(page.previous, "previous"), self.link(page.next, "next"));
        let total = page.total;
        let mut response = Json(page.items).into_response();
        let headers = response.headers_mut();
        if let Ok(links) = HeaderValue::try_from(links) {
            headers.insert(header::LINK, links);
        }
        if let Some(Total { count, .. }) = total {
            headers.insert(HeaderName::from_static("x-hits"), HeaderValue::from(count));
            let most = HeaderValue::from(MAX_TOTAL);
            headers.insert(HeaderName::from_static("x-max-hits"), most);
        }
        response
    }

    /// A page of a short list that is all in memory, cut by offset.
    pub(super) fn slice<T: Serialize>(&self, rows: Vec<T>, request: &PageRequest) -> Response {
        let offset = request.cursor.map_or(0, |cursor| cursor.tie);
        let size = request.size() as u128;
        let count = rows.len() as u128;
        let cursor = |tie, is_backward| Cursor { key: 0, tie, is_backward };
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        let page = Page {
            items: rows.into_iter().skip(skip).take(request.size()).collect(),
            previous: Edge {
                cursor: cursor(offset.saturating_sub(size), true),
                has_rows: offset > 0,
            },
            next: Edge {
                cursor: cursor(offset.saturating_add(size), false),
                has_rows: offset.saturating_add(size) < count,
            },
            total: Some(Total::of(i64::try_from(count).unwrap_or(i64::MAX))),
        };
        self.page(page)
    }
}

/// The same answer with sentences about what was not looked at.
pub(super) fn with_notes(mut response: Response, notes: &[String]) -> Response {
    for note in notes {
        // What was written may be anything, and a header takes only visible ASCII.
        if let Ok(note) = HeaderValue::from_str(note) {
            response.headers_mut().append(HeaderName::from_static("x-picket-note"), note);
        }
    }
    response
}
