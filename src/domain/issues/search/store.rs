//! The SQL of searching, put together from what is asked for.

use chrono::{DateTime, DurationRound, TimeDelta};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{IssueFilter, Period, Scope, Sort};
use crate::base::page::MAX_TOTAL;
use crate::base::{IssueId, Timestamp};
use crate::domain::issues::query::{Condition, Field};
use crate::domain::query::{Comparison, NumberFilter, Pattern, TimeRange};

type Sql = QueryBuilder<Postgres>;

/// An issue's place in the list.
#[derive(Debug, FromRow)]
pub(super) struct Place {
    pub(super) id: IssueId,
    /// What the list is sorted by: a count, or microseconds since 1970.
    pub(super) sort_key: i64,
}

/// The issues of a page, in the order of reading.
pub(super) async fn find_places(
    db: &mut PgConnection,
    scope: &Scope,
    filter: &IssueFilter,
    now: Timestamp,
) -> sqlx::Result<Vec<Place>> {
    let mut sql = Sql::new("SELECT found.id, ");
    sql.push(if is_by_time(filter.sort) {
        "(extract(epoch FROM found.sort_key) * 1000000)::bigint AS sort_key"
    } else {
        "found.sort_key"
    });
    sql.push(" FROM (SELECT issues.id, ");
    push_sort_key(&mut sql, filter, now);
    sql.push(" AS sort_key FROM issues");
    push_counted(&mut sql, scope, filter);
    push_where(&mut sql, scope, filter);
    sql.push(") AS found");
    push_place(&mut sql, filter);
    let order = if filter.page.is_backward() { "ASC" } else { "DESC" };
    sql.push(format_args!(" ORDER BY found.sort_key {order}, found.id {order} LIMIT "));
    sql.push_bind(filter.page.fetch_size());
    sql.build_query_as().fetch_all(db).await
}

/// How many issues there are, counted to one past [`MAX_TOTAL`].
pub(super) async fn count(
    db: &mut PgConnection,
    scope: &Scope,
    filter: &IssueFilter,
) -> sqlx::Result<i64> {
    let mut sql = Sql::new("SELECT count(*) FROM (SELECT FROM issues");
    push_where(&mut sql, scope, filter);
    sql.push(" LIMIT ").push_bind(MAX_TOTAL + 1).push(") AS counted");
    sql.build_query_scalar().fetch_one(db).await
}

/// The names of environments by name.
pub(super) async fn list_environment_names(
    db: &mut PgConnection,
    scope: &Scope,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    let mut sql =
        Sql::new("SELECT DISTINCT environment FROM issue_environments WHERE project_id = ANY(");
    push_projects(&mut sql, scope);
    sql.push(") ORDER BY environment LIMIT ").push_bind(limit);
    sql.build_query_scalar().fetch_all(db).await
}

/// The ids of up to `limit` issues, the oldest first.
pub(super) async fn find_ids(
    db: &mut PgConnection,
    scope: &Scope,
    filter: &IssueFilter,
    limit: i64,
) -> sqlx::Result<Vec<IssueId>> {
    let mut sql = Sql::new("SELECT issues.id FROM issues");
    push_where(&mut sql, scope, filter);
    sql.push(" ORDER BY issues.id LIMIT ").push_bind(limit);
    sql.build_query_scalar().fetch_all(db).await
}

fn is_by_time(sort: Sort) -> bool {
    matches!(sort, Sort::Date | Sort::New)
}

fn push_sort_key(sql: &mut Sql, filter: &IssueFilter, now: Timestamp) {
    match filter.sort {
        Sort::Date => sql.push("issues.last_seen"),
        Sort::New => sql.push("issues.first_seen"),
        Sort::User => sql.push("issues.user_count"),
        Sort::Freq if counts_apart(filter) => sql.push("counted.event_count"),
        Sort::Freq => sql.push("issues.event_count"),
        Sort::Recommended => {
            // A million events or a hundred thousand users and more weigh the same.
            sql.push("(1e9 * (0.4 * power(0.5, greatest(0, extract(epoch FROM ");
            sql.push_bind(now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now));
            sql.push(
                " - issues.last_seen)) / 86400.0) \
                 + 0.3 * least(1, log(1 + issues.event_count) / 6) \
                 + 0.2 * issues.level / 50 \
                 + 0.1 * least(1, log(1 + issues.user_count) / 5)))::bigint",
            )
        }
    };
}

/// Whether the order needs a count that the issue's own row does not have.
fn counts_apart(filter: &IssueFilter) -> bool {
    filter.sort == Sort::Freq && !(filter.period.is_open() && filter.environments.is_empty())
}

