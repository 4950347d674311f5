//! Puts the events of a plan through the pipeline into the database, and decides about their issues.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use tokio::task::spawn_blocking;

use crate::app::Essentials;
use crate::base::{Clock, EventId, IssueId, ProjectId, Timestamp};
use crate::domain::events;
use crate::domain::filters::FilterSettings;
use crate::domain::issues::batch::{Counting, Sampling};
use crate::domain::issues::{self, Archive, Resolution, Scope};
use crate::domain::journal::LaneKey;
use crate::domain::organizations::Organization;
use crate::domain::projects::{self, NewProject, Project, ProjectKey};
use crate::domain::releases::batch::KnownReleases;
use crate::infra::compression::Dictionaries;
use crate::infra::db::partitions::{self, Partitioned};
use crate::infra::supplied::SuppliedFiles;
use crate::pipeline::commit::{self, Target};
use crate::pipeline::stages::{FilterConfig, ScrubConfig};
use crate::pipeline::{Context, HotIssues, Processed, ProjectGrouping, process};
use crate::protocol::accepted::AcceptedEnvelope;
use crate::protocol::envelope::{
    ClientSdk, EnvelopeHeader, ItemHeader, ItemType, write_header, write_item,
};

use super::plan::{MadeEvent, Plan};
use super::progress::Progress;
use super::releases;
use super::timeline::Decision;

/// The most events in a batch, as in the pipeline.
const MAX_BATCH: usize = 500;

/// So many batches at least, so that what is decided between them falls on the right day.
const BATCHES: usize = 200;

/// Fills the database.
pub(super) struct Fill {
    app: Essentials,
    scope: Scope,
    workshop: Arc<Workshop>,
    /// The last stored event of each error.
    last_events: HashMap<usize, EventId>,
    /// How many decisions have been carried out.
    decided: usize,
    /// Releases that nobody told of yet, in the order of their coming: when, scene, number.
    coming: VecDeque<(Timestamp, usize, usize)>,
    /// From which hour on sessions are still to be sent.
    next_hour: Timestamp,
}

/// What it takes to make events and prepare them, on any thread.
struct Workshop {
    plan: Plan,
    /// By scene.
    projects: Vec<(Project, ProjectKey)>,
    grouping: ProjectGrouping,
    filters: FilterConfig,
    scrubbing: ScrubConfig,
    hot: HotIssues,
    dictionaries: Dictionaries,
    retention_days: u32,
}

impl Fill {
    /// Makes the projects and the days of the tables.
    pub(super) async fn prepare(
        app: &Essentials,
        organization: &Organization,
        plan: Plan,
    ) -> Result<Self> {
        let app = Essentials { clock: Clock::fixed(plan.start()), ..app.clone() };
        let mut made = Vec::new();
        for scene in &plan.scenes {
            let new = NewProject {
                organization_id: organization.id,
                name: scene.name.clone(),
                platform: Some(scene.platform.clone()),
                team: None,
            };
            made.push(projects::create(&app, new).await?);
        }
        let (first, last) = (plan.start().date_naive(), plan.end().date_naive());
        let mut db = app.db.acquire().await?;
        for table in Partitioned::ALL {
            partitions::ensure(&mut db, table, first..=last).await?;
        }
        drop(db);
        let (coming, next_hour) = (coming(&plan), plan.start());
        let workshop = Workshop {
            plan,
            projects: made,
            grouping: ProjectGrouping::default(),
            filters: FilterConfig::new(&FilterSettings::nothing()),
            scrubbing: ScrubConfig::default(),
            hot: HotIssues::default(),
            dictionaries: Dictionaries::default(),
            retention_days: app.config.retention.events_days,
        };
        Ok(Self {
            app,
            scope: Scope::organization(organization.id),
            workshop: Arc::new(workshop),
            last_events: HashMap::new(),
            decided: 0,
            coming,
            next_hour,
        })
    }

