//! The SQL of searching, put together from what is asked for.

use chrono::{DateTime, DurationRound, TimeDelta};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, query_scalar};

use super::{IssueFilter, Period, Scope, Sort};
use crate::base::page::MAX_TOTAL;
use crate::base::{IssueId, OrganizationId, Timestamp, UserId};
use crate::domain::issues::Sought;
use crate::domain::issues::query::{Condition, Field};
use crate::domain::query::{Comparison, NumberFilter, Pattern, TimeRange};

pub(super) type Sql = QueryBuilder<Postgres>;

/// Where a search looks: the projects' ids are bound as values, so that Postgres plans for them.
#[derive(Debug)]
pub(super) struct Within {
    organization: OrganizationId,
    projects: Vec<i64>,
    viewer: Option<UserId>,
}

impl Within {
    /// Whose issues, and in which projects.
    pub(super) fn place(&self) -> (OrganizationId, &[i64]) {
        (self.organization, &self.projects)
    }
}

/// The projects of a scope. Projects of other organizations are left out.
pub(super) async fn resolve(db: &mut PgConnection, scope: &Scope) -> sqlx::Result<Within> {
    let named: Vec<i64> = scope.projects.iter().map(|id| id.0).collect();
    let projects = query_scalar!(
        r#"
        SELECT id AS "id: i64" FROM projects
        WHERE organization_id = $1 AND (cardinality($2::bigint[]) = 0 OR id = ANY($2))
        "#,
        scope.organization.0,
        &named,
    )
    .fetch_all(db)
    .await?;
    Ok(Within { organization: scope.organization, projects, viewer: scope.viewer })
}

/// An issue's place in the list.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Place {
    pub(super) id: IssueId,
    /// What the list is sorted by: a count, or microseconds since 1970.
    pub(super) sort_key: i64,
}

/// The issues of a page, in the order of reading.
pub(super) async fn find_places(
    db: &mut PgConnection,
    within: &Within,
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
    push_sort_key(&mut sql, filter.sort, now);
    sql.push(" AS sort_key, issues.last_minute FROM issues");
    push_where(&mut sql, within, filter);
    sql.push(") AS found");
    push_place(&mut sql, filter);
    let order = if filter.page.is_backward() { "ASC" } else { "DESC" };
    sql.push(" ORDER BY ");
    if filter.sort == Sort::Date {
        // Says nothing new, and leads to the index.
        sql.push(format_args!("found.last_minute {order}, "));
    }
    sql.push(format_args!("found.sort_key {order}, found.id {order} LIMIT "));
    sql.push_bind(filter.page.fetch_size());
    // Not kept prepared: the plan must fit the values, and there are too many forms to keep.
    sql.build_query_as().persistent(false).fetch_all(db).await
}

/// How many issues there are, counted to one past [`MAX_TOTAL`].
pub(super) async fn count(
    db: &mut PgConnection,
    within: &Within,
    filter: &IssueFilter,
) -> sqlx::Result<i64> {
    let mut sql = Sql::new("SELECT count(*) FROM (SELECT FROM issues");
    push_where(&mut sql, within, filter);
    sql.push(" LIMIT ").push_bind(MAX_TOTAL + 1).push(") AS counted");
    sql.build_query_scalar().persistent(false).fetch_one(db).await
}

/// The names of environments by name.
pub(super) async fn list_environment_names(
    db: &mut PgConnection,
    within: &Within,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        r#"
        SELECT DISTINCT environment FROM issue_releases
        WHERE project_id = ANY($1)
        ORDER BY environment
        LIMIT $2
        "#,
        &within.projects,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The ids of up to `limit` issues, the oldest first.
pub(super) async fn find_ids(
    db: &mut PgConnection,
    within: &Within,
    filter: &IssueFilter,
    limit: i64,
) -> sqlx::Result<Vec<IssueId>> {
    let mut sql = Sql::new("SELECT issues.id FROM issues");
    push_where(&mut sql, within, filter);
    sql.push(" ORDER BY issues.id LIMIT ").push_bind(limit);
    sql.build_query_scalar().persistent(false).fetch_all(db).await
}

fn is_by_time(sort: Sort) -> bool {
    matches!(sort, Sort::Date | Sort::New)
}

fn push_sort_key(sql: &mut Sql, sort: Sort, now: Timestamp) {
    match sort {
        Sort::Date => sql.push("issues.last_seen"),
        Sort::New => sql.push("issues.first_seen"),
        Sort::User => sql.push("issues.user_count"),
        Sort::Freq => sql.push("issues.event_count"),
        Sort::Recommended => {
            // A million events or a hundred thousand users and more weigh the same. Floats: exact
            // numbers take ten times as long here.
            sql.push("(1e9 * (0.4 * power(0.5::float8, greatest(0, extract(epoch FROM ");
            sql.push_bind(now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now));
            sql.push(
                " - issues.last_seen)::float8) / 86400) \
                 + 0.3 * least(1, ln(1 + issues.event_count::float8) / ln(1e6::float8)) \
                 + 0.2 * issues.level::float8 / 50 \
                 + 0.1 * least(1, ln(1 + issues.user_count::float8) / ln(1e5::float8))))::bigint",
            )
        }
    };
}

