//! What the list of issues shows, as its address says it.

use serde::Deserialize;

use crate::base::PageRequest;
use crate::base::page::Cursor;
use crate::domain::issues::{Condition, IssueFilter, Period, Sort, StatsPeriod, Status};
use crate::domain::query::Pattern;

/// A page of the list: more would not be read, and fewer would be paged too often.
const PAGE_SIZE: u16 = 50;

/// The list's address, as it comes; everything may be missing or wrong.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ListQuery {
    /// `unresolved`, `resolved`, `archived` or `all`.
    #[serde(default)]
    pub state: String,
    /// A project's slug; empty for all.
    #[serde(default)]
    pub project: String,
    /// An environment; empty for all.
    #[serde(default)]
    pub environment: String,
    /// A release's name; empty for all.
    #[serde(default)]
    pub release: String,
    /// The search.
    #[serde(default)]
    pub query: String,
    /// The order.
    #[serde(default)]
    pub sort: String,
    /// The stretch of the bars: `24h` or `14d`.
    #[serde(default)]
    pub bars: String,
    /// The place of the page.
    #[serde(default)]
    pub cursor: String,
}

/// The environment of events that name none, in an address.
pub(super) const WITHOUT_ENVIRONMENT: &str = "(none)";

/// The states one can choose, in the order of the tabs.
pub(super) const STATES: [(&str, &str); 4] = [
    ("unresolved", "Unresolved"),
    ("resolved", "Resolved"),
    ("archived", "Archived"),
    ("all", "All"),
];

/// The orders one can choose.
pub(super) const SORTS: [(Sort, &str); 5] = [
    (Sort::Date, "Last seen"),
    (Sort::New, "First seen"),
    (Sort::Freq, "Events"),
    (Sort::User, "Users"),
    (Sort::Recommended, "Recommended"),
];

impl ListQuery {
    /// The chosen state; the default is what waits for somebody.
    pub fn state(&self) -> &'static str {
        STATES
            .into_iter()
            .map(|(word, _)| word)
            .find(|word| *word == self.state)
            .unwrap_or("unresolved")
    }

    /// The chosen order.
    pub fn sort(&self) -> Sort {
        Sort::from_word(&self.sort).unwrap_or_default()
    }

    /// The chosen stretch of the bars.
    pub fn bars(&self) -> StatsPeriod {
        if self.bars == "14d" { StatsPeriod::Fortnight } else { StatsPeriod::Day }
    }

    /// The environments to look into; none for all.
    pub fn environments(&self) -> Vec<String> {
        match self.environment.as_str() {
            "" => Vec::new(),
            WITHOUT_ENVIRONMENT => vec![String::new()],
            name => vec![name.to_owned()],
        }
    }

    /// The filter for a state with what the search means.
    pub fn filter_of(&self, state: &str, searched: Condition) -> IssueFilter {
        let state = match state {
            "unresolved" => Some(Status::Unresolved),
            "resolved" => Some(Status::Resolved),
            "archived" => Some(Status::Ignored),
            _ => None,
        };
        let mut all: Vec<Condition> = state.map(Condition::Status).into_iter().collect();
        if !self.release.is_empty() {
            let release = Pattern::Is(vec![self.release.clone()]);
            all.push(Condition::Tag("release".to_owned(), release));
        }
        let condition = if all.is_empty() {
            searched
        } else {
            all.push(searched);
            Condition::All(all)
        };
        let cursor: Option<Cursor> = self.cursor.parse().ok();
        IssueFilter {
            condition,
            environments: self.environments(),
            period: Period::default(),
            sort: self.sort(),
            page: PageRequest::new(cursor, PAGE_SIZE),
        }
    }

    /// Whether something besides the state narrows the list.
    pub fn is_narrowed(&self) -> bool {
        let chosen = [&self.environment, &self.project, &self.release];
        !self.query.trim().is_empty() || chosen.into_iter().any(|choice| !choice.is_empty())
    }

    /// The address of this list; what is as by default is left out.
    pub fn url(&self, list_url: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let pairs = [
            ("state", if self.state() == "unresolved" { "" } else { self.state() }),
            ("project", &self.project),
            ("environment", &self.environment),
            ("release", &self.release),
            ("query", self.query.trim()),
            ("sort", if self.sort() == Sort::default() { "" } else { self.sort().as_str() }),
            ("bars", if self.bars() == StatsPeriod::Day { "" } else { "14d" }),
            ("cursor", &self.cursor),
        ];
        query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
        let query = query.finish();
        if query.is_empty() { list_url.to_owned() } else { format!("{list_url}?{query}") }
    }

    /// The same list from its first page: where a changed list begins.
    pub fn first_page(&self) -> Self {
        Self { cursor: String::new(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ListQuery {
        let mut query = ListQuery::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            match name.as_ref() {
                "state" => query.state = value.into_owned(),
                "sort" => query.sort = value.into_owned(),
                "query" => query.query = value.into_owned(),
                "bars" => query.bars = value.into_owned(),
                "cursor" => query.cursor = value.into_owned(),
                "release" => query.release = value.into_owned(),
                _ => query.environment = value.into_owned(),
            }
        }
        query
    }

    #[test]
    fn an_address_holds_only_what_is_not_as_by_default() {
        assert_eq!(ListQuery::default().url("/default/issues"), "/default/issues");
        let query = read("state=nonsense&sort=date&bars=24h");
        assert_eq!(query.url("/default/issues"), "/default/issues");
        let query = read("state=all&sort=freq&bars=14d&query=is:new x");
        assert_eq!(
            query.url("/d/issues"),
            "/d/issues?state=all&query=is%3Anew+x&sort=freq&bars=14d"
        );
    }

    #[test]
    fn a_changed_list_begins_at_its_first_page() {
        let query = read("cursor=1:2:0&state=all");
        assert!(query.url("/d").contains("cursor"));
        let other = ListQuery { sort: "user".to_owned(), ..query.first_page() };
        assert_eq!(other.url("/d"), "/d?state=all&sort=user");
    }

    #[test]
    fn the_state_and_the_search_must_both_hold() {
        let filter = read("query=level:error").filter_of("resolved", Condition::Unhandled);
        let both = vec![Condition::Status(Status::Resolved), Condition::Unhandled];
        assert_eq!(filter.condition, Condition::All(both));
    }

    #[test]
    fn a_chosen_release_is_taken_by_its_name_whatever_is_in_it() {
        let query = read("release=shop%401.*%22&state=all");
        let Condition::All(parts) = query.filter_of("all", Condition::ALWAYS).condition else {
            panic!("the release and the search");
        };
        let exactly = Pattern::Is(vec!["shop@1.*\"".to_owned()]);
        assert_eq!(parts[0], Condition::Tag("release".to_owned(), exactly));
        assert_eq!(query.url("/d"), "/d?state=all&release=shop%401.*%22");
        assert!(query.is_narrowed());
    }

    #[test]
    fn events_without_environment_can_be_asked_for() {
        assert_eq!(read("").environments(), Vec::<String>::new());
        assert_eq!(read("environment=(none)").environments(), [""]);
        assert_eq!(read("environment=staging").environments(), ["staging"]);
    }
}