    /// Stores all events, each batch while the next one is made.
    pub(super) async fn run(&mut self, progress: &mut Progress) -> Result<()> {
        let moments = self.workshop.plan.moments.len();
        let size = (moments / BATCHES).clamp(1, MAX_BATCH);
        let mut next = self.workshop.clone().prepare(0..size.min(moments));
        let mut done = 0;
        while done < moments {
            let end = (done + size).min(moments);
            let batch = next.await?;
            next = self.workshop.clone().prepare(end..(end + size).min(moments));
            self.store(&batch, done..end).await?;
            done = end;
            progress.show(done as u64);
        }
        let end = self.workshop.plan.end();
        self.move_clock(end);
        self.release(end).await?;
        self.decide(end).await
    }

    /// Tells of the releases that came up to `now`, and sends the sessions of the hours that ended.
    async fn release(&mut self, now: Timestamp) -> Result<()> {
        let workshop = self.workshop.clone();
        let plan = &workshop.plan;
        while let Some((_, scene, number)) = self.coming.pop_front_if(|(at, ..)| *at <= now) {
            let place = (self.scope.organization, workshop.projects[scene].0.id);
            releases::tell(&self.app, place, (plan, &plan.scenes[scene], number)).await?;
        }
        let mut sessions = Vec::new();
        while self.next_hour + TimeDelta::hours(1) <= now {
            for scene in 0..plan.scenes.len() {
                for payload in releases::sessions(plan, scene, self.next_hour) {
                    sessions.push(workshop.counted(scene, &payload, now));
                }
            }
            self.next_hour += TimeDelta::hours(1);
        }
        for batch in sessions.chunks(MAX_BATCH) {
            self.commit(batch, now).await?;
        }
        Ok(())
    }

    async fn store(&mut self, batch: &[Processed], numbers: std::ops::Range<usize>) -> Result<()> {
        let workshop = self.workshop.clone();
        let now = workshop.plan.moments[numbers.end - 1].0;
        self.move_clock(now);
        self.release(now).await?;
        self.commit(batch, now).await?;
        for (number, processed) in numbers.zip(batch) {
            if let Some(event) = processed.events.first() {
                self.last_events.insert(workshop.plan.moments[number].1, event.event_id);
            }
        }
        self.decide(now).await
    }

