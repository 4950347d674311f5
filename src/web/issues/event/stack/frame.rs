//! One frame of a stack.

use crate::protocol::event::Frame;
use crate::web::components::link;
use crate::web::components::tree::{Tree, shortened};

/// Longer lines of source are cut: minified bundles have lines of a megabyte.
const MAX_LINE_CHARS: usize = 500;

/// The most lines of source on each side of the one that failed.
const MAX_CONTEXT_LINES: usize = 10;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameView {
    /// What was called; an address where there is no name.
    pub function: String,
    /// The name before it was shortened, where it differs.
    pub full_function: Option<String>,
    /// The module or class.
    pub module: Option<String>,
    /// `app/views.py:42:7`; empty if there is no file.
    pub location: String,
    /// The whole path, where it says more than the file.
    pub full_path: Option<String>,
    /// Whether the whole path is worth a line of its own.
    pub path_tells: bool,
    /// The library, for compiled code.
    pub package: Option<String>,
    /// The address of the instruction.
    pub address: Option<String>,
    /// The program's own code.
    pub is_app: bool,
    /// Shown open at first.
    pub is_open: bool,
    /// Source around the line.
    pub source: Vec<SourceLine>,
    /// Where the source can be seen.
    pub source_link: Option<String>,
    /// Local variables.
    pub variables: Tree,
}

/// A line of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// Its number; empty if the frame has none.
    pub number: String,
    /// The text.
    pub text: String,
    /// The line that failed.
    pub is_hit: bool,
}

impl FrameView {
    /// The view of a frame.
    pub fn new(frame: &Frame, platform: &str, is_app: bool) -> Self {
        let file = frame.filename.as_deref().or(frame.abs_path.as_deref()).unwrap_or_default();
        // A path that only puts folders before the file is told where one points at it.
        let path = frame.abs_path.as_deref().filter(|path| *path != file);
        let path_tells = path.is_some_and(|path| !path.ends_with(file));
        let full_function =
            frame.raw_function.clone().filter(|raw| Some(raw) != frame.function.as_ref());
        Self {
            function: function_name(frame, platform),
            full_function,
            module: frame.module.clone().filter(|module| !module.is_empty()),
            location: location(file, frame),
            full_path: path.map(str::to_owned),
            path_tells,
            package: frame.package.as_deref().map(|package| base_name(package).to_owned()),
            address: frame.instruction_addr.clone(),
            is_app,
            is_open: false,
            source: source(frame),
            source_link: frame.source_link.as_deref().and_then(link::outward),
            variables: frame.vars.as_ref().map(Tree::of_map).unwrap_or_default(),
        }
    }

    /// Whether there is something to open.
    pub fn has_detail(&self) -> bool {
        self.has_reason() || self.has_notes()
    }

    /// Whether it shows what may be the reason: source or variables.
    pub fn has_reason(&self) -> bool {
        !self.source.is_empty() || !self.variables.is_empty()
    }

    /// Whether it has addresses and names in full.
    pub fn has_notes(&self) -> bool {
        self.path_tells
            || self.full_function.is_some()
            || self.address.is_some()
            || self.source_link.is_some()
    }
}

fn function_name(frame: &Frame, platform: &str) -> String {
    let named = frame.function.as_deref().filter(|name| !name.is_empty());
    let anonymous = match platform {
        "javascript" | "node" => "<anonymous>",
        _ => "<unknown>",
    };
    named.or(frame.instruction_addr.as_deref()).unwrap_or(anonymous).to_owned()
}

fn location(file: &str, frame: &Frame) -> String {
    match (file, frame.lineno, frame.colno) {
        ("", Some(line), _) => format!("line {line}"),
        (file, Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        (file, Some(line), None) => format!("{file}:{line}"),
        (file, None, _) => file.to_owned(),
    }
}

/// The last part of a path of either kind.
pub(in crate::web::issues::event) fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or(path)
}

pub(super) fn source(frame: &Frame) -> Vec<SourceLine> {
    let Some(hit) = frame.context_line.as_deref() else { return Vec::new() };
    let before = frame.pre_context.as_deref().unwrap_or_default();
    let before = &before[before.len().saturating_sub(MAX_CONTEXT_LINES)..];
    let after = frame.post_context.as_deref().unwrap_or_default();
    if hit.is_empty() && before.iter().chain(after).all(String::is_empty) {
        return Vec::new();
    }
    let lines =
        before.iter().map(String::as_str).chain([hit]).chain(after.iter().map(String::as_str));
    let hit_at = before.len() as u64;
    // What a client says may be any number: lines that none can be have none.
    let number = |index: u64| {
        let line = i128::from(frame.lineno?) + i128::from(index) - i128::from(hit_at);
        u64::try_from(line).ok().filter(|line| *line > 0).map(|line| line.to_string())
    };
    lines
        .take(before.len() + 1 + MAX_CONTEXT_LINES)
        .zip(0_u64..)
        .map(|(text, index)| SourceLine {
            number: number(index).unwrap_or_default(),
            text: cut_line(text),
            is_hit: index == hit_at,
        })
        .collect()
}

fn cut_line(text: &str) -> String {
    let (mut text, cut) = shortened(text.trim_end_matches(['\r', '\n']), MAX_LINE_CHARS);
    if !cut.is_empty() {
        text.push('…');
    }
    text
}
