//! What fingerprints can say about an event (`grouping.md` §11.4).

use std::borrow::Cow;

use crate::grouping::Config;
use crate::grouping::parameterize::{Replaced, parameterize};
use crate::grouping::switches::Algorithm;
use crate::protocol::event::{Event, Exception, Frame, Level, Stacktrace};

/// An event, as rules and variables look at it.
#[derive(Clone, Copy)]
pub(in crate::grouping) struct Facts<'e> {
    pub(super) event: &'e Event,
    replaced: Replaced,
    algorithm: Algorithm,
}

impl<'e> Facts<'e> {
    pub(in crate::grouping) fn new(event: &'e Event, config: &Config) -> Self {
        Self { event, replaced: config.replaced(), algorithm: config.algorithm() }
    }

    /// A text without what changes in it.
    pub(super) fn parameterized(self, text: &str) -> Option<String> {
        parameterize(text, self.replaced)
    }

    /// What the variable `name` stands for, in a form that can be hashed.
    pub(super) fn variable(self, name: &str) -> String {
        let raw = self.raw_variable(name);
        match name {
            "message" | "value" | "error.value" => match self.parameterized(&raw) {
                Some(changed) if !raw.starts_with("<no-") => changed,
                _ => raw.into_owned(),
            },
            _ => raw.into_owned(),
        }
    }

    /// What the variable `name` stands for, as it is.
    fn raw_variable(self, name: &str) -> Cow<'e, str> {
        let event = self.event;
        let last = event.exceptions().last();
        let frame = self.crash_frame();
        let frame_text = |pick: fn(&Frame) -> Option<&str>| frame.and_then(pick);
        let (value, absent) = match name {
            "transaction" => (event.transaction.as_deref(), "<no-transaction>"),
            "message" | "raw_message" => (self.message(), "<no-message>"),
            "type" | "error.type" => {
                (last.and_then(|exception| exception.kind.as_deref()), "<no-type>")
            }
            "value" | "error.value" | "raw_value" | "error.raw_value" => {
                (last.and_then(|exception| exception.value.as_deref()), "<no-value>")
            }
            "function" | "stack.function" => {
                (frame_text(|frame| frame.function.as_deref()), "<no-function>")
            }
            "module" | "stack.module" => {
                (frame_text(|frame| frame.module.as_deref()), "<no-module>")
            }
            "package" | "stack.package" => (frame_text(package), "<no-package>"),
            "path" | "stack.abs_path" => (frame_text(path), "<no-abs-path>"),
            "stack.filename" => (
                frame_text(|frame| frame.filename.as_deref().or(frame.abs_path.as_deref())),
                "<no-filename>",
            ),
            "level" => (event.level.map(Level::as_str), "<no-level>"),
            "logger" => (event.logger.as_deref(), "<no-logger>"),
            _ => return self.tag_variable(name),
        };
        Cow::Borrowed(value.filter(|value| !value.is_empty()).unwrap_or(absent))
    }

    fn tag_variable(self, name: &str) -> Cow<'e, str> {
        match name.strip_prefix("tags.") {
            Some(tag) => match self.tag(tag) {
                Some(value) => Cow::Borrowed(value),
                None => Cow::Owned(format!("<no-value-for-tag-{tag}>")),
            },
            // The algorithm of 2023 left them as they were written.
            None if self.algorithm == Algorithm::Newstyle2023 => {
                Cow::Owned(format!("{{{{ {name} }}}}"))
            }
            None => Cow::Owned(format!("<unrecognized-variable-{name}>")),
        }
    }

    /// A title with its variables filled in.
    pub(super) fn fill_in(self, template: &str) -> String {
        let mut title = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, behind)) = after.split_once("}}") else { break };
            title.push_str(before);
            title.push_str(&self.raw_variable(name.trim()));
            rest = behind;
        }
        title.push_str(rest);
        title
    }

    /// A tag, be it one of the attributes that are shown as tags.
    pub(super) fn tag(self, name: &str) -> Option<&'e str> {
        let event = self.event;
        event.tag(name).or_else(|| match name {
            "transaction" => event.transaction.as_deref(),
            "environment" => event.environment.as_deref(),
            "release" => event.release.as_deref(),
            "dist" => event.dist.as_deref(),
            "server_name" => event.server_name.as_deref(),
            "logger" => event.logger.as_deref(),
            "level" => event.level.map(Level::as_str),
            _ => None,
        })
    }

    /// Whether a text is the event's message or the value of one of its exceptions.
    pub(super) fn is_own_text(self, text: &str) -> bool {
        self.log_texts().chain(self.exception_values()).any(|own| own == text)
    }

    /// The display text and the template of the log message.
    fn log_texts(self) -> impl Iterator<Item = &'e str> {
        let entry = self.event.logentry.as_ref().or(self.event.message.as_ref());
        let texts = entry.map(|entry| [entry.formatted.as_deref(), entry.message.as_deref()]);
        texts.into_iter().flatten().flatten().filter(|text| !text.is_empty())
    }

    fn exception_values(self) -> impl Iterator<Item = &'e str> {
        self.event.exceptions().iter().filter_map(|exception| exception.value.as_deref())
    }

    /// The texts that the matcher `message` looks at.
    pub(super) fn messages(self) -> impl Iterator<Item = &'e str> {
        self.log_texts().take(1).chain(self.exception_values())
    }

    fn message(self) -> Option<&'e str> {
        self.log_texts().next().or_else(|| self.event.exceptions().last()?.value.as_deref())
    }

    pub(super) fn exceptions(self) -> &'e [Exception] {
        self.event.exceptions()
    }

    /// The stacks of the event, the exceptions' first, the only thread's if there is no other.
    pub(super) fn stacks(self) -> impl Iterator<Item = &'e Stacktrace> {
        let exceptions = self.event.exceptions();
        let own = exceptions.iter().filter_map(|exception| exception.stacktrace.as_ref());
        let own = own.chain(self.event.stacktrace.as_ref());
        let needs_thread = own.clone().next().is_none();
        own.chain(needs_thread.then(|| self.thread_stack()).flatten())
    }

    fn thread_stack(self) -> Option<&'e Stacktrace> {
        self.event.threads.as_ref()?.main_thread()?.stacktrace.as_ref()
    }

    /// The program's own frame that is nearest to the crash, else the nearest of all.
    fn crash_frame(self) -> Option<&'e Frame> {
        let last = self.event.exceptions().last();
        let stack = last
            .and_then(|exception| exception.stacktrace.as_ref())
            .or(self.event.stacktrace.as_ref())
            .or_else(|| self.thread_stack())?;
        let frames = stack.frames();
        frames.iter().rev().find(|frame| frame.in_app == Some(true)).or(frames.last())
    }
}

/// The file's path as rules see it.
pub(super) fn path(frame: &Frame) -> Option<&str> {
    frame.abs_path.as_deref().or(frame.filename.as_deref())
}

fn package(frame: &Frame) -> Option<&str> {
    frame.package.as_deref()?.rsplit(['/', '\\']).next()
}
