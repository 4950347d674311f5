//! What counts of exceptions (`grouping.md` §8).

use std::borrow::Cow;

use serde_json::Value;

use super::Config;
use super::exception_groups;
use super::message;
use super::reason::{Mark, Reason};
use super::rules::Owner;
use super::stacktrace;
use super::tree::{ExceptionPart, Leaf, PerView, Tree, ValuePart};
use crate::protocol::event::{Event, Exception};

/// The exceptions as grouping sees them, and the id of the one that names the issue, if it is not the last.
pub(super) fn tree(event: &Event, config: &Config) -> Option<(Tree, Option<u64>)> {
    let exceptions = event.exceptions();
    if exceptions.is_empty() {
        return None;
    }
    let platform = event.platform();
    let parts = exceptions.iter().map(|exception| part(exception, platform, config)).collect();
    let (parts, main) = match exception_groups::reduce(event, parts) {
        Ok(reduced) => reduced,
        Err(parts) => (parts, exception_groups::main_exception(exceptions)),
    };
    Some((Tree::Exceptions(parts), main))
}

fn part(exception: &Exception, platform: &str, config: &Config) -> ExceptionPart {
    let stacktrace = exception
        .stacktrace
        .as_ref()
        .map(|stack| stacktrace::part(stack, Owner(Some(exception)), platform, config));
    let ns_error = ns_error(exception);
    let value_mark = |has_stack: bool| {
        if has_stack {
            Mark::ignored(Reason::StackDecides)
        } else if ns_error.is_empty() {
            Mark::COUNTS
        } else {
            Mark::ignored(Reason::NsErrorDecides)
        }
    };
    let value =
        exception.value.as_deref().filter(|value| !value.is_empty()).map(|value| ValuePart {
            text: message::text(value),
            marks: PerView {
                app: value_mark(stacktrace.as_ref().is_some_and(|stack| stack.marks.app.counts)),
                system: match &stacktrace {
                    Some(stack) => value_mark(stack.marks.system.counts),
                    None => Mark::ignored(Reason::NoStack),
                },
            },
        });
    let kind = exception.kind.as_deref().filter(|kind| !kind.is_empty()).map(|kind| Leaf {
        value: kind.to_owned(),
        ignored: exception.is_synthetic().then_some(Reason::SyntheticType),
    });
    ExceptionPart { kind, value, ns_error, stacktrace }
}

/// Domain and code of an `NSError`; none is an empty list.
fn ns_error(exception: &Exception) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Meta<'m> {
        #[serde(default, borrow)]
        ns_error: Option<NsError<'m>>,
    }
    #[derive(serde::Deserialize)]
    struct NsError<'m> {
        #[serde(default, borrow)]
        domain: Option<Cow<'m, str>>,
        #[serde(default)]
        code: Option<Value>,
    }
    let meta = exception.mechanism.as_ref().and_then(|mechanism| mechanism.meta.as_ref());
    let Some(error) = meta
        .filter(|meta| meta.text().contains("ns_error"))
        .and_then(|meta| meta.parse::<Meta<'_>>())
        .and_then(|meta| meta.ns_error)
    else {
        return Vec::new();
    };
    let code = error.code.map(|code| match code {
        Value::String(text) => text,
        other => other.to_string(),
    });
    error.domain.map(Cow::into_owned).into_iter().chain(code).collect()
}
