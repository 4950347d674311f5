//! The threads at that moment, the one that matters first.

use super::stack::{Order, StackView};
use crate::protocol::event::{Event, Thread};

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the wire's own flags, each shown as a word")]
pub struct ThreadView {
    /// Its name, else its id.
    pub name: String,
    /// Its id, where it has a name too.
    pub id: String,
    /// It is the one that crashed.
    pub has_crashed: bool,
    /// It is the one that reported.
    pub is_current: bool,
    /// It is the program's main thread.
    pub is_main: bool,
    /// What it was doing; empty if unknown.
    pub state: String,
    /// Its stack.
    pub stack: Option<StackView>,
    /// Its stack is that of the exception above.
    pub is_shown_above: bool,
    /// Shown open at first.
    pub is_open: bool,
}

/// The threads of an event. Where no exception has a stack, the thread to look at is open: clients that
/// attach a stack to an error without one put it there.
pub fn threads(event: &Event, order: Order) -> Vec<ThreadView> {
    let Some(list) = &event.threads else { return Vec::new() };
    let with_exception: Vec<&str> = event
        .exceptions()
        .iter()
        .filter(|exception| exception.stacktrace.is_some())
        .filter_map(|exception| exception.thread_id.as_deref())
        .collect();
    let has_stack = event.exceptions().iter().any(|exception| exception.stacktrace.is_some());
    let main = list.main_thread().filter(|_| !has_stack);
    let view = |thread: &Thread| {
        let is_open = main.is_some_and(|main| std::ptr::eq(main, thread));
        let stack = thread.stacktrace.as_ref().filter(|stack| !stack.frames().is_empty());
        let id = thread.id.clone().unwrap_or_default();
        let name = thread.name.clone().filter(|name| !name.is_empty());
        ThreadView {
            is_shown_above: stack.is_none() && with_exception.contains(&id.as_str()),
            name: name.clone().unwrap_or_else(|| format!("Thread {id}")),
            id: if name.is_some() { id } else { String::new() },
            has_crashed: thread.crashed == Some(true),
            is_current: thread.current == Some(true),
            is_main: thread.main == Some(true),
            state: thread.state.clone().unwrap_or_default(),
            stack: stack.map(|stack| StackView::new(stack, event.platform(), order, is_open)),
            is_open,
        }
    };
    let mut views: Vec<ThreadView> = list.values.iter().map(view).collect();
    views.sort_by_key(|view| (!view.has_crashed, !view.is_current, !view.is_main));
    views
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::Problems;

    fn names(json: &str) -> Vec<(String, bool)> {
        let event = Event::read(json.as_bytes(), &Problems::default()).unwrap().unwrap();
        threads(&event, Order::NewestFirst)
            .into_iter()
            .map(|view| (view.name, view.is_open))
            .collect()
    }

    #[test]
    fn the_thread_that_crashed_comes_first_and_is_open() {
        let json =
            r#"{"threads": [{"id": 1, "name": "main", "main": true}, {"id": 2, "crashed": true}]}"#;
        assert_eq!(names(json), [("Thread 2".to_owned(), true), ("main".to_owned(), false)]);
    }

    #[test]
    fn beside_an_exception_with_a_stack_all_threads_are_closed() {
        let threads = r#""threads": [{"id": 1, "crashed": true}]"#;
        let with = format!(
            r#"{{"exception": [{{"type": "E", "stacktrace": {{"frames": [{{"function": "f"}}]}}}}], {threads}}}"#
        );
        assert_eq!(names(&with), [("Thread 1".to_owned(), false)]);
        let without = format!(r#"{{"exception": [{{"type": "E"}}], {threads}}}"#);
        assert_eq!(names(&without), [("Thread 1".to_owned(), true)]);
    }
}
