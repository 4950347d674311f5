//! What a release did to issues.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::base::{IssueId, Timestamp};
use crate::domain::issues::{self, Issue};
use crate::domain::projects::Project;
use crate::domain::releases::effects::{self, Effect};
use crate::web::components::time::Moment;
use crate::web::components::tree::shortened;
use crate::web::components::{link, number};
use crate::web::issues::words;
use crate::web::{Member, Result};

/// As many are shown of each list.
const SHOWN: i64 = 20;

/// Longer titles are cut.
const MAX_TITLE_CHARS: usize = 200;

/// The lists of a release's page.
#[derive(Clone, Debug)]
pub(super) struct IssueLists {
    pub(super) lists: Vec<IssueList>,
}

/// A list of issues.
#[derive(Clone, Debug)]
pub(super) struct IssueList {
    pub(super) anchor: &'static str,
    pub(super) heading: &'static str,
    /// What it says where there is none.
    pub(super) none: &'static str,
    pub(super) rows: Vec<IssueLine>,
    /// How many there are, as far as they are shown.
    pub(super) note: String,
    /// All of them in the list of issues.
    pub(super) all_url: String,
}

/// An issue in a list.
#[derive(Clone, Debug)]
pub(in crate::web) struct IssueLine {
    pub(in crate::web) url: String,
    pub(in crate::web) level: &'static str,
    pub(in crate::web) kind: String,
    pub(in crate::web) value: String,
    pub(in crate::web) short_id: String,
    pub(in crate::web) culprit: String,
    pub(in crate::web) badge: Option<words::Badge>,
    pub(in crate::web) is_unhandled: bool,
    pub(in crate::web) events: String,
    pub(in crate::web) last_seen: Moment,
}

impl IssueLine {
    pub(in crate::web) fn new(issue: &Issue, organization: &str, now: Timestamp) -> Self {
        let (kind, value) = words::title(issue);
        let short_id = issue.short_id();
        let first_line = value.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        Self {
            url: format!("/{organization}/issues/{}", link::path_part(&short_id)),
            level: issue.level.as_str(),
            kind: shortened(&kind, MAX_TITLE_CHARS).0,
            value: shortened(first_line, MAX_TITLE_CHARS).0,
            culprit: issue.culprit.clone(),
            badge: words::state_badge(issue, now),
            is_unhandled: issue.is_unhandled,
            events: number::counted(issue.event_count, "event", "events"),
            last_seen: Moment::new(issue.last_seen, now),
            short_id,
        }
    }
}

impl IssueLists {
    /// Loads the lists.
    pub(super) async fn load(
        db: &mut PgConnection,
        member: &Member,
        project: &Project,
        version: &str,
        now: Timestamp,
    ) -> Result<Self> {
        let organization = member.organization.slug.as_str();
        let mut lists = Vec::new();
        for (effect, anchor, heading, none) in [
            (Effect::New, "new", "New issues", "No issue began with it."),
            (
                Effect::Regressed,
                "regressed",
                "Regressed issues",
                "No resolved issue came back with it.",
            ),
            (
                Effect::Resolved,
                "resolved",
                "Resolved by it",
                "No issue is said to be resolved by it.",
            ),
        ] {
            let ids = effects::list(db, project.id, version, effect, SHOWN + 1).await?;
            let found = in_order(db, &ids).await?;
            let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
            let note =
                if found.len() > shown { format!("the latest {SHOWN}") } else { String::new() };
            let all_url = match effect {
                Effect::New if found.len() > shown => {
                    let search = [("firstRelease", version)];
                    search_url(organization, project.slug.as_str(), search)
                }
                _ => String::new(),
            };
            let rows =
                found.iter().take(shown).map(|it| IssueLine::new(it, organization, now)).collect();
            lists.push(IssueList { anchor, heading, none, rows, note, all_url });
        }
        Ok(Self { lists })
    }
}

/// The issues in the order of their ids.
pub(super) async fn in_order(db: &mut PgConnection, ids: &[IssueId]) -> Result<Vec<Issue>> {
    let found = issues::find_many(db, ids).await?;
    let mut found: HashMap<IssueId, Issue> =
        found.into_iter().map(|issue| (issue.id, issue)).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// The issues of a project of which this holds, in any state.
fn search_url(organization: &str, project: &str, [(key, value)]: [(&str, &str); 1]) -> String {
    let value = value.replace('"', "\\\"").replace('*', "\\*");
    let query = link::query_value(&format!("{key}:\"{value}\""));
    format!("/{organization}/issues?state=all&project={project}&query={query}")
}
