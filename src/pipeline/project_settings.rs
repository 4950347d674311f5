//! What projects have set, without asking Postgres for every event.
//!
//! One question brings the settings of all projects that have any: few, and small. It is asked when a
//! batch arrives and the last answer is older than [`BELIEVED_FOR`], so a change takes effect that late
//! at most, and an idle server asks nothing. While Postgres does not answer, what is known stays
//! believed: nobody can have changed it meanwhile. Before the first answer nothing is processed, because
//! an event that must be scrubbed would be stored as it came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use sqlx::PgPool;
use tokio::time::timeout;
use tracing::warn;

use super::ProjectGrouping;
use super::stages::{FilterConfig, ScrubConfig};
use crate::base::{ProjectId, Timestamp};
use crate::domain::filters::{self, FilterSettings};
use crate::domain::grouping_rules::{self, GroupingSettings};
use crate::domain::ownership::{self, Assigning, Compiled};
use crate::domain::privacy::{self, PrivacySettings, ProjectPrivacy};
use crate::domain::projects;

/// How long an answer is believed.
pub const BELIEVED_FOR: TimeDelta = TimeDelta::seconds(5);

/// How long Postgres is waited for: batches go on with what is known.
const PATIENCE: Duration = Duration::from_secs(5);

/// The settings of all projects, as they were a moment ago.
#[derive(Debug, Default)]
pub struct ProjectSettings {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    asked_at: Option<Timestamp>,
    known: Option<Arc<KnownSettings>>,
}

/// What projects have set, as it is stored.
#[derive(Debug, Default)]
struct Found {
    privacy: Vec<(ProjectId, ProjectPrivacy)>,
    filters: Vec<(ProjectId, FilterSettings)>,
    environments: Vec<(ProjectId, String)>,
    grouping: Vec<(ProjectId, GroupingSettings)>,
    ownership: Vec<(ProjectId, (String, bool))>,
}

/// What was known at one moment.
#[derive(Debug, Default)]
pub struct KnownSettings {
    /// For projects that have set nothing.
    default: ScrubConfig,
    /// With the settings each was made of: one that did not change is not made again.
    projects: HashMap<ProjectId, (PrivacySettings, Arc<ScrubConfig>)>,
    default_filters: FilterConfig,
    filters: HashMap<ProjectId, (FilterSettings, Arc<FilterConfig>)>,
    environments: HashMap<ProjectId, String>,
    default_grouping: ProjectGrouping,
    grouping: HashMap<ProjectId, (GroupingSettings, Arc<ProjectGrouping>)>,
    ownership: HashMap<ProjectId, ((String, bool), Arc<Assigning>)>,
}

impl KnownSettings {
    /// What is taken out of a project's events.
    pub fn scrubbing(&self, project: ProjectId) -> &ScrubConfig {
        self.projects.get(&project).map_or(&self.default, |(_, config)| config)
    }

    /// What a project leaves out.
    pub fn filters(&self, project: ProjectId) -> &FilterConfig {
        self.filters.get(&project).map_or(&self.default_filters, |(_, config)| config)
    }

    /// The environment of a project's events that say none.
    pub fn default_environment(&self, project: ProjectId) -> Option<&str> {
        self.environments.get(&project).map(String::as_str)
    }

    /// How a project groups.
    pub fn grouping(&self, project: ProjectId) -> &ProjectGrouping {
        self.grouping.get(&project).map_or(&self.default_grouping, |(_, grouping)| grouping)
    }

    /// How a project's issues are assigned by themselves; none if they are not.
    pub fn ownership(&self, project: ProjectId) -> Option<&Assigning> {
        self.ownership.get(&project).map(|(_, assigning)| assigning.as_ref())
    }

    /// The same with what was found now.
    fn renewed(&self, found: Found) -> Self {
        let filters = found.filters.into_iter().map(|(id, settings)| {
            let known = self.filters.get(&id).filter(|(known, _)| *known == settings);
            let config = known.map_or_else(
                || Arc::new(FilterConfig::new(&settings)),
                |(_, config)| config.clone(),
            );
            (id, (settings, config))
        });
        let grouping = found.grouping.into_iter().map(|(id, settings)| {
            let known = self.grouping.get(&id).filter(|(known, _)| *known == settings);
            let read = || Arc::new(ProjectGrouping::of_stored(&settings));
            let grouping = known.map_or_else(read, |(_, grouping)| grouping.clone());
            (id, (settings, grouping))
        });
        let grouping = grouping.collect();
        let ownership = found.ownership.into_iter().map(|(id, set)| {
            let known = self.ownership.get(&id).filter(|(known, _)| *known == set);
            let read = || {
                let rules = compiled_ownership(&set.0);
                Arc::new(Assigning { rules, by_commits: set.1 })
            };
            let assigning = known.map_or_else(read, |(_, assigning)| assigning.clone());
            (id, (set, assigning))
        });
        let ownership = ownership.collect();
        let environments = found.environments.into_iter().collect();
        let filters = filters.collect();
        Self { filters, environments, grouping, ownership, ..self.with_privacy(&found.privacy) }
    }

    fn with_privacy(&self, found: &[(ProjectId, ProjectPrivacy)]) -> Self {
        let mut made: HashMap<&PrivacySettings, Arc<ScrubConfig>> =
            self.projects.values().map(|(settings, config)| (settings, config.clone())).collect();
        let found: Vec<_> = found.iter().map(|(id, privacy)| (*id, privacy.effective())).collect();
        let projects = found.iter().map(|(id, settings)| {
            let config =
                made.entry(settings).or_insert_with(|| Arc::new(ScrubConfig::new(settings)));
            (*id, (settings.clone(), config.clone()))
        });
        Self { projects: projects.collect(), ..Self::default() }
    }
}

