//! Why an issue's events belong together, in plain words.
//!
//! Shown is what was stored when each hash came about, so it stays true whatever later versions do.

use askama::Template;
use axum::extract::State;
use sqlx::PgConnection;

use super::issue::{ChartQuery, IssueFrame};
use super::paths::{self, IssueGroupingPath};
use super::toast::Toast;
use crate::app::App;
use crate::base::{IssueId, Timestamp};
use crate::domain::issues::moves::{self, ActKind, LastMove};
use crate::domain::issues::{self, Hash};
use crate::grouping::{Explanation, Grouping, explain};
use crate::web::components::time::Moment;
use crate::web::{Member, Page, Query, Result, Shell};

/// More hashes are listed without their explanation.
const MAX_EXPLAINED: usize = 10;

/// A hash that leads to the issue.
#[derive(Clone, Debug)]
pub(super) struct HashView {
    hash: String,
    /// What it is a hash of, in words.
    of: String,
    /// How the issue came to own it, in words.
    origin: String,
    created: Moment,
    /// Who brought it here from where, in words; empty if it always was here.
    moved: String,
    /// Why it is as it is; none if that was not kept.
    explanation: Option<Explanation>,
}

impl HashView {
    fn new(hash: &Hash, grouping: Option<&Grouping>, now: Timestamp) -> Self {
        Self {
            hash: hash.hash.clone(),
            of: variant_words(&hash.variant),
            origin: origin_words(&hash.origin),
            created: Moment::new(hash.created_at, now),
            moved: String::new(),
            explanation: grouping.map(explain),
        }
    }
}

fn variant_words(variant: &str) -> String {
    match variant {
        "app" => "the program's own frames",
        "system" => "all frames",
        "default" => "the event's content",
        "checksum" | "hashed_checksum" => "the client's checksum",
        "custom_client_fingerprint" => "the client's fingerprint",
        "custom_server_fingerprint" => "the fingerprint of a rule",
        "built_in_fingerprint" => "the fingerprint of a built-in rule",
        "fallback" => "nothing: the event has no content",
        other => other,
    }
    .to_owned()
}

fn origin_words(origin: &str) -> String {
    match origin {
        "created" => "opened the issue",
        "second_hash" => "came with an event that another hash led here",
        "upgrade" => "took the place of a hash of the algorithm before",
        "rules" => "came with the project's rules",
        other => other,
    }
    .to_owned()
}

#[derive(Template)]
#[template(path = "issues/grouping.html")]
pub(super) struct GroupingView {
    shell: Shell,
    issue: IssueFrame,
    toast: Option<Toast>,
    /// The explanation to read first: of the hash that opened the issue.
    first: Option<Explanation>,
    hashes: Vec<HashView>,
}

/// Shows why an issue's events belong together.
pub async fn show_issue_grouping(
    path: IssueGroupingPath,
    member: Member,
    Query(chart): Query<ChartQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    let frame = IssueFrame::load(&mut db, &member, &issue, &chart, now).await?;
    let mut hashes = load(&mut db, issue.id, issue.project_slug.as_str(), now).await?;
    let first = hashes.iter_mut().find_map(|hash| hash.explanation.take());
    // Hashes of one event share their explanation; it is shown once.
    for hash in &mut hashes {
        hash.explanation.take_if(|explanation| Some(&*explanation) == first.as_ref());
    }
    Page::new(&GroupingView {
        shell: member.shell("issues"),
        issue: frame.on("grouping"),
        toast: None,
        first,
        hashes,
    })
}

fn moved_words(last: &LastMove, slug: &str) -> String {
    let who = last.actor_name.as_deref().unwrap_or("somebody");
    let from = last.from.short(slug);
    match last.kind {
        ActKind::Merge => format!("merged from {from} by {who}"),
        ActKind::TakeOut | ActKind::Split => format!("taken out of {from} by {who}"),
        ActKind::Move => format!("moved from {from} by {who}"),
        ActKind::Rules => format!("came from {from} with the rules that {who} saved"),
    }
}

async fn load(
    db: &mut PgConnection,
    id: IssueId,
    slug: &str,
    now: Timestamp,
) -> Result<Vec<HashView>> {
    let mut views = Vec::new();
    for (index, hash) in issues::hashes(db, id).await?.iter().enumerate() {
        let stored = if index < MAX_EXPLAINED {
            issues::explanation(db, id, &hash.hash).await?
        } else {
            None
        };
        // An explanation of an older version that cannot be read any more is as one that was not kept.
        let grouping: Option<Grouping> = stored.and_then(|json| serde_json::from_slice(&json).ok());
        let moved = moves::last_move(db, id, &hash.hash).await?;
        let moved = moved.map(|last| moved_words(&last, slug)).unwrap_or_default();
        views.push(HashView { moved, ..HashView::new(hash, grouping.as_ref(), now) });
    }
    Ok(views)
}

#[cfg(test)]
impl GroupingView {
    /// Why an event's issue is as it is.
    pub(super) fn sample(event: &crate::protocol::event::Event) -> Self {
        use super::sample;
        let period = issues::StatsPeriod::Fortnight;
        let series = sample::series(4, 14, period.step());
        let issue = sample::issue_of(event);
        let grouping = crate::grouping::group(event, &crate::grouping::Config::default());
        let hash = |(variant, hash): (&str, String)| {
            let hash = Hash {
                hash,
                origin: "created".to_owned(),
                variant: variant.to_owned(),
                config: grouping.config.clone(),
                created_at: issue.first_seen,
            };
            HashView::new(&hash, None, sample::now())
        };
        Self {
            shell: Shell { flash: String::new(), ..Shell::sample() },
            issue: IssueFrame::new("default", &issue, &series, period, sample::now())
                .on("grouping"),
            toast: None,
            first: Some(explain(&grouping)),
            hashes: grouping.hashes().into_iter().map(hash).collect(),
        }
    }
}
