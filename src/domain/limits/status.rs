//! How far the limits are used up, as people are told: before one is hit and when it is.

use sqlx::PgConnection;

use super::store::{self, RefusedRow, UsedRow};
use super::window::Window;
use super::{Group, Holder, Limits, SERVER_REASON, SPIKE_REASON, of_reason};
use crate::base::{ProjectId, Timestamp};
use crate::domain::Result;
use crate::protocol::category::DataCategory;

/// From so many hundredths on, people are told.
const NEAR_PERCENT: u64 = 80;

/// How far back refusals are looked for that no running window knows of: the running hour and the one
/// before it.
const RECENT_HOURS: i64 = 1;

/// A limit that people should know about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whose events.
    pub project_id: ProjectId,
    /// The key, if it is the key's own limit.
    pub public_key: Option<String>,
    /// What it is about.
    pub about: About,
    /// How many items were refused: in the running window, or lately if that is a minute. Bytes for files.
    pub refused: u64,
}

/// What a [`Notice`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A limit of the project or of a key.
    Limit {
        /// Of these items.
        group: Group,
        /// In this time.
        window: Window,
        /// How many may pass.
        limit: u64,
        /// How many did; 0 for minutes, which are not stored.
        used: u64,
        /// When it begins anew.
        resets_at: Timestamp,
    },
    /// The server's own limit.
    Server,
    /// The protection against spikes.
    Spike,
}

/// The limits of one holder and what counts against them.
struct Held<'a> {
    project_id: ProjectId,
    public_key: Option<&'a str>,
    limits: Limits,
}

/// What was counted since the beginning of a window.
struct Counted {
    window: Window,
    used: Vec<UsedRow>,
    refused: Vec<RefusedRow>,
}

/// The limits of `projects` that are used up or nearly so, the refusing ones first.
///
/// # Errors
/// When the database fails.
pub async fn notices(
    db: &mut PgConnection,
    projects: &[ProjectId],
    now: Timestamp,
) -> Result<Vec<Notice>> {
    let of_projects = store::list_projects(db).await?;
    let of_keys = store::list_keys(db).await?;
    let is_asked = |id: &ProjectId| projects.contains(id);
    let held: Vec<Held<'_>> = of_projects
        .iter()
        .map(|(id, set)| Held { project_id: *id, public_key: None, limits: set.limits })
        .chain(of_keys.iter().map(|key| Held {
            project_id: key.project_id,
            public_key: Some(&key.public_key),
            limits: key.limits,
        }))
        .filter(|held| is_asked(&held.project_id))
        .collect();
    let mut found = Vec::new();
    for window in Window::ALL {
        let counted = count(db, projects, &held, window, now).await?;
        found.extend(held.iter().flat_map(|held| of_holder(held, &counted, now)));
        if window == Window::Minute {
            found.extend(of_server(&counted));
        }
    }
    found.sort_by_key(|notice| (notice.refused == 0, notice.project_id.0, notice.about));
    Ok(found)
}

async fn count(
    db: &mut PgConnection,
    projects: &[ProjectId],
    held: &[Held<'_>],
    window: Window,
    now: Timestamp,
) -> Result<Counted> {
    let limited: Vec<ProjectId> = held
        .iter()
        .filter(|held| held.limits.iter().any(|(_, of, _)| of == window))
        .map(|held| held.project_id)
        .collect();
    // Minutes are not stored; that one was hit is known from what it refused lately.
    if window == Window::Minute {
        let since = Window::Hour.start(now) - chrono::TimeDelta::hours(RECENT_HOURS);
        let refused = store::list_refused(db, projects, since).await?;
        return Ok(Counted { window, used: Vec::new(), refused });
    }
    if limited.is_empty() {
        return Ok(Counted { window, used: Vec::new(), refused: Vec::new() });
    }
    let since = window.start(now);
    let used = store::list_used(db, &limited, since).await?;
    let refused = store::list_refused(db, &limited, since).await?;
    Ok(Counted { window, used, refused })
}

fn of_holder(held: &Held<'_>, counted: &Counted, now: Timestamp) -> Vec<Notice> {
    let window = counted.window;
    let limits = held.limits.iter().filter(|(_, of, _)| *of == window);
    let notice = |(group, _, limit): (Group, Window, u64)| {
        let used = used(held, &counted.used, group);
        let refused = refused(held, &counted.refused, (group, window));
        let is_near = used > 0 && used.saturating_mul(100) >= limit.saturating_mul(NEAR_PERCENT);
        let resets_at = window.end(window.start(now));
        (is_near || refused > 0).then(|| Notice {
            project_id: held.project_id,
            public_key: held.public_key.map(str::to_owned),
            about: About::Limit { group, window, limit, used, resets_at },
            refused,
        })
    };
    limits.filter_map(notice).collect()
}

/// What was refused for no limit of the project's own.
fn of_server(counted: &Counted) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    for row in counted.refused.iter().filter(|row| counts(&row.category, Group::Everything)) {
        let about = match row.reason.as_str() {
            SERVER_REASON => About::Server,
            SPIKE_REASON => About::Spike,
            _ => continue,
        };
        let refused = row.quantity.max(0).cast_unsigned();
        match notices.iter_mut().find(|one| one.project_id == row.project_id && one.about == about)
        {
            Some(known) => known.refused = known.refused.saturating_add(refused),
            None => notices.push(Notice {
                project_id: row.project_id,
                public_key: None,
                about,
                refused,
            }),
        }
    }
    notices
}

fn used(held: &Held<'_>, rows: &[UsedRow], group: Group) -> u64 {
    let rows = rows
        .iter()
        .filter(|row| held.has(row.project_id, &row.public_key) && counts(&row.category, group));
    rows.fold(0_u64, |sum, row| sum.saturating_add(row.quantity.max(0).cast_unsigned()))
}

fn refused(held: &Held<'_>, rows: &[RefusedRow], (group, window): (Group, Window)) -> u64 {
    let holder = if held.public_key.is_some() { Holder::Key } else { Holder::Project };
    let rows = rows.iter().filter(|row| {
        held.has(row.project_id, &row.public_key)
            && counts(&row.category, group)
            && of_reason(&row.reason) == Some((holder, group, window))
    });
    rows.fold(0_u64, |sum, row| sum.saturating_add(row.quantity.max(0).cast_unsigned()))
}

fn counts(category: &str, group: Group) -> bool {
    DataCategory::from_name(category).is_some_and(|category| group.counts(category))
}

impl Held<'_> {
    fn has(&self, project: ProjectId, public_key: &str) -> bool {
        self.project_id == project && self.public_key.is_none_or(|own| own == public_key)
    }
}
