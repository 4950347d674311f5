//! The texts of one frame (`grouping.md` §6).
//!
//! Lines, columns, folders, packages and addresses never count: they change with every build.

mod names;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::family::Family;
use super::prepare::{client_in_app, trim_function};
use super::reason::Reason;
use super::switches::Algorithm;
use super::tree::Leaf;
use crate::protocol::event::Frame;

/// Longer source lines are minified code, in characters.
const MAX_LINE_CHARS: usize = 120;

/// A frame, as rules and the tree look at it.
pub(super) struct FrameView<'e> {
    pub(super) frame: &'e Frame,
    pub(super) platform: &'e str,
    pub(super) family: Family,
    /// The function's short name.
    pub(super) function: Option<Cow<'e, str>>,
    /// What the client said about whether it is the program's own.
    pub(super) client_in_app: Option<bool>,
}

/// What is left of a frame for grouping.
pub(super) struct Leaves {
    pub(super) module: Option<Leaf>,
    pub(super) filename: Option<Leaf>,
    pub(super) function: Option<Leaf>,
    pub(super) context_line: Option<Leaf>,
}

impl Leaves {
    /// Whether anything in the frame counts.
    pub(super) fn any_counts(&self) -> bool {
        [&self.module, &self.filename, &self.function, &self.context_line]
            .into_iter()
            .any(|leaf| leaf.as_ref().is_some_and(Leaf::counts))
    }
}

impl<'e> FrameView<'e> {
    /// A frame of an event of platform `event_platform`; the frame's own platform goes first.
    pub(super) fn new(frame: &'e Frame, event_platform: &'e str) -> Self {
        let mut view = Self::of_trimmed(frame, event_platform);
        if frame.raw_function.is_none() {
            let function = frame.function.as_deref().filter(|name| !name.is_empty());
            view.function = function.map(|name| trim_function(name, view.platform));
        }
        view
    }

    /// The same for a frame whose function is known to be short already.
    pub(super) fn of_trimmed(frame: &'e Frame, event_platform: &'e str) -> Self {
        let platform = frame.platform.as_deref().unwrap_or(event_platform);
        let present = |name: &'e Option<String>| name.as_deref().filter(|name| !name.is_empty());
        // Who sends a long name beside the short one has shortened it, so the long one stays as it is.
        let function = present(&frame.function).or(present(&frame.raw_function));
        Self {
            frame,
            platform,
            family: Family::of(platform),
            function: function.map(Cow::Borrowed),
            client_in_app: client_in_app(frame),
        }
    }

    /// The frame's texts, each with the reason why it does not count, if it does not; file and module of
    /// scripts without content hashes, where that is wanted.
    pub(super) fn leaves(&self, strips_hashes: bool) -> Leaves {
        let mut leaves = self.full_leaves();
        if strips_hashes && self.family == Family::Javascript {
            for leaf in [&mut leaves.module, &mut leaves.filename].into_iter().flatten() {
                leaf.value = names::without_content_hash(&leaf.value);
            }
        }
        leaves
    }

    fn full_leaves(&self) -> Leaves {
        let module = self.module();
        let has_module = module.as_ref().is_some_and(Leaf::counts);
        let context_line = self.context_line();
        let has_line = context_line.as_ref().is_some_and(Leaf::counts);
        Leaves {
            filename: self.filename(has_module),
            function: self.function(has_line),
            module,
            context_line,
        }
    }

    /// The function's name as it is hashed: in C# overloads are told apart by their signature.
    fn hashed_function(&self) -> Option<&str> {
        if self.platform == "csharp" {
            let raw = self.frame.raw_function.as_deref().filter(|name| !name.is_empty());
            return raw.or(self.function.as_deref());
        }
        self.function.as_deref()
    }

    /// Code that the browser evaluated or has built in: such frames look different everywhere.
    pub(super) fn is_evaluated_code(&self) -> bool {
        self.family == Family::Javascript
            && (self.frame.function.as_deref().map(last_name) == Some("eval")
                || matches!(
                    self.abs_path(),
                    "[native code]" | "native code" | "eval code" | "<anonymous>"
                ))
    }

    /// A script's frame of which neither function nor address is known. The algorithm of 2023 asked for an
    /// address instead of none.
    pub(super) fn is_blank_script(&self, algorithm: Algorithm) -> bool {
        self.family == Family::Javascript
            && self.frame.function.as_deref().is_none_or(str::is_empty)
            && is_url_or_file(self.abs_path()) == (algorithm == Algorithm::Newstyle2023)
    }

    /// Whether the same call stands twice in a row: direct recursion.
    pub(super) fn repeats(&self, before: &Self) -> bool {
        let (this, that) = (self.frame, before.frame);
        this.lineno == that.lineno
            && this.colno == that.colno
            && this.function == that.function
            && this.module == that.module
            && this.filename == that.filename
            && this.abs_path == that.abs_path
            && this.package == that.package
    }

