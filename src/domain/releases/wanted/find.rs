//! The names of the releases that a search asks for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::PgConnection;

use super::{Wanted, store};
use crate::base::{OrganizationId, ProjectId, Timestamp};
use crate::domain::Result;
use crate::domain::releases::health::{Stage, stages};
use crate::domain::releases::version::{self, Dated};

/// So many of the latest releases are looked through; what builds made and nobody's events named is in no issue, and
/// only counts where the latest is sought.
const LOOKED_AT: usize = 10_000;

/// So many names are taken at most: each is looked up in the index of tags.
const TAKEN: usize = 1_000;

/// A release of a project.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) project: ProjectId,
    pub(super) version: String,
    pub(super) at: Timestamp,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The releases.
    pub names: Names,
    /// Why there may be more; `None` if these are all.
    pub cut: Option<&'static str>,
}

/// Names of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// They fit in whichever project.
    Anywhere(Vec<String>),
    /// They fit in these projects.
    ByProject(Vec<(ProjectId, Vec<String>)>),
}

/// Finds releases for one search, and reads at most once what its filters need.
#[derive(Debug)]
pub struct Searcher<'a> {
    place: (OrganizationId, &'a [i64]),
    /// Where stages and the latest release count; none: everywhere.
    environments: &'a [String],
    now: Timestamp,
    /// Leave out what no event ever named.
    had_events: bool,
    all: Option<Candidates>,
    seen: Option<Candidates>,
    stages: Option<HashMap<(ProjectId, String), Stage>>,
}

/// Releases that were looked at, the latest first.
#[derive(Debug)]
struct Candidates {
    rows: Vec<Candidate>,
    is_cut: bool,
}

impl<'a> Searcher<'a> {
    /// For the releases of these projects.
    pub fn new(
        place: (OrganizationId, &'a [i64]),
        environments: &'a [String],
        now: Timestamp,
    ) -> Self {
        let had_events = true;
        Self { place, environments, now, had_events, all: None, seen: None, stages: None }
    }

    /// The same, also for releases that no event ever named.
    pub(super) fn with_unseen(self) -> Self {
        Self { had_events: false, ..self }
    }

    /// Every release that is looked at, once for each of its projects, and whether there are more.
    pub(super) async fn candidates(
        &mut self,
        db: &mut PgConnection,
    ) -> Result<(&[Candidate], bool)> {
        let all = self.all(db).await?;
        Ok((&all.rows, all.is_cut))
    }

    /// The releases that are wanted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&mut self, db: &mut PgConnection, wanted: &Wanted) -> Result<Found> {
        match wanted {
            Wanted::Latest => self.latest(db).await,
            Wanted::Stage(stages) => self.at_stages(db, stages).await,
            Wanted::Version(_)
            | Wanted::Package(_)
            | Wanted::Build(_)
            | Wanted::BuildNumber(..) => self.by_name(db, wanted).await,
        }
    }

    async fn by_name(&mut self, db: &mut PgConnection, wanted: &Wanted) -> Result<Found> {
        let all = self.all(db).await?;
        let mut seen = BTreeSet::new();
        // A release of several projects stands there once for each.
        let distinct = all.rows.iter().filter(|release| seen.insert(&release.version));
        let mut names: Vec<String> = distinct
            .filter(|release| wanted.fits(&release.version))
            .map(|release| release.version.clone())
            .take(TAKEN + 1)
            .collect();
        let cut = cut(names.len(), all.is_cut);
        names.truncate(TAKEN);
        Ok(Found { names: Names::Anywhere(names), cut })
    }

    async fn latest(&mut self, db: &mut PgConnection) -> Result<Found> {
        let seen = Candidates::read(db, self.place, self.environments, false).await?;
        let mut newest: BTreeMap<ProjectId, &Candidate> = BTreeMap::new();
        for release in &seen.rows {
            let known = newest.entry(release.project).or_insert(release);
            if version::compare(release.dated(), known.dated()).is_gt() {
                *known = release;
            }
        }
        let names = newest.into_iter().map(|(id, release)| (id, vec![release.version.clone()]));
        // Of a project that had none of them in years no release is the latest; of the others it is there.
        Ok(Found { names: Names::ByProject(names.collect()), cut: None })
    }

    async fn at_stages(&mut self, db: &mut PgConnection, wanted: &[Stage]) -> Result<Found> {
        if self.stages.is_none() {
            let projects: Vec<ProjectId> = self.place.1.iter().map(|id| ProjectId(*id)).collect();
            self.stages = Some(stages(db, &projects, self.environments, self.now).await?);
        }
        self.seen(db).await?;
        let (Some(known), Some(seen)) = (&self.stages, &self.seen) else {
            return Ok(Found { names: Names::Anywhere(Vec::new()), cut: None });
        };
        let fits = |release: &&Candidate| {
            let stage = known.get(&(release.project, release.version.clone()));
            wanted.contains(stage.unwrap_or(&Stage::NotAdopted))
        };
        let fitting: Vec<&Candidate> = seen.rows.iter().filter(fits).take(TAKEN + 1).collect();
        let cut = cut(fitting.len(), seen.is_cut);
        let mut names: BTreeMap<ProjectId, Vec<String>> = BTreeMap::new();
        for release in fitting.into_iter().take(TAKEN) {
            names.entry(release.project).or_default().push(release.version.clone());
        }
        Ok(Found { names: Names::ByProject(names.into_iter().collect()), cut })
    }

    async fn all(&mut self, db: &mut PgConnection) -> Result<&Candidates> {
        let read = match self.all.take() {
            Some(read) => read,
            None => Candidates::read(db, self.place, &[], self.had_events).await?,
        };
        Ok(self.all.insert(read))
    }

    /// Those that were seen in the environments.
    async fn seen(&mut self, db: &mut PgConnection) -> Result<&Candidates> {
        let read = match self.seen.take() {
            Some(read) => read,
            None => Candidates::read(db, self.place, self.environments, self.had_events).await?,
        };
        Ok(self.seen.insert(read))
    }
}

/// Why not all can be there.
fn cut(found: usize, is_cut: bool) -> Option<&'static str> {
    if found > TAKEN {
        Some("fits more than 1,000 releases, of which the latest 1,000 are taken")
    } else {
        is_cut.then_some("is looked for in the latest 10,000 releases, and there are more")
    }
}

impl Candidate {
    fn dated(&self) -> Dated<'_> {
        Dated { release: &self.version, at: self.at }
    }
}

impl Candidates {
    async fn read(
        db: &mut PgConnection,
        place: (OrganizationId, &[i64]),
        environments: &[String],
        had_events: bool,
    ) -> Result<Self> {
        let limit = i64::try_from(LOOKED_AT + 1).unwrap_or(i64::MAX);
        let mut rows = store::list(db, place, environments, had_events, limit).await?;
        let is_cut = rows.len() > LOOKED_AT;
        rows.truncate(LOOKED_AT);
        Ok(Self { rows, is_cut })
    }
}
