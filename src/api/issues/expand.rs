//! Optional parts of issues that clients ask for with `expand` (`web-api.md` §3.1).

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::api::Result;
use crate::api::parameters::Parameters;
use crate::app::App;
use crate::base::{IssueId, Timestamp};
use crate::domain::issues::suspects::{self, Because, Suggestion};
use crate::domain::issues::{Issue, OwnerWord};
use crate::domain::ownership::Owners;

/// The optional parts of an issue, by name.
pub(super) type Parts = BTreeMap<&'static str, Value>;

/// Somebody who may know about an issue.
#[derive(Debug, Serialize)]
struct OwnerView {
    #[serde(rename = "type")]
    kind: &'static str,
    owner: String,
    date_added: Timestamp,
}

impl OwnerView {
    fn new(suggestion: Suggestion, issue: &Issue) -> Self {
        Self {
            kind: match suggestion.because {
                Because::Commit => "suspectCommit",
                Because::Rule => "ownershipRule",
                Because::Codeowners => "codeowners",
            },
            owner: OwnerWord(suggestion.owner).to_string(),
            // Commits and rules are asked as they are now; what they say has been true as long as the issue is there.
            date_added: issue.first_seen,
        }
    }
}

/// The parts that are asked for, of each of these issues.
pub(super) async fn expanded(
    app: &App,
    db: &mut PgConnection,
    (owners, issues): (&Owners, &[Issue]),
    parameters: &Parameters,
) -> Result<HashMap<IssueId, Parts>> {
    // Nothing is in these yet.
    let known = [
        ("inbox", Value::Null),
        ("owners", Value::Null),
        ("sessions", Value::Null),
        ("integrationIssues", json!([])),
        ("sentryAppIssues", json!([])),
        ("latestEventHasAttachments", json!(false)),
    ];
    let wanted = known.into_iter().filter(|(name, _)| parameters.has("expand", name));
    // The part is called otherwise than the wish for it.
    let wanted =
        wanted.map(|(name, v)| (if name == "sessions" { "sessionCount" } else { name }, v));
    let wanted: Parts = wanted.collect();
    let mut all: HashMap<IssueId, Parts> =
        issues.iter().map(|issue| (issue.id, wanted.clone())).collect();
    if wanted.contains_key("owners") {
        let mut found = suspects::suggestions(db, &app.dictionaries, owners, issues).await?;
        for issue in issues {
            let suggestions = found.remove(&issue.id).unwrap_or_default().into_iter();
            let views: Vec<_> = suggestions.map(|one| OwnerView::new(one, issue)).collect();
            if let Some(parts) = all.get_mut(&issue.id).filter(|_| !views.is_empty()) {
                parts.insert("owners", json!(views));
            }
        }
    }
    Ok(all)
}
