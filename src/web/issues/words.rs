//! An issue's state in words.

use crate::base::Timestamp;
use crate::domain::issues::{Issue, Status, StatusDetail, Substatus};
use crate::web::components::number;
use crate::web::components::time::Moment;

/// A word about a thing, with the tone of its badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Badge {
    /// The word.
    pub(in crate::web) word: &'static str,
    /// `accent`, `good`, `warning` … or empty.
    pub(in crate::web) tone: &'static str,
    /// What it means.
    pub(in crate::web) meaning: String,
}

/// The badge of an issue's state; an ongoing issue needs none.
pub(in crate::web) fn state_badge(issue: &Issue, now: Timestamp) -> Option<Badge> {
    let badge = |word, tone, meaning: &str| Some(Badge { word, tone, meaning: meaning.to_owned() });
    match (issue.status, issue.substatus) {
        (Status::Unresolved, Some(Substatus::New)) => {
            badge("New", "accent", "Opened within the last 7 days")
        }
        (Status::Unresolved, Some(Substatus::Regressed)) => {
            badge("Regressed", "warning", "It was resolved, and an event arrived after that")
        }
        (Status::Unresolved, Some(Substatus::Escalating)) => {
            badge("Escalating", "warning", "Much more frequent than it was")
        }
        (Status::Unresolved, _) => None,
        (Status::Resolved, _) => badge("Resolved", "good", &resolved_words(&issue.status_detail)),
        (Status::Ignored, substatus) => {
            badge("Archived", "", &archived_words(substatus, &issue.status_detail, now))
        }
    }
}

fn resolved_words(detail: &StatusDetail) -> String {
    if detail.in_next_release {
        match &detail.after_release {
            Some(release) => format!("Resolved in the release after {release}"),
            None => "Resolved in the next release".to_owned(),
        }
    } else if let Some(release) = &detail.in_release {
        format!("Resolved in {release}")
    } else if let Some(commit) = &detail.in_commit {
        format!("Resolved by commit {commit}")
    } else {
        "The next event reopens it".to_owned()
    }
}

fn archived_words(substatus: Option<Substatus>, detail: &StatusDetail, now: Timestamp) -> String {
    match substatus {
        Some(Substatus::ArchivedUntilConditionMet) => {
            let mut until = Vec::new();
            if let Some(moment) = detail.ignore_until {
                until.push(Moment::new(moment, now).exact());
            }
            if let Some(count) = detail.ignore_count {
                until.push(number::counted(count, "more event", "more events"));
            }
            if let Some(count) = detail.ignore_user_count {
                until.push(number::counted(count, "more user", "more users"));
            }
            if until.is_empty() {
                "Archived until a condition is met".to_owned()
            } else {
                format!("Archived until {}", until.join(" or "))
            }
        }
        Some(Substatus::ArchivedUntilEscalating) => {
            "Archived until it becomes much more frequent".to_owned()
        }
        _ => "Archived for good".to_owned(),
    }
}

/// The two halves of an issue's title: what is said at a glance, and the rest.
pub(in crate::web) fn title(issue: &Issue) -> (String, String) {
    let kind = issue.exception_type.as_deref().filter(|kind| !kind.is_empty());
    // The title is `type: value` for errors whose type is shown; a synthetic one is called by its function.
    match kind.and_then(|kind| issue.title.strip_prefix(kind).map(|rest| (kind, rest))) {
        Some((kind, rest)) => {
            let value = issue.exception_value.as_deref().filter(|value| !value.is_empty());
            let rest = rest.trim_start_matches([':', ' ']);
            (kind.to_owned(), value.unwrap_or(rest).to_owned())
        }
        None if issue.title.is_empty() => ("<no title>".to_owned(), String::new()),
        None => (issue.title.clone(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::issues::sample;

    #[test]
    fn a_title_is_split_at_the_exceptions_type() {
        let mut issue = sample::issue();
        assert_eq!(title(&issue), ("ZeroDivisionError".to_owned(), "division by zero".to_owned()));
        issue.exception_value = None;
        assert_eq!(title(&issue).1, "division by zero");
        issue.exception_type = None;
        assert_eq!(title(&issue).0, "ZeroDivisionError: division by zero");
        issue.title = String::new();
        assert_eq!(title(&issue).0, "<no title>");
    }

    #[test]
    fn only_states_that_ask_for_attention_have_a_badge() {
        let now = sample::now();
        let mut issue = sample::issue();
        let word = |issue: &Issue| state_badge(issue, now).map(|badge| badge.word);
        issue.substatus = Some(Substatus::Ongoing);
        assert_eq!(word(&issue), None);
        issue.substatus = Some(Substatus::Regressed);
        assert_eq!(word(&issue), Some("Regressed"));
        issue.status = Status::Resolved;
        issue.substatus = None;
        issue.status_detail.in_release = Some("shop@2".to_owned());
        assert_eq!(state_badge(&issue, now).unwrap().meaning, "Resolved in shop@2");
    }

    #[test]
    fn an_archive_says_until_when() {
        let detail = StatusDetail {
            ignore_count: Some(100),
            ignore_user_count: Some(1),
            ..StatusDetail::default()
        };
        let until = Some(Substatus::ArchivedUntilConditionMet);
        assert_eq!(
            archived_words(until, &detail, sample::now()),
            "Archived until 100 more events or 1 more user"
        );
        assert_eq!(
            archived_words(Some(Substatus::ArchivedForever), &detail, sample::now()),
            "Archived for good"
        );
    }
}