    async fn commit(&self, batch: &[Processed], now: Timestamp) -> Result<()> {
        let workshop = &self.workshop;
        let known = KnownReleases::default();
        let target = Target {
            // Nothing of this came through a journal: no position moves.
            lane: LaneKey { node: uuid::Uuid::nil(), lane: 0 },
            tags: Counting::Now,
            sampling: Sampling { full_per_day: self.app.config.ingest.payloads_per_issue_and_day },
            releases: &known,
            hot: &workshop.hot,
            dictionaries: &workshop.dictionaries,
        };
        let mut tx = self.app.db.begin().await?;
        commit::store(&mut tx, target, batch, now).await.context("could not store a batch")?;
        commit::note_releases(&mut tx, &known, batch, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Carries out what is decided up to `now`.
    async fn decide(&mut self, now: Timestamp) -> Result<()> {
        let workshop = self.workshop.clone();
        let open = &workshop.plan.decisions[self.decided..];
        let due = &open[..open.partition_point(|(at, ..)| *at <= now)];
        self.decided += due.len();
        for decision in [Decision::Resolve, Decision::Archive] {
            let mut ids = Vec::new();
            for (_, error, _) in due.iter().filter(|due| due.2 == decision) {
                ids.extend(self.find_issue(*error).await?);
            }
            match decision {
                _ if ids.is_empty() => {}
                Decision::Resolve => {
                    issues::resolve(&self.app, &self.scope, &ids, Resolution::Now, None).await?;
                }
                Decision::Archive => {
                    issues::archive(&self.app, &self.scope, &ids, Archive::Forever, None).await?;
                }
            }
        }
        Ok(())
    }

    async fn find_issue(&self, error: usize) -> Result<Option<IssueId>> {
        let Some(event) = self.last_events.get(&error) else { return Ok(None) };
        let project = self.workshop.projects[self.workshop.plan.errors[error].scene].0.id;
        let mut db = self.app.db.acquire().await?;
        Ok(events::find(&mut db, project, *event).await?.map(|event| event.issue_id))
    }

    fn move_clock(&self, now: Timestamp) {
        let behind = now - self.app.clock.now();
        self.app.clock.advance(behind.max(TimeDelta::zero()));
    }
}

impl Workshop {
    /// Makes events and takes them through the pipeline, on all cores.
    fn prepare(
        self: Arc<Self>,
        numbers: std::ops::Range<usize>,
    ) -> impl Future<Output = Result<Vec<Processed>>> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let share = numbers.len().div_ceil(cores).max(1);
        let shares: Vec<_> = numbers
            .clone()
            .step_by(share)
            .map(|from| {
                let (workshop, to) = (self.clone(), (from + share).min(numbers.end));
                spawn_blocking(move || (from..to).map(|at| workshop.one(at)).collect::<Vec<_>>())
            })
            .collect();
        async move {
            let mut processed = Vec::new();
            for share in shares {
                processed.extend(share.await?);
            }
            Ok(processed)
        }
    }

    fn one(&self, number: usize) -> Processed {
        let event = self.plan.make(number);
        let key = &self.projects[event.scene].1.public_key;
        let project = self.projects[event.scene].0.id;
        self.process(project, &accepted(&self.plan, &event, project, key))
    }

    /// Sessions as a server counts them.
    fn counted(&self, scene: usize, payload: &str, received_at: Timestamp) -> Processed {
        let (project, key) = &self.projects[scene];
        let client = &self.plan.scenes[scene].client;
        let mut body = Vec::with_capacity(payload.len() + 256);
        write_header(&mut body, &EnvelopeHeader::default());
        write_item(&mut body, &ItemHeader::new(ItemType::Sessions), payload.as_bytes());
        let accepted = AcceptedEnvelope {
            project_id: project.id,
            public_key: key.public_key.clone(),
            received_at,
            client_address: None,
            user_agent: Some(client.clone()),
            client: Some(client.clone()),
            origin: None,
            event_id: None,
            set_aside_in: None,
            dropped: Vec::new(),
            body: Cow::Owned(body),
        };
        self.process(project.id, &accepted)
    }

    fn process(&self, project_id: ProjectId, accepted: &AcceptedEnvelope<'_>) -> Processed {
        let context = Context {
            project_id,
            grouping: &self.grouping,
            ownership: None,
            filters: &self.filters,
            scrubbing: &self.scrubbing,
            supplied: &SuppliedFiles::default(),
            default_environment: None,
            hot: &self.hot,
            dictionaries: &self.dictionaries,
            retention_days: self.retention_days,
        };
        process(&context, accepted)
    }
}

/// All releases of the plan, the earliest first.
fn coming(plan: &Plan) -> VecDeque<(Timestamp, usize, usize)> {
    let scenes = plan.scenes.iter().enumerate();
    let mut coming: Vec<_> = scenes
        .flat_map(|(index, scene)| {
            let numbered = scene.releases.iter().enumerate();
            numbered
                .map(move |(number, release)| (releases::comes_at(plan, release), index, number))
        })
        .collect();
    coming.sort_unstable();
    coming.into()
}

/// The envelope as ingest would have accepted it.
pub(super) fn accepted(
    plan: &Plan,
    event: &MadeEvent,
    project_id: ProjectId,
    public_key: &str,
) -> AcceptedEnvelope<'static> {
    let client = &plan.scenes[event.scene].client;
    let (name, version) = client.split_once('/').unwrap_or((client, ""));
    let sdk = ClientSdk { name: Some(name.to_owned()), version: Some(version.to_owned()) };
    let header = EnvelopeHeader {
        event_id: Some(event.id),
        sent_at: Some(event.sent_at),
        sdk: Some(sdk),
        ..EnvelopeHeader::default()
    };
    let mut body = Vec::with_capacity(event.json.len() + 512);
    write_header(&mut body, &header);
    write_item(&mut body, &ItemHeader::new(ItemType::Event), event.json.as_bytes());
    let is_browser = name.contains("javascript") && !name.contains("node");
    AcceptedEnvelope {
        project_id,
        public_key: public_key.to_owned(),
        received_at: event.sent_at,
        client_address: event.person.address.parse().ok().filter(|_| is_browser),
        user_agent: Some(if is_browser { event.person.agent.to_owned() } else { client.clone() }),
        client: Some(client.clone()),
        origin: is_browser.then(|| "https://shop.example".to_owned()),
        event_id: Some(event.id),
        set_aside_in: None,
        dropped: Vec::new(),
        body: Cow::Owned(body),
    }
}
