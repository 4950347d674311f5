//! What happened before.

use serde::Serialize;

use crate::base::Timestamp;
use crate::protocol::event::{Breadcrumb, Level};
use crate::protocol::lenient::RawMap;

/// The breadcrumbs, oldest first.
#[derive(Debug, Serialize)]
pub(in crate::api::events) struct BreadcrumbsView<'e> {
    values: Vec<BreadcrumbView<'e>>,
}

/// These names are the SDKs' own.
#[derive(Debug, Serialize)]
struct BreadcrumbView<'e> {
    timestamp: Option<Timestamp>,
    #[serde(rename = "type")]
    kind: &'e str,
    category: Option<&'e str>,
    level: &'static str,
    message: Option<&'e str>,
    data: Option<&'e RawMap>,
    event_id: Option<&'e str>,
}

impl<'e> BreadcrumbsView<'e> {
    pub(super) fn new(breadcrumbs: &'e [Breadcrumb]) -> Self {
        let view = |crumb: &'e Breadcrumb| BreadcrumbView {
            timestamp: crumb.timestamp,
            kind: crumb.kind.as_deref().unwrap_or("default"),
            category: crumb.category.as_deref(),
            level: crumb.level.unwrap_or(Level::Info).as_str(),
            message: crumb.message.as_deref(),
            data: crumb.data.as_ref(),
            event_id: crumb.event_id.as_deref(),
        };
        Self { values: breadcrumbs.iter().map(view).collect() }
    }
}
