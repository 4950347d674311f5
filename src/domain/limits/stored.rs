//! Limits for what does not come through the front door: counted against what is stored.
//!
//! There are no sums by the minute, so a limit of a minute refuses here only if it lets nothing through
//! at all. What several requests write at the same moment may pass a limit together.

use sqlx::PgConnection;

use super::meter::{Charges, Meter, add, charges};
use super::window::seconds_until;
use super::{Group, Holder, Limits, MAX_WAIT_SECONDS, Window, reason, store};
use crate::base::{ProjectId, Timestamp};
use crate::protocol::category::DataCategory;

/// A limit that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The word for it.
    pub reason: &'static str,
    /// How many seconds to hold back.
    pub seconds: u32,
}

/// The limit that one more item of `category` would pass, of the project or of the key; `None` if it fits.
///
/// # Errors
/// When the database fails.
pub async fn refusal(
    db: &mut PgConnection,
    project: ProjectId,
    public_key: &str,
    category: DataCategory,
    now: Timestamp,
) -> sqlx::Result<Option<Refusal>> {
    let of_project = store::find_project(db, project).await?.limits;
    let of_key = store::find_key(db, public_key).await?;
    let mut held =
        [(Holder::Key, of_key, Meter::default()), (Holder::Project, of_project, Meter::default())];
    for window in [Window::Hour, Window::Month] {
        let is_limited = |limits: &Limits| limits.iter().any(|(_, of, _)| of == window);
        if !held.iter().any(|(_, limits, _)| is_limited(limits)) {
            continue;
        }
        let start = window.start(now);
        let used = store::list_used(db, &[project], start).await?;
        for (holder, _, meter) in &mut held {
            let own =
                |row: &&store::UsedRow| *holder == Holder::Project || row.public_key == public_key;
            let sums = sums(used.iter().filter(own));
            Group::ALL
                .into_iter()
                .for_each(|group| meter.raise(group, window, start, sums[group as usize]));
        }
    }
    let found = held.iter_mut().find_map(|(holder, limits, meter)| {
        let hit = meter.refusal(limits, charges(category, 1), now)?;
        let reason = reason(*holder, hit.group, hit.window);
        let seconds = seconds_until(hit.until, now).min(MAX_WAIT_SECONDS);
        Some(Refusal { reason, seconds })
    });
    Ok(found)
}

fn sums<'a>(rows: impl Iterator<Item = &'a store::UsedRow>) -> Charges {
    let mut sums = Charges::default();
    for row in rows {
        if let Some(category) = DataCategory::from_name(&row.category) {
            add(&mut sums, charges(category, row.quantity.max(0).cast_unsigned()));
        }
    }
    sums
}
