//! Groups of exceptions: `ExceptionGroup`, `AggregateException`, `AggregateError` (`grouping.md` §8.3).
//!
//! How many tasks failed in the same way must not matter, nor that something wrapped their errors. So of
//! equal inner errors one is kept, and if all are equal the wrapper goes too and the issue is named after
//! the inner error.

use std::collections::{HashMap, HashSet};

use super::tree::ExceptionPart;
use crate::protocol::event::{Event, Exception};

/// What a group is reduced to, in hash order, and the id of the exception that names the issue.
type Reduced = (Vec<ExceptionPart>, Option<u64>);

/// Reduces a group of exceptions to what is different in it. What forms no such group stays as it is.
pub(super) fn reduce(event: &Event, parts: Vec<ExceptionPart>) -> Reduced {
    let exceptions = event.exceptions();
    let may_be_group =
        exceptions.len() > 1 && !(event.platform() == "python" && is_python_sdk_3(event));
    let relations = if may_be_group { Relations::of(exceptions) } else { None };
    let Some(kept) = relations.and_then(|relations| relations.kept(&parts)) else {
        let main = main_exception(&exceptions.iter().collect::<Vec<_>>());
        return (parts, main);
    };
    let left: Vec<_> = kept.order.iter().map(|index| &exceptions[*index]).collect();
    let main = main_exception(&left).or(kept.main);
    let mut parts: Vec<_> = parts.into_iter().map(Some).collect();
    (kept.order.iter().filter_map(|index| parts.get_mut(*index)?.take()).collect(), main)
}

/// This client's groups are left alone by other servers as well, so that its hashes stay.
fn is_python_sdk_3(event: &Event) -> bool {
    let version = event.sdk.as_ref().and_then(|sdk| sdk.version.as_deref());
    version.is_some_and(|version| version.starts_with('3'))
}

/// The exceptions by their ids.
struct Relations<'e> {
    exceptions: &'e [Exception],
    /// Where each id is in the list.
    by_id: HashMap<u64, usize>,
    /// The ids below each id, those later in the list first.
    children: HashMap<u64, Vec<u64>>,
}

/// Which exceptions are left, as indexes, and which one names the issue.
struct Kept {
    order: Vec<usize>,
    main: Option<u64>,
}

impl<'e> Relations<'e> {
    /// `None` if the ids make no sense.
    fn of(exceptions: &'e [Exception]) -> Option<Self> {
        let mut by_id = HashMap::new();
        let mut children: HashMap<u64, Vec<u64>> = HashMap::new();
        for (index, exception) in exceptions.iter().enumerate().rev() {
            let mechanism = exception.mechanism.as_ref()?;
            let id = mechanism.exception_id?;
            if mechanism.parent_id == Some(id) || by_id.insert(id, index).is_some() {
                return None;
            }
            if let Some(parent) = mechanism.parent_id {
                children.entry(parent).or_default().push(id);
            }
        }
        by_id.contains_key(&0).then_some(Self { exceptions, by_id, children })
    }

    /// `None` if there is no inner error.
    fn kept(&self, parts: &[ExceptionPart]) -> Option<Kept> {
        let mut inner = self.inner_errors();
        inner.sort_by_key(|id| std::cmp::Reverse(self.get(*id).kind.as_deref().unwrap_or("")));
        inner.dedup_by(|a, b| parts[self.by_id[a]] == parts[self.by_id[b]]);
        match inner[..] {
            [] => None,
            [only] => Some(Kept { order: self.first_path(only), main: Some(only) }),
            _ => {
                let order = inner.iter().chain([&0]).map(|id| self.by_id[id]).collect();
                Some(Kept { order, main: None })
            }
        }
    }

    fn get(&self, id: u64) -> &'e Exception {
        &self.exceptions[self.by_id[&id]]
    }

    fn children_of(&self, id: u64) -> &[u64] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The first exceptions on each way down from the root that are no groups themselves.
    fn inner_errors(&self) -> Vec<u64> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![0];
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let mechanism = self.get(id).mechanism.as_ref();
            if mechanism.and_then(|mechanism| mechanism.is_exception_group) == Some(true) {
                open.extend(self.children_of(id).iter().rev());
            } else {
                found.push(id);
            }
        }
        found
    }

    /// An exception and its first child, that one's first child, and so on, as indexes.
    fn first_path(&self, start: u64) -> Vec<usize> {
        let mut seen = HashSet::new();
        let path = std::iter::successors(Some(start), |id| self.children_of(*id).first().copied());
        path.take_while(|id| seen.insert(*id)).map(|id| self.by_id[&id]).collect()
    }
}

/// The exception that names the issue where neither the last one nor a group says it (`grouping.md` §8.4).
/// A chain whose exceptions have ids is given from its root on, others in the order of the event.
fn main_exception(exceptions: &[&Exception]) -> Option<u64> {
    if exceptions.len() < 2 {
        return None;
    }
    recovered_by_react(exceptions).or_else(|| wrapped_by_rxjava(exceptions))
}

/// React reports that it recovered; what it recovered from is the cause.
fn recovered_by_react(exceptions: &[&Exception]) -> Option<u64> {
    const RECOVERED: [&str; 2] = [
        "There was an error during concurrent rendering but React was able to recover by instead \
         synchronously rendering the entire root.",
        "There was an error while hydrating but React was able to recover by instead client \
         rendering from the nearest Suspense boundary.",
    ];
    let (first, last) = (exceptions.first()?, exceptions.last()?.mechanism.as_ref()?);
    let is_recovery = first.kind.as_deref() == Some("Error")
        && first.value.as_deref().is_some_and(|value| RECOVERED.contains(&value));
    (is_recovery && last.source.as_deref() == Some("cause")).then_some(last.exception_id)?
}

/// `RxJava` wraps errors that nobody subscribed to.
fn wrapped_by_rxjava(exceptions: &[&Exception]) -> Option<u64> {
    const WRAPPERS: [&str; 3] =
        ["OnErrorNotImplementedException", "CompositeException", "UndeliverableException"];
    let wrapper = exceptions.iter().find_map(|exception| {
        let mechanism = exception.mechanism.as_ref()?;
        let is_wrapper = exception.module.as_deref() == Some("io.reactivex.rxjava3.exceptions")
            && exception.kind.as_deref().is_some_and(|kind| WRAPPERS.contains(&kind))
            && mechanism.kind.as_deref() == Some("UncaughtExceptionHandler");
        is_wrapper.then_some(mechanism.exception_id)?
    })?;
    let mechanisms = exceptions.iter().filter_map(|exception| exception.mechanism.as_ref());
    let child = mechanisms.into_iter().find(|mechanism| mechanism.parent_id == Some(wrapper));
    child?.exception_id
}
