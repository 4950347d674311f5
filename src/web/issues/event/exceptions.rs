//! Exceptions as people read them: the one that came out at the end first, below it what caused it.

use std::collections::{BTreeMap, BTreeSet};

use super::stack::{Order, StackView};
use crate::protocol::event::{Event, Exception, Mechanism};
use crate::web::components::link;
use crate::web::components::tree::{Tree, shortened};

/// Longer messages are cut; the JSON has them whole.
const MAX_VALUE_CHARS: usize = 8_000;

/// An exception and its stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionView {
    /// The anchor on the page.
    pub anchor: String,
    /// How it belongs to the one it hangs on: `Caused by`; empty for the first.
    pub relation: String,
    /// How deep it hangs in a tree of exceptions, 0 to [`MAX_DEPTH`].
    pub depth: usize,
    /// The type; `Error` if the client named none. Empty for a message that was sent with its stack.
    pub kind: String,
    /// The message.
    pub value: String,
    /// What was cut off the message, in words.
    pub value_cut: String,
    /// The module of the type.
    pub module: Option<String>,
    /// How it was caught.
    pub mechanism: Option<MechanismView>,
    /// Its stack.
    pub stack: Option<StackView>,
}

/// How an exception was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MechanismView {
    /// `excepthook`, `onerror` …; empty for the words that say nothing.
    pub kind: String,
    /// `Some(false)`: nothing in the program caught it.
    pub handled: Option<bool>,
    /// In words.
    pub description: Option<String>,
    /// A page that explains it.
    pub help_link: Option<String>,
    /// `signal`, `errno` …, and facts from the integration.
    pub details: Tree,
}

/// Deeper exceptions are indented no further.
pub const MAX_DEPTH: usize = 6;

/// Where an exception stands: its index in the event, its depth, and how it belongs to its parent.
struct Place {
    index: usize,
    depth: usize,
}

/// The exceptions of an event in the order of reading; `main` is the one that the issue is about.
pub fn exceptions(event: &Event, order: Order, main: Option<u64>) -> Vec<ExceptionView> {
    let list = event.exceptions();
    let places = tree_places(list).unwrap_or_else(|| chain_places(list));
    let main_index = main_index(list, main);
    let view = |place: Place| {
        let exception = &list[place.index];
        let relation = if place.index + 1 == list.len() && place.depth == 0 {
            String::new()
        } else {
            relation(exception)
        };
        let is_main = place.index == main_index;
        let stack = exception.stacktrace.as_ref().filter(|stack| !stack.frames().is_empty());
        let (value, value_cut) =
            shortened(exception.value.as_deref().unwrap_or_default(), MAX_VALUE_CHARS);
        ExceptionView {
            anchor: format!("exception-{}", place.index),
            relation,
            depth: place.depth.min(MAX_DEPTH),
            kind: kind(exception),
            value,
            value_cut,
            module: exception.module.clone().filter(|module| !module.is_empty()),
            mechanism: exception.mechanism.as_ref().map(mechanism),
            stack: stack.map(|stack| StackView::new(stack, event.platform(), order, is_main)),
        }
    };
    let mut views: Vec<ExceptionView> = places.into_iter().map(view).collect();
    if let Some(first) = views.first_mut() {
        first.relation = String::new();
    }
    views
}

fn kind(exception: &Exception) -> String {
    match exception.kind.as_deref().filter(|kind| !kind.is_empty()) {
        Some(kind) => kind.to_owned(),
        None if exception.is_synthetic() => String::new(),
        None => "Error".to_owned(),
    }
}

/// The exception of that id, else the last one that has a stack, else the last.
fn main_index(list: &[Exception], main: Option<u64>) -> usize {
    let id = |exception: &Exception| exception.mechanism.as_ref()?.exception_id;
    main.and_then(|main| list.iter().position(|exception| id(exception) == Some(main)))
        .or_else(|| {
            let has_frames = |exception: &Exception| {
                exception.stacktrace.as_ref().is_some_and(|stack| !stack.frames().is_empty())
            };
            list.iter().rposition(has_frames)
        })
        .unwrap_or(list.len().saturating_sub(1))
}

/// A plain chain: the list is causes first, so reading order is the reverse.
fn chain_places(list: &[Exception]) -> Vec<Place> {
    (0..list.len()).rev().map(|index| Place { index, depth: 0 }).collect()
}

