//! One issue with one of its events: what broke, where, and what led there.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use sqlx::PgConnection;

use super::event::EventView;
use super::event::attachments::{self, AttachmentView};
use super::event::stack::Order;
use super::issue::{ChartQuery, IssueFrame};
use super::owners::SuspectsView;
use super::paths::{self, EventJsonPath, IssueEventPath, IssuePath};
use super::tags::{TagView, event_tags};
use super::toast::Toast;
use crate::app::App;
use crate::base::{EventId, IssueNumber, Timestamp};
use crate::domain::events::payload::{self, Payload};
use crate::domain::events::{self, EventRow, Neighbours, Which};
use crate::domain::feedback;
use crate::domain::issues::{self, Issue};
use crate::infra::http::cookies::Cookies;
use crate::web::components::time::Moment;
use crate::web::feedback::list::FeedbackView;
use crate::web::redirect::Redirect;
use crate::web::{Error, Member, Page, Query, Result, Shell};

/// Remembers the order of frames that a reader chose.
const ORDER_COOKIE: &str = "picket_frames";

/// A year.
const ORDER_COOKIE_SECONDS: u32 = 365 * 24 * 3600;

/// What the address may say about the way of showing.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DetailQuery {
    /// The period of the chart.
    #[serde(flatten)]
    pub chart: ChartQuery,
    /// Which end of stacks comes first.
    #[serde(default)]
    pub order: Option<String>,
}

#[derive(Template)]
#[template(path = "issues/detail.html")]
pub(super) struct DetailView {
    shell: Shell,
    issue: IssueFrame,
    toast: Option<Toast>,
    /// The event's own head; none if no event is stored any more.
    place: Option<EventPlace>,
    /// The event; none if its payload was sampled away.
    event: Option<EventView>,
    tags: Vec<TagView>,
    /// The files that came with it.
    attachments: Vec<AttachmentView>,
    /// What users wrote about it.
    feedback: Vec<FeedbackView>,
    /// Who may know about it.
    suspects: SuspectsView,
}

/// An event among those of its issue.
#[derive(Clone, Debug)]
struct EventPlace {
    id: String,
    /// The first digits, enough to tell it from others on a screen.
    short_id: String,
    occurred: Moment,
    received: Moment,
    release: String,
    environment: String,
    first_url: Option<String>,
    previous_url: Option<String>,
    next_url: Option<String>,
    last_url: Option<String>,
    json_url: Option<String>,
    /// The address of an event that was kept in full, if this one was not.
    kept_url: Option<String>,
}

impl EventPlace {
    fn new(frame: &IssueFrame, row: &EventRow, near: &Neighbours, now: Timestamp) -> Self {
        let id = row.event_id.to_string();
        let event_url = |name: &str| format!("{}/events/{name}", frame.url);
        let neighbour = |id: Option<EventId>| id.map(|id| event_url(&id.to_string()));
        Self {
            short_id: id[..8].to_owned(),
            occurred: Moment::new(row.occurred_at, now),
            received: Moment::new(row.received_at, now),
            release: row.release.clone().unwrap_or_default(),
            environment: row.environment.clone().unwrap_or_default(),
            first_url: near.previous.map(|_| event_url("oldest")),
            previous_url: neighbour(near.previous),
            next_url: neighbour(near.next),
            last_url: near.next.map(|_| event_url("latest")),
            json_url: row.has_payload.then(|| format!("{}/json", event_url(&id))),
            kept_url: (!row.has_payload).then(|| event_url("recommended")),
            id,
        }
    }
}

/// Shows an issue with the event that tells most.
pub async fn show_issue(
    path: IssuePath,
    member: Member,
    Query(query): Query<DetailQuery>,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    if is_other(&path.issue, &issue) {
        let organization = member.organization.slug.clone();
        let note = format!("{} was merged into this issue.", path.issue.to_uppercase());
        let here = IssuePath { organization, issue: issue.short_id() };
        return Ok(Redirect::to(here).with_flash(note).into_response());
    }
    let asked = Asked { which: Which::Recommended, query: &query, headers: &headers, toast: None };
    show(&app, &mut db, &member, &issue, asked).await
}

/// Whether the address names an issue that was merged into this one.
fn is_other(name: &str, issue: &Issue) -> bool {
    let is_number = name.parse() == Ok(issue.id);
    let digits =
        |name: &str| name.rsplit_once('-').map(|(_, number)| IssueNumber::from_base32(number));
    !is_number && digits(name) != Some(Some(issue.id.number()))
}

