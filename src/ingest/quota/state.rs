//! What is known of limits and counted against them.

use std::collections::{HashMap, HashSet};

use super::{Due, LOOK_AT_MONTHS_EVERY, LOOK_AT_RATES_EVERY, LOOK_EVERY, RateLimits};
use crate::base::{ProjectId, Timestamp};
use crate::domain::limits::meter::{Charges, Meter, add, charges};
use crate::domain::limits::spike::Minute;
use crate::domain::limits::store::{KeyRow, UsedRow};
use crate::domain::limits::{
    Group, Holder, Limits, ProjectLimits, SPIKE_REASON, Window, Windows, reason,
};
use crate::protocol::auth::PublicKey;
use crate::protocol::category::DataCategory;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) projects: Vec<(ProjectId, ProjectLimits)>,
    pub(super) keys: Vec<KeyRow>,
    /// What was let through in the running hour.
    pub(super) hour: Vec<UsedRow>,
    /// What was let through in the running month; empty if not asked for.
    pub(super) month: Vec<UsedRow>,
    /// From how many events of a minute on projects are sampled; `None` if not asked for.
    pub(super) thresholds: Option<HashMap<ProjectId, u64>>,
}

impl Found {
    /// The projects in which somebody has a limit for this window.
    pub(super) fn limited(&self, window: Window) -> Vec<ProjectId> {
        let has = |limits: &Limits| limits.iter().any(|(_, of, _)| of == window);
        let projects = self.projects.iter().filter(|(_, set)| has(&set.limits)).map(|(id, _)| *id);
        let keys = self.keys.iter().filter(|key| has(&key.limits)).map(|key| key.project_id);
        projects.chain(keys).collect()
    }
}

/// One holder of limits.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    limits: Limits,
    meter: Meter,
}

/// Who sends, for the lookups of one envelope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whose {
    pub(super) project: ProjectId,
    pub(super) key: PublicKey,
    pub(super) now: Timestamp,
}

/// See [`super::Quota`].
#[derive(Debug)]
pub(super) struct State {
    looked_at: Option<Timestamp>,
    months_at: Option<Timestamp>,
    rates_at: Option<Timestamp>,
    is_known: bool,
    projects: HashMap<ProjectId, Held>,
    /// Projects that do not want their spikes sampled.
    unprotected: HashSet<ProjectId>,
    keys: HashMap<PublicKey, Held>,
    thresholds: HashMap<ProjectId, u64>,
    spikes: HashMap<ProjectId, Minute>,
    server: Held,
}

impl State {
    pub(super) fn new(server_limit: u64) -> Self {
        let minute = Some(server_limit).filter(|limit| *limit > 0);
        let everything = Windows { minute, ..Windows::default() };
        let limits = Limits { everything, ..Limits::default() };
        Self {
            looked_at: None,
            months_at: None,
            rates_at: None,
            is_known: false,
            projects: HashMap::new(),
            unprotected: HashSet::new(),
            keys: HashMap::new(),
            thresholds: HashMap::new(),
            spikes: HashMap::new(),
            server: Held { limits, meter: Meter::default() },
        }
    }

    /// What is to be read now; `None` if what is known is fresh.
    pub(super) fn due(&self, now: Timestamp) -> Option<Due> {
        // A clock that was set back looks anew.
        let is_old = |at: Option<Timestamp>, age| {
            at.is_none_or(|at| !(chrono::TimeDelta::zero()..age).contains(&(now - at)))
        };
        is_old(self.looked_at, LOOK_EVERY).then(|| Due {
            now,
            months: is_old(self.months_at, LOOK_AT_MONTHS_EVERY),
            rates: is_old(self.rates_at, LOOK_AT_RATES_EVERY),
        })
    }

    /// Whether anything was ever read.
    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    /// Notes that nothing could be read.
    pub(super) fn failed(&mut self, now: Timestamp) {
        self.looked_at = Some(now);
    }

