//! Stacks, their frames, and threads (`protocol.md` §5.10, §5.11).

use serde::Deserializer;

use crate::protocol::lenient::{
    Address, Flag, JsonMapOrList, JsonObject, Lenient, List, Objects, Problems, Raw, RawMap,
    Scalar, Text, ThreadId, Uint, Values,
};

crate::lenient! {
    /// The calls that led here, oldest first: the last frame is where it happened.
    pub struct Stacktrace {
        /// The frames.
        frames: Vec<Frame> as Objects<Frame> => "frames",
        /// CPU registers by name.
        registers: Raw as JsonObject => "registers",
        /// How instruction addresses are to be read.
        instruction_addr_adjustment: String as Text => "instruction_addr_adjustment",
        /// The language.
        lang: String as Text => "lang",
        /// Taken without an error.
        snapshot: bool as Flag => "snapshot",
    }
}

impl Stacktrace {
    /// The frames, oldest call first; none is an empty slice.
    pub fn frames(&self) -> &[Frame] {
        self.frames.as_deref().unwrap_or_default()
    }
}

crate::lenient! {
    /// One call.
    pub struct Frame {
        /// The function, readable.
        function: String as Text => "function",
        /// The function before it was shortened.
        raw_function: String as Text => "raw_function",
        /// The symbol in the binary.
        symbol: String as Text => "symbol",
        /// The module, package path or class.
        module: String as Text => "module",
        /// The binary or archive.
        package: String as Text => "package",
        /// The file, as short as the client could make it.
        filename: String as Text => "filename",
        /// The file's whole path or URL.
        abs_path: String as Text => "abs_path",
        /// The frame's platform, where it differs from the event's.
        platform: String as Text => "platform",
        /// The line, from 1.
        lineno: u64 as Uint => "lineno",
        /// The column, from 1.
        colno: u64 as Uint => "colno",
        /// The lines before.
        pre_context: Vec<String> as Lines => "pre_context",
        /// The line itself.
        context_line: String as Text => "context_line",
        /// The lines after.
        post_context: Vec<String> as Lines => "post_context",
        /// Whether this is the program's own code; `None` if the client did not say.
        in_app: bool as Flag => "in_app",
        /// Local variables by name; in a list, by index.
        vars: RawMap as JsonMapOrList => "vars",
        /// Facts from symbolication.
        data: Raw as JsonObject => "data",
        /// Where the binary was loaded.
        image_addr: String as Address => "image_addr",
        /// The instruction.
        instruction_addr: String as Address => "instruction_addr",
        /// The symbol's start.
        symbol_addr: String as Address => "symbol_addr",
        /// How the addresses are to be read.
        addr_mode: String as Text => "addr_mode",
        /// How the frame was found: `cfi`, `scan` …
        trust: String as Text => "trust",
        /// Where the source can be seen.
        source_link: String as Text => "source_link",
    }
}

crate::lenient! {
    /// A thread.
    pub struct Thread {
        /// Its id.
        id: String as ThreadId => "id",
        /// Its name.
        name: String as Text => "name",
        /// It is the one that crashed.
        crashed: bool as Flag => "crashed",
        /// It is the one that reported.
        current: bool as Flag => "current",
        /// It is the program's main thread.
        main: bool as Flag => "main",
        /// What it was doing: `RUNNABLE` …
        state: String as Text => "state",
        /// Its stack.
        stacktrace: Stacktrace as Stacktrace => "stacktrace",
        /// Its stack before symbols were looked up.
        raw_stacktrace: Stacktrace as Stacktrace => "raw_stacktrace",
        /// The locks it held.
        held_locks: Raw as JsonObject => "held_locks",
    }
}

/// Source lines. Null lines are empty ones: their number must not change.
pub(super) type Lines = List<Line>;

/// One source line.
#[derive(Debug)]
pub(super) struct Line;

impl Lenient for Line {
    type Value = String;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<String>, D::Error> {
        Ok(Some(match Scalar::read(from)? {
            Scalar::Text(text) => text,
            other => problems.refuse(other, "a string").unwrap_or_default(),
        }))
    }
}

impl Values<Thread> {
    /// The thread to show when there is no exception: the one that crashed, else the current one,
    /// else the only one.
    pub fn main_thread(&self) -> Option<&Thread> {
        self.only(|thread| thread.crashed == Some(true))
            .or_else(|| self.only(|thread| thread.current == Some(true)))
            .or_else(|| self.only(|_| true))
    }

    fn only(&self, is_wanted: impl Fn(&Thread) -> bool) -> Option<&Thread> {
        let mut wanted = self.values.iter().filter(|thread| is_wanted(thread));
        wanted.next().filter(|_| wanted.next().is_none())
    }
}
