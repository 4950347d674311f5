//! Issues that follow settings: how far that is, and what can be done about it.

use crate::base::Timestamp;
use crate::domain::issues::regroupings::{Phase, Regrouping};
use crate::web::components::number;
use crate::web::components::time::Moment;

/// What the page says of it.
pub(super) struct Following {
    /// What is going on, or what came of it.
    pub(super) text: String,
    /// `info`, `good` or `error`.
    pub(super) tone: &'static str,
    /// How much is done, of 100; none if nothing is going on.
    pub(super) percent: Option<i64>,
    /// When it began.
    pub(super) when: Moment,
    /// The verb of its button and its words; none if there is nothing to press.
    pub(super) button: Option<(&'static str, &'static str)>,
}

impl Following {
    pub(super) fn new(it: &Regrouping, now: Timestamp) -> Self {
        Self {
            text: text(it),
            tone: match it.phase {
                Phase::Done => "good",
                Phase::Failed => "error",
                _ => "info",
            },
            percent: it.phase.is_under_way().then(|| it.percent()),
            when: Moment::new(it.created_at, now),
            button: button(it),
        }
    }
}

fn button(it: &Regrouping) -> Option<(&'static str, &'static str)> {
    let has_done_something = it.moved_count > 0 || it.linked_count > 0;
    match it.phase {
        Phase::Looking => Some(("stop", "Stop")),
        Phase::Moving => Some(("stop", "Stop and undo")),
        Phase::Done | Phase::Failed if has_done_something => Some(("undo", "Undo for the issues")),
        _ => None,
    }
}

fn text(it: &Regrouping) -> String {
    match it.phase {
        Phase::Looking => format!(
            "Looking at what the settings would do: {} of {} are looked at. Nothing is changed yet.",
            number::grouped(it.seen_count.min(it.part_count)),
            number::counted(it.part_count, "part of issues", "parts of issues"),
        ),
        Phase::Moving => {
            "The issues follow. The settings are saved when they are ready, so that no event \
             opens a new issue meanwhile."
                .to_owned()
        }
        Phase::Done => done(it),
        Phase::Undoing => "The issues are brought back to where they were.".to_owned(),
        Phase::Undone => {
            "Undone: the issues are as before. An older state of the settings can be brought back \
             below."
                .to_owned()
        }
        Phase::Stopped => "Stopped: nothing was changed, and nothing was saved.".to_owned(),
        Phase::Failed => it.problem.clone().unwrap_or_default(),
    }
}

fn done(it: &Regrouping) -> String {
    if it.moved_count == 0 && it.linked_count == 0 {
        return "Saved. The issues are as the settings would have them.".to_owned();
    }
    format!(
        "Saved, and the issues follow: {} joined another issue, {} to known issues.",
        number::counted(it.moved_count, "part", "parts"),
        number::counted(it.linked_count, "new hash leads", "new hashes lead"),
    )
}
