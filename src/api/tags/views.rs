//! How tags and environments look on the wire (`web-api.md` §3.4, §3.7).

use std::cmp::Reverse;

use serde::Serialize;

use crate::api::{Error, Result};
use crate::base::Timestamp;
use crate::domain::issues::{ProjectTag, TagValue};

/// A tag that events of some projects carry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct TagKeyView {
    key: String,
    name: String,
    total_values: i64,
}

impl TagKeyView {
    pub(super) fn new(tag: ProjectTag) -> Self {
        Self { name: label(&tag.key), key: tag.key, total_values: tag.event_count }
    }
}

/// A value of a tag. Of users, what the value says about them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct TagValueView {
    key: String,
    name: String,
    value: String,
    count: i64,
    last_seen: Timestamp,
    first_seen: Timestamp,
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(rename = "ipAddress", skip_serializing_if = "Option::is_none")]
    ip_address: Option<String>,
}

impl TagValueView {
    pub(in crate::api) fn new(key: &str, value: TagValue) -> Self {
        let user = if key == "user" { value.value.split_once(':') } else { None };
        let of_kind =
            |kind| user.filter(|(known, _)| *known == kind).map(|(_, rest)| rest.to_owned());
        Self {
            key: key.to_owned(),
            name: user.map_or(value.value.as_str(), |(_, rest)| rest).to_owned(),
            count: value.event_count,
            last_seen: value.last_seen,
            first_seen: value.first_seen,
            query: user_query(key, &value.value),
            id: of_kind("id"),
            email: of_kind("email"),
            username: of_kind("username"),
            ip_address: of_kind("ip"),
            value: value.value,
        }
    }
}

/// The search that finds a user again: the tag's value is not what one searches by.
pub(in crate::api) fn user_query(key: &str, value: &str) -> Option<String> {
    let (kind, rest) = value.split_once(':').filter(|_| key == "user")?;
    Some(format!("user.{kind}:\"{}\"", rest.replace('"', "\\\"")))
}

/// Brings values into the order that is asked for; none is the most frequent first.
pub(in crate::api) fn sort_values(rows: &mut [TagValueView], sort: Option<&str>) -> Result<()> {
    match sort {
        None | Some("" | "-count" | "count") => rows.sort_by_key(|row| Reverse(row.count)),
        Some("-last_seen" | "date" | "-lastSeen") => rows.sort_by_key(|row| Reverse(row.last_seen)),
        Some("-first_seen" | "age") => rows.sort_by_key(|row| Reverse(row.first_seen)),
        Some(_) => return Err(Error::invalid("sort", "Choose -count, -last_seen or -first_seen.")),
    }
    Ok(())
}

/// What a tag is called on pages: `browser.name` is `Browser Name`.
pub(in crate::api) fn label(key: &str) -> String {
    match key {
        "url" => "URL".to_owned(),
        "os" => "OS".to_owned(),
        "os.name" => "OS Name".to_owned(),
        "client_os" => "Client OS".to_owned(),
        "client_os.name" => "Client OS Name".to_owned(),
        "server_name" => "Server".to_owned(),
        key => {
            let words = key.split(['.', '_', '-', ' ']).filter(|word| !word.is_empty());
            words.map(capitalized).collect::<Vec<_>>().join(" ")
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// An environment in an organization.
#[derive(Debug, Serialize)]
pub(in crate::api) struct EnvironmentView {
    id: String,
    name: String,
}

/// An environment in a project.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct ProjectEnvironmentView {
    #[serde(flatten)]
    environment: EnvironmentView,
    is_hidden: bool,
}

impl EnvironmentView {
    pub(super) fn new(name: String) -> Self {
        // Environments are nothing but names here; the id has to be a number that stays.
        Self { id: crc32fast::hash(name.as_bytes()).to_string(), name }
    }
}

impl ProjectEnvironmentView {
    pub(super) fn new(name: String) -> Self {
        Self { environment: EnvironmentView::new(name), is_hidden: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_words() {
        assert_eq!(label("browser.name"), "Browser Name");
        assert_eq!(label("url"), "URL");
        assert_eq!(label("my-tag"), "My Tag");
        assert_eq!(label("über"), "Über");
    }

    #[test]
    fn a_user_is_searched_by_the_kind_of_the_value() {
        assert_eq!(user_query("user", "email:a\"b").as_deref(), Some("user.email:\"a\\\"b\""));
        assert_eq!(user_query("browser", "id:1"), None);
    }
}
