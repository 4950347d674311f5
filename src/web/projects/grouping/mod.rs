//! How a project's events become issues: rules and switches, what they would do, and what they were.

mod following;
mod forecast;
mod form;
pub mod health;
mod trial;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use chrono::TimeDelta;
use serde::Deserialize;
use sqlx::PgConnection;

use super::issues_of_project;
use super::settings::ProjectSettingsPath;
use crate::app::App;
use crate::base::{PageRequest, ProjectId, Slug, Timestamp};
use crate::domain::events::{Condition, EventFilter};
use crate::domain::grouping_rules::{self, GroupingSettings, Revision};
use crate::domain::issues;
use crate::domain::issues::regroupings::{self, Phase, Regrouping};
use crate::domain::projects::Project;
use crate::domain::query::TimeRange;
use crate::grouping::{Config, Language, joined_rules};
use crate::pipeline::preview::Preview;
use crate::pipeline::project_grouping;
use crate::web::components::number;
use crate::web::components::time::Moment;
use crate::web::issues::paths::IssueGroupingPath;
use crate::web::{Error, Form, Member, Page, Query, Redirect, Result, Shell};

use following::Following;
use forecast::ForecastView;
use form::Fields;
pub use form::GroupingForm;
use trial::Trial;

/// For how long the page says what came of issues that followed.
const FOLLOWING_SHOWN_FOR: TimeDelta = TimeDelta::days(7);

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/grouping", rejection(Error))]
pub struct ProjectGroupingPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

#[derive(Template)]
#[template(path = "projects/grouping.html")]
struct ProjectGroupingView {
    shell: Shell,
    path: ProjectGroupingPath,
    settings_path: ProjectSettingsPath,
    health_path: health::GroupingHealthPath,
    issues: String,
    heading: String,
    fields: Fields,
    /// Names all that makes the hashes, as the settings are stored.
    version: String,
    /// Until when the issues of the algorithm before are still found.
    transition: Option<Moment>,
    forecast: Option<ForecastView>,
    trial: Option<Trial>,
    /// The event that was typed to try the settings on.
    event: String,
    /// What is wrong with what was asked; empty if nothing is.
    problem: String,
    /// What is worth to know about the fields; empty if nothing is.
    note: String,
    /// The issues that follow settings, or did last.
    following: Option<Following>,
    revisions: Vec<RevisionView>,
    /// The latest issue: its short id and where it says why its events are one.
    example: Option<(String, IssueGroupingPath)>,
}

/// A state that the settings had.
struct RevisionView {
    number: i64,
    who: String,
    when: Moment,
    what: String,
    is_present: bool,
}

/// What the page shows besides what is stored.
#[derive(Default)]
struct Said {
    settings: Option<GroupingSettings>,
    forecast: Option<ForecastView>,
    trial: Option<Trial>,
    event: String,
    problem: String,
    note: String,
}

/// Rules to fill in, from the comparison of two events.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proposed {
    stack_trace: String,
    fingerprint: String,
}

/// Shows the page.
pub async fn show_project_grouping(
    path: ProjectGroupingPath,
    member: Member,
    Query(proposed): Query<Proposed>,
    State(app): State<App>,
) -> Result<Page> {
    if proposed.stack_trace.is_empty() && proposed.fingerprint.is_empty() {
        return show(&app, &member, path, Said::default()).await;
    }
    let project = member.project(&path.project)?.id;
    let mut db = app.db.acquire().await?;
    let stored = grouping_rules::find(&mut db, project).await?;
    drop(db);
    let settings = GroupingSettings {
        stack_trace_rules: joined_rules(
            Language::StackTrace,
            &stored.stack_trace_rules,
            &proposed.stack_trace,
        ),
        fingerprint_rules: joined_rules(
            Language::Fingerprint,
            &stored.fingerprint_rules,
            &proposed.fingerprint,
        ),
        ..stored
    };
    let note = "A rule was filled in below. Preview it, then save it.".to_owned();
    let said = Said { settings: Some(settings), note, ..Said::default() };
    show(&app, &member, path, said).await
}

/// Does what a button of the page says.
pub async fn update_project_grouping(
    path: ProjectGroupingPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<GroupingForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?.id;
    let actor = Some(member.user.id);
    match form.verb.as_str() {
        "stop" => {
            regroupings::stop(&app, project).await?;
            return Ok(Redirect::to(path).into_response());
        }
        "undo" => {
            regroupings::undo(&app, project).await?;
            return Ok(Redirect::to(path).into_response());
        }
        "restore" | "save" => {
            let mut db = app.db.acquire().await?;
            regroupings::check_none_under_way(&mut db, project).await?;
        }
        _ => {}
    }
    if form.verb == "restore" {
        grouping_rules::restore(&app, project, form.revision, actor).await?;
        let words = "Brought back. New events are grouped by these settings.";
        return Ok(Redirect::to(path).with_flash(words).into_response());
    }
    let settings = form.settings();
    let fields = Fields::new(&settings);
    let config = match project_grouping::config(&settings) {
        Ok(config) if fields.are_rules_fine() => config,
        _ => {
            let problem = "Some rules cannot be read; nothing was saved.".to_owned();
            let said = Said { settings: Some(settings), problem, ..Said::default() };
            return Ok(show(&app, &member, path, said).await?.into_response());
        }
    };
    let said = match form.verb.as_str() {
        "save" => {
            grouping_rules::set(&app, project, settings, actor).await?;
            let words = "Saved. New events are grouped like this within seconds.";
            return Ok(Redirect::to(path).with_flash(words).into_response());
        }
        "apply" => {
            regroupings::begin(&app, project, settings, member.user.id).await?;
            return Ok(Redirect::to(path).into_response());
        }
        "test" => try_event(&app, project, &form.event, settings, &config).await?,
        _ => preview(&app, &path, project, settings, &config, &fields).await?,
    };
    Ok(show(&app, &member, path, said).await?.into_response())
}

