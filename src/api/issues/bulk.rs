//! Changing many issues at once: those that are named, or all that a search finds.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

use super::change::{ChangeBody, Wish};
use super::views::ActorView;
use crate::api::authenticate::Caller;
use crate::api::json::{Body, Json};
use crate::api::parameters::Parameters;
use crate::api::place::{InOrganization, InProject, scope};
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::{IssueId, Timestamp};
use crate::domain::issues::moves::{self, Act, Actor};
use crate::domain::issues::{self, IssueFilter, Scope};
use crate::domain::ownership::Owners;

/// The most issues that one request changes.
const MAX_ISSUES: i64 = 1000;

/// What became of the fields.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangedView {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// Null for a status without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    substatus: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_details: Option<Value>,
    /// Null for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "absent, nobody and somebody are three things")]
    assigned_to: Option<Option<ActorView>>,
}

impl ChangedView {
    fn new(wish: &Wish) -> Self {
        wish.state().map_or_else(Self::default, |state| Self {
            status: Some(state.status.as_str()),
            substatus: Some(state.substatus.map_or(Value::Null, |it| it.as_str().into())),
            status_details: Some(state.detail.to_json()),
            assigned_to: None,
        })
    }
}

/// The issues that are one now.
#[derive(Debug, Serialize)]
struct MergedView {
    merge: ParentView,
}

/// Who is left, and who went into it.
#[derive(Debug, Serialize)]
struct ParentView {
    parent: String,
    children: Vec<String>,
}

impl MergedView {
    fn new(act: &Act) -> Self {
        let children = act.others.iter().map(IssueId::to_string).collect();
        Self { merge: ParentView { parent: act.issue.to_string(), children } }
    }
}

/// Changes issues of an organization.
pub(in crate::api) async fn update_issues_of_organization(
    State(app): State<App>,
    place: InOrganization,
    parameters: Parameters,
    Body(body): Body<ChangeBody>,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let scope = scope(&mut db, place.organization().id, &parameters).await?;
    let scope = scope.seen_by(place.caller.user.as_ref().map(|user| user.id));
    let ids = selection(&mut db, &scope, &parameters, app.clock.now()).await?;
    drop(db);
    update(&app, &scope, &ids, &body, &place.caller).await
}

/// Changes issues of a project.
pub(in crate::api) async fn update_issues_of_project(
    State(app): State<App>,
    place: InProject,
    parameters: Parameters,
    Body(body): Body<ChangeBody>,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let scope = place.scope();
    let scope = scope.seen_by(place.caller.user.as_ref().map(|user| user.id));
    let ids = selection(&mut db, &scope, &parameters, app.clock.now()).await?;
    drop(db);
    update(&app, &scope, &ids, &body, &place.caller).await
}

async fn update(
    app: &App,
    scope: &Scope,
    ids: &[IssueId],
    body: &ChangeBody,
    caller: &Caller,
) -> Result<Response> {
    let actor = caller.user.as_ref().map(|user| user.id);
    let wish = body.wish(app.clock.now())?;
    let mut db = app.db.acquire().await?;
    let assignment = body.assignment(&mut db, caller).await?;
    let owners = Owners::find(&mut db, scope.organization).await?;
    drop(db);
    if ids.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if body.is_merge() {
        let act = moves::merge(app, Actor { scope, user: actor }, ids, None).await?;
        return Ok(Json(MergedView::new(&act)).into_response());
    }
    let mut view = ChangedView::new(&wish);
    if let Some(owner) = assignment {
        let wanted: Vec<_> = ids.iter().map(|id| (*id, owner)).collect();
        issues::assign(app, scope, &wanted, actor).await?;
        view.assigned_to = Some(owner.and_then(|owner| ActorView::new(owner, &owners)));
    }
    wish.fulfil(app, scope, ids, actor).await?;
    Ok(Json(view).into_response())
}

/// The issues that are meant: by `id`, else by `query` and `status`; without any of them, all.
async fn selection(
    db: &mut PgConnection,
    scope: &Scope,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Vec<IssueId>> {
    let mut condition = issues::query::parse(parameters.query().unwrap_or_default(), now)?;
    if let Some(word) = parameters.get("status").filter(|word| !word.is_empty()) {
        condition = condition.and(issues::query::parse(&format!("is:\"{word}\""), now)?);
    }
    let named: Vec<&str> = parameters.named("id").collect();
    if !named.is_empty() {
        let ids: Vec<IssueId> = named
            .iter()
            .map(|id| id.parse().map_err(|_| Error::invalid("id", format!("`{id}` is no id."))))
            .collect::<Result<_>>()?;
        if i64::try_from(ids.len()).unwrap_or(i64::MAX) > MAX_ISSUES {
            let problem = format!("{MAX_ISSUES} issues are the most that can be changed at once.");
            return Err(Error::invalid("id", problem));
        }
        condition = condition.and(issues::Condition::Ids(ids));
    }
    let environments = parameters.environments();
    let filter = IssueFilter { condition, environments, ..IssueFilter::default() };
    Ok(issues::search_ids(db, scope, &filter, (MAX_ISSUES, now)).await?)
}
