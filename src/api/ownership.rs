//! The ownership rules of a project (`web-api.md` §3.4).

use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::json::{Body, Json};
use super::place::InProject;
use super::{Error, Result};
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::ownership::{self, AutoAssign, Owner, OwnerName, Owners, Ownership, Rule};

/// What is said of assigning by rules.
const ASSIGNS: &str = "Auto Assign to Issue Owner";

/// What is said of assigning to the authors of suspected commits first.
const ASSIGNS_TO_AUTHORS: &str = "Auto Assign to Suspect Commits";

/// What is said of not doing it.
const ASSIGNS_NOT: &str = "Turn off Auto-Assignment";

/// The rules and what is done with them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnershipView {
    raw: String,
    /// Null without rules.
    schema: Option<SchemaView>,
    /// What no rule knows belongs to the project's team.
    fallthrough: bool,
    date_created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
    is_active: bool,
    auto_assignment: &'static str,
    codeowners_auto_sync: bool,
}

#[derive(Debug, Serialize)]
struct SchemaView {
    #[serde(rename = "$version")]
    version: i32,
    rules: Vec<RuleView>,
}

#[derive(Debug, Serialize)]
struct RuleView {
    matcher: MatcherView,
    owners: Vec<OwnerView>,
}

#[derive(Debug, Serialize)]
struct MatcherView {
    #[serde(rename = "type")]
    kind: String,
    pattern: String,
}

#[derive(Debug, Serialize)]
struct OwnerView {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    id: Option<String>,
}

impl OwnerView {
    fn new(name: &OwnerName, owners: &Owners) -> Self {
        let id = owners.named(name).map(|owner| match owner {
            Owner::User(id) => id.to_string(),
            Owner::Team(id) => id.to_string(),
        });
        match name {
            OwnerName::Person(email) => Self { kind: "user", name: email.clone(), id },
            OwnerName::Team(slug) => Self { kind: "team", name: slug.clone(), id },
        }
    }
}

impl RuleView {
    fn new(rule: &Rule, owners: &Owners) -> Self {
        Self {
            matcher: MatcherView { kind: rule.matcher.to_string(), pattern: rule.pattern.clone() },
            owners: rule.owners.iter().map(|name| OwnerView::new(name, owners)).collect(),
        }
    }
}

impl OwnershipView {
    fn new(set: Ownership, owners: &Owners) -> Self {
        let rules = ownership::parse(&set.rules).unwrap_or_default();
        let rules: Vec<RuleView> = rules.iter().map(|rule| RuleView::new(rule, owners)).collect();
        Self {
            raw: set.rules,
            schema: (!rules.is_empty()).then_some(SchemaView { version: 1, rules }),
            fallthrough: true,
            date_created: set.set_at.map(|(first, _)| first),
            last_updated: set.set_at.map(|(_, last)| last),
            is_active: true,
            auto_assignment: match set.auto_assign {
                AutoAssign::Off => ASSIGNS_NOT,
                AutoAssign::Rules => ASSIGNS,
                AutoAssign::Commits => ASSIGNS_TO_AUTHORS,
            },
            codeowners_auto_sync: false,
        }
    }
}

/// What a program wants; what it does not say stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct OwnershipBody {
    raw: Option<String>,
    auto_assignment: Option<String>,
    fallthrough: Option<bool>,
    is_active: Option<bool>,
    codeowners_auto_sync: Option<bool>,
}

impl OwnershipBody {
    /// A wish that would be forgotten is refused.
    fn refuse_what_is_not_there(&self) -> Result<()> {
        let refuse = |field, problem: &str| Err(Error::invalid(field, problem));
        if self.fallthrough == Some(false) {
            return refuse("fallthrough", "What no rule knows belongs to the project's team.");
        }
        if self.is_active == Some(false) {
            return refuse("isActive", "Rules that are there count. Turn off auto-assignment.");
        }
        if self.codeowners_auto_sync == Some(true) {
            return refuse("codeownersAutoSync", "CODEOWNERS files are imported by hand.");
        }
        Ok(())
    }

    fn assigns(&self, present: AutoAssign) -> Result<AutoAssign> {
        match self.auto_assignment.as_deref() {
            None => Ok(present),
            Some(ASSIGNS) => Ok(AutoAssign::Rules),
            Some(ASSIGNS_TO_AUTHORS) => Ok(AutoAssign::Commits),
            Some(ASSIGNS_NOT) => Ok(AutoAssign::Off),
            Some(_) => {
                let problem =
                    format!("Choose `{ASSIGNS}`, `{ASSIGNS_TO_AUTHORS}` or `{ASSIGNS_NOT}`.");
                Err(Error::invalid("autoAssignment", problem))
            }
        }
    }
}

/// Answers the rules.
pub(super) async fn get_ownership(
    State(app): State<App>,
    place: InProject,
) -> Result<Json<OwnershipView>> {
    answer(&app, &place).await
}

/// Sets the rules and answers them.
pub(super) async fn update_ownership(
    State(app): State<App>,
    place: InProject,
    Body(body): Body<OwnershipBody>,
) -> Result<Json<OwnershipView>> {
    body.refuse_what_is_not_there()?;
    let mut db = app.db.acquire().await?;
    let present = ownership::find(&mut db, place.project.id).await?;
    drop(db);
    let auto_assign = body.assigns(present.auto_assign)?;
    let rules = body.raw.unwrap_or_else(|| present.rules.clone());
    let wanted = Ownership { rules, auto_assign, ..present };
    ownership::set(&app, &place.project, &wanted).await?;
    answer(&app, &place).await
}

async fn answer(app: &App, place: &InProject) -> Result<Json<OwnershipView>> {
    let mut db = app.db.acquire().await?;
    let owners = Owners::find(&mut db, place.project.organization_id).await?;
    let set = ownership::find(&mut db, place.project.id).await?;
    Ok(Json(OwnershipView::new(set, &owners)))
}
