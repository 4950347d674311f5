//! Where sessions are counted: under their own release, unless the project has too many on that day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use sqlx::PgConnection;

use super::{Arrived, Place, store};
use crate::base::{ProjectId, Timestamp};
use crate::domain::sessions::{MAX_PLACES_PER_DAY, OTHER_RELEASES};

/// A project's place on a day.
pub(super) type DayPlace<'a> = (ProjectId, Timestamp, &'a Place);

/// The place of each arrival.
pub(super) async fn choose(
    db: &mut PgConnection,
    arrived: &[&Arrived],
) -> sqlx::Result<Vec<Place>> {
    let wanted: BTreeSet<DayPlace<'_>> = arrived.iter().map(|arrival| of(arrival)).collect();
    let wanted: Vec<DayPlace<'_>> = wanted.into_iter().collect();
    let refused = refused(db, &wanted).await?;
    let place = |arrival: &&Arrived| {
        if refused.contains(&of(arrival)) {
            Place { release: OTHER_RELEASES.to_owned(), environment: String::new() }
        } else {
            arrival.place.clone()
        }
    };
    Ok(arrived.iter().map(place).collect())
}

fn of(arrival: &Arrived) -> DayPlace<'_> {
    let day = arrival.started.date_naive().and_time(NaiveTime::MIN).and_utc();
    (arrival.project_id, day, &arrival.place)
}

/// The places that are one too many.
async fn refused<'a>(
    db: &mut PgConnection,
    wanted: &[DayPlace<'a>],
) -> sqlx::Result<BTreeSet<DayPlace<'a>>> {
    let known = store::are_known(db, wanted).await?;
    let new: Vec<DayPlace<'a>> = wanted
        .iter()
        .zip(known)
        .filter(|(_, is_known)| !is_known)
        .map(|(place, _)| *place)
        .collect();
    if new.is_empty() {
        return Ok(BTreeSet::new());
    }
    let days: BTreeSet<(ProjectId, Timestamp)> =
        new.iter().map(|(project, day, _)| (*project, *day)).collect();
    let mut counts: BTreeMap<(ProjectId, Timestamp), i64> =
        store::count_places(db, &days).await?.into_iter().collect();
    let mut refused = BTreeSet::new();
    for place in new {
        let count = counts.entry((place.0, place.1)).or_default();
        *count += 1;
        if *count > MAX_PLACES_PER_DAY {
            refused.insert(place);
        }
    }
    Ok(refused)
}
