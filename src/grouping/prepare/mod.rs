//! Brings the stacks of an event into the form that is stored, shown and grouped (`grouping.md` §5).
//!
//! # Which frames are the program's own
//! The client says so, rules correct it, and what nobody knows is not. So an event whose client knows
//! nothing about its frames has no own frames at all; relays of other servers then count all frames as own
//! (`protocol.md` §5.10). We do not store that guess: in the hash it makes no difference, because a stack
//! without own frames is grouped by all of its frames, and that digest is the one which "all are own" would
//! give. Pages that fold frames show all of them in that case.
//!
//! Preparing twice is the same as preparing once: what the client said stays in the frame, under
//! `data.orig_in_app` where other servers keep it too, and every run starts from there.

mod javascript;
mod react;
mod trim;

pub(super) use trim::trim_function;

use std::sync::LazyLock;

use super::Config;
use super::family::Family;
use super::frame::FrameView;
use super::rules::{Owner, Run};
use super::switches::{Algorithm, Feature};
use crate::protocol::event::{Event, Frame, Stacktrace};
use crate::protocol::lenient::{Raw, RawMap};

/// Where a frame remembers what the client said about `in_app`: 1, 0, or -1 for nothing.
const CLIENT_IN_APP: &str = "orig_in_app";

/// Shortens function names, gives scripts their module and decides which frames are the program's own.
pub fn prepare(event: &mut Event, config: &Config) {
    if config.has(Feature::ReactMessages) {
        react::spell_out(event);
    }
    let platform = event.platform().to_owned();
    let stage = Stage { platform: &platform, config };
    for exception in event.exception.iter_mut().flat_map(|list| &mut list.values) {
        // Taken out, so that rules can look at the exception while its stacks change.
        let mut stacks = [exception.stacktrace.take(), exception.raw_stacktrace.take()];
        stacks.iter_mut().for_each(|stack| stage.prepare(stack.as_mut(), Owner(Some(exception))));
        [exception.stacktrace, exception.raw_stacktrace] = stacks;
    }
    stage.prepare(event.stacktrace.as_mut(), Owner::default());
    for thread in event.threads.iter_mut().flat_map(|list| &mut list.values) {
        stage.prepare(thread.stacktrace.as_mut(), Owner::default());
        stage.prepare(thread.raw_stacktrace.as_mut(), Owner::default());
    }
}

/// What the client said about a frame, also after [`prepare`].
pub(super) fn client_in_app(frame: &Frame) -> Option<bool> {
    #[derive(serde::Deserialize)]
    struct Data {
        #[serde(default)]
        orig_in_app: Option<i8>,
    }
    let Some(data) = &frame.data else { return frame.in_app };
    // Most frames have nothing else there.
    if let Some(known) = [None, Some(false), Some(true)]
        .into_iter()
        .find(|client| memory_of(*client).text() == data.text())
    {
        return known;
    }
    let remembered = data.text().contains(CLIENT_IN_APP).then(|| data.parse::<Data>()).flatten();
    match remembered.and_then(|data| data.orig_in_app) {
        None => frame.in_app,
        Some(-1) => None,
        Some(number) => Some(number != 0),
    }
}

/// What a frame without other data remembers.
fn memory_of(client: Option<bool>) -> &'static Raw {
    static MEMORIES: LazyLock<[Raw; 3]> = LazyLock::new(|| {
        [-1, 0, 1].map(|number| Raw::from_value(&serde_json::json!({ CLIENT_IN_APP: number })))
    });
    &MEMORIES[client.map_or(0, |client| 1 + usize::from(client))]
}

struct Stage<'c> {
    platform: &'c str,
    config: &'c Config,
}

impl Stage<'_> {
    fn prepare(&self, stack: Option<&mut Stacktrace>, owner: Owner<'_>) {
        let Some(frames) = stack.and_then(|stack| stack.frames.as_mut()) else { return };
        frames.iter_mut().for_each(|frame| self.clean(frame));
        let views: Vec<_> =
            frames.iter().map(|frame| FrameView::of_trimmed(frame, self.platform)).collect();
        let run = Run::classify(self.config.rules(), owner, &views);
        let decided: Vec<_> = views
            .iter()
            .zip(run.frames())
            .map(|(view, state)| (view.client_in_app, state.in_app.unwrap_or(false)))
            .collect();
        for (frame, (client, in_app)) in frames.iter_mut().zip(decided) {
            remember(frame, client, in_app);
            frame.in_app = Some(in_app);
        }
    }

    fn clean(&self, frame: &mut Frame) {
        let platform = frame.platform.as_deref().unwrap_or(self.platform);
        if frame.raw_function.is_none()
            && let Some(function) = &frame.function
        {
            let trimmed = trim_function(function, platform);
            if trimmed != *function {
                let trimmed = trimmed.into_owned();
                frame.raw_function = frame.function.replace(trimmed);
            }
        }
        let is_script = Family::of(platform) == Family::Javascript;
        if is_script {
            self.give_module(frame);
        }
        if self.platform == "javascript"
            && let Some(filename) = &mut frame.filename
            && let Some(query) = filename.find('?')
        {
            filename.truncate(query);
        }
        if frame.platform.as_deref().unwrap_or(self.platform) == "python"
            && self.config.algorithm() == Algorithm::Newstyle2026
        {
            name_worker_start(frame);
        }
    }

    /// Gives a script's frame the module that its address stands for, or takes it away again.
    fn give_module(&self, frame: &mut Frame) {
        let is_given = self.config.has(Feature::ScriptModules);
        let is_absent = frame.module.as_deref().is_none_or(str::is_empty);
        if is_absent != is_given {
            return;
        }
        let path = frame.abs_path.as_deref().or(frame.filename.as_deref());
        let Some(module) = path.and_then(javascript::module_of) else { return };
        if is_given {
            frame.module = Some(module);
        } else if frame.module.as_ref() == Some(&module) {
            frame.module = None;
        }
    }
}

/// Keeps what the client said where that is about to be lost.
fn remember(frame: &mut Frame, client: Option<bool>, in_app: bool) {
    if client == Some(in_app) {
        return;
    }
    let memory = memory_of(client);
    let Some(mut data) = frame.data.as_ref().and_then(Raw::parse::<RawMap>) else {
        frame.data = Some(memory.clone());
        return;
    };
    data.extend(memory.parse::<RawMap>().unwrap_or_default());
    let text = serde_json::to_string(&data).expect("a map of JSON is JSON");
    frame.data = serde_json::from_str(&text).ok();
}

/// Python's multiprocessing starts workers with a line of code that holds two file descriptors.
fn name_worker_start(frame: &mut Frame) {
    const START: &str = "from multiprocessing.spawn import spawn_main; spawn_main(";
    let Some(line) = &mut frame.context_line else { return };
    if frame.module.as_deref() != Some("__main__")
        || frame.filename.as_deref() != Some("<string>")
        || frame.function.as_deref() != Some("<module>")
        || !line.trim_start().starts_with(START)
    {
        return;
    }
    let mut named = String::with_capacity(line.len());
    for part in line.split_inclusive('=') {
        let after_equals = named.ends_with('=');
        let rest = part.trim_start_matches(|digit: char| digit.is_ascii_digit());
        if after_equals && rest.len() < part.len() {
            named.push_str("<int>");
            named.push_str(rest);
        } else {
            named.push_str(part);
        }
    }
    *line = named;
}
