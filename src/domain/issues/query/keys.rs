//! The keys of a search, one by one.

use super::{Condition, Field, OfRelease};
use crate::base::{IssueNumber, Timestamp};
use crate::domain::issues::{Sought, Status, Substatus};
use crate::domain::query::{
    Comparison, Filter, Key, NumberFilter, Pattern, QueryError, Result, TimeRange, boolean,
};
use crate::domain::releases::wanted::Wanted;
use crate::protocol::event::Level;

/// What the tag `user` may begin with, best known first.
const USER_KINDS: [&str; 4] = ["id:", "email:", "username:", "ip:"];

/// What a filter means, before `!` is looked at.
pub(super) fn condition(filter: &Filter, now: Timestamp) -> Result<Condition> {
    match &filter.key {
        Key::Tag(name) => tag(name, filter),
        Key::Flag(name) => fail(format!("feature flags such as `{name}` cannot be searched yet")),
        Key::Name(name) => match state_condition(name, filter)? {
            Some(condition) => Ok(condition),
            None => field_condition(name, filter, now),
        },
    }
}

fn fail<T>(problem: impl Into<String>) -> Result<T> {
    Err(QueryError(problem.into()))
}

/// Keys about the issue's state and the people around it; `None` for any other key.
fn state_condition(name: &str, filter: &Filter) -> Result<Option<Condition>> {
    Ok(Some(match name {
        "is" | "status" => is(filter.only_value()?)?,
        "has" => has(filter.only_value()?)?,
        "assigned" | "assigned_to" | "assigned_or_suggested" => {
            any(&filter.values, |who| Ok(Condition::Assigned(Sought::of_word(who))))?
        }
        // Nothing can be bookmarked or subscribed to yet.
        "bookmarks" | "bookmarked_by" | "subscribed" | "subscribed_by" => Condition::NEVER,
        "issue.category" | "issue.type" => {
            Condition::constant(filter.values.iter().any(|word| word == "error"))
        }
        "issue.priority" => any(&filter.values, priority)?,
        "issue" => any(&filter.values, issue)?,
        "issue.id" => any(&filter.values, issue_id)?,
        "level" => level(filter)?,
        _ => return Ok(None),
    }))
}

fn field_condition(name: &str, filter: &Filter, now: Timestamp) -> Result<Condition> {
    Ok(match name {
        "firstSeen" | "first_seen" | "age" => Condition::FirstSeen(TimeRange::of(filter, now)?),
        "lastSeen" | "last_seen" | "date" | "timestamp" | "event.timestamp" => {
            Condition::LastSeen(TimeRange::of(filter, now)?)
        }
        "timesSeen" | "times_seen" => Condition::TimesSeen(NumberFilter::of(filter)?),
        "userCount" | "users_affected" => Condition::UserCount(NumberFilter::of(filter)?),
        "environment" => Condition::Environment(filter.pattern()?),
        "project" | "project.name" | "project.id" | "project_id" => project(filter)?,
        "id" | "event.id" => any(&filter.values, event)?,
        "error.handled" => unhandled(!boolean(filter)?),
        "error.unhandled" => unhandled(boolean(filter)?),
        "message" => any(&filter.values, |text| Ok(Condition::Words(Pattern::containing(text))))?,
        "user" | "user.display" => any(&filter.values, |value| Ok(user(value)))?,
        "user.id" | "user.email" | "user.username" | "user.ip" => {
            let kind = format!("{}:", &name["user.".len()..]);
            Condition::Tag("user".to_owned(), filter.pattern()?.prefixed(&kind))
        }
        "http.url" => tag("url", filter)?,
        "error.mechanism" => tag("mechanism", filter)?,
        "release" => release(filter, false)?,
        "first_release" | "firstRelease" | "first-release" => release(filter, true)?,
        "title" => text(Field::Title, filter)?,
        "culprit" => text(Field::Culprit, filter)?,
        "location" | "stack.filename" => text(Field::Filename, filter)?,
        "stack.function" => text(Field::Function, filter)?,
        "error.type" => text(Field::ExceptionType, filter)?,
        "error.value" => text(Field::ExceptionValue, filter)?,
        "logger" => text(Field::Logger, filter)?,
        "platform" | "platform.name" => text(Field::Platform, filter)?,
        "event.type" => text(Field::Kind, filter)?,
        unknown if is_unanswerable(unknown) => {
            return fail(format!("`{unknown}` cannot be searched: it is not indexed"));
        }
        unknown => match Wanted::of(filter) {
            Some(wanted) => of_release(wanted?, filter, false),
            None => tag(unknown, filter)?,
        },
    })
}