pub(super) fn push_projects(sql: &mut Sql, within: &Within) {
    sql.push("ANY(").push_bind(within.projects.clone()).push(")");
}

pub(super) fn push_hours(sql: &mut Sql, period: Period) {
    if let Some(hour) = period.since_hour() {
        sql.push(" AND hour >= ").push_bind(hour);
    }
    if let Some(until) = period.until {
        sql.push(" AND hour < ").push_bind(until);
    }
}

pub(super) fn push_environments(sql: &mut Sql, filter: &IssueFilter) {
    if !filter.environments.is_empty() {
        sql.push(" AND environment = ANY(").push_bind(filter.environments.clone()).push(")");
    }
}

fn push_where(sql: &mut Sql, within: &Within, filter: &IssueFilter) {
    push_wanted(sql, within, filter);
    sql.push(" AND ");
    push_seen(sql, filter);
}

/// What is looked for, whenever and wherever it was seen.
pub(super) fn push_wanted(sql: &mut Sql, within: &Within, filter: &IssueFilter) {
    sql.push(" WHERE issues.project_id = ");
    push_projects(sql, within);
    sql.push(" AND issues.merged_into IS NULL AND ");
    push_condition(sql, within, &filter.condition);
}

/// Seen in the period and the environments.
pub(super) fn push_seen(sql: &mut Sql, filter: &IssueFilter) {
    let Period { since, until } = filter.period;
    if until.is_some() {
        sql.push(
            "EXISTS (SELECT FROM issue_parts AS part JOIN issue_hours AS seen \
             ON seen.project_id = part.project_id AND seen.part_id = part.id \
             WHERE part.project_id = issues.project_id AND part.issue_id = issues.id",
        );
        push_hours(sql, filter.period);
    } else if !filter.environments.is_empty() {
        sql.push(
            "EXISTS (SELECT FROM issue_parts AS part JOIN issue_releases AS seen \
             ON seen.project_id = part.project_id AND seen.part_id = part.id \
             WHERE part.project_id = issues.project_id AND part.issue_id = issues.id",
        );
        if let Some(since) = since {
            sql.push(" AND seen.last_seen >= ").push_bind(since);
        }
    } else {
        match since {
            Some(since) => {
                sql.push("issues.last_minute >= ").push_bind(minute_of(since));
                sql.push(" AND issues.last_seen >= ").push_bind(since)
            }
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
    let moment = DateTime::from_timestamp_micros(key).unwrap_or_default();
    sql.push(" WHERE ");
    if filter.sort == Sort::Date {
        sql.push(format_args!("found.last_minute {sign}= ")).push_bind(minute_of(moment));
        sql.push(" AND ");
    }
    sql.push(format_args!("(found.sort_key, found.id) {sign} ("));
    if is_by_time(filter.sort) {
        sql.push_bind(moment);
    } else {
        sql.push_bind(key);
    }
    sql.push(", ").push_bind(tie).push(")");
}

/// What `issues.last_minute` says of a moment.
fn minute_of(moment: Timestamp) -> Timestamp {
    moment.duration_trunc(TimeDelta::minutes(1)).unwrap_or(moment)
}

fn push_condition(sql: &mut Sql, within: &Within, condition: &Condition) {
    match condition {
        Condition::All(parts) => push_joined(sql, within, parts, " AND ", "true"),
        Condition::Any(parts) => push_joined(sql, within, parts, " OR ", "false"),
        Condition::Not(part) => {
            sql.push("NOT (");
            push_condition(sql, within, part);
            sql.push(")");
        }
        Condition::Issue(slug, number) => {
            sql.push("issues.id = (SELECT (id << 32) | ").push_bind(number.0);
            sql.push(" FROM projects WHERE organization_id = ").push_bind(within.organization.0);
            sql.push(" AND slug = ").push_bind(slug.clone()).push(")");
        }
        Condition::Project(pattern) => {
            sql.push("issues.project_id IN (SELECT id FROM projects WHERE organization_id = ");
            sql.push_bind(within.organization.0).push(" AND ");
            push_pattern(sql, "slug", pattern);
            sql.push(")");
        }
        Condition::Event(id) => {
            sql.push(
                "issues.id = ANY(ARRAY(SELECT part.issue_id FROM events JOIN issue_parts AS part \
                 ON part.project_id = events.project_id AND part.id = events.part_id \
                 WHERE events.project_id = ",
            );
            push_projects(sql, within);
            sql.push(" AND event_id = ").push_bind(id.0).push("))");
        }
        Condition::Assigned(sought) => push_assigned(sql, within, sought),
        Condition::Tag(key, pattern) => push_tag(sql, within, key, Some(pattern)),
        Condition::HasTag(key) => push_tag(sql, within, key, None),
        // Every search settles these before; without a name there is no such release.
        Condition::Release(_) => {
            sql.push("false");
        }
        other => push_fact(sql, other),
    }
}

fn push_joined(sql: &mut Sql, within: &Within, parts: &[Condition], join: &str, empty: &str) {
    if parts.is_empty() {
        sql.push(empty);
        return;
    }
    sql.push("(");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            sql.push(join);
        }
        push_condition(sql, within, part);
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
        Condition::Environment(pattern) => {
            sql.push(
                "EXISTS (SELECT FROM issue_parts AS part JOIN issue_releases AS seen \
                 ON seen.project_id = part.project_id AND seen.part_id = part.id \
                 WHERE part.project_id = issues.project_id AND part.issue_id = issues.id AND ",
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
        | Condition::Assigned(_)
        | Condition::Tag(..)
        | Condition::HasTag(_)
        | Condition::Release(_)
        | Condition::Event(_) => {
            sql.push("true");
        }
    }
}

/// Whose it is.
fn push_assigned(sql: &mut Sql, within: &Within, sought: &Sought) {
    let viewer = within.viewer.map(|user| user.0);
    sql.push(if *sought == Sought::Nobody { "NOT EXISTS" } else { "EXISTS" });
    sql.push(
        " (SELECT FROM issue_assignees AS assigned \
         WHERE assigned.project_id = issues.project_id AND assigned.issue_id = issues.id",
    );
    match sought {
        Sought::Nobody | Sought::Anybody => {}
        Sought::Me => {
            sql.push(" AND assigned.user_id = ").push_bind(viewer);
        }
        Sought::MyTeams => {
            sql.push(" AND assigned.team_id IN (SELECT team_id FROM team_members WHERE user_id = ");
            sql.push_bind(viewer).push(")");
        }
        Sought::Team(slug) => {
            sql.push(" AND assigned.team_id = (SELECT id FROM teams WHERE organization_id = ");
            sql.push_bind(within.organization.0);
            sql.push(" AND slug = ").push_bind(slug.clone()).push(")");
        }
        Sought::Person(text) => {
            sql.push(" AND assigned.user_id IN (SELECT id FROM users WHERE users.email = ");
            sql.push_bind(text.clone());
            sql.push(" OR lower(users.name) = ").push_bind(text.clone()).push(")");
        }
    }
    sql.push(")");
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

fn push_tag(sql: &mut Sql, within: &Within, key: &str, pattern: Option<&Pattern>) {
    // The projects stand here once more so that the tag can be looked up first, by the index on values.
    sql.push(
        "EXISTS (SELECT FROM issue_tags AS tag JOIN issue_parts AS part \
         ON part.project_id = tag.project_id AND part.id = tag.part_id WHERE tag.project_id = ",
    );
    push_projects(sql, within);
    sql.push(
        " AND part.project_id = issues.project_id AND part.issue_id = issues.id AND tag.key = ",
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
        Pattern::Like(like) if like.is_ascii() => sql.push(" ILIKE ").push_bind(like.clone()),
        Pattern::Like(like) => sql.push(" ILIKE ANY(").push_bind(in_either_case(like)).push(")"),
    };
}

/// The pattern with letters as they are, small and large: in a database of the locale `C`, which Picket's own has,
/// Postgres knows no other letters than those of ASCII as the same.
fn in_either_case(like: &str) -> Vec<String> {
    fn only<I: Iterator<Item = char> + Clone>(letter: char, mut other: I) -> char {
        // `ß` has no one large letter.
        let first = other.next();
        first.filter(|_| other.next().is_none()).unwrap_or(letter)
    }
    let small = like.chars().map(|letter| only(letter, letter.to_lowercase())).collect();
    let large = like.chars().map(|letter| only(letter, letter.to_uppercase())).collect();
    vec![like.to_owned(), small, large]
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
