//! What settings would do, in words.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use crate::base::{IssueId, Slug};
use crate::domain::issues;
use crate::grouping::Language;
use crate::pipeline::preview::{Fate, Forecast, Heir, Preview, Share};
use crate::web::Result;
use crate::web::components::number;
use crate::web::issues::paths::IssuePath;

use super::form::Fields;

/// More issues are not listed.
const MAX_LISTED: usize = 100;

/// A preview as the page shows it.
pub(super) struct ForecastView {
    /// The whole in a sentence.
    pub(super) sentence: String,
    /// Issues that change, the gravest change first.
    pub(super) rows: Vec<Row>,
    pub(super) unlisted: usize,
    /// Lines of rules that matched no event, with what they say.
    pub(super) idle: Vec<(usize, String)>,
}

/// What would become of an issue.
pub(super) struct Row {
    pub(super) path: IssuePath,
    pub(super) short_id: String,
    pub(super) title: String,
    pub(super) fate: &'static str,
    pub(super) words: Vec<String>,
}

impl ForecastView {
    /// Says what a preview of these fields found.
    pub(super) async fn new(
        db: &mut PgConnection,
        organization: &Slug,
        preview: &Preview,
        fields: &Fields,
    ) -> Result<Self> {
        let forecast = preview.forecast();
        let mut changed: Vec<(Fate, IssueId, &[Share])> = forecast
            .issues
            .iter()
            .filter(|(_, (fate, _))| *fate != Fate::Stays)
            .map(|(id, (fate, shares))| (*fate, *id, shares.as_slice()))
            .collect();
        changed.sort_by_key(|(fate, id, _)| (*fate, *id));
        let unlisted = changed.len().saturating_sub(MAX_LISTED);
        changed.truncate(MAX_LISTED);
        let names = names(db, &forecast, &changed).await?;
        let rows = changed.into_iter().filter_map(|(fate, id, shares)| {
            let (short_id, title) = names.get(&id)?.clone();
            Some(Row {
                path: IssuePath { organization: organization.clone(), issue: short_id.clone() },
                words: words(id, fate, shares, &forecast, &names),
                fate: fate_word(fate),
                short_id,
                title,
            })
        });
        Ok(Self {
            sentence: sentence(preview.events(), &forecast),
            rows: rows.collect(),
            unlisted,
            idle: idle(preview, fields),
        })
    }
}

/// Short ids and titles of every issue that is named.
async fn names(
    db: &mut PgConnection,
    forecast: &Forecast,
    changed: &[(Fate, IssueId, &[Share])],
) -> Result<BTreeMap<IssueId, (String, String)>> {
    let mut ids: BTreeSet<IssueId> = changed.iter().map(|(_, id, _)| *id).collect();
    for share in changed.iter().flat_map(|(_, _, shares)| shares.iter()) {
        ids.extend(forecast.sources.get(&share.heir).into_iter().flatten());
        if let Heir::Issue(id) = share.heir {
            ids.insert(id);
        }
    }
    let ids: Vec<IssueId> = ids.into_iter().collect();
    let found = issues::find_many(db, &ids).await?;
    Ok(found.into_iter().map(|it| (it.id, (it.short_id(), it.title))).collect())
}

fn sentence(events: usize, forecast: &Forecast) -> String {
    if events == 0 {
        return "No event of this project is stored in full yet.".to_owned();
    }
    let count = |fate, one: &str, many: &str| {
        let count = forecast.count(fate);
        (count > 0).then(|| number::counted_len(count, one, many))
    };
    let parts: Vec<String> = [
        count(Fate::Splits, "issue would split", "issues would split"),
        count(Fate::Joins, "issue would join another", "issues would join others"),
        count(Fate::BeginsAnew, "issue would begin anew", "issues would begin anew"),
        count(Fate::Stays, "issue stays as it is", "issues stay as they are"),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!(
        "Of {}: {}.",
        number::counted_len(events, "stored event", "stored events"),
        parts.join(", ")
    )
}

fn fate_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Splits => "Splits",
        Fate::Joins => "Joins",
        Fate::BeginsAnew => "Begins anew",
        Fate::Stays => "Stays",
    }
}

/// Where an issue's events would go, a line each.
fn words(
    issue: IssueId,
    fate: Fate,
    shares: &[Share],
    forecast: &Forecast,
    names: &BTreeMap<IssueId, (String, String)>,
) -> Vec<String> {
    let name = |id: &IssueId| names.get(id).map_or("another issue", |(short, _)| short).to_owned();
    let with = |heir: &Heir| {
        let others = forecast.sources.get(heir).into_iter().flatten().filter(|id| **id != issue);
        let names: Vec<String> = others.map(name).collect();
        match names.len() {
            0..=4 => names.join(", "),
            many => format!("{} and {} more", names[..3].join(", "), many - 3),
        }
    };
    let line = |share: &Share| {
        let events = number::counted_len(share.events, "event", "events");
        match share.heir {
            Heir::Issue(id) if id == issue => format!("{events} would stay"),
            Heir::Issue(id) => format!("{events} would go to {}", name(&id)),
            Heir::New(_) => match with(&share.heir) {
                others if others.is_empty() => {
                    format!("{events} would be a new issue: {}", share.title)
                }
                others => format!("{events} would be a new issue, together with {others}"),
            },
        }
    };
    let mut lines: Vec<String> = shares.iter().take(8).map(line).collect();
    if shares.len() > 8 {
        lines.push(format!("… and {} more ways", shares.len() - 8));
    }
    if fate == Fate::BeginsAnew {
        lines = vec![
            "New events would open a new issue, unless the issue follows the new settings."
                .to_owned(),
        ];
    }
    lines
}

/// The lines of rules that matched no event.
fn idle(preview: &Preview, fields: &Fields) -> Vec<(usize, String)> {
    if preview.events() == 0 {
        return Vec::new();
    }
    let of = |language, text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        preview
            .matched
            .idle(language, text)
            .into_iter()
            .map(|line| (line, lines.get(line - 1).copied().unwrap_or_default().trim().to_owned()))
            .collect::<Vec<_>>()
    };
    let mut idle = of(Language::StackTrace, &fields.stack_trace.text);
    idle.extend(of(Language::Fingerprint, &fields.fingerprint.text));
    idle
}
