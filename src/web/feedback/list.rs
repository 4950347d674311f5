//! The feedback page: what users wrote, the latest first, and what it is about.

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;
use sqlx::PgConnection;

use crate::app::App;
use crate::base::page::{Cursor, Page as Rows};
use crate::base::{PageRequest, ProjectId, Slug, Timestamp};
use crate::domain::feedback::{self, Feedback};
use crate::domain::projects::Project;
use crate::web::components::link;
use crate::web::components::time::Moment;
use crate::web::issues::event::attachments::{self, AttachmentView};
use crate::web::{Error, Member, Page, Query, Result, Shell};

/// The rows of a page.
const PAGE_SIZE: u16 = 25;

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/feedback", rejection(Error))]
pub struct FeedbackPath {
    /// Whose.
    pub organization: Slug,
}

/// What the page shows, as its address says it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct FeedbackQuery {
    /// A project's slug; empty for all.
    #[serde(default)]
    project: String,
    /// Where the page begins or ends; empty for the first.
    #[serde(default)]
    cursor: String,
}

#[derive(Template)]
#[template(path = "feedback/list.html")]
struct FeedbackListView {
    shell: Shell,
    path: FeedbackPath,
    /// The slug of the chosen project; empty for all.
    chosen: String,
    projects: Vec<(String, String)>,
    rows: Vec<FeedbackView>,
    previous_url: Option<String>,
    next_url: Option<String>,
}

/// What one user wrote.
#[derive(Clone, Debug)]
pub struct FeedbackView {
    /// Its id, the anchor on the page.
    pub id: String,
    /// Who wrote; empty if nobody said.
    pub name: String,
    /// Where to answer; empty if nobody said.
    pub email: String,
    /// What was written.
    pub message: String,
    /// When.
    pub received: Moment,
    /// The project's name.
    pub project: String,
    /// The page it was written on.
    pub url: String,
    /// The same to follow, if it is one of the web.
    pub link: Option<String>,
    /// The environment of the program.
    pub environment: String,
    /// The release of the program.
    pub release: String,
    /// The issue it is about: short id, title and address.
    pub issue: Option<(String, String, String)>,
    /// The first digits of an event that is not stored, or no more.
    pub lost_event: String,
    /// The files that came with it.
    pub attachments: Vec<AttachmentView>,
}

impl FeedbackView {
    /// The view without its files.
    pub fn new(organization: &Slug, projects: &[Project], row: &Feedback, now: Timestamp) -> Self {
        let project = projects.iter().find(|project| project.id == row.project_id);
        let issue = row.issue_short_id().zip(row.event_id).map(|(short_id, event)| {
            let url = format!("/{organization}/issues/{short_id}/events/{event}");
            (short_id, row.issue_title.clone().unwrap_or_default(), url)
        });
        let lost = row.event_id.filter(|_| issue.is_none());
        Self {
            id: row.feedback_id.to_string(),
            name: row.name.clone(),
            email: row.email.clone(),
            message: row.message.clone(),
            received: Moment::new(row.received_at, now),
            project: project.map_or_else(|| row.project_slug.to_string(), |one| one.name.clone()),
            link: link::outward(&row.url),
            url: row.url.clone(),
            environment: row.environment.clone(),
            release: row.release.clone(),
            issue,
            lost_event: lost.map(|id| id.to_string()[..8].to_owned()).unwrap_or_default(),
            attachments: Vec::new(),
        }
    }

    /// The view beside the event that it is about.
    pub fn beside_event(
        organization: &Slug,
        projects: &[Project],
        row: &Feedback,
        now: Timestamp,
    ) -> Self {
        let view = Self::new(organization, projects, row, now);
        Self { lost_event: String::new(), ..view }
    }
}

/// Shows what users wrote.
pub async fn show_feedback(
    path: FeedbackPath,
    member: Member,
    Query(query): Query<FeedbackQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let chosen = member.projects.iter().find(|project| project.slug.as_str() == query.project);
    let projects: Vec<ProjectId> = match chosen {
        Some(project) => vec![project.id],
        None => member.projects.iter().map(|project| project.id).collect(),
    };
    let cursor: Option<Cursor> = query.cursor.parse().ok();
    let mut db = app.db.acquire().await?;
    let page = feedback::list(&mut db, &projects, &PageRequest::new(cursor, PAGE_SIZE)).await?;
    let chosen = chosen.map(|project| project.slug.to_string()).unwrap_or_default();
    let view = FeedbackListView {
        shell: member.shell("feedback"),
        previous_url: page_url(&path, &chosen, page.previous.has_rows, page.previous.cursor),
        next_url: page_url(&path, &chosen, page.next.has_rows, page.next.cursor),
        rows: rows(&mut db, &member, &page, app.clock.now()).await?,
        projects: member
            .projects
            .iter()
            .map(|project| (project.slug.to_string(), project.name.clone()))
            .collect(),
        chosen,
        path,
    };
    Page::new(&view)
}

async fn rows(
    db: &mut PgConnection,
    member: &Member,
    page: &Rows<Feedback>,
    now: Timestamp,
) -> Result<Vec<FeedbackView>> {
    let organization = &member.organization.slug;
    let mut rows = Vec::with_capacity(page.items.len());
    for row in &page.items {
        let mut view = FeedbackView::new(organization, &member.projects, row, now);
        // The files of a report about an event are the event's, and on its page.
        if row.event_id != Some(row.feedback_id) {
            let base = format!("/{organization}/feedback/{}/{}", row.project_slug, row.feedback_id);
            let came = (row.project_id, row.feedback_id, row.received_at);
            view.attachments = attachments::load_of(db, came, &base).await?;
        }
        rows.push(view);
    }
    Ok(rows)
}

fn page_url(path: &FeedbackPath, project: &str, is_there: bool, cursor: Cursor) -> Option<String> {
    let cursor = link::query_value(&cursor.to_string());
    is_there.then(|| format!("{path}?project={project}&cursor={cursor}"))
}