    /// Takes over what was read; counts go on.
    pub(super) fn learn(&mut self, found: Found, due: Due) {
        self.looked_at = Some(due.now);
        self.is_known = true;
        let old = std::mem::take(&mut self.projects);
        let meter = |known: Option<&Held>| known.map(|held| held.meter).unwrap_or_default();
        let is_limited = |(_, set): &&(ProjectId, ProjectLimits)| !set.limits.is_empty();
        let limited = found.projects.iter().filter(is_limited);
        self.projects = limited
            .map(|(id, set)| (*id, Held { limits: set.limits, meter: meter(old.get(id)) }))
            .collect();
        let unprotected = found.projects.iter().filter(|(_, set)| !set.spike_protection);
        self.unprotected = unprotected.map(|(id, _)| *id).collect();
        let old = std::mem::take(&mut self.keys);
        let keys = found.keys.iter().filter_map(|row| {
            let key = PublicKey::parse(&row.public_key)?;
            Some((key, Held { limits: row.limits, meter: meter(old.get(&key)) }))
        });
        self.keys = keys.collect();
        self.raise(&found.hour, Window::Hour, due.now);
        if due.months {
            self.months_at = Some(due.now);
            self.raise(&found.month, Window::Month, due.now);
        }
        if let Some(thresholds) = found.thresholds {
            self.rates_at = Some(due.now);
            self.spikes.retain(|id, _| thresholds.contains_key(id));
            self.thresholds = thresholds;
        }
    }

    /// Raises counts to what is stored.
    fn raise(&mut self, rows: &[UsedRow], window: Window, now: Timestamp) {
        let start = window.start(now);
        let mut of_projects: HashMap<ProjectId, Charges> = HashMap::new();
        let mut of_keys: HashMap<PublicKey, Charges> = HashMap::new();
        for row in rows {
            let quantity = row.quantity.max(0).cast_unsigned();
            let charges = DataCategory::from_name(&row.category).map(|it| charges(it, quantity));
            let Some(charges) = charges else { continue };
            add(of_projects.entry(row.project_id).or_default(), charges);
            if let Some(key) = PublicKey::parse(&row.public_key) {
                add(of_keys.entry(key).or_default(), charges);
            }
        }
        for group in Group::ALL {
            for (id, held) in &mut self.projects {
                let stored = of_projects.get(id).map_or(0, |sums| sums[group as usize]);
                held.meter.raise(group, window, start, stored);
            }
            for (key, held) in &mut self.keys {
                let stored = of_keys.get(key).map_or(0, |sums| sums[group as usize]);
                held.meter.raise(group, window, start, stored);
            }
        }
    }

    /// Whether anything is limited for this sender at all.
    pub(super) fn concerns(&self, whose: Whose) -> bool {
        !self.server.limits.is_empty()
            || self.keys.contains_key(&whose.key)
            || self.projects.contains_key(&whose.project)
            || self.threshold(whose.project).is_some()
    }

    /// Lets an item through and counts it, or says why not.
    pub(super) fn take(&mut self, whose: Whose, charges: Charges) -> Option<&'static str> {
        if charges[Group::Errors as usize] > 0 && !self.keeps(whose) {
            return Some(SPIKE_REASON);
        }
        let now = whose.now;
        for (holder, held) in self.holders(whose) {
            if let Some(hit) = held.meter.refusal(&held.limits, charges, now) {
                return Some(reason(holder, hit.group, hit.window));
            }
        }
        for (_, held) in self.holders(whose) {
            held.meter.charge(charges, now);
        }
        None
    }

    /// The limits of this sender that refused something and still last.
    pub(super) fn hits(&mut self, whose: Whose) -> RateLimits {
        let mut limits = RateLimits::default();
        for (holder, held) in self.holders(whose) {
            for hit in held.meter.hits(&held.limits, whose.now) {
                limits.push(holder, hit, whose.now);
            }
        }
        limits
    }

    /// Whoever has limits for this sender; the closest one first.
    fn holders(&mut self, whose: Whose) -> impl Iterator<Item = (Holder, &mut Held)> {
        let key = self.keys.get_mut(&whose.key).map(|held| (Holder::Key, held));
        let project = self.projects.get_mut(&whose.project).map(|held| (Holder::Project, held));
        let server = (!self.server.limits.is_empty()).then_some((Holder::Server, &mut self.server));
        key.into_iter().chain(project).chain(server)
    }

    /// Whether an event is kept should there be a spike.
    fn keeps(&mut self, whose: Whose) -> bool {
        let Some(threshold) = self.threshold(whose.project) else { return true };
        self.spikes.entry(whose.project).or_default().keeps(threshold, whose.now)
    }

    fn threshold(&self, project: ProjectId) -> Option<u64> {
        self.thresholds.get(&project).copied().filter(|_| !self.unprotected.contains(&project))
    }
}
