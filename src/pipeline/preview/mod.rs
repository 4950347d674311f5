//! What would become of stored events if a project grouped otherwise.
//!
//! Grouping is pure, so the latest stored events are grouped again with the settings in question, and each is
//! led to its issue as a new event would be: by the first hash that is known, or else to an issue of its own.
//! Compared with where the events are, that says which issues would join, split or begin anew.

mod fate;
mod replay;

use std::collections::HashMap;

use sqlx::PgConnection;

pub use fate::{Fate, Forecast, Heir, Share};
use replay::Replayed;

use crate::base::ProjectId;
use crate::domain::Result;
use crate::domain::issues;
use crate::domain::issues::batch::Owner;
use crate::grouping::{Config, MatchedRules};
use crate::infra::compression::Dictionaries;

/// So many of the latest events that were kept in full are grouped again.
pub const EVENTS: usize = 1_000;

/// Stored events, grouped again.
#[derive(Debug)]
pub struct Preview {
    /// The oldest first.
    replayed: Vec<Replayed>,
    /// Where hashes lead now.
    owners: HashMap<String, Owner>,
    /// The rules that match any of the events.
    pub matched: MatchedRules,
}

impl Preview {
    /// Groups the latest events of a project again.
    ///
    /// # Errors
    /// When the database fails or what it holds is damaged.
    pub async fn run(
        db: &mut PgConnection,
        dictionaries: &Dictionaries,
        project: ProjectId,
        config: &Config,
    ) -> Result<Self> {
        let mut matched = MatchedRules::default();
        let mut replayed = Vec::new();
        replay::visit_latest(db, dictionaries, project, EVENTS, |row, event| {
            let (one, rules) = Replayed::new(row, event, config);
            replayed.push(one);
            matched.add(&rules);
        })
        .await?;
        replayed.reverse();
        let mut hashes: Vec<&str> = replayed.iter().flat_map(Replayed::all_hashes).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let owners = issues::hash_owners(db, project, &hashes).await?;
        Ok(Self { replayed, owners, matched })
    }

    /// How many events were grouped again.
    pub fn events(&self) -> usize {
        self.replayed.len()
    }

    /// What would become of new events like these.
    pub fn forecast(&self) -> Forecast {
        fate::forecast(&self.replayed, &self.owners)
    }
}

pub use replay::visit_latest;
