//! Issues: what is broken, each with all its events, its state and its history.
//!
//! The pipeline opens issues and counts for them in batches; people and programs find them with
//! [`mod@search`], look at one with [`find`], and change its state with the verbs of [`triage`]:
//! [`resolve`], [`reopen`], [`archive`], and [`restore`], which undoes any of them. Each verb works on a
//! selection in one transaction and leaves a line of [`mod@activity`] per issue that it really changed.
//!
//! Every table begins with the project and an `IssueId` says its project, so a list of issues is
//! always looked up by both: that is what keeps one database shardable.

mod activity;
pub mod assignees;
pub mod batch;
mod detail;
pub mod escalation;
pub mod fixes;
mod latest;
pub mod moves;
pub mod query;
pub mod regroupings;
pub mod retention;
mod search;
pub mod signatures;
mod state;
mod stats;
mod store;
mod summary;
pub mod suspects;
mod tags;
pub mod triage;

pub use activity::{Activity, ActivityKind, activity};
pub use assignees::{OwnerWord, Sought, assign, assignees};
pub use detail::{
    Hash, Issue, SeenIn, environments, explanation, find, find_by_short_id, find_many, follow,
    hash, hash_owners, hashes,
};
pub use escalation::escalate;
pub use latest::list_events;
pub use query::Condition;
pub use search::{
    IssueFilter, Period, Scope, Sort, count, environment_names, search, search_ids, settle_releases,
};
pub use state::{Archive, Resolution, State, Status, StatusDetail, Substatus};
pub use stats::{Counts, Series, StatsPeriod, counts, series};
pub use tags::{
    ProjectTag, TagKey, TagValue, environments_of_projects, project_tag_values, project_tags,
    tag_key, tag_keys, tag_values,
};
pub use triage::{Change, age, archive, recent_releases, reopen, reopen_due, resolve, restore};
