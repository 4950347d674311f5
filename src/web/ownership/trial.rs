//! Who would get an event, and why.

use sqlx::PgConnection;

use crate::app::App;
use crate::base::EventId;
use crate::domain::events::{self, Which, payload};
use crate::domain::issues;
use crate::domain::ownership::{Compiled, Decision, Subject};
use crate::domain::projects::Project;
use crate::pipeline::preview::visit_latest;
use crate::protocol::event::Event;
use crate::web::Result;

/// So many of the latest events are looked at for one that was kept in full.
const LOOKED_AT: usize = 50;

/// More of an event's places are not listed.
const MAX_PLACES: usize = 10;

/// What the rules say of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trial {
    /// Who would get it and why, or why nothing could be tried.
    pub(super) sentence: String,
    /// What the event is called.
    pub(super) title: String,
    /// Every rule that knows it.
    pub(super) rules: Vec<RuleRow>,
    /// What rules can look at: what it is, and its text.
    pub(super) places: Vec<(&'static str, String)>,
}

/// A rule that knows the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleRow {
    pub(super) line: usize,
    pub(super) rule: String,
    pub(super) owners: String,
    pub(super) found: String,
    pub(super) decides: bool,
}

/// Tries rules on an event of the project: one by its id, the most telling one of an issue, or the latest.
pub(super) async fn run(
    app: &App,
    db: &mut PgConnection,
    project: &Project,
    (rules, team, named): (&Compiled, String, &str),
) -> Result<Trial> {
    let Some((title, event)) = find(app, db, project, named).await? else {
        let sentence = if named.is_empty() {
            "No event of this project is stored in full yet."
        } else {
            "This project has no such event in full. Write the id of an event or the short id of an issue."
        };
        return Ok(Trial { sentence: sentence.to_owned(), ..Trial::default() });
    };
    let trial = trial(rules, &team, &Subject::of(&event));
    Ok(Trial { title, ..trial })
}

fn trial(rules: &Compiled, team: &str, subject: &Subject<'_>) -> Trial {
    let decision = rules.decide(subject);
    let row = |found: Decision<'_>| RuleRow {
        line: found.rule.line,
        rule: found.rule.words(),
        owners: owners(&found),
        decides: decision.as_ref().is_some_and(|it| it.rule.line == found.rule.line),
        found: found.found,
    };
    let sentence = match &decision {
        Some(decision) if decision.rule.owners.is_empty() => {
            format!(
                "Would stay with {team}, the project's team: line {} says nobody.",
                decision.rule.line
            )
        }
        Some(decision) => format!(
            "Would go to {}, by line {}: `{}` is `{}`.",
            owners(decision),
            decision.rule.line,
            decision.rule.words(),
            decision.found
        ),
        None => format!("No rule knows it. It would stay with {team}, the project's team."),
    };
    Trial {
        sentence,
        title: String::new(),
        rules: rules.all(subject).into_iter().map(row).collect(),
        places: places(subject),
    }
}

fn owners(decision: &Decision<'_>) -> String {
    let names: Vec<String> = decision.rule.owners.iter().map(ToString::to_string).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

fn places(subject: &Subject<'_>) -> Vec<(&'static str, String)> {
    let frames = subject.frames.iter().flat_map(|place| {
        let paths = place.paths.iter().map(|path| ("path", path.to_string()));
        paths.chain(place.module.map(|module| ("module", module.to_owned())))
    });
    let url = subject.url.map(|url| ("url", url.to_owned()));
    frames.take(MAX_PLACES).chain(url).collect()
}

async fn find(
    app: &App,
    db: &mut PgConnection,
    project: &Project,
    named: &str,
) -> Result<Option<(String, Event)>> {
    if named.is_empty() {
        let mut found = None;
        visit_latest(db, &app.dictionaries, project.id, LOOKED_AT, |row, event| {
            found.get_or_insert_with(|| (row.title.clone(), event.clone()));
        })
        .await?;
        return Ok(found);
    }
    let row = if let Ok(id) = named.parse::<EventId>() {
        events::find(db, project.id, id).await?
    } else {
        let issue = issues::find_by_short_id(db, project.organization_id, named).await?;
        match issue.filter(|issue| issue.project_id == project.id) {
            Some(issue) => {
                let issue = issues::follow(db, issue).await?;
                events::find_in_issue(db, &issue.span(), Which::Recommended).await?
            }
            None => None,
        }
    };
    let Some(row) = row else { return Ok(None) };
    let payload = payload::read(db, &app.dictionaries, &row).await?;
    Ok(payload.event().map(|event| (row.title.clone(), event.clone())))
}
