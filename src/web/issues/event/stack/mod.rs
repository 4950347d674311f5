//! A stack as people read it: where it broke first, the program's own calls open, the rest folded.

mod frame;
mod origin;
pub mod raw;

pub(super) use frame::base_name;
pub use frame::{FrameView, SourceLine};

use crate::protocol::event::{Frame, Stacktrace};
use crate::protocol::lenient::Raw;

/// Which end of a stack comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Where it broke, then who called that.
    #[default]
    NewestFirst,
    /// From the program's entry down to where it broke, as Python prints it.
    OldestFirst,
}

impl Order {
    /// The word in URLs and in the cookie that remembers it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewestFirst => "newest",
            Self::OldestFirst => "oldest",
        }
    }

    /// The order of a word; anything unknown is the default.
    pub fn from_word(word: &str) -> Self {
        if word == "oldest" { Self::OldestFirst } else { Self::NewestFirst }
    }

    /// The other order.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::NewestFirst => Self::OldestFirst,
            Self::OldestFirst => Self::NewestFirst,
        }
    }
}

/// This many of the program's own frames are open at first; one screen of source is enough to begin with.
const MAX_OPEN_FRAMES: usize = 6;

/// As many equal frames one after the other are a recursion that is folded.
const MIN_REPEATS: usize = 3;

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackView {
    /// Frames and folded runs, in the order asked for.
    pub segments: Vec<Segment>,
    /// How many frames there are in all.
    pub frame_count: usize,
    /// CPU registers and their values.
    pub registers: Vec<(String, String)>,
}

/// A part of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// One frame.
    Frame(Box<FrameView>),
    /// Frames that are rarely the reason.
    Run {
        /// What is hidden: `6 frames from django, werkzeug`.
        summary: String,
        /// The frames.
        frames: Vec<FrameView>,
    },
}

/// How a frame is treated before it is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The program's own.
    App,
    /// A library's or the system's.
    System,
    /// The same as the one before it in display order.
    Repeat,
}

impl StackView {
    /// The view of a stack; `is_main` opens the program's own frames, otherwise all are closed.
    pub fn new(stack: &Stacktrace, platform: &str, order: Order, is_main: bool) -> Self {
        let frames = stack.frames();
        let roles = roles(frames);
        let has_app = roles.contains(&Role::App);
        let mut open_left = if is_main { MAX_OPEN_FRAMES } else { 0 };
        let mut segments = Vec::new();
        let mut run: Option<Run> = None;
        // Newest first is the order in which frames are chosen to be open, whatever is shown first.
        for (index, frame) in frames.iter().enumerate().rev() {
            let is_crash = index + 1 == frames.len();
            let role = roles[index];
            let wants_open = role == Role::App || (is_crash && !has_app);
            let mut view = FrameView::new(frame, platform, role != Role::System);
            view.is_open = wants_open && open_left > 0 && view.has_reason();
            open_left -= usize::from(view.is_open);
            let is_folded = has_app && !is_crash && role != Role::App;
            if !is_folded || run.as_ref().is_some_and(|run| run.role != role) {
                segments.extend(run.take().map(Run::into_segment));
            }
            if is_folded {
                let run = run.get_or_insert_with(|| Run::new(role));
                run.origins.extend(origin::of(frame, platform));
                run.frames.push(view);
            } else {
                segments.push(Segment::Frame(Box::new(view)));
            }
        }
        segments.extend(run.take().map(Run::into_segment));
        if order == Order::OldestFirst {
            reverse(&mut segments);
        }
        Self { segments, frame_count: frames.len(), registers: registers(stack) }
    }
}

/// Frames of one role that follow each other.
struct Run {
    role: Role,
    /// The libraries they are from, as often as they come.
    origins: Vec<String>,
    frames: Vec<FrameView>,
}

impl Run {
    fn new(role: Role) -> Self {
        Self { role, origins: Vec::new(), frames: Vec::new() }
    }

    /// The run folded; a single frame takes no more room than what would stand for it.
    fn into_segment(mut self) -> Segment {
        if self.frames.len() == 1
            && let Some(view) = self.frames.pop()
        {
            return Segment::Frame(Box::new(view));
        }
        let count = self.frames.len();
        let summary = if self.role == Role::Repeat {
            format!("the same frame {count} more times")
        } else {
            run_summary(count, self.origins.into_iter())
        };
        Segment::Run { summary, frames: self.frames }
    }
}

/// `6 frames from django, werkzeug and 2 more`.
fn run_summary(count: usize, origins: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in origins {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.as_slice() {
        [] => format!("{count} system frames"),
        [one] => format!("{count} frames from {one}"),
        [one, two] => format!("{count} frames from {one} and {two}"),
        [one, two, three] => format!("{count} frames from {one}, {two} and {three}"),
        [one, two, more @ ..] => {
            format!("{count} frames from {one}, {two} and {} more", more.len())
        }
    }
}

fn roles(frames: &[Frame]) -> Vec<Role> {
    let somebody_said = frames.iter().any(|frame| frame.in_app == Some(true));
    let is_app = |frame: &Frame| frame.in_app.unwrap_or(!somebody_said);
    let mut roles: Vec<Role> =
        frames.iter().map(|frame| if is_app(frame) { Role::App } else { Role::System }).collect();
    let mut start = 0;
    for end in 1..=frames.len() {
        if end < frames.len() && is_same_call(&frames[start], &frames[end]) {
            continue;
        }
        // The newest frame of a recursion stays; the rest says how often.
        if end - start > MIN_REPEATS {
            roles[start..end - 1].fill(Role::Repeat);
        }
        start = end;
    }
    roles
}

fn is_same_call(one: &Frame, other: &Frame) -> bool {
    one.function.is_some()
        && one.function == other.function
        && one.module == other.module
        && one.filename == other.filename
        && one.lineno == other.lineno
        && one.instruction_addr == other.instruction_addr
}

fn reverse(segments: &mut [Segment]) {
    segments.reverse();
    for segment in segments {
        if let Segment::Run { frames, .. } = segment {
            frames.reverse();
        }
    }
}

fn registers(stack: &Stacktrace) -> Vec<(String, String)> {
    let object: Option<std::collections::BTreeMap<String, String>> =
        stack.registers.as_ref().and_then(Raw::parse);
    object.map(|object| object.into_iter().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