/// Joins what each issue counts in the period and the environments.
fn push_counted(sql: &mut Sql, scope: &Scope, filter: &IssueFilter) {
    if !counts_apart(filter) {
        return;
    }
    // The environments' own counters are enough as long as time does not matter.
    let table = if filter.period.is_open() { "issue_environments" } else { "issue_hours" };
    sql.push(" JOIN (SELECT project_id, issue_id, sum(event_count)::bigint AS event_count FROM ");
    sql.push(table).push(" WHERE project_id = ANY(");
    push_projects(sql, scope);
    sql.push(")");
    if !filter.period.is_open() {
        push_hours(sql, filter.period);
    }
    push_environments(sql, filter);
    sql.push(
        " GROUP BY project_id, issue_id) AS counted \
         ON counted.project_id = issues.project_id AND counted.issue_id = issues.id",
    );
}

fn push_projects(sql: &mut Sql, scope: &Scope) {
    sql.push("ARRAY(SELECT id FROM projects WHERE organization_id = ");
    sql.push_bind(scope.organization.0);
    if !scope.projects.is_empty() {
        let projects: Vec<i64> = scope.projects.iter().map(|id| id.0).collect();
        sql.push(" AND id = ANY(").push_bind(projects).push(")");
    }
    sql.push(")");
}

fn push_hours(sql: &mut Sql, period: Period) {
    if let Some(since) = period.since {
        let hour = since.duration_trunc(TimeDelta::hours(1)).unwrap_or(since);
        sql.push(" AND hour >= ").push_bind(hour);
    }
    if let Some(until) = period.until {
        sql.push(" AND hour < ").push_bind(until);
    }
}

fn push_environments(sql: &mut Sql, filter: &IssueFilter) {
    if !filter.environments.is_empty() {
        sql.push(" AND environment = ANY(").push_bind(filter.environments.clone()).push(")");
    }
}

fn push_where(sql: &mut Sql, scope: &Scope, filter: &IssueFilter) {
    sql.push(" WHERE issues.project_id = ANY(");
    push_projects(sql, scope);
    sql.push(") AND ");
    push_seen(sql, filter);
    sql.push(" AND ");
    push_condition(sql, scope, &filter.condition);
}

/// Seen in the period and the environments.
fn push_seen(sql: &mut Sql, filter: &IssueFilter) {
    let Period { since, until } = filter.period;
    if until.is_some() {
        sql.push(
            "EXISTS (SELECT FROM issue_hours WHERE issue_hours.project_id = issues.project_id \
             AND issue_hours.issue_id = issues.id",
        );
        push_hours(sql, filter.period);
    } else if !filter.environments.is_empty() {
        sql.push(
            "EXISTS (SELECT FROM issue_environments AS seen \
             WHERE seen.project_id = issues.project_id AND seen.issue_id = issues.id",
        );
        if let Some(since) = since {
            sql.push(" AND seen.last_seen >= ").push_bind(since);
        }
    } else {
        match since {
            Some(since) => sql.push("issues.last_seen >= ").push_bind(since),
            None => sql.push("true"),
        };
        return;
    }
    push_environments(sql, filter);
    sql.push(")");
}

/// Behind the cursor, in the direction of reading.
fn push_place(sql: &mut Sql, filter: &IssueFilter) {
    let Some((key, tie)) = filter.page.place() else { return };
    let tie = i64::try_from(tie).unwrap_or(i64::MAX);
    let sign = if filter.page.is_backward() { ">" } else { "<" };
    sql.push(format_args!(" WHERE (found.sort_key, found.id) {sign} ("));
    if is_by_time(filter.sort) {
        sql.push_bind(DateTime::from_timestamp_micros(key).unwrap_or_default());
    } else {
        sql.push_bind(key);
    }
    sql.push(", ").push_bind(tie).push(")");
}

fn push_condition(sql: &mut Sql, scope: &Scope, condition: &Condition) {
    match condition {
        Condition::All(parts) => push_joined(sql, scope, parts, " AND ", "true"),
        Condition::Any(parts) => push_joined(sql, scope, parts, " OR ", "false"),
        Condition::Not(part) => {
            sql.push("NOT (");
            push_condition(sql, scope, part);
            sql.push(")");
        }
        Condition::Issue(slug, number) => {
            sql.push("issues.id = (SELECT (id << 32) | ").push_bind(number.0);
            sql.push(" FROM projects WHERE organization_id = ").push_bind(scope.organization.0);
            sql.push(" AND slug = ").push_bind(slug.clone()).push(")");
        }
        Condition::Project(pattern) => {
            sql.push("issues.project_id IN (SELECT id FROM projects WHERE organization_id = ");
            sql.push_bind(scope.organization.0).push(" AND ");
            push_pattern(sql, "slug", pattern);
            sql.push(")");
        }
        Condition::Event(id) => {
            sql.push("issues.id = ANY(ARRAY(SELECT issue_id FROM events WHERE project_id = ANY(");
            push_projects(sql, scope);
            sql.push(") AND event_id = ").push_bind(id.0).push("))");
        }
        other => push_fact(sql, other),
    }
}

