//! What rules look at: an event's own frames, its request and its tags.

use std::borrow::Cow;

use crate::protocol::event::{Event, Frame, Stacktrace};

/// More frames of a stack are not looked at: the owner of a recursion is found in its first hundred.
const MAX_FRAMES: usize = 100;

/// What rules look at.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// The program's own frames, the one where it happened first.
    pub frames: Vec<Place<'a>>,
    /// The address of the request.
    pub url: Option<&'a str>,
    /// The tags.
    pub tags: &'a [(String, String)],
}

/// Where a frame is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its file, as short as the client could make it, and the whole path of that.
    pub paths: Vec<Cow<'a, str>>,
    /// Its module.
    pub module: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// What rules look at of an event. Where the client did not say which frames are the program's own, all are.
    pub fn of(event: &'a Event) -> Self {
        let stacks = stacks(event);
        let frames = || {
            let frames = stacks.iter().rev().flat_map(|stack| stack.frames().iter().rev());
            frames.filter(|frame| frame.in_app != Some(false))
        };
        let is_marked = frames().any(|frame| frame.in_app == Some(true));
        let mut places: Vec<Place<'a>> = Vec::new();
        for frame in frames().filter(|frame| !is_marked || frame.in_app == Some(true)) {
            let place = Place::of(frame);
            // Recursion and repeated causes have the same places over and over.
            if !place.is_empty() && !places.contains(&place) {
                places.push(place);
            }
            if places.len() == MAX_FRAMES {
                break;
            }
        }
        let url = event.request.as_ref().and_then(|request| request.url.as_deref());
        Self { frames: places, url, tags: event.tags() }
    }
}

impl Subject<'_> {
    /// The files of the frames, in their order; of a frame that names none, none.
    pub fn files(&self) -> Vec<Vec<String>> {
        let files = |place: &Place<'_>| place.paths.iter().map(|path| path.to_string()).collect();
        self.frames.iter().map(files).collect()
    }
}

impl<'a> Place<'a> {
    fn of(frame: &'a Frame) -> Self {
        let mut paths: Vec<Cow<'a, str>> = Vec::new();
        for path in [&frame.filename, &frame.abs_path].into_iter().flatten() {
            let path = slashed(path);
            if !path.is_empty() && !paths.contains(&path) {
                paths.push(path);
            }
        }
        let module = frame.module.as_deref().filter(|module| !module.is_empty());
        Self { paths, module }
    }

    fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.module.is_none()
    }
}

/// A path with the slashes that patterns have.
fn slashed(path: &str) -> Cow<'_, str> {
    if path.contains('\\') { path.replace('\\', "/").into() } else { path.into() }
}

/// The stacks of the exceptions, the innermost cause first; without any, the stack that the event has otherwise.
fn stacks(event: &Event) -> Vec<&Stacktrace> {
    let exceptions = event.exceptions().iter().filter_map(|one| one.stacktrace.as_ref());
    let stacks: Vec<&Stacktrace> = exceptions.collect();
    if !stacks.is_empty() {
        return stacks;
    }
    let thread = || event.threads.as_ref()?.main_thread()?.stacktrace.as_ref();
    event.stacktrace.as_ref().or_else(thread).into_iter().collect()
}
