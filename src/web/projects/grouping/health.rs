//! How well a project's events are grouped, and what to do where they are not.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;
use sqlx::PgConnection;

use super::ProjectGroupingPath;
use crate::app::App;
use crate::base::{EventId, IssueId, Slug};
use crate::domain::grouping_rules;
use crate::domain::issues::{self, Issue};
use crate::pipeline::grouping_health::{Alike, Crowded, CrowdedBy, GroupingHealth, Share};
use crate::pipeline::project_grouping;
use crate::web::components::number;
use crate::web::components::tree::shortened;
use crate::web::issues::paths::{IssueComparePath, IssueListPath, IssuePath};
use crate::web::{Error, Member, Page, Result, Shell};

/// Longer titles are cut.
const MAX_TITLE_CHARS: usize = 200;

/// The most issues that are named in a row.
const MAX_NAMED: usize = 5;

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/grouping/health", rejection(Error))]
pub struct GroupingHealthPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

#[derive(Template)]
#[template(path = "projects/grouping_health.html")]
struct GroupingHealthView {
    shell: Shell,
    heading: String,
    back: ProjectGroupingPath,
    /// Where issues are merged.
    list: IssueListPath,
    /// How many events were looked at, and in how many issues they are.
    events: String,
    issues: String,
    is_empty: bool,
    evidence: Vec<EvidenceView>,
    crowded: Vec<CrowdedView>,
    alike: Vec<AlikeView>,
}

/// Events with poor evidence.
struct EvidenceView {
    label: &'static str,
    /// `12 of 1,000 events, 1%`.
    share: String,
    /// For the bar, from 0 to 100.
    percent: u8,
    /// What it means and what to do.
    fix: &'static str,
    issues: Vec<IssueView>,
}

/// An issue as it is named here.
struct IssueView {
    path: IssuePath,
    short_id: String,
    title: String,
    events: String,
}

struct CrowdedView {
    issue: IssueView,
    what: &'static str,
    fix: &'static str,
    /// What the kinds of events are called, and how many there are.
    kinds: Vec<(String, String)>,
    /// Compares an event of the first kind with one of the second.
    compare: Option<String>,
}

struct AlikeView {
    issues: Vec<IssueView>,
    /// Issues that are not named, in words; empty if all are.
    more: String,
    ids: Vec<IssueId>,
    reasons: String,
    template: Option<String>,
    compare: String,
    merge_label: String,
}

/// Shows the page.
pub async fn show_grouping_health(
    path: GroupingHealthPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    let project = member.project(&path.project)?;
    let mut db = app.db.acquire().await?;
    let settings = grouping_rules::find(&mut db, project.id).await?;
    // What cannot be read any more is grouped as if there were no rules, here as in the pipeline.
    let config = project_grouping::config(&settings).unwrap_or_default();
    let health = GroupingHealth::examine(&mut db, &app.dictionaries, project.id, &config).await?;
    let names = Names::load(&mut db, &path.organization, &health).await?;
    drop(db);
    let counted = |count: usize, one, many| number::counted_len(count, one, many);
    Page::new(&GroupingHealthView {
        shell: member.shell("projects"),
        heading: project.name.clone(),
        list: IssueListPath { organization: path.organization.clone() },
        events: counted(health.events, "event", "events"),
        issues: counted(health.issues, "issue", "issues"),
        is_empty: health.events == 0,
        evidence: evidence(&health, &names),
        crowded: health.crowded.iter().filter_map(|it| names.crowded(it)).collect(),
        alike: health.alike.iter().filter_map(|it| names.alike(it)).collect(),
        back: ProjectGroupingPath { organization: path.organization, project: path.project },
    })
}

fn evidence(health: &GroupingHealth, names: &Names<'_>) -> Vec<EvidenceView> {
    let kinds: [(&'static str, &Share, &'static str); 4] = [
        (
            "Nothing to group by",
            &health.nothing,
            "They have no exception, no stack and no message, and share one issue whatever happened. Have the program \
             send a message or an exception; or switch on “Events without content are told apart by their client” under \
             Switches.",
        ),
        (
            "Minified stacks",
            &health.minified,
            "Their functions have the names that a minifier gave, which change with every build. Send source \
             lines with the event, or build without mangling names; until then switch on “A stack of minified \
             names gives way to the message”.",
        ),
        (
            "Stacks without names",
            &health.unnamed,
            "Their frames are addresses without functions. Build with debug symbols in the program, or have the client \
             resolve them, so that frames have names.",
        ),
        (
            "No frame of your own",
            &health.nothing_own,
            "All frames are taken for libraries, so the whole stack counts and an update of a library makes new issues. \
             Say which frames are yours: a stack trace rule such as `stack.module:yourapp.* +app`, or the client's \
             option for it (`in_app_include`).",
        ),
    ];
    kinds
        .into_iter()
        .map(|(label, share, fix)| EvidenceView {
            label,
            share: of_all(share.events, health.events),
            percent: number::rounded_percent(count(share.events), count(health.events)),
            fix: if share.events == 0 { "" } else { fix },
            issues: share
                .issues
                .iter()
                .take(MAX_NAMED)
                .filter_map(|(id, events)| names.issue(*id, Some(*events)))
                .collect(),
        })
        .collect()
}

