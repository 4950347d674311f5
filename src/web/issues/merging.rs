//! What an issue is made of, and the ways to join issues and to take them apart.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use sqlx::PgConnection;

use super::actions::{toast_of, unknown_verb};
use super::issue::{ChartQuery, IssueFrame};
use super::paths::{self, IssueMergingPath};
use super::similar::{self, SimilarView};
use super::toast::{self, Toast};
use crate::app::App;
use crate::base::{IssueId, PartId, Timestamp};
use crate::domain;
use crate::domain::events;
use crate::domain::issues::moves::{self, Actor, PartOf};
use crate::domain::issues::{Issue, Scope};
use crate::web::components::time::Moment;
use crate::web::components::{link, number};
use crate::web::{Error, Form, Member, Page, Query, Result, Shell};

/// The most parts that are listed; an issue may have more.
const MAX_LISTED: usize = 100;

/// For so many merged issues an event is looked up to compare.
const MAX_COMPARED: usize = 10;

/// A part of the issue.
#[derive(Clone, Debug)]
pub(super) struct PartView {
    id: PartId,
    /// Enough of its hash to tell it from others.
    hash: String,
    title: String,
    culprit: String,
    events: String,
    first_seen: Moment,
    last_seen: Moment,
}

impl PartView {
    fn new(part: &PartOf, now: Timestamp) -> Self {
        Self {
            id: part.id,
            hash: part.hash.chars().take(8).collect(),
            title: if part.title.is_empty() { "No title".to_owned() } else { part.title.clone() },
            culprit: part.culprit.clone(),
            events: number::counted(part.event_count, "event", "events"),
            first_seen: Moment::new(part.first_seen, now),
            last_seen: Moment::new(part.last_seen, now),
        }
    }
}

/// Parts that came from one issue.
#[derive(Clone, Debug)]
pub(super) struct OriginView {
    /// The issue that they return to.
    home: IssueId,
    /// What it is called.
    short_id: String,
    /// Whether that is the issue itself.
    is_own: bool,
    /// The id of an event of it that was kept in full; empty if none is known.
    event: String,
    parts: Vec<PartView>,
}

#[derive(Template)]
#[template(path = "issues/merging.html")]
pub(super) struct MergingView {
    shell: Shell,
    issue: IssueFrame,
    toast: Option<Toast>,
    /// What was wrong with what was asked; empty if nothing was.
    problem: String,
    /// What was typed as the issue to merge with.
    with: String,
    origins: Vec<OriginView>,
    /// Whether something can be taken away and something stays.
    is_divisible: bool,
    /// How many parts are not listed.
    unlisted: usize,
    /// Issues that may be the same problem.
    similar: Vec<SimilarView>,
}

/// Shows what an issue is made of.
pub async fn show_merging(
    path: IssueMergingPath,
    member: Member,
    Query(chart): Query<ChartQuery>,
    State(app): State<App>,
) -> Result<Page> {
    show(&app, &member, &path, &chart, Said::default()).await
}

/// What the page says besides what is.
#[derive(Default)]
struct Said {
    toast: Option<Toast>,
    problem: String,
    with: String,
}

async fn show(
    app: &App,
    member: &Member,
    path: &IssueMergingPath,
    chart: &ChartQuery,
    said: Said,
) -> Result<Page> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, member, &path.issue).await?;
    let frame = IssueFrame::load(&mut db, member, &issue, chart, now).await?;
    let parts = moves::parts(&mut db, &issue).await?;
    let mut origins = origins(&issue, &parts, now);
    for origin in origins.iter_mut().filter(|origin| !origin.is_own).take(MAX_COMPARED) {
        let hash = parts.iter().find(|part| part.home == origin.home).map(|part| &part.hash);
        let event = match hash {
            Some(hash) => events::latest_of_hash(&mut db, &issue.span(), hash).await?,
            None => None,
        };
        let kept = event.filter(|event| event.has_payload);
        origin.event = kept.map(|event| event.event_id.to_string()).unwrap_or_default();
    }
    let similar = similar::load(&mut db, &issue, &frame.list_url, now).await?;
    Page::new(&MergingView {
        shell: member.shell("issues"),
        issue: frame.on("merging"),
        toast: said.toast,
        problem: said.problem,
        with: said.with,
        is_divisible: parts.len() > 1,
        unlisted: parts.len().saturating_sub(MAX_LISTED),
        origins,
        similar,
    })
}

/// The parts by where they came from, the issue's own first.
fn origins(issue: &Issue, parts: &[PartOf], now: Timestamp) -> Vec<OriginView> {
    let mut by_home: BTreeMap<(bool, IssueId), Vec<PartView>> = BTreeMap::new();
    for part in parts.iter().take(MAX_LISTED) {
        let key = (part.home != issue.id, part.home);
        by_home.entry(key).or_default().push(PartView::new(part, now));
    }
    by_home
        .into_iter()
        .map(|((is_foreign, home), parts)| OriginView {
            home,
            short_id: home.short(issue.project_slug.as_str()),
            is_own: !is_foreign,
            event: String::new(),
            parts,
        })
        .collect()
}

