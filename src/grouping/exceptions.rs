//! What counts of exceptions (`grouping.md` §8).

use std::borrow::Cow;

use serde_json::Value;

use super::reason::{Mark, Reason};
use super::rules::Owner;
use super::switches::Algorithm;
use super::tree::{ExceptionPart, Leaf, PerView, StackPart, Tree, ValuePart, View};
use super::{Config, evidence, exception_groups, message, stacktrace};
use crate::protocol::event::{Event, Exception};

/// The exceptions as grouping sees them, and the id of the one that names the issue, if it is not the last.
pub(super) fn tree(event: &Event, config: &Config) -> Option<(Tree, Option<u64>)> {
    let exceptions = event.exceptions();
    if exceptions.is_empty() {
        return None;
    }
    let platform = event.platform();
    let mut parts: Vec<_> =
        exceptions.iter().map(|exception| part(exception, platform, config)).collect();
    drop_generic_wrappers(&mut parts, config);
    let (parts, main) = exception_groups::reduce(event, parts);
    Some((Tree::Exceptions(parts), main))
}

fn part(exception: &Exception, platform: &str, config: &Config) -> ExceptionPart {
    let stacktrace = exception
        .stacktrace
        .as_ref()
        .map(|stack| stacktrace::part(stack, Owner(Some(exception)), platform, config));
    let ns_error = ns_error(exception);
    let kind = exception.kind.as_deref().filter(|kind| !kind.is_empty()).map(|kind| Leaf {
        value: kind.to_owned(),
        ignored: exception.is_synthetic().then_some(Reason::SyntheticType),
    });
    let mark = |view| value_mark(exception, stacktrace.as_ref(), &ns_error, view, config);
    let value =
        exception.value.as_deref().filter(|value| !value.is_empty()).map(|value| ValuePart {
            text: message::text(value, config.replaced()),
            marks: PerView {
                app: mark(View::App),
                system: match &stacktrace {
                    Some(_) => mark(View::System),
                    None => Mark::ignored(Reason::NoStack),
                },
            },
        });
    let stack_first = config.algorithm() == Algorithm::Newstyle2023;
    ExceptionPart { kind, value, ns_error, stacktrace, stack_first }
}

/// Whether the value counts: beside a stack it does not, unless a project wants more evidence.
fn value_mark(
    exception: &Exception,
    stack: Option<&StackPart>,
    ns_error: &[String],
    view: View,
    config: &Config,
) -> Mark {
    if let Some(stack) = stack.filter(|stack| stack.marks.get(view).counts) {
        let with = |reason| Mark { counts: true, reason: Some(reason) };
        let least = config.switches().minimum_evidence;
        if exception.kind.as_deref().is_some_and(|kind| config.is_generic_type(kind)) {
            return with(Reason::GenericType);
        }
        if least > 0 && evidence::telling_frames(stack, view) < least {
            return with(Reason::LittleEvidence(least));
        }
        return Mark::ignored(Reason::StackDecides);
    }
    if ns_error.is_empty() { Mark::COUNTS } else { Mark::ignored(Reason::NsErrorDecides) }
}

/// Takes from exceptions that only wrap their cause what they would add: their type and their value, which
/// mostly repeats the cause's. Causes stand before what they caused.
fn drop_generic_wrappers(parts: &mut [ExceptionPart], config: &Config) {
    for part in parts.iter_mut().skip(1) {
        let Some(kind) = part.kind.as_mut().filter(|kind| config.is_generic_type(&kind.value))
        else {
            continue;
        };
        kind.ignored = Some(Reason::GenericWrapper);
        for view in [View::App, View::System] {
            if let Some(mark) = part.value.as_mut().map(|value| value.marks.get_mut(view)) {
                *mark = Mark::ignored(Reason::GenericWrapper);
            }
        }
    }
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
