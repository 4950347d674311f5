//! The SQL of counting the most frequent.

use sqlx::{FromRow, PgConnection};

use super::Round;
use crate::base::IssueId;
use crate::domain::issues::search::IssueFilter;
use crate::domain::issues::search::store::{
    Sql, Within, push_environments, push_hours, push_projects, push_seen, push_wanted,
};

/// What an issue counts in the period and environments of a search.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Counted {
    pub(super) id: IssueId,
    /// All its events in the environments, at any time.
    pub(super) lifetime: i64,
    /// Its events in the period and the environments.
    pub(super) event_count: i64,
}

/// The issues of a round, each with what it counts in the search's period and environments.
pub(super) async fn count_frequent(
    db: &mut PgConnection,
    within: &Within,
    filter: &IssueFilter,
    round: Round,
) -> sqlx::Result<Vec<Counted>> {
    let mut sql = Sql::new("SELECT candidate.id, candidate.lifetime, ");
    push_count(&mut sql, filter);
    sql.push(" AS event_count FROM (");
    push_candidates(&mut sql, within, filter, round);
    sql.push(") AS candidate ORDER BY candidate.lifetime DESC, candidate.id DESC");
    // Not kept prepared: the plan must fit the values, and there are too many forms to keep.
    sql.build_query_as().persistent(false).fetch_all(db).await
}

/// What a candidate counts: if all of it was in the period, as it is with whatever is new, nothing is read for it.
fn push_count(sql: &mut Sql, filter: &IssueFilter) {
    let (since, until) = (filter.period.since_hour(), filter.period.until);
    if until.is_none() {
        match since {
            None => {
                sql.push("candidate.lifetime");
                return;
            }
            Some(hour) => {
                sql.push("CASE WHEN candidate.first_seen >= ").push_bind(hour);
                sql.push(" THEN candidate.lifetime ELSE ");
            }
        }
    }
    sql.push(
        "coalesce((SELECT sum(seen.event_count)::bigint FROM issue_parts AS part JOIN issue_hours AS seen \
         ON seen.project_id = part.project_id AND seen.part_id = part.id \
         WHERE part.project_id = candidate.project_id AND part.issue_id = candidate.id",
    );
    push_hours(sql, filter.period);
    push_environments(sql, filter);
    sql.push("), 0)");
    if until.is_none() {
        sql.push(" END");
    }
}

fn push_candidates(sql: &mut Sql, within: &Within, filter: &IssueFilter, round: Round) {
    let lifetime = if filter.environments.is_empty() {
        sql.push(
            "SELECT issues.project_id, issues.id, issues.event_count AS lifetime, issues.first_seen FROM issues",
        );
        "issues.event_count"
    } else {
        sql.push("SELECT issues.project_id, issues.id, ever.lifetime, ever.first_seen FROM issues JOIN (");
        push_ever(sql, within, filter);
        sql.push(") AS ever ON ever.project_id = issues.project_id AND ever.issue_id = issues.id");
        "ever.lifetime"
    };
    push_wanted(sql, within, filter);
    sql.push(" AND ");
    match filter.period.since {
        Some(since) if filter.period.until.is_none() && !filter.environments.is_empty() => {
            sql.push("ever.last_seen >= ").push_bind(since);
        }
        _ => push_seen(sql, filter),
    }
    sql.push(format_args!(" AND {lifetime} >= ")).push_bind(round.at_least);
    if let Some((known, id)) = round.behind {
        sql.push(format_args!(" AND ({lifetime}, issues.id) < (")).push_bind(known);
        sql.push(", ").push_bind(id.0).push(")");
    }
    sql.push(format_args!(" ORDER BY {lifetime} DESC, issues.id DESC LIMIT "));
    sql.push_bind(round.limit);
}

/// What issues count in the environments, and when they were seen there.
fn push_ever(sql: &mut Sql, within: &Within, filter: &IssueFilter) {
    sql.push(
        "SELECT part.project_id, part.issue_id, sum(seen.event_count)::bigint AS lifetime, \
         min(seen.first_seen) AS first_seen, max(seen.last_seen) AS last_seen \
         FROM issue_releases AS seen JOIN issue_parts AS part \
         ON part.project_id = seen.project_id AND part.id = seen.part_id WHERE seen.project_id = ",
    );
    push_projects(sql, within);
    push_environments(sql, filter);
    sql.push(" GROUP BY part.project_id, part.issue_id");
}