/// `12 of 1,000 events, 1%`.
fn of_all(events: usize, all: usize) -> String {
    if events == 0 {
        return "none".to_owned();
    }
    let all_events = number::counted_len(all, "event", "events");
    format!(
        "{} of {all_events}, {}",
        number::of_len(events),
        number::percent(count(events), count(all))
    )
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The issues that are named, by their ids.
struct Names<'a> {
    organization: &'a Slug,
    issues: HashMap<IssueId, Issue>,
}

impl<'a> Names<'a> {
    async fn load(
        db: &mut PgConnection,
        organization: &'a Slug,
        health: &GroupingHealth,
    ) -> Result<Self> {
        let shares = [&health.nothing, &health.minified, &health.unnamed, &health.nothing_own];
        let of_shares = shares
            .into_iter()
            .flat_map(|share| share.issues.iter().take(MAX_NAMED).map(|(id, _)| *id));
        let of_crowded = health.crowded.iter().map(|crowded| crowded.issue);
        let of_alike =
            health.alike.iter().flat_map(|alike| alike.issues.iter().take(MAX_NAMED).copied());
        let ids: BTreeSet<IssueId> = of_shares.chain(of_crowded).chain(of_alike).collect();
        let ids: Vec<IssueId> = ids.into_iter().collect();
        let found = issues::find_many(db, &ids).await?;
        let issues = found.into_iter().map(|issue| (issue.id, issue)).collect();
        Ok(Self { organization, issues })
    }

    fn issue(&self, id: IssueId, events: Option<usize>) -> Option<IssueView> {
        let issue = self.issues.get(&id)?;
        let events = match events {
            Some(events) => number::counted_len(events, "event", "events"),
            None => number::counted(issue.event_count, "event", "events"),
        };
        let short_id = issue.short_id();
        let organization = self.organization.clone();
        Some(IssueView {
            path: IssuePath { organization, issue: short_id.clone() },
            title: shortened(&issue.title, MAX_TITLE_CHARS).0,
            short_id,
            events,
        })
    }

    /// Where an event of an issue is compared with another.
    fn compare(&self, issue: &str, [one, other]: [EventId; 2]) -> String {
        let path =
            IssueComparePath { organization: self.organization.clone(), issue: issue.to_owned() };
        format!("{path}?event={one}&with={other}")
    }

    fn crowded(&self, crowded: &Crowded) -> Option<CrowdedView> {
        let issue = self.issue(crowded.issue, Some(crowded.events))?;
        let (what, fix) = match crowded.by {
            CrowdedBy::Messages => (
                "Its stack is always the same, and its messages have little to do with each other",
                "If they are different problems, compare two of them: there is a rule to tell them apart, ready to be \
                 previewed. A helper that reports everything can also be left out with `stack.function:helper -group`.",
            ),
            CrowdedBy::Places => (
                "The program's own fingerprint joins events of many places",
                "If that is not meant, take the fingerprint out of the program, or replace it by a fingerprint rule.",
            ),
        };
        let compare = match crowded.kinds.as_slice() {
            [(.., one), (.., other), ..] => Some(self.compare(&issue.short_id, [*one, *other])),
            _ => None,
        };
        let kinds = crowded.kinds.iter().map(|(name, count, _)| {
            let name = shortened(name, MAX_TITLE_CHARS).0;
            (name, number::counted_len(*count, "event", "events"))
        });
        Some(CrowdedView { issue, what, fix, kinds: kinds.collect(), compare })
    }

    fn alike(&self, alike: &Alike) -> Option<AlikeView> {
        let first = self.issue(*alike.issues.first()?, None)?;
        let compare = self.compare(&first.short_id, alike.events);
        let named = alike.issues.iter().take(MAX_NAMED);
        let issues: Vec<IssueView> = named.filter_map(|id| self.issue(*id, None)).collect();
        let more = alike.issues.len() - issues.len();
        Some(AlikeView {
            more: if more > 0 {
                format!("and {} more", number::of_len(more))
            } else {
                String::new()
            },
            issues,
            ids: alike.issues.clone(),
            reasons: alike.reasons.join(", "),
            template: alike.template.as_ref().map(|text| shortened(text, MAX_TITLE_CHARS).0),
            compare,
            merge_label: format!("Merge these {}", alike.issues.len()),
        })
    }
}