    /// The whole path or URL; a file of which only the name is known is its own path.
    fn abs_path(&self) -> &'e str {
        self.frame.abs_path.as_deref().or(self.frame.filename.as_deref()).unwrap_or_default()
    }

    fn filename(&self, has_module: bool) -> Option<Leaf> {
        let filename = self.frame.filename.as_deref().filter(|name| !name.is_empty())?;
        let base = filename.rsplit(['/', '\\']).next().unwrap_or(filename).to_lowercase();
        let reason = if is_url(self.abs_path()) {
            Some(Reason::FileIsUrl)
        } else if matches!(base.as_str(), "<anonymous>" | "[native code]") {
            Some(Reason::FileIsPlaceholder)
        } else {
            has_module.then_some(Reason::ModuleDecides)
        };
        let value = match self.platform {
            "java" => names::java_file(base),
            _ => base,
        };
        Some(Leaf { value, ignored: reason })
    }

    fn module(&self) -> Option<Leaf> {
        let module = self.frame.module.as_deref().filter(|module| !module.is_empty())?;
        Some(match self.platform {
            "javascript" if module.contains('/') && self.abs_path().ends_with(module) => {
                Leaf::ignored(module, Reason::ModuleIsPagePath)
            }
            "java" if module.contains("$$Lambda$") => Leaf::ignored(module, Reason::GeneratedName),
            "java" => Leaf::new(names::java_class(module)),
            _ => Leaf::new(module),
        })
    }

    fn function(&self, has_line: bool) -> Option<Leaf> {
        let name = self.hashed_function()?;
        let placeholder = |name: &str| Leaf::ignored(name, Reason::FunctionIsPlaceholder);
        Some(match (self.platform, self.family) {
            (_, Family::Javascript) => self.javascript_function(last_name(name), has_line),
            (_, Family::Native) if matches!(name, "<redacted>" | "<unknown>") => placeholder(name),
            ("ruby", _) => Leaf::new(names::ruby_function(name)),
            ("php", _) => names::php_function(name),
            ("java", _) if name.starts_with("lambda$") => {
                Leaf::ignored(name, Reason::GeneratedName)
            }
            _ => Leaf::new(name),
        })
    }

    fn javascript_function(&self, name: &str, has_line: bool) -> Leaf {
        if name.ends_with("/<")
            || matches!(
                name,
                "?" | "<anonymous function>" | "<anonymous>" | "Anonymous function" | ""
            )
        {
            return Leaf::ignored(name, Reason::FunctionIsPlaceholder);
        }
        // Minifiers rename functions; a line found by a source map tells more.
        if has_line && self.has_source_map() {
            return Leaf::ignored(name, Reason::SourceLineDecides);
        }
        Leaf::new(name)
    }

    fn has_source_map(&self) -> bool {
        #[derive(serde::Deserialize)]
        struct Data {
            #[serde(default)]
            sourcemap: Option<crate::protocol::lenient::Raw>,
        }
        let Some(data) = &self.frame.data else { return false };
        data.text().contains("sourcemap")
            && data
                .parse::<Data>()
                .and_then(|data| data.sourcemap)
                .is_some_and(|map| !matches!(map.text(), "\"\"" | "false"))
    }

    fn context_line(&self) -> Option<Leaf> {
        if !matches!(self.platform, "javascript" | "node" | "python" | "php" | "ruby") {
            return None;
        }
        let line = self.frame.context_line.as_deref()?;
        let collapsed = collapse_whitespace(line);
        if collapsed.is_empty() {
            return None;
        }
        let ignored = if line.len() > MAX_LINE_CHARS && line.chars().count() > MAX_LINE_CHARS {
            Some(Reason::LineTooLong)
        } else if self.family == Family::Javascript
            && self.frame.function.as_deref().is_none_or(str::is_empty)
            && is_url_or_file(self.abs_path())
        {
            Some(Reason::LineWithoutFunction)
        } else {
            None
        };
        Some(Leaf { value: collapsed, ignored })
    }
}

fn is_url(path: &str) -> bool {
    ["http:", "https:", "blob:", "applewebdata:"].iter().any(|scheme| path.starts_with(scheme))
}

fn is_url_or_file(path: &str) -> bool {
    path.starts_with("file:") || is_url(path)
}

/// The part after the last dot: `Foo.bar` and `Object.bar` are the same function.
fn last_name(function: &str) -> &str {
    function.rsplit('.').next().unwrap_or(function)
}

fn collapse_whitespace(line: &str) -> String {
    let line = line.trim();
    let mut before = b' ';
    let is_collapsed = line.bytes().all(|byte| {
        let is_plain = byte > b' ' && byte.is_ascii() || byte == b' ' && before != b' ';
        before = byte;
        is_plain
    });
    if is_collapsed {
        return line.to_owned();
    }
    let mut collapsed = String::with_capacity(line.len());
    for word in line.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}