/// Keys of the language whose answer lies only inside payloads.
fn is_unanswerable(name: &str) -> bool {
    name.starts_with("stack.")
        || name.starts_with("geo.")
        || name.starts_with("timestamp.")
        || matches!(
            name,
            "error.main_thread" | "trace" | "trace.span" | "trace.parent_span" | "profile.id"
        )
}

/// One condition per value, any of which may hold.
fn any(values: &[String], one: impl Fn(&str) -> Result<Condition>) -> Result<Condition> {
    match values {
        [value] => one(value),
        values => values.iter().map(|value| one(value)).collect::<Result<_>>().map(Condition::Any),
    }
}

fn is(word: &str) -> Result<Condition> {
    let new_or_back = [Substatus::New, Substatus::Regressed, Substatus::Escalating];
    Ok(match word.to_ascii_lowercase().as_str() {
        "unresolved" => Condition::Status(Status::Unresolved),
        "resolved" => Condition::Status(Status::Resolved),
        "ignored" | "archived" | "muted" => Condition::Status(Status::Ignored),
        "unassigned" => Condition::Assigned(Sought::Nobody),
        "assigned" => Condition::Assigned(Sought::Anybody),
        "unlinked" => Condition::ALWAYS,
        "linked" => Condition::NEVER,
        "for_review" => Condition::Any(new_or_back.map(Condition::Substatus).to_vec()),
        word => match Substatus::from_word(word) {
            Some(substatus) => Condition::Substatus(substatus),
            None => {
                return fail(format!(
                    "`is:{word}` is unknown; try unresolved, resolved, archived, new, ongoing, regressed or escalating"
                ));
            }
        },
    })
}

fn has(name: &str) -> Result<Condition> {
    Ok(match name {
        "assignee" => Condition::Assigned(Sought::Anybody),
        "environment" => Condition::Environment(Pattern::Like("_%".to_owned())),
        "error.type" => Condition::Has(Field::ExceptionType),
        "error.value" => Condition::Has(Field::ExceptionValue),
        "culprit" => Condition::Has(Field::Culprit),
        "logger" => Condition::Has(Field::Logger),
        "first_release" | "firstRelease" => Condition::Has(Field::FirstRelease),
        part if part.starts_with("release.") => {
            return fail(format!("`has:{part}` is not possible; `has:release` finds any release"));
        }
        tag => Condition::HasTag(tag.to_owned()),
    })
}

fn level(filter: &Filter) -> Result<Condition> {
    let read = |word: &str| {
        word.parse::<Level>().map_err(|()| {
            QueryError(format!("`level` is fatal, error, warning, info or debug, not `{word}`"))
        })
    };
    let (lowest, highest) = (Level::Debug, Level::Fatal);
    let beside = |level: Level, step: i16| Level::from_number(level.number() + step);
    let Some(comparison) = filter.comparison else {
        return any(&filter.values, |word| read(word).map(|level| Condition::Level(level, level)));
    };
    let level = read(filter.only_value()?)?;
    Ok(match comparison {
        Comparison::AtLeast => Condition::Level(level, highest),
        Comparison::AtMost => Condition::Level(lowest, level),
        Comparison::Above if level == highest => Condition::NEVER,
        Comparison::Above => Condition::Level(beside(level, 10), highest),
        Comparison::Below if level == lowest => Condition::NEVER,
        Comparison::Below => Condition::Level(lowest, beside(level, -10)),
        Comparison::Equal | Comparison::NotEqual => Condition::Level(level, level),
    })
}