fn push_joined(sql: &mut Sql, scope: &Scope, parts: &[Condition], join: &str, empty: &str) {
    if parts.is_empty() {
        sql.push(empty);
        return;
    }
    sql.push("(");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            sql.push(join);
        }
        push_condition(sql, scope, part);
    }
    sql.push(")");
}

/// Conditions on the issue alone.
fn push_fact(sql: &mut Sql, condition: &Condition) {
    match condition {
        Condition::Status(status) => {
            sql.push("issues.status = ").push_bind(status.as_str());
        }
        Condition::Substatus(substatus) => {
            sql.push("coalesce(issues.substatus, '') = ").push_bind(substatus.as_str());
        }
        Condition::Level(least, most) => {
            sql.push("issues.level BETWEEN ").push_bind(least.number());
            sql.push(" AND ").push_bind(most.number());
        }
        Condition::Field(field, pattern) => push_pattern(sql, column(*field), pattern),
        Condition::Has(field) => {
            sql.push(column(*field)).push(" <> ''");
        }
        Condition::Words(pattern) => push_words(sql, pattern),
        Condition::Tag(key, pattern) => push_tag(sql, key, Some(pattern)),
        Condition::HasTag(key) => push_tag(sql, key, None),
        Condition::Environment(pattern) => {
            sql.push(
                "EXISTS (SELECT FROM issue_environments AS seen \
                 WHERE seen.project_id = issues.project_id AND seen.issue_id = issues.id AND ",
            );
            push_pattern(sql, "seen.environment", pattern);
            sql.push(")");
        }
        Condition::Unhandled => {
            sql.push("issues.is_unhandled");
        }
        Condition::FirstSeen(range) => push_range(sql, "issues.first_seen", *range),
        Condition::LastSeen(range) => push_range(sql, "issues.last_seen", *range),
        Condition::TimesSeen(number) => push_number(sql, "issues.event_count", *number),
        Condition::UserCount(number) => push_number(sql, "issues.user_count", *number),
        Condition::Ids(ids) => {
            let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
            sql.push("issues.id = ANY(").push_bind(ids).push(")");
        }
        Condition::ProjectId(id) => {
            sql.push("issues.project_id = ").push_bind(id.0);
        }
        Condition::All(_)
        | Condition::Any(_)
        | Condition::Not(_)
        | Condition::Issue(..)
        | Condition::Project(_)
        | Condition::Event(_) => {
            sql.push("true");
        }
    }
}

/// A text of the issue. A missing one is empty: `!key:value` finds issues without it.
fn column(field: Field) -> &'static str {
    match field {
        Field::Title => "issues.title",
        Field::Culprit => "issues.culprit",
        Field::ExceptionType => "coalesce(issues.exception_type, '')",
        Field::ExceptionValue => "coalesce(issues.exception_value, '')",
        Field::Filename => "coalesce(issues.filename, '')",
        Field::Function => "coalesce(issues.function, '')",
        Field::Logger => "issues.logger",
        Field::Platform => "issues.platform",
        Field::Kind => "issues.kind",
        Field::FirstRelease => "coalesce(issues.first_release, '')",
    }
}

fn push_words(sql: &mut Sql, pattern: &Pattern) {
    sql.push("(");
    push_pattern(sql, column(Field::Title), pattern);
    sql.push(" OR ");
    push_pattern(sql, column(Field::Culprit), pattern);
    sql.push(" OR ");
    push_pattern(sql, column(Field::ExceptionValue), pattern);
    sql.push(")");
}

fn push_tag(sql: &mut Sql, key: &str, pattern: Option<&Pattern>) {
    sql.push(
        "EXISTS (SELECT FROM issue_tags AS tag \
         WHERE tag.project_id = issues.project_id AND tag.issue_id = issues.id AND tag.key = ",
    );
    sql.push_bind(key.to_owned());
    if let Some(pattern) = pattern {
        sql.push(" AND ");
        push_pattern(sql, "tag.value", pattern);
    }
    sql.push(")");
}

fn push_pattern(sql: &mut Sql, expression: &str, pattern: &Pattern) {
    sql.push(expression);
    match pattern {
        Pattern::Is(values) => sql.push(" = ANY(").push_bind(values.clone()).push(")"),
        Pattern::Like(like) => sql.push(" ILIKE ").push_bind(like.clone()),
    };
}

fn push_range(sql: &mut Sql, expression: &str, range: TimeRange) {
    sql.push("(true");
    if let Some(from) = range.from {
        sql.push(" AND ").push(expression).push(" >= ").push_bind(from);
    }
    if let Some(until) = range.until {
        sql.push(" AND ").push(expression).push(" < ").push_bind(until);
    }
    sql.push(")");
}

fn push_number(sql: &mut Sql, expression: &str, filter: NumberFilter) {
    let sign = match filter.comparison {
        // `!=` is "not equal to", and whoever read it has put the "not" around this.
        Comparison::NotEqual => Comparison::Equal,
        comparison => comparison,
    };
    sql.push(expression).push("::float8 ").push(sign.as_str()).push(" ").push_bind(filter.number);
}