/// Shows an issue with a chosen event.
pub async fn show_event(
    path: IssueEventPath,
    member: Member,
    Query(query): Query<DetailQuery>,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response> {
    let which = path.event.parse().map_err(|()| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    let asked = Asked { which, query: &query, headers: &headers, toast: None };
    show(&app, &mut db, &member, &issue, asked).await
}

/// What is asked of the page.
pub(super) struct Asked<'a> {
    /// Which event.
    pub(super) which: Which,
    /// How to show it.
    pub(super) query: &'a DetailQuery,
    /// The request's headers, for the order that was chosen before.
    pub(super) headers: &'a HeaderMap,
    /// What was just done.
    pub(super) toast: Option<Toast>,
}

/// The page of an issue with an event.
pub(super) async fn show(
    app: &App,
    db: &mut PgConnection,
    member: &Member,
    issue: &Issue,
    asked: Asked<'_>,
) -> Result<Response> {
    let now = app.clock.now();
    let order = order(app, &asked);
    let frame = IssueFrame::load(db, member, issue, &asked.query.chart, now).await?;
    let row = events::find_in_issue(db, &issue.span(), asked.which).await?;
    // Only the most telling event may be missing: when retention has taken all of them.
    if row.is_none() && asked.which != Which::Recommended {
        return Err(Error::NotFound);
    }
    let mut view = DetailView {
        shell: member.shell("issues"),
        issue: frame,
        toast: asked.toast,
        place: None,
        event: None,
        tags: Vec::new(),
        attachments: Vec::new(),
        feedback: Vec::new(),
        suspects: SuspectsView::default(),
    };
    if let Some(row) = row {
        view.add_event(app, db, (member, issue), &row, order).await?;
    }
    let mut response = Page::new(&view)?.into_response();
    if asked.query.order.is_some()
        && let Some(cookie) = cookies(app).set(ORDER_COOKIE, order.as_str(), ORDER_COOKIE_SECONDS)
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

impl DetailView {
    async fn add_event(
        &mut self,
        app: &App,
        db: &mut PgConnection,
        (member, issue): (&Member, &Issue),
        row: &EventRow,
        order: Order,
    ) -> Result<()> {
        let now = app.clock.now();
        let near = events::neighbours(db, &issue.span(), row).await?;
        let place = EventPlace::new(&self.issue, row, &near, now);
        if let Payload::Kept(kept) = payload::read(db, &app.dictionaries, row).await? {
            self.suspects = SuspectsView::load(db, member, issue, &kept.event, now).await?;
            let shares = issues::tag_keys(db, issue.id).await?;
            self.tags = event_tags(&kept.event, &shares, &self.issue.list_url);
            self.event = Some(EventView::new(&kept.event, order, None, now));
            let event_url = format!("{}/events/{}", self.issue.url, row.event_id);
            self.attachments = attachments::load(db, row, &event_url).await?;
        }
        self.place = Some(place);
        self.add_feedback(db, member, row, now).await
    }

    async fn add_feedback(
        &mut self,
        db: &mut PgConnection,
        member: &Member,
        row: &EventRow,
        now: Timestamp,
    ) -> Result<()> {
        let written = feedback::of_event(db, row.project_id, row.event_id, row.received_at).await?;
        let organization = &member.organization.slug;
        let view = |one| FeedbackView::beside_event(organization, &member.projects, one, now);
        self.feedback = written.iter().map(view).collect();
        Ok(())
    }
}

/// Sends an event as it is stored, to save or to look at.
pub async fn show_event_json(
    path: EventJsonPath,
    member: Member,
    State(app): State<App>,
) -> Result<Response> {
    let which: Which = path.event.parse().map_err(|()| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    let row = events::find_in_issue(&mut db, &issue.span(), which).await?.ok_or(Error::NotFound)?;
    let Payload::Kept(kept) = payload::read(&mut db, &app.dictionaries, &row).await? else {
        return Err(Error::NotFound);
    };
    let name = format!("inline; filename=\"{}.json\"", row.event_id);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(anyhow::Error::from)?),
    ];
    Ok((headers, kept.json).into_response())
}

fn cookies(app: &App) -> Cookies {
    Cookies { is_https: app.config.server.is_https() }
}

/// The order that the address asks for, else the one chosen before.
fn order(app: &App, asked: &Asked<'_>) -> Order {
    let chosen = asked.query.order.as_deref();
    let before = || cookies(app).get(asked.headers, ORDER_COOKIE);
    chosen.or_else(before).map_or_else(Order::default, Order::from_word)
}

#[cfg(test)]
impl DetailView {
    fn sample_frame(issue: &Issue) -> Self {
        use super::sample;
        let period = issues::StatsPeriod::Fortnight;
        let series = sample::series(4, 14, period.step());
        Self {
            shell: Shell { flash: String::new(), ..Shell::sample() },
            issue: IssueFrame::new("default", issue, &series, period, sample::now()),
            toast: None,
            place: None,
            event: None,
            tags: Vec::new(),
            attachments: Vec::new(),
            feedback: Vec::new(),
            suspects: SuspectsView::default(),
        }
    }

    /// The page of the issue that this event would open.
    pub(super) fn sample(event: &crate::protocol::event::Event, order: Order) -> Self {
        use super::sample;
        let issue = sample::issue_of(event);
        let mut view = Self::sample_frame(&issue);
        let shares = super::tags::sample_tags();
        view.tags = event_tags(event, &shares, &view.issue.list_url);
        view.place = Some(EventPlace::sample(&view.issue, &issue, true));
        view.event = Some(EventView::new(event, order, None, sample::now()));
        view
    }

    /// The page of an event whose payload was not kept.
    pub(super) fn sample_without_payload() -> Self {
        let issue = Issue { event_count: 48_210, kept_count: 2_310, ..super::sample::issue() };
        let mut view = Self::sample_frame(&issue);
        view.place = Some(EventPlace::sample(&view.issue, &issue, false));
        view
    }

    /// The page of an issue whose events are gone.
    pub(super) fn sample_without_events() -> Self {
        Self::sample_frame(&super::sample::issue())
    }
}

#[cfg(test)]
impl EventPlace {
    fn sample(frame: &IssueFrame, issue: &Issue, has_payload: bool) -> Self {
        let id = "8f2a64c1d03b4c5e9a7712f0ab34cd56".parse().unwrap();
        let row = EventRow {
            project_id: issue.project_id,
            event_id: id,
            issue_id: issue.id,
            received_at: issue.last_seen,
            occurred_at: issue.last_seen,
            level: issue.level,
            primary_hash: String::new(),
            environment: Some("production".to_owned()),
            release: issue.last_release.clone(),
            user_label: None,
            title: issue.title.clone(),
            transaction: None,
            has_payload,
        };
        let near = Neighbours { previous: Some(id), next: None };
        Self::new(frame, &row, &near, super::sample::now())
    }
}
