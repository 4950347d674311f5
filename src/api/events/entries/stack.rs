//! Stacks and their frames. Their names differ from the SDKs', and source lines are numbered.

use serde::Serialize;

use crate::protocol::event::{Frame, Stacktrace};
use crate::protocol::lenient::{Raw, RawMap};

/// A stack, oldest call first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api::events) struct StackView<'e> {
    frames: Vec<FrameView<'e>>,
    frames_omitted: Option<[u32; 2]>,
    registers: Option<&'e Raw>,
    has_system_frames: bool,
}

impl<'e> StackView<'e> {
    pub(super) fn new(stack: &'e Stacktrace) -> Self {
        Self {
            frames: stack.frames().iter().map(FrameView::new).collect(),
            frames_omitted: None,
            registers: stack.registers.as_ref(),
            has_system_frames: has_system_frames(stack),
        }
    }
}

/// Whether a stack has calls of libraries.
pub(super) fn has_system_frames(stack: &Stacktrace) -> bool {
    stack.frames().iter().any(|frame| frame.in_app != Some(true))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FrameView<'e> {
    filename: Option<&'e str>,
    abs_path: Option<&'e str>,
    module: Option<&'e str>,
    package: Option<&'e str>,
    platform: Option<&'e str>,
    instruction_addr: Option<&'e str>,
    symbol_addr: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addr_mode: Option<&'e str>,
    function: Option<&'e str>,
    raw_function: Option<&'e str>,
    symbol: Option<&'e str>,
    context: Vec<(u64, &'e str)>,
    line_no: Option<u64>,
    col_no: Option<u64>,
    in_app: bool,
    trust: Option<&'e str>,
    errors: Option<[&'static str; 0]>,
    lock: Option<&'e Raw>,
    source_link: Option<&'e str>,
    vars: Option<&'e RawMap>,
}

impl<'e> FrameView<'e> {
    fn new(frame: &'e Frame) -> Self {
        Self {
            filename: frame.filename.as_deref(),
            abs_path: frame.abs_path.as_deref(),
            module: frame.module.as_deref(),
            package: frame.package.as_deref(),
            platform: frame.platform.as_deref(),
            instruction_addr: frame.instruction_addr.as_deref(),
            symbol_addr: frame.symbol_addr.as_deref(),
            addr_mode: frame.addr_mode.as_deref(),
            function: frame.function.as_deref(),
            raw_function: frame.raw_function.as_deref(),
            symbol: frame.symbol.as_deref(),
            context: numbered_lines(frame),
            line_no: frame.lineno,
            col_no: frame.colno,
            in_app: frame.in_app == Some(true),
            trust: frame.trust.as_deref(),
            errors: None,
            lock: frame.other.get("lock"),
            source_link: frame.source_link.as_deref(),
            vars: frame.vars.as_ref(),
        }
    }
}

/// The source around a frame, each line with its number; nothing if its own line is not known.
fn numbered_lines(frame: &Frame) -> Vec<(u64, &str)> {
    let Some(line) = frame.context_line.as_deref() else { return Vec::new() };
    let before = frame.pre_context.as_deref().unwrap_or_default();
    let after = frame.post_context.as_deref().unwrap_or_default();
    let first = frame.lineno.unwrap_or_default().saturating_sub(before.len() as u64);
    let lines =
        before.iter().map(String::as_str).chain([line]).chain(after.iter().map(String::as_str));
    lines.zip(0..).map(|(line, offset)| (first.saturating_add(offset), line)).collect()
}

/// The place of an error in a template.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api::events) struct TemplateView<'e> {
    filename: Option<&'e str>,
    abs_path: Option<&'e str>,
    line_no: Option<u64>,
    context: Vec<(u64, &'e str)>,
}

impl<'e> TemplateView<'e> {
    pub(super) fn new(frame: &'e Frame) -> Self {
        Self {
            filename: frame.filename.as_deref(),
            abs_path: frame.abs_path.as_deref(),
            line_no: frame.lineno,
            context: numbered_lines(frame),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(line: Option<u64>) -> Frame {
        Frame {
            lineno: line,
            pre_context: Some(vec!["one".to_owned(), "two".to_owned()]),
            context_line: Some("three".to_owned()),
            post_context: Some(vec!["four".to_owned()]),
            ..Frame::default()
        }
    }

    #[test]
    fn source_lines_are_numbered_around_the_frames_own() {
        let expected = [(8, "one"), (9, "two"), (10, "three"), (11, "four")];
        assert_eq!(numbered_lines(&frame(Some(10))), expected);
        assert_eq!(numbered_lines(&frame(Some(1)))[0].0, 0);
        assert_eq!(numbered_lines(&frame(None))[0].0, 0);
        assert!(numbered_lines(&Frame { context_line: None, ..frame(Some(10)) }).is_empty());
        assert_eq!(numbered_lines(&frame(Some(u64::MAX)))[3].0, u64::MAX, "numbers end there");
    }
}