/// The priority that the API shows follows from the level: see [`Level`]'s use in `api::issues`.
fn priority(word: &str) -> Result<Condition> {
    Ok(match word {
        "high" => Condition::Level(Level::Error, Level::Fatal),
        "medium" => Condition::Level(Level::Warning, Level::Warning),
        "low" => Condition::Level(Level::Debug, Level::Info),
        _ => return fail(format!("`issue.priority` is high, medium or low, not `{word}`")),
    })
}

fn issue_id(text: &str) -> Result<Condition> {
    let id = text.parse().map_err(|_| QueryError(format!("`{text}` is no id of an issue")))?;
    Ok(Condition::Ids(vec![id]))
}

fn issue(short_id: &str) -> Result<Condition> {
    let parts = short_id.rsplit_once('-');
    let read = parts.and_then(|(slug, number)| {
        Some(Condition::Issue(slug.to_lowercase(), IssueNumber::from_base32(number)?))
    });
    read.ok_or_else(|| QueryError(format!("`{short_id}` is no short id such as `SHOP-2F`")))
}

fn project(filter: &Filter) -> Result<Condition> {
    let is_id = filter.key.name().ends_with("id");
    any(&filter.values, |value| match value.parse() {
        Ok(id) => Ok(Condition::ProjectId(id)),
        Err(_) if is_id => fail(format!("`{}` needs a number", filter.key.name())),
        Err(_) => Ok(Condition::Project(Pattern::of(value))),
    })
}

fn event(id: &str) -> Result<Condition> {
    id.parse().map(Condition::Event).map_err(|_| QueryError(format!("`{id}` is no event id")))
}

fn unhandled(is_unhandled: bool) -> Condition {
    if is_unhandled { Condition::Unhandled } else { Condition::Not(Box::new(Condition::Unhandled)) }
}

/// A user as the tag has it (`id:1`), or by any of its names.
fn user(value: &str) -> Condition {
    let tag = |pattern| Condition::Tag("user".to_owned(), pattern);
    let pattern = Pattern::of(value);
    if pattern.is_empty() {
        return Condition::Not(Box::new(Condition::HasTag("user".to_owned())));
    }
    if USER_KINDS.iter().any(|kind| value.starts_with(kind)) {
        return tag(pattern);
    }
    Condition::Any(USER_KINDS.map(|kind| tag(pattern.clone().prefixed(kind))).to_vec())
}

/// Releases by name; `latest` is the newest one of each project.
fn release(filter: &Filter, is_first: bool) -> Result<Condition> {
    let named = |filter: &Filter| {
        if is_first { text(Field::FirstRelease, filter) } else { tag("release", filter) }
    };
    let is_text =
        matches!(filter.comparison, None | Some(Comparison::Equal | Comparison::NotEqual));
    let (latest, others): (Vec<String>, Vec<String>) =
        filter.values.iter().cloned().partition(|name| is_text && name == "latest");
    if latest.is_empty() {
        return named(filter);
    }
    let latest = of_release(Wanted::Latest, filter, is_first);
    if others.is_empty() {
        return Ok(latest);
    }
    let others = named(&Filter { values: others, ..filter.clone() })?;
    Ok(Condition::Any(vec![latest, others]))
}

fn of_release(wanted: Wanted, filter: &Filter, is_first: bool) -> Condition {
    let sign = filter.comparison.map_or("", Comparison::as_str);
    let values = match filter.values.as_slice() {
        [value] => value.clone(),
        values => format!("[{}]", values.join(", ")),
    };
    let words = format!("{}:{sign}{values}", filter.key.name());
    Condition::Release(Box::new(OfRelease { wanted, is_first, words }))
}

fn tag(name: &str, filter: &Filter) -> Result<Condition> {
    let pattern = filter.pattern()?;
    Ok(if pattern.is_empty() {
        Condition::Not(Box::new(Condition::HasTag(name.to_owned())))
    } else {
        Condition::Tag(name.to_owned(), pattern)
    })
}

fn text(field: Field, filter: &Filter) -> Result<Condition> {
    let pattern = filter.pattern()?;
    Ok(if pattern.is_empty() {
        Condition::Not(Box::new(Condition::Has(field)))
    } else {
        Condition::Field(field, pattern)
    })
}
