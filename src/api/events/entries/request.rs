//! The HTTP request that was being served.

use serde::Serialize;

use crate::protocol::event::Request;
use crate::protocol::lenient::{Pairs, Raw, RawMap};

/// A request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api::events) struct RequestView<'e> {
    method: Option<&'e str>,
    url: Option<&'e str>,
    query: Option<&'e Pairs>,
    fragment: Option<&'e str>,
    data: Option<&'e Raw>,
    headers: Pairs,
    cookies: Pairs,
    env: Option<&'e RawMap>,
    inferred_content_type: Option<&'e str>,
    api_target: Option<&'e str>,
}

impl<'e> RequestView<'e> {
    pub(super) fn new(request: &'e Request) -> Self {
        Self {
            method: request.method.as_deref(),
            url: request.url.as_deref(),
            query: request.query_string.as_ref(),
            fragment: request.fragment.as_deref(),
            data: request.data.as_ref(),
            headers: request.headers.clone().unwrap_or_default(),
            cookies: request.cookies.clone().unwrap_or_default(),
            env: request.env.as_ref(),
            inferred_content_type: request.inferred_content_type.as_deref(),
            api_target: request.api_target.as_deref(),
        }
    }
}