/// Exceptions that say whose child they are, parents first; `None` if they do not form one tree.
fn tree_places(list: &[Exception]) -> Option<Vec<Place>> {
    let mut children: BTreeMap<Option<u64>, Vec<(u64, usize)>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (index, exception) in list.iter().enumerate() {
        let mechanism = exception.mechanism.as_ref()?;
        let id = mechanism.exception_id?;
        let is_child = mechanism.parent_id.is_some_and(|parent| parent != id);
        if !ids.insert(id) {
            return None;
        }
        children.entry(mechanism.parent_id.filter(|_| is_child)).or_default().push((id, index));
    }
    let mut places = Vec::with_capacity(list.len());
    let mut waiting: Vec<(u64, usize, usize)> = Vec::new();
    let roots = children.remove(&None)?;
    waiting.extend(roots.into_iter().rev().map(|(id, index)| (id, index, 0)));
    while let Some((id, index, depth)) = waiting.pop() {
        places.push(Place { index, depth });
        let mut below = children.remove(&Some(id)).unwrap_or_default();
        below.sort_unstable();
        waiting.extend(below.into_iter().rev().map(|(id, index)| (id, index, depth + 1)));
    }
    // A parent that is missing or a circle leaves exceptions out; the chain shows them all.
    (places.len() == list.len()).then(|| flatten_chain(places))
}

/// A tree where nobody has two children is a chain and needs no indentation.
fn flatten_chain(mut places: Vec<Place>) -> Vec<Place> {
    let is_chain = places.windows(2).all(|pair| pair[1].depth == pair[0].depth + 1);
    if is_chain {
        for place in &mut places {
            place.depth = 0;
        }
    }
    places
}

fn relation(exception: &Exception) -> String {
    let source = exception.mechanism.as_ref().and_then(|mechanism| mechanism.source.as_deref());
    match source {
        Some("__context__") => "Raised while handling".to_owned(),
        Some(source) if source.contains('[') => format!("In the group, {source}"),
        _ => "Caused by".to_owned(),
    }
}

fn mechanism(mechanism: &Mechanism) -> MechanismView {
    let mut details = mechanism.data.as_ref().map(Tree::of_map).unwrap_or_default();
    if let Some(meta) = &mechanism.meta {
        details.entries.splice(0..0, Tree::of_value(meta).entries);
    }
    MechanismView {
        kind: mechanism
            .kind
            .clone()
            .filter(|kind| kind != "generic" && kind != "chained")
            .unwrap_or_default(),
        handled: mechanism.handled,
        description: mechanism.description.clone().filter(|text| !text.is_empty()),
        help_link: mechanism.help_link.as_deref().and_then(link::outward),
        details,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::Problems;

    fn outline(values: &str) -> Vec<String> {
        let json = format!(r#"{{"exception": {{"values": [{values}]}}}}"#);
        let event = Event::read(json.as_bytes(), &Problems::default()).unwrap().unwrap();
        exceptions(&event, Order::NewestFirst, None)
            .iter()
            .map(|view| format!("{}{}|{}", " ".repeat(view.depth), view.kind, view.relation))
            .collect()
    }

    fn value(kind: &str, id: u64, parent: &str, source: &str) -> String {
        format!(
            r#"{{"type": "{kind}", "mechanism": {{"type": "chained", "exception_id": {id}, "parent_id": {parent}, "source": "{source}"}}}}"#
        )
    }

    #[test]
    fn a_chain_is_read_from_the_outcome_to_the_cause() {
        assert_eq!(
            outline(r#"{"type": "Timeout"}, {"type": "FetchError"}, {"type": "PageError"}"#),
            ["PageError|", "FetchError|Caused by", "Timeout|Caused by"]
        );
    }

    #[test]
    fn a_chain_with_ids_is_not_indented() {
        let list = [
            value("Timeout", 2, "1", "__context__"),
            value("FetchError", 1, "0", "__cause__"),
            value("PageError", 0, "null", ""),
        ];
        assert_eq!(
            outline(&list.join(",")),
            ["PageError|", "FetchError|Caused by", "Timeout|Raised while handling"]
        );
    }

    #[test]
    fn a_group_is_a_tree() {
        let list = [
            value("Timeout", 3, "1", "exceptions[1]"),
            value("KeyError", 2, "1", "exceptions[0]"),
            value("Group", 1, "0", "__cause__"),
            value("PageError", 0, "null", ""),
        ];
        assert_eq!(
            outline(&list.join(",")),
            [
                "PageError|",
                " Group|Caused by",
                "  KeyError|In the group, exceptions[0]",
                "  Timeout|In the group, exceptions[1]"
            ]
        );
    }

    #[test]
    fn circles_and_orphans_are_shown_as_a_chain() {
        let circle = [value("A", 1, "2", ""), value("B", 2, "1", ""), value("C", 0, "null", "")];
        assert_eq!(outline(&circle.join(",")), ["C|", "B|Caused by", "A|Caused by"]);
        let orphan = [value("A", 5, "9", ""), value("B", 0, "null", "")];
        assert_eq!(outline(&orphan.join(",")), ["B|", "A|Caused by"]);
        let twins = [value("A", 0, "null", ""), value("B", 0, "null", "")];
        assert_eq!(outline(&twins.join(",")), ["B|", "A|Caused by"]);
    }

    #[test]
    fn an_exception_that_names_no_type_is_an_error() {
        assert_eq!(outline(r#"{"value": "boom"}"#), ["Error|"]);
        assert_eq!(outline(r#"{"value": "boom", "mechanism": {"synthetic": true}}"#), ["|"]);
    }
}
