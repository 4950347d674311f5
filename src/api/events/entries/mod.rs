//! The parts an event is shown in (`web-api.md` §3.2): each a type and its data, in the order of pages.

mod debug_images;
mod exception;
mod request;
mod stack;
mod trail;

use serde::Serialize;
use serde_json::Value;

use crate::protocol::event::{Event, LogEntry};
use crate::protocol::lenient::Raw;
use exception::{ExceptionsView, ThreadsView};
use request::RequestView;
use stack::{StackView, TemplateView};
use trail::BreadcrumbsView;

/// A part of an event.
#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
pub(super) enum Entry<'e> {
    Exception(ExceptionsView<'e>),
    Threads(ThreadsView<'e>),
    Stacktrace(StackView<'e>),
    Request(RequestView<'e>),
    Message(MessageView<'e>),
    Breadcrumbs(BreadcrumbsView<'e>),
    Csp(&'e Raw),
    Template(TemplateView<'e>),
    DebugMeta(Value),
}

impl Entry<'_> {
    /// Where the part comes from in the event.
    pub(super) fn source(&self) -> &'static str {
        match self {
            Self::Exception(_) => "exception",
            Self::Threads(_) => "threads",
            Self::Stacktrace(_) => "stacktrace",
            Self::Request(_) => "request",
            Self::Message(_) => "logentry",
            Self::Breadcrumbs(_) => "breadcrumbs",
            Self::Csp(_) => "csp",
            Self::Template(_) => "template",
            Self::DebugMeta(_) => "debug_meta",
        }
    }
}

/// The parts that an event has.
pub(super) fn entries(event: &Event) -> Vec<Entry<'_>> {
    let exceptions = event.exceptions();
    let threads = event.threads();
    let breadcrumbs = event.breadcrumbs();
    [
        (!exceptions.is_empty()).then(|| Entry::Exception(ExceptionsView::new(exceptions))),
        (!threads.is_empty()).then(|| Entry::Threads(ThreadsView::new(threads))),
        event.stacktrace.as_ref().map(|stack| Entry::Stacktrace(StackView::new(stack))),
        event.request.as_ref().map(|request| Entry::Request(RequestView::new(request))),
        event.logentry.as_ref().map(|message| Entry::Message(MessageView::new(message))),
        (!breadcrumbs.is_empty()).then(|| Entry::Breadcrumbs(BreadcrumbsView::new(breadcrumbs))),
        event.csp.as_ref().map(Entry::Csp),
        event.template.as_ref().map(|frame| Entry::Template(TemplateView::new(frame))),
        event.debug_meta.as_ref().and_then(debug_images::view).map(Entry::DebugMeta),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The log message.
#[derive(Debug, Serialize)]
pub(super) struct MessageView<'e> {
    formatted: Option<&'e str>,
    message: Option<&'e str>,
    params: Option<&'e Raw>,
}

impl<'e> MessageView<'e> {
    fn new(message: &'e LogEntry) -> Self {
        Self {
            formatted: message.formatted.as_deref().or(message.message.as_deref()),
            message: message.message.as_deref(),
            params: message.params.as_ref(),
        }
    }
}