async fn preview(
    app: &App,
    path: &ProjectGroupingPath,
    project: ProjectId,
    settings: GroupingSettings,
    config: &Config,
    fields: &Fields,
) -> Result<Said> {
    let mut db = app.db.acquire().await?;
    let preview = Preview::run(&mut db, &app.dictionaries, project, config).await?;
    let forecast = ForecastView::new(&mut db, &path.organization, &preview, fields).await?;
    Ok(Said { settings: Some(settings), forecast: Some(forecast), ..Said::default() })
}

async fn try_event(
    app: &App,
    project: ProjectId,
    event: &str,
    settings: GroupingSettings,
    config: &Config,
) -> Result<Said> {
    let mut said = Said { settings: Some(settings), event: event.to_owned(), ..Said::default() };
    match trial::run(app, project, event, config).await? {
        Ok(trial) => said.trial = Some(trial),
        Err(problem) => said.problem = problem,
    }
    Ok(said)
}

async fn show(app: &App, member: &Member, path: ProjectGroupingPath, said: Said) -> Result<Page> {
    let project = member.project(&path.project)?;
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let example = latest_short_id(&mut db, project.id).await?;
    let stored = grouping_rules::find(&mut db, project.id).await?;
    let revisions = grouping_rules::revisions(&mut db, project.id).await?;
    let following = regroupings::latest(&mut db, project.id).await?;
    drop(db);
    let is_of_interest =
        |it: &Regrouping| it.phase.is_under_way() || now - it.created_at < FOLLOWING_SHOWN_FOR;
    let following = following.filter(is_of_interest);
    let wanted = following.as_ref().filter(|it| is_unsaved(it, now)).map(|it| it.settings.clone());
    let said = Said { settings: said.settings.or(wanted), ..said };
    let following = following.map(|it| Following::new(&it, now));
    let view = view(member, path, project, (stored, &revisions, example), said, now);
    Page::new(&ProjectGroupingView { following, ..view })
}

/// Whether settings that issues were to follow are not saved, and somebody may go on with them.
fn is_unsaved(it: &Regrouping, now: Timestamp) -> bool {
    match it.phase {
        Phase::Looking | Phase::Moving => true,
        Phase::Stopped | Phase::Failed => now - it.created_at < TimeDelta::hours(1),
        Phase::Done | Phase::Undoing | Phase::Undone => false,
    }
}

fn view(
    member: &Member,
    path: ProjectGroupingPath,
    project: &Project,
    (stored, revisions, example): (GroupingSettings, &[Revision], Option<String>),
    said: Said,
    now: Timestamp,
) -> ProjectGroupingView {
    let (organization, slug) = (path.organization.clone(), path.project.clone());
    let grouping_of = |issue: String| {
        (issue.clone(), IssueGroupingPath { organization: organization.clone(), issue })
    };
    let version = project_grouping::config(&stored).map(|config| config.version().to_owned());
    let former = stored.former.as_ref().filter(|former| now < former.until);
    ProjectGroupingView {
        shell: member.shell("projects"),
        issues: issues_of_project(&organization, &slug),
        heading: project.name.clone(),
        version: version.unwrap_or_default(),
        transition: former.map(|former| Moment::new(former.until, now)),
        fields: Fields::new(said.settings.as_ref().unwrap_or(&stored)),
        forecast: said.forecast,
        trial: said.trial,
        event: said.event,
        problem: said.problem,
        note: said.note,
        following: None,
        revisions: revision_views(revisions, now),
        example: example.map(grouping_of),
        health_path: health::GroupingHealthPath {
            organization: organization.clone(),
            project: slug.clone(),
        },
        settings_path: ProjectSettingsPath { organization, project: slug },
        path,
    }
}

fn revision_views(revisions: &[Revision], now: Timestamp) -> Vec<RevisionView> {
    let rules = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).count();
    revisions
        .iter()
        .enumerate()
        .map(|(place, revision)| RevisionView {
            number: revision.number,
            who: revision.actor_name.clone().unwrap_or_else(|| "Somebody who is gone".to_owned()),
            when: Moment::new(revision.created_at, now),
            what: format!(
                "{}{}, {}",
                if revision.is_restored { "brought back: " } else { "" },
                number::counted_len(
                    rules(&revision.settings.stack_trace_rules),
                    "line of stack trace rules",
                    "lines of stack trace rules"
                ),
                number::counted_len(
                    rules(&revision.settings.fingerprint_rules),
                    "line of fingerprint rules",
                    "lines of fingerprint rules"
                ),
            ),
            is_present: place == 0,
        })
        .collect()
}

/// The issue of the project's latest event.
async fn latest_short_id(db: &mut PgConnection, project: ProjectId) -> Result<Option<String>> {
    let latest = EventFilter {
        condition: Condition::All(Vec::new()),
        environments: Vec::new(),
        period: TimeRange::default(),
        page: PageRequest::new(None, 1),
    };
    let events = issues::list_events(db, project, &latest).await?;
    let Some(event) = events.items.first() else { return Ok(None) };
    Ok(issues::find(db, event.issue_id).await?.map(|issue| issue.short_id()))
}
