//! Which issues would join, split or begin anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::replay::Replayed;
use crate::base::IssueId;
use crate::domain::issues::batch::Owner;

/// Where events would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heir {
    /// To an issue that is there.
    Issue(IssueId),
    /// To a new one; they are numbered.
    New(usize),
}

/// What would become of an issue's new events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// They would go to several issues.
    Splits,
    /// All would go to one issue with events of others.
    Joins,
    /// All would go to a new issue, alone.
    BeginsAnew,
    /// Nothing would change.
    Stays,
}

/// Some events of an issue that would go the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Where they would go.
    pub heir: Heir,
    /// How many.
    pub events: usize,
    /// What the latest of them is called.
    pub title: String,
}

/// What would become of the new events of each issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// By issue: its fate, and its shares, the largest first.
    pub issues: BTreeMap<IssueId, (Fate, Vec<Share>)>,
    /// The issues whose events would go to each heir.
    pub sources: BTreeMap<Heir, BTreeSet<IssueId>>,
}

impl Forecast {
    /// How many issues have this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.issues.values().filter(|(known, _)| *known == fate).count()
    }
}

/// Leads each event to its issue as it would be led if it arrived now.
pub(super) fn forecast(replayed: &[Replayed], owners: &HashMap<String, Owner>) -> Forecast {
    let mut heirs: HashMap<&str, Heir> =
        owners.iter().map(|(hash, owner)| (hash.as_str(), Heir::Issue(owner.issue))).collect();
    let mut new = 0;
    let mut shares: BTreeMap<IssueId, BTreeMap<Heir, Share>> = BTreeMap::new();
    let mut sources: BTreeMap<Heir, BTreeSet<IssueId>> = BTreeMap::new();
    for event in replayed {
        let hashes = || event.hashes.iter().map(|(_, hash)| hash.as_str());
        let heir = hashes().find_map(|hash| heirs.get(hash).copied()).unwrap_or_else(|| {
            new += 1;
            Heir::New(new)
        });
        for hash in hashes() {
            heirs.entry(hash).or_insert(heir);
        }
        sources.entry(heir).or_default().insert(event.issue);
        let share = shares.entry(event.issue).or_default().entry(heir).or_insert_with(|| Share {
            heir,
            events: 0,
            title: String::new(),
        });
        share.events += 1;
        share.title.clone_from(&event.title);
    }
    let issues = shares
        .into_iter()
        .map(|(issue, shares)| {
            let mut shares: Vec<Share> = shares.into_values().collect();
            shares.sort_by_key(|share| (std::cmp::Reverse(share.events), share.heir));
            (issue, (fate(issue, &shares, &sources), shares))
        })
        .collect();
    Forecast { issues, sources }
}

fn fate(issue: IssueId, shares: &[Share], sources: &BTreeMap<Heir, BTreeSet<IssueId>>) -> Fate {
    let [only] = shares else { return Fate::Splits };
    match only.heir {
        Heir::Issue(heir) if heir == issue => Fate::Stays,
        Heir::Issue(_) => Fate::Joins,
        Heir::New(_) if sources[&only.heir].len() > 1 => Fate::Joins,
        Heir::New(_) => Fate::BeginsAnew,
    }
}
