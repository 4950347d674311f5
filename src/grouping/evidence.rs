//! How much a stack tells (`grouping-problems.md` 3 and 4); only asked where a project wants to know.

use super::tree::{FramePart, Leaf, StackPart, View};

/// Functions that every program has: where threads begin, what calls handlers, what wraps others.
const GENERIC_FUNCTIONS: [&str; 24] = [
    "<module>",
    "__call__",
    "_pthread_start",
    "_start",
    "anonymous",
    "apply",
    "call",
    "callback",
    "dispatch",
    "execute",
    "handle",
    "handler",
    "inner",
    "invoke",
    "lambda",
    "main",
    "next",
    "promise.then",
    "run",
    "runnable",
    "start",
    "then",
    "thread_start",
    "wrapper",
];

/// Names of this length are a minifier's.
const MINIFIED_CHARS: usize = 2;

/// How many of the frames that count in `view` tell something: they have a source line, or a function that
/// was named for what it does.
pub(super) fn telling_frames(stack: &StackPart, view: View) -> u32 {
    let counting = stack.frames.iter().filter(|frame| frame.marks.get(view).counts);
    let telling = counting.filter(|frame| {
        has_line(frame)
            || function(frame).is_some_and(|name| {
                !is_minified(name)
                    && GENERIC_FUNCTIONS.binary_search(&&*name.to_ascii_lowercase()).is_err()
            })
    });
    u32::try_from(telling.count()).unwrap_or(u32::MAX)
}

/// Whether all there is of a frame is a name that a minifier gave.
pub(super) fn is_minified_frame(frame: &FramePart) -> bool {
    !has_line(frame) && function(frame).is_none_or(is_minified)
}

fn has_line(frame: &FramePart) -> bool {
    frame.context_line.as_ref().is_some_and(Leaf::counts)
}

fn function(frame: &FramePart) -> Option<&str> {
    frame.function.as_ref().filter(|leaf| leaf.counts()).map(|leaf| leaf.value.as_str())
}

fn is_minified(name: &str) -> bool {
    name.chars().count() <= MINIFIED_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_generic_functions_can_be_searched() {
        assert!(GENERIC_FUNCTIONS.is_sorted());
    }
}
