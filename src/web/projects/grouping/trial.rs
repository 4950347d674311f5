//! Settings tried on one stored event.

use crate::app::App;
use crate::base::{EventId, IssueId, ProjectId};
use crate::domain::events::{self, payload};
use crate::domain::issues::{self, Issue};
use crate::grouping::{self, Config, Explanation, MatchedRules};
use crate::web::Result;
use crate::web::components::link;

/// What settings make of an event.
pub(super) struct Trial {
    /// What it is called.
    pub(super) title: String,
    /// Its hashes with the settings, each with its variant and the issue that it leads to; empty if it leads
    /// nowhere yet.
    pub(super) hashes: Vec<(String, String, String)>,
    /// Why.
    pub(super) why: Explanation,
    /// The lines of rules that have to do with it.
    pub(super) stack_trace_lines: String,
    pub(super) fingerprint_lines: String,
}

/// Tries `config` on an event; else why that cannot be, in a sentence.
pub(super) async fn run(
    app: &App,
    project: ProjectId,
    typed: &str,
    config: &Config,
) -> Result<std::result::Result<Trial, String>> {
    let name = link::last_part(typed);
    let Ok(id) = name.parse::<EventId>() else {
        return Ok(Err("Paste the id of an event: 32 digits, on the event's page.".to_owned()));
    };
    let mut db = app.db.acquire().await?;
    let Some(row) = events::find(&mut db, project, id).await? else {
        return Ok(Err(format!("This project has no event {id}.")));
    };
    let payload = payload::read(&mut db, &app.dictionaries, &row).await?;
    let Some(event) = payload.event() else {
        return Ok(Err("This event was counted but not kept in full. Take another.".to_owned()));
    };
    let mut copy = event.clone();
    grouping::prepare(&mut copy, config);
    let grouping = grouping::group(&copy, config);
    let MatchedRules { stack_trace, fingerprint } = grouping::matched_rules(&copy, config);
    let lines = |lines: std::collections::BTreeSet<usize>| {
        lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let hashes = grouping.hashes();
    let named: Vec<&str> = hashes.iter().map(|(_, hash)| hash.as_str()).collect();
    let owners = issues::hash_owners(&mut db, project, &named).await?;
    let ids: Vec<IssueId> = owners.values().map(|owner| owner.issue).collect();
    let known = issues::find_many(&mut db, &ids).await?;
    let leads_to = |hash: &String| {
        let owner = owners.get(hash)?;
        known.iter().find(|issue| issue.id == owner.issue).map(Issue::short_id)
    };
    Ok(Ok(Trial {
        title: row.title.clone(),
        hashes: hashes
            .iter()
            .map(|(variant, hash)| {
                ((*variant).to_owned(), hash.clone(), leads_to(hash).unwrap_or_default())
            })
            .collect(),
        why: grouping::explain(&grouping),
        stack_trace_lines: lines(stack_trace),
        fingerprint_lines: lines(fingerprint),
    }))
}
