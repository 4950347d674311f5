//! Which part of an event decides how it is grouped (`grouping.md` §4).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rules::Owner;
use super::tree::{Tree, View};
use super::{Config, exceptions, message, security, stacktrace};
use crate::protocol::event::Event;

/// A part of an event that can decide; the order is the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The exceptions with their stacks.
    Exception,
    /// The stack of the crashed, the current or the only thread.
    Threads,
    /// A stack without exception.
    Stacktrace,
    /// A template error's place.
    Template,
    /// A violation of the content security policy.
    Csp,
    /// A violation of public key pinning.
    Hpkp,
    /// A missing certificate status.
    ExpectStaple,
    /// A missing certificate transparency.
    ExpectCt,
    /// The log message.
    Message,
}

impl Strategy {
    const ALL: [Self; 9] = [
        Self::Exception,
        Self::Threads,
        Self::Stacktrace,
        Self::Template,
        Self::Csp,
        Self::Hpkp,
        Self::ExpectStaple,
        Self::ExpectCt,
        Self::Message,
    ];

    /// Whether a stack may decide, so that there are two views.
    pub(super) fn has_stack(self) -> bool {
        matches!(self, Self::Exception | Self::Threads | Self::Stacktrace)
    }

    fn tree(self, event: &Event, config: &Config) -> Option<(Tree, Option<u64>)> {
        let platform = event.platform();
        let stack = |stack| stacktrace::part(stack, Owner::default(), platform, config);
        let tree = match self {
            Self::Exception => return exceptions::tree(event, config),
            Self::Threads => {
                let thread = event.threads.as_ref().and_then(|threads| threads.main_thread());
                Tree::Thread(stack(thread?.stacktrace.as_ref()?))
            }
            Self::Stacktrace => Tree::Stacktrace(stack(event.stacktrace.as_ref()?)),
            Self::Template => security::template(event)?,
            Self::Csp => security::csp(event)?,
            Self::Hpkp => security::host_report(event, "hpkp", "hpkp")?,
            Self::ExpectStaple => security::host_report(event, "expectstaple", "expect-staple")?,
            Self::ExpectCt => security::host_report(event, "expectct", "expect-ct")?,
            Self::Message => message::tree(event, config)?,
        };
        Some((tree, None))
    }

    /// Whether the event has that part at all.
    fn is_present(self, event: &Event) -> bool {
        match self {
            Self::Exception => !event.exceptions().is_empty(),
            Self::Threads => event.threads().iter().any(|thread| thread.stacktrace.is_some()),
            Self::Stacktrace => event.stacktrace.is_some(),
            Self::Template => event.template.is_some(),
            Self::Csp => event.csp.is_some(),
            Self::Hpkp => event.other.contains_key("hpkp"),
            Self::ExpectStaple => event.other.contains_key("expectstaple"),
            Self::ExpectCt => event.other.contains_key("expectct"),
            Self::Message => event.logentry.is_some() || event.message.is_some(),
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exception => "exception",
            Self::Threads => "thread",
            Self::Stacktrace => "stack trace",
            Self::Template => "template",
            Self::Csp => "content security policy report",
            Self::Hpkp => "key pinning report",
            Self::ExpectStaple => "certificate status report",
            Self::ExpectCt => "certificate transparency report",
            Self::Message => "message",
        })
    }
}

/// The part that decides.
pub(super) struct Decision {
    pub(super) strategy: Strategy,
    pub(super) tree: Tree,
    pub(super) main_exception_id: Option<u64>,
    /// What the event has too, but does not decide.
    pub(super) passed_over: Vec<Strategy>,
}

/// The first part with anything that counts; `None` if there is none.
pub(super) fn decide(event: &Event, config: &Config) -> Option<Decision> {
    Strategy::ALL.into_iter().enumerate().find_map(|(index, strategy)| {
        let (tree, main_exception_id) = strategy.tree(event, config)?;
        if !tree.counts(View::App) && !tree.counts(View::System) {
            return None;
        }
        let others = &Strategy::ALL[index + 1..];
        let passed_over = others.iter().copied().filter(|other| other.is_present(event)).collect();
        Some(Decision { strategy, tree, main_exception_id, passed_over })
    })
}
