//! What counts of a stack trace (`grouping.md` §7).

use super::family::Family;
use super::frame::FrameView;
use super::reason::{Mark, Reason};
use super::rules::{Owner, Run};
use super::switches::{Algorithm, Feature};
use super::tree::{Decider, FramePart, InApp, PerView, StackPart, View};
use super::{Config, evidence};
use crate::protocol::event::Stacktrace;

/// The stack as grouping sees it, on `platform`, with the exception it belongs to.
pub(super) fn part(
    stack: &Stacktrace,
    owner: Owner<'_>,
    platform: &str,
    config: &Config,
) -> StackPart {
    let views: Vec<_> =
        stack.frames().iter().map(|frame| FrameView::new(frame, platform)).collect();
    let run = Run::classify(config.rules(), owner, &views);

    let mut frames = Vec::with_capacity(views.len());
    let mut before = None;
    for (view, state) in views.iter().zip(run.frames()) {
        let by = match state.decided_by {
            Some(rule) => Decider::Rule(rule.clone()),
            None if state.in_app.is_some() => Decider::Client,
            None => Decider::Nobody,
        };
        let in_app = InApp { value: state.in_app.unwrap_or(false), by };
        frames.push(frame_part(view, before, in_app, config));
        before = Some(view);
    }
    ignore_lone_blank_script(&mut frames, views.first(), config.algorithm());
    let limits = run.contribute(&mut frames);
    let is_script = views.iter().all(|view| view.family == Family::Javascript);
    let distrusts_minified = is_script && config.has(Feature::DistrustMinifiedStacks);
    let mut mark = |view| {
        limits.cut(&mut frames, view);
        let mark = stack_mark(&frames, view, limits.min_frames);
        let is_minified = || {
            let mut counting = frames.iter().filter(|frame| frame.marks.get(view).counts);
            counting.all(evidence::is_minified_frame)
        };
        if mark.counts && distrusts_minified && is_minified() {
            return Mark::ignored(Reason::MinifiedStack);
        }
        mark
    };
    let marks = PerView { app: mark(View::App), system: mark(View::System) };
    StackPart { frames, marks }
}

fn frame_part(
    view: &FrameView<'_>,
    before: Option<&FrameView<'_>>,
    in_app: InApp,
    config: &Config,
) -> FramePart {
    let leaves = view.leaves(config.has(Feature::StripContentHashes));
    let system = if before.is_some_and(|before| view.repeats(before)) {
        Mark::ignored(Reason::Recursion)
    } else if view.is_evaluated_code() {
        Mark::ignored(Reason::EvaluatedCode)
    } else if leaves.any_counts() {
        Mark::COUNTS
    } else {
        Mark::ignored(Reason::EmptyFrame)
    };
    let app = if in_app.value { system.clone() } else { Mark::ignored(Reason::NotInApp) };
    FramePart {
        module: leaves.module,
        filename: leaves.filename,
        function: leaves.function,
        context_line: leaves.context_line,
        in_app,
        marks: PerView { app, system },
    }
}

/// One frame without function and address is what browsers send for errors of other sites' scripts.
fn ignore_lone_blank_script(
    frames: &mut [FramePart],
    first: Option<&FrameView<'_>>,
    algorithm: Algorithm,
) {
    if let ([frame], Some(view)) = (frames, first)
        && view.is_blank_script(algorithm)
    {
        for view in [View::App, View::System] {
            let mark = frame.marks.get_mut(view);
            if mark.counts {
                *mark = Mark::ignored(Reason::LoneFrameWithoutFunction);
            }
        }
    }
}

fn stack_mark(frames: &[FramePart], view: View, min_frames: u32) -> Mark {
    let counting = frames.iter().filter(|frame| frame.marks.get(view).counts).count();
    if u32::try_from(counting).is_ok_and(|counting| counting < min_frames) {
        return Mark::ignored(Reason::BelowMinFrames(min_frames));
    }
    if counting > 0 {
        return Mark::COUNTS;
    }
    Mark::ignored(match view {
        _ if frames.is_empty() => Reason::NoFrames,
        View::App if !frames.iter().any(|frame| frame.in_app.value) => Reason::NoAppFrames,
        _ => Reason::NoFrameCounts,
    })
}
