//! Sessions (`protocol.md` §8).

use chrono::TimeDelta;

use super::error::user_hash;
use crate::base::{EventId, Timestamp};
use crate::domain::sessions::batch::{Arrived, Place, Said};
use crate::domain::sessions::{MAX_AGE, SessionCounts, Trouble, Troubles};
use crate::domain::usage::Outcome;
use crate::pipeline::Context;
use crate::pipeline::stages::normalize::{Facts, is_environment, is_release};
use crate::pipeline::tracked::{Dropped, Ended, Ledger, Tracked};
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::Item;
use crate::protocol::session::{
    SessionAggregates, SessionAttributes, SessionBucket, SessionStatus, SessionUpdate,
};
use crate::protocol::strict::readable;

/// How far a client's clock may be ahead.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(1);

/// A session of another time.
const OTHER_TIME: Dropped = Dropped { outcome: Outcome::Invalid, reason: "timestamp" };

/// Reads one step in the life of a session.
pub fn process(
    context: &Context<'_>,
    facts: &Facts,
    item: Tracked<'_, &Item<'_>>,
) -> Result<Arrived, Ended> {
    let step = item.try_map(|item| {
        let text = readable(item.payload);
        let session = SessionUpdate::read(&text).map_err(|_| Dropped::invalid("invalid_json"))?;
        let place = place(context, &session.attrs)?;
        let at = session.timestamp.unwrap_or(facts.received_at);
        let started = of_now(facts, session.started).ok_or(OTHER_TIME)?;
        of_now(facts, at.max(session.started)).ok_or(OTHER_TIME)?;
        // A session that does not say which one it is is one of its own.
        let sid = session.sid.unwrap_or_else(|| EventId::random().0);
        Ok(Arrived {
            project_id: context.project_id,
            received_at: facts.received_at,
            started,
            place,
            user: session.did.as_deref().map(user_hash),
            said: Said::Step(sid, troubles(&session)),
        })
    })?;
    Ok(step.hand_over())
}

/// Reads counted sessions; each minute of them counts for itself.
pub fn process_counted(
    context: &Context<'_>,
    facts: &Facts,
    ledger: &Ledger,
    item: Tracked<'_, &Item<'_>>,
) -> Result<Vec<Arrived>, Ended> {
    let counted = item.try_map(|item| {
        let text = readable(item.payload);
        let counted =
            SessionAggregates::read(&text).map_err(|_| Dropped::invalid("invalid_json"))?;
        let place = place(context, &counted.attrs)?;
        let (mut kept, mut dropped) = (Vec::new(), 0);
        for bucket in &counted.aggregates {
            match of_now(facts, bucket.started) {
                Some(started) => kept.push(arrived(context, facts, (bucket, started), &place)),
                None => dropped += bucket.total(),
            }
        }
        kept.retain(|arrived| arrived.quantity() > 0);
        Ok((kept, dropped))
    })?;
    let (kept, dropped) = counted.hand_over();
    if dropped > 0 {
        ledger.count(DataCategory::Session.as_str(), OTHER_TIME, dropped);
    }
    Ok(kept)
}

fn arrived(
    context: &Context<'_>,
    facts: &Facts,
    (bucket, started): (&SessionBucket<'_>, Timestamp),
    place: &Place,
) -> Arrived {
    let total = i64::try_from(bucket.total()).expect("five numbers of 32 bits");
    let counts = SessionCounts {
        total,
        errored: bucket.errored.into(),
        unhandled: bucket.unhandled.into(),
        abnormal: bucket.abnormal.into(),
        crashed: bucket.crashed.into(),
    };
    Arrived {
        project_id: context.project_id,
        received_at: facts.received_at,
        started,
        place: place.clone(),
        user: bucket.did.as_deref().map(user_hash),
        said: Said::Counted(counts),
    }
}

/// What befell a session so far.
fn troubles(session: &SessionUpdate<'_>) -> Troubles {
    let by_status = match session.status {
        SessionStatus::Ok | SessionStatus::Exited => None,
        // A word of a later version means some trouble: the good endings are known.
        SessionStatus::Errored | SessionStatus::Other => Some(Trouble::Errored),
        SessionStatus::Unhandled => Some(Trouble::Unhandled),
        SessionStatus::Abnormal => Some(Trouble::Abnormal),
        SessionStatus::Crashed => Some(Trouble::Crashed),
    };
    let by_count = (session.errors.unwrap_or_default() > 0).then_some(Trouble::Errored);
    let known = by_status.into_iter().chain(by_count);
    known.fold(Troubles::default(), |all, trouble| all | trouble.into())
}

/// Where sessions of these attributes are counted.
fn place(context: &Context<'_>, attributes: &SessionAttributes<'_>) -> Result<Place, Dropped> {
    let release = attributes.release.trim();
    if !is_release(release) {
        return Err(Dropped::invalid("invalid_release"));
    }
    if context.filters.leaves_out_release(release) {
        return Err(Dropped { outcome: Outcome::Filtered, reason: "release-version" });
    }
    let environment = attributes.environment.as_deref().map(str::trim);
    // The same as of events that say none, so that both can be looked at together.
    let environment = environment
        .filter(|environment| is_environment(environment))
        .or(context.default_environment)
        .unwrap_or_default();
    Ok(Place { release: release.to_owned(), environment: environment.to_owned() })
}

/// A moment by our clock, if it is close enough to count.
fn of_now(facts: &Facts, at: Timestamp) -> Option<Timestamp> {
    let by_our_clock = match facts.drift() {
        Some(drift) => at.checked_add_signed(drift)?,
        None => at,
    };
    let possible = facts.received_at - MAX_AGE..=facts.received_at + MAX_AHEAD;
    possible.contains(&by_our_clock).then_some(by_our_clock)
}
