//! Sessions (`protocol.md` §8): read and checked; there is no store for them yet.

use chrono::TimeDelta;

use super::unsupported::{NOT_YET, read_in_vain};
use crate::base::Timestamp;
use crate::domain::usage::Outcome;
use crate::pipeline::Context;
use crate::pipeline::stages::normalize::{Facts, is_release};
use crate::pipeline::tracked::{Dropped, Ended, Part, Tracked};
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::Item;
use crate::protocol::session::{SessionAggregates, SessionAttributes, SessionUpdate};
use crate::protocol::strict::readable;

/// Sessions that began longer ago count no more.
const MAX_AGE: TimeDelta = TimeDelta::days(5);

/// How far a client's clock may be ahead.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(1);

/// Reads one step in the life of a session.
pub fn process(context: &Context<'_>, facts: &Facts, item: Tracked<'_, &Item<'_>>) -> Ended {
    read_in_vain(item.try_map(|item| {
        let text = readable(item.payload);
        let session = SessionUpdate::read(&text).map_err(|_| Dropped::invalid("invalid_json"))?;
        check(context, &session.attrs)?;
        let at = session.timestamp.unwrap_or(facts.received_at);
        let is_now = is_of_now(facts, session.started) && is_of_now(facts, at.max(session.started));
        if is_now { Ok(()) } else { Err(Dropped::invalid("timestamp")) }
    }))
}

/// Reads counted sessions; each minute of them counts for itself.
pub fn process_counted(
    context: &Context<'_>,
    facts: &Facts,
    item: Tracked<'_, &Item<'_>>,
) -> Ended {
    let counted = item.try_map(|item| {
        let text = readable(item.payload);
        let counted =
            SessionAggregates::read(&text).map_err(|_| Dropped::invalid("invalid_json"))?;
        check(context, &counted.attrs)?;
        let (mut kept, mut dropped) = (0, 0);
        for bucket in &counted.aggregates {
            let sum = if is_of_now(facts, bucket.started) { &mut kept } else { &mut dropped };
            *sum += bucket.total();
        }
        Ok((kept, dropped))
    });
    let part = |why, sessions| -> Part { (why, vec![(DataCategory::Session.as_str(), sessions)]) };
    match counted {
        Ok(counted) => counted.end_in_parts(|(kept, dropped)| {
            vec![part(NOT_YET, kept), part(Dropped::invalid("timestamp"), dropped)]
        }),
        Err(ended) => ended,
    }
}

fn check(context: &Context<'_>, attributes: &SessionAttributes<'_>) -> Result<(), Dropped> {
    let release = attributes.release.trim();
    if !is_release(release) {
        return Err(Dropped::invalid("invalid_release"));
    }
    if context.filters.leaves_out_release(release) {
        return Err(Dropped { outcome: Outcome::Filtered, reason: "release-version" });
    }
    Ok(())
}

/// Whether a moment by the client's clock is close enough to count.
fn is_of_now(facts: &Facts, at: Timestamp) -> bool {
    let by_our_clock = facts.drift().map_or(Some(at), |drift| at.checked_add_signed(drift));
    by_our_clock
        .is_some_and(|at| at >= facts.received_at - MAX_AGE && at <= facts.received_at + MAX_AHEAD)
}
