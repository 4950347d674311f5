//! Stored events, one after the other.

use sqlx::PgConnection;

use crate::base::{IssueId, PageRequest, ProjectId};
use crate::domain::events::payload;
use crate::domain::events::{Condition, EventFilter, EventRow};
use crate::domain::query::TimeRange;
use crate::domain::{Result, issues};
use crate::grouping::{self, Config, MatchedRules};
use crate::infra::compression::Dictionaries;
use crate::protocol::event::Event;

/// So many are in memory at a time: an event may have a megabyte.
const AT_A_TIME: u16 = 50;

/// Looks at the latest events of a project that were kept in full, the latest first, `most` at most.
///
/// # Errors
/// When the database fails or what it holds is damaged.
pub async fn visit_latest(
    db: &mut PgConnection,
    dictionaries: &Dictionaries,
    project: ProjectId,
    most: usize,
    mut visit: impl FnMut(&EventRow, &Event),
) -> Result<()> {
    let (mut cursor, mut left) = (None, most);
    // Sampled events have nothing to look at, but must not make this endless.
    for _ in 0..2 * most / usize::from(AT_A_TIME) {
        let latest = EventFilter {
            condition: Condition::All(Vec::new()),
            environments: Vec::new(),
            period: TimeRange::default(),
            page: PageRequest::new(cursor, AT_A_TIME),
        };
        let page = issues::list_events(db, project, &latest).await?;
        let payloads = payload::read_many(db, dictionaries, &page.items).await?;
        for (row, payload) in page.items.iter().zip(&payloads) {
            if let Some(event) = payload.event().filter(|_| left > 0) {
                visit(row, event);
                left -= 1;
            }
        }
        if !page.next.has_rows || left == 0 {
            break;
        }
        cursor = Some(page.next.cursor);
        // Grouping takes its time: others go on meanwhile.
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// An event that was grouped again.
#[derive(Debug)]
pub(super) struct Replayed {
    /// Where it is.
    pub(super) issue: IssueId,
    /// What it is called.
    pub(super) title: String,
    /// The hash that led it there.
    pub(super) present_hash: String,
    /// Its new hashes with their variants, the first one first.
    pub(super) hashes: Vec<(String, String)>,
}

impl Replayed {
    /// Groups an event again; also says which rules had to do with it.
    pub(super) fn new(row: &EventRow, event: &Event, config: &Config) -> (Self, MatchedRules) {
        let mut copy = event.clone();
        grouping::prepare(&mut copy, config);
        let grouping = grouping::group(&copy, config);
        let replayed = Self {
            issue: row.issue_id,
            title: row.title.clone(),
            present_hash: row.primary_hash.clone(),
            hashes: grouping
                .hashes()
                .into_iter()
                .map(|(variant, hash)| (variant.to_owned(), hash))
                .collect(),
        };
        (replayed, grouping::matched_rules(&copy, config))
    }

    /// The hashes that it has and had.
    pub(super) fn all_hashes(&self) -> impl Iterator<Item = &str> {
        let new = self.hashes.iter().map(|(_, hash)| hash.as_str());
        new.chain([self.present_hash.as_str()])
    }
}