/// Rules as they are stored. What cannot be read, because another version of Picket wrote it, assigns nothing.
fn compiled_ownership(rules: &str) -> Compiled {
    let read = ownership::parse(rules).map_err(|problems| problems.len());
    let compiled = read.and_then(|rules| Compiled::new(rules).map_err(|_| 1));
    compiled.unwrap_or_else(|problems| {
        warn!(problems, "A project's ownership rules cannot be read and are not used");
        Compiled::default()
    })
}

impl ProjectSettings {
    /// The settings as they were at most [`BELIEVED_FOR`] ago; `None` if nothing is known yet and
    /// Postgres does not answer.
    pub async fn current(&self, db: &PgPool, now: Timestamp) -> Option<Arc<KnownSettings>> {
        if let Some(known) = self.lock().fresh(now) {
            return Some(known);
        }
        let question = async {
            let mut db = db.acquire().await?;
            let privacy = privacy::store::list_set(&mut db).await?;
            let filters = filters::store::list_set(&mut db).await?;
            let environments = projects::store::list_default_environments(&mut db).await?;
            let grouping = grouping_rules::store::list_set(&mut db).await?;
            let ownership = ownership::store::list_assigning(&mut db).await?;
            Ok::<_, sqlx::Error>(Found { privacy, filters, environments, grouping, ownership })
        };
        match timeout(PATIENCE, question).await {
            Ok(Ok(found)) => {
                let mut state = self.lock();
                let known = Arc::new(state.known.take().unwrap_or_default().renewed(found));
                *state = State { asked_at: Some(now), known: Some(known.clone()) };
                return Some(known);
            }
            Ok(Err(error)) => warn!(%error, "Could not read the projects' settings"),
            Err(_) => warn!("Postgres took too long to tell the projects' settings"),
        }
        let mut state = self.lock();
        state.asked_at = Some(now);
        state.known.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fresh(&self, now: Timestamp) -> Option<Arc<KnownSettings>> {
        // A clock that was set back asks anew.
        let is_fresh = |at: Timestamp| (TimeDelta::zero()..BELIEVED_FOR).contains(&(now - at));
        self.known.clone().filter(|_| self.asked_at.is_some_and(is_fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_did_not_change_are_not_made_again() {
        let own = |name: &str| {
            let sensitive_fields = vec![name.to_owned()];
            let own = PrivacySettings { sensitive_fields, ..PrivacySettings::default() };
            ProjectPrivacy { own: Some(own), organization: PrivacySettings::default() }
        };
        let one = KnownSettings::default()
            .with_privacy(&[(ProjectId(1), own("salary")), (ProjectId(2), own("salary"))]);
        assert!(std::ptr::eq(one.scrubbing(ProjectId(1)), one.scrubbing(ProjectId(2))));
        let two = one.with_privacy(&[(ProjectId(1), own("salary")), (ProjectId(2), own("iban"))]);
        assert!(std::ptr::eq(one.scrubbing(ProjectId(1)), two.scrubbing(ProjectId(1))));
        assert!(!std::ptr::eq(one.scrubbing(ProjectId(2)), two.scrubbing(ProjectId(2))));
        assert!(std::ptr::eq(two.scrubbing(ProjectId(3)), &raw const two.default));
    }

    #[test]
    fn filters_that_did_not_change_are_not_compiled_again() {
        let found = |release: &str| {
            let releases = vec![release.to_owned()];
            let settings = FilterSettings { releases, ..FilterSettings::default() };
            Found { filters: vec![(ProjectId(1), settings)], ..Found::default() }
        };
        let one = KnownSettings::default().renewed(found("1.*"));
        let two = one.renewed(found("1.*"));
        assert!(std::ptr::eq(one.filters(ProjectId(1)), two.filters(ProjectId(1))));
        let three = two.renewed(found("2.*"));
        assert!(!std::ptr::eq(two.filters(ProjectId(1)), three.filters(ProjectId(1))));
        assert!(std::ptr::eq(three.filters(ProjectId(2)), &raw const three.default_filters));
    }

    #[test]
    fn ownership_rules_that_did_not_change_are_not_compiled_again() {
        let found = |rules: &str| Found {
            ownership: vec![(ProjectId(1), (rules.to_owned(), false))],
            ..Found::default()
        };
        let one = KnownSettings::default().renewed(found("path:a #a"));
        let two = one.renewed(found("path:a #a"));
        let rules =
            |known: &KnownSettings| std::ptr::from_ref(known.ownership(ProjectId(1)).unwrap());
        assert_eq!(rules(&one), rules(&two));
        let three = two.renewed(found("path:b #a"));
        assert_ne!(rules(&two), rules(&three));
        let broken = three.renewed(found("?"));
        assert!(broken.ownership(ProjectId(1)).unwrap().rules.rules().is_empty());
        assert!(broken.renewed(Found::default()).ownership(ProjectId(1)).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_known_before_the_first_answer() {
        let options = sqlx::postgres::PgConnectOptions::new().host("127.0.0.1").port(1);
        let db = PgPool::connect_lazy_with(options);
        let settings = ProjectSettings::default();
        assert!(settings.current(&db, Timestamp::default()).await.is_none());
        let known = Some(Arc::default());
        *settings.lock() = State { asked_at: None, known };
        assert!(settings.current(&db, Timestamp::default()).await.is_some());
    }
}
