//! What an event is grouped by, as a tree.
//!
//! The tree is stored with the hash that came out of it, with everything that was decided on the way: an
//! explanation reads it and never has to guess what an older version of Picket did. One tree serves both
//! views of a stack; where they differ, a part has a [`Mark`] for each.

use serde::{Deserialize, Serialize};

use super::reason::{Mark, Reason, RuleRef};

/// A way to look at a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Only the program's own frames. Whatever is no stack is looked at this way too.
    App,
    /// All frames.
    System,
}

/// One thing per view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerView<T> {
    /// For the program's own frames.
    pub app: T,
    /// For all frames.
    pub system: T,
}

impl<T> PerView<T> {
    /// The one for `view`.
    pub fn get(&self, view: View) -> &T {
        match view {
            View::App => &self.app,
            View::System => &self.system,
        }
    }

    /// The one for `view`, to change it.
    pub fn get_mut(&mut self, view: View) -> &mut T {
        match view {
            View::App => &mut self.app,
            View::System => &mut self.system,
        }
    }
}

/// What the deciding part of the event looks like to grouping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tree {
    /// The exceptions that are left of the event's, in the order they are hashed.
    Exceptions(Vec<ExceptionPart>),
    /// The stack of the one telling thread.
    Thread(StackPart),
    /// A stack without an exception.
    Stacktrace(StackPart),
    /// A template's place: file and source line.
    Template(Vec<String>),
    /// A security report: what was violated, and by whom.
    Report(Vec<String>),
    /// A log message.
    Message(Text),
}

/// One exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionPart {
    /// The type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Leaf>,
    /// The message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ValuePart>,
    /// Domain and code of an `NSError`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ns_error: Vec<String>,
    /// Where it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stacktrace: Option<StackPart>,
    /// The stack is hashed first and the value last, as the algorithm of 2023 did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stack_first: bool,
}

/// An exception's message; whether it counts depends on the stack in each view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValuePart {
    /// The text.
    pub text: Text,
    /// Whether it counts.
    pub marks: PerView<Mark>,
}

/// A text whose changing parts were replaced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Text {
    /// With placeholders.
    pub value: String,
    /// As it came, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
}

/// Two texts are the same to grouping when only their changing parts differ.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Text {}

/// A stack trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackPart {
    /// Oldest call first.
    pub frames: Vec<FramePart>,
    /// Whether it counts.
    pub marks: PerView<Mark>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FramePart {
    /// The module, package path or class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<Leaf>,
    /// The file's name without its folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<Leaf>,
    /// The function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Leaf>,
    /// The line of source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_line: Option<Leaf>,
    /// Whether the frame is the program's own.
    pub in_app: InApp,
    /// Whether it counts.
    pub marks: PerView<Mark>,
}

/// Whether a frame is the program's own, and who said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InApp {
    /// Whether it is.
    pub value: bool,
    /// Who said so.
    pub by: Decider,
}

/// Who decided whether a frame is the program's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// Nobody, so it is not.
    Nobody,
    /// The client.
    Client,
    /// A rule, whatever the client said.
    Rule(RuleRef),
}

/// A text that may go into the hash, the same in both views.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// The text, as it is hashed.
    pub value: String,
    /// Why it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<Reason>,
}

impl Leaf {
    /// A text that counts.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), ignored: None }
    }

    /// A text that does not count, because of `reason`.
    pub fn ignored(value: impl Into<String>, reason: Reason) -> Self {
        Self { value: value.into(), ignored: Some(reason) }
    }

    /// Whether the text goes into the hash.
    pub fn counts(&self) -> bool {
        self.ignored.is_none()
    }
}

impl Tree {
    /// The texts that go into the hash of `view`, in order.
    pub fn values(&self, view: View) -> Vec<&str> {
        let mut values = Vec::new();
        match self {
            Self::Exceptions(exceptions) => {
                exceptions.iter().for_each(|exception| exception.collect(view, &mut values));
            }
            Self::Thread(stack) | Self::Stacktrace(stack) => stack.collect(view, &mut values),
            Self::Template(texts) | Self::Report(texts) => {
                values.extend(texts.iter().map(String::as_str));
            }
            Self::Message(text) => values.push(&text.value),
        }
        values
    }

    /// Whether anything counts in `view`.
    pub fn counts(&self, view: View) -> bool {
        match self {
            Self::Exceptions(exceptions) => exceptions.iter().any(|part| part.counts(view)),
            Self::Thread(stack) | Self::Stacktrace(stack) => stack.marks.get(view).counts,
            Self::Template(texts) | Self::Report(texts) => view == View::App && !texts.is_empty(),
            Self::Message(text) => view == View::App && !text.value.is_empty(),
        }
    }

    /// Whether a stack counts in `view`.
    pub fn has_stack(&self, view: View) -> bool {
        self.stacks().any(|stack| stack.marks.get(view).counts)
    }

    /// The stacks, in the order they are hashed.
    pub fn stacks(&self) -> impl Iterator<Item = &StackPart> {
        let (exceptions, stack) = match self {
            Self::Exceptions(exceptions) => (exceptions.as_slice(), None),
            Self::Thread(stack) | Self::Stacktrace(stack) => (&[][..], Some(stack)),
            Self::Template(_) | Self::Report(_) | Self::Message(_) => (&[][..], None),
        };
        exceptions.iter().filter_map(|exception| exception.stacktrace.as_ref()).chain(stack)
    }
}

impl ExceptionPart {
    /// Without a stack there is no full stack to look at, so only the app view has such an exception.
    fn exists(&self, view: View) -> bool {
        view == View::App || self.stacktrace.is_some()
    }

    /// Whether anything of it counts in `view`.
    pub fn counts(&self, view: View) -> bool {
        self.exists(view)
            && (self.kind.as_ref().is_some_and(Leaf::counts)
                || self.value.as_ref().is_some_and(|value| value.marks.get(view).counts)
                || !self.ns_error.is_empty()
                || self.stacktrace.as_ref().is_some_and(|stack| stack.marks.get(view).counts))
    }

    fn collect<'t>(&'t self, view: View, values: &mut Vec<&'t str>) {
        if !self.exists(view) {
            return;
        }
        let kind = counting(self.kind.as_ref());
        let value = self.value.as_ref().filter(|value| value.marks.get(view).counts);
        let value = value.map(|value| value.text.value.as_str());
        let ns_error = self.ns_error.iter().map(String::as_str);
        let stack = self.stacktrace.as_ref();
        if self.stack_first {
            stack.into_iter().for_each(|stack| stack.collect(view, values));
            values.extend(kind.into_iter().chain(ns_error).chain(value));
        } else {
            values.extend(kind.into_iter().chain(value).chain(ns_error));
            stack.into_iter().for_each(|stack| stack.collect(view, values));
        }
    }
}

impl StackPart {
    fn collect<'t>(&'t self, view: View, values: &mut Vec<&'t str>) {
        if !self.marks.get(view).counts {
            return;
        }
        for frame in self.frames.iter().filter(|frame| frame.marks.get(view).counts) {
            values.extend(frame.leaves().into_iter().filter_map(counting));
        }
    }
}

impl FramePart {
    /// Its texts, in the order they are hashed.
    pub fn leaves(&self) -> [Option<&Leaf>; 4] {
        [&self.module, &self.filename, &self.function, &self.context_line].map(Option::as_ref)
    }
}

fn counting<'t>(leaf: impl Into<Option<&'t Leaf>>) -> Option<&'t str> {
    leaf.into().filter(|leaf| leaf.counts()).map(|leaf| leaf.value.as_str())
}
