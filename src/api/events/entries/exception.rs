//! Exceptions and threads.

use serde::Serialize;

use super::stack::{StackView, has_system_frames};
use crate::protocol::event::{Exception, Mechanism, Thread};
use crate::protocol::lenient::{Raw, RawMap};

/// The chain of exceptions, innermost cause first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api::events) struct ExceptionsView<'e> {
    values: Vec<ExceptionView<'e>>,
    has_system_frames: bool,
    exc_omitted: Option<[u32; 2]>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExceptionView<'e> {
    #[serde(rename = "type")]
    kind: Option<&'e str>,
    value: Option<&'e str>,
    mechanism: Option<MechanismView<'e>>,
    thread_id: Option<&'e str>,
    module: Option<&'e str>,
    stacktrace: Option<StackView<'e>>,
    raw_stacktrace: Option<StackView<'e>>,
}

/// How an exception was caught. These names are the SDKs' own.
#[derive(Debug, Serialize)]
struct MechanismView<'e> {
    #[serde(rename = "type")]
    kind: &'e str,
    handled: Option<bool>,
    synthetic: Option<bool>,
    description: Option<&'e str>,
    help_link: Option<&'e str>,
    data: Option<&'e RawMap>,
    meta: Option<&'e Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exception_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_exception_group: Option<bool>,
}

impl<'e> ExceptionsView<'e> {
    pub(super) fn new(exceptions: &'e [Exception]) -> Self {
        let stacks = exceptions.iter().filter_map(|exception| exception.stacktrace.as_ref());
        Self {
            has_system_frames: stacks.into_iter().any(has_system_frames),
            values: exceptions.iter().map(ExceptionView::new).collect(),
            exc_omitted: None,
        }
    }
}

impl<'e> ExceptionView<'e> {
    fn new(exception: &'e Exception) -> Self {
        Self {
            kind: exception.kind.as_deref(),
            value: exception.value.as_deref(),
            mechanism: exception.mechanism.as_ref().map(MechanismView::new),
            thread_id: exception.thread_id.as_deref(),
            module: exception.module.as_deref(),
            stacktrace: exception.stacktrace.as_ref().map(StackView::new),
            raw_stacktrace: exception.raw_stacktrace.as_ref().map(StackView::new),
        }
    }
}

impl<'e> MechanismView<'e> {
    fn new(mechanism: &'e Mechanism) -> Self {
        Self {
            kind: mechanism.kind.as_deref().unwrap_or("generic"),
            handled: mechanism.handled,
            synthetic: mechanism.synthetic,
            description: mechanism.description.as_deref(),
            help_link: mechanism.help_link.as_deref(),
            data: mechanism.data.as_ref(),
            meta: mechanism.meta.as_ref(),
            source: mechanism.source.as_deref(),
            exception_id: mechanism.exception_id,
            parent_id: mechanism.parent_id,
            is_exception_group: mechanism.is_exception_group,
        }
    }
}

/// The threads.
#[derive(Debug, Serialize)]
pub(in crate::api::events) struct ThreadsView<'e> {
    values: Vec<ThreadView<'e>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThreadView<'e> {
    id: Option<&'e str>,
    name: Option<&'e str>,
    current: bool,
    crashed: bool,
    state: Option<&'e str>,
    held_locks: Option<&'e Raw>,
    stacktrace: Option<StackView<'e>>,
    raw_stacktrace: Option<StackView<'e>>,
}

impl<'e> ThreadsView<'e> {
    pub(super) fn new(threads: &'e [Thread]) -> Self {
        let view = |thread: &'e Thread| ThreadView {
            id: thread.id.as_deref(),
            name: thread.name.as_deref(),
            current: thread.current == Some(true),
            crashed: thread.crashed == Some(true),
            state: thread.state.as_deref(),
            held_locks: thread.held_locks.as_ref(),
            stacktrace: thread.stacktrace.as_ref().map(StackView::new),
            raw_stacktrace: thread.raw_stacktrace.as_ref().map(StackView::new),
        };
        Self { values: threads.iter().map(view).collect() }
    }
}