/// What a button of the page sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MergingForm {
    verb: String,
    /// The issue that is taken out.
    home: Option<IssueId>,
    part: Vec<PartId>,
    /// The short id of another issue.
    with: String,
    undo: String,
}

/// Does what a button of the page says, and shows the page again.
pub async fn change_merging(
    path: IssueMergingPath,
    member: Member,
    Query(chart): Query<ChartQuery>,
    State(app): State<App>,
    Form(form): Form<MergingForm>,
) -> Result<Page> {
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    let other = find_other(&mut db, &member, &issue, &form).await;
    drop(db);
    let said = match other {
        Err(problem) => Said { problem, with: form.with, toast: None },
        Ok(other) => match act(&app, &member, &issue, &form, other).await {
            Ok(toast) => Said { toast: Some(toast), ..Said::default() },
            Err(Error::Domain(
                domain::Error::Invalid { problem, .. }
                | domain::Error::Conflict(problem)
                | domain::Error::LimitReached(problem),
            )) => Said { problem, with: form.with, toast: None },
            Err(error) => return Err(error),
        },
    };
    show(&app, &member, &path, &chart, said).await
}

/// The issue that the form names, where its verb needs one; else why not, in a sentence.
async fn find_other(
    db: &mut PgConnection,
    member: &Member,
    issue: &Issue,
    form: &MergingForm,
) -> std::result::Result<Option<IssueId>, String> {
    if !matches!(form.verb.as_str(), "merge" | "move") {
        return Ok(None);
    }
    let name = link::last_part(&form.with);
    if name.is_empty() {
        return Err(format!("Type the id of the other issue, as {}.", issue.short_id()));
    }
    let found = paths::find(db, member, name).await;
    match found {
        Ok(other) if other.id == issue.id => Err(format!("{name} is this issue.")),
        Ok(other) if other.project_id != issue.project_id => Err(format!(
            "{} is of the project {}: events of different projects are kept apart.",
            other.short_id(),
            other.project_name
        )),
        Ok(other) => Ok(Some(other.id)),
        Err(_) => Err(format!("There is no issue “{name}”.")),
    }
}

async fn act(
    app: &App,
    member: &Member,
    issue: &Issue,
    form: &MergingForm,
    other: Option<IssueId>,
) -> Result<Toast> {
    let scope = Scope::project(member.organization.id, issue.project_id);
    let actor = Actor { scope: &scope, user: Some(member.user.id) };
    let done = match (form.verb.as_str(), other) {
        ("merge", Some(other)) => moves::merge(app, actor, &[other], Some(issue.id)).await?,
        ("move", Some(other)) => moves::move_parts(app, actor, issue.id, &form.part, other).await?,
        ("take-out", _) => {
            let home = form.home.as_slice();
            moves::take_out(app, actor, issue.id, home).await?
        }
        ("split", _) => moves::split(app, actor, issue.id, &form.part).await?,
        ("undo", _) => {
            let (project, id) = toast::read_act(&form.undo).ok_or_else(unknown_verb)?;
            return Ok(Toast::act_undone(&moves::undo(app, actor, project, id).await?));
        }
        _ => return Err(unknown_verb()),
    };
    toast_of(app, member, &done).await
}

#[cfg(test)]
impl MergingView {
    /// An issue that another was merged into.
    pub(super) fn sample(issue: &Issue) -> Self {
        use super::sample;
        use crate::base::{IssueNumber, ProjectId};
        use crate::domain::issues::StatsPeriod;
        let period = StatsPeriod::Fortnight;
        let series = sample::series(4, 14, period.step());
        let merged = IssueId::new(ProjectId(7), IssueNumber(81));
        let part = |id: PartId, home, title: &str, event_count| PartOf {
            id,
            home,
            hash: "c66bdef9373b39465a9f9f8453d97d75".to_owned(),
            title: title.to_owned(),
            culprit: "pricing.discount in share_of".to_owned(),
            first_seen: issue.first_seen,
            last_seen: issue.last_seen,
            event_count,
            created_at: issue.first_seen,
        };
        let parts = [
            part(issue.id.into(), issue.id, &issue.title, 1_003),
            part(PartId::new(ProjectId(7), 4), issue.id, &issue.title, 18),
            part(merged.into(), merged, "ZeroDivisionError: float division by zero", 183),
        ];
        let issue = &Issue { part_count: 3, ..issue.clone() };
        Self {
            shell: Shell { flash: String::new(), ..Shell::sample() },
            issue: IssueFrame::new("default", issue, &series, period, sample::now()).on("merging"),
            toast: None,
            problem: String::new(),
            with: String::new(),
            is_divisible: true,
            unlisted: 0,
            origins: origins(issue, &parts, sample::now()),
            similar: vec![SimilarView::sample(issue)],
        }
    }
}
