//! Making dictionaries out of stored events.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use chrono::TimeDelta;

use super::{DictionaryRow, family, find, store};
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::Result;
use crate::infra::compression::{self, Dictionary, FIRST_ID};

/// Fewer events than this do not show what the family has in common (`limits.md` §3).
const MIN_EVENTS: usize = 500;

/// More events than this teach nothing new.
const MAX_EVENTS: i64 = 2000;

/// More documents than this, in bytes before packing, teach nothing new and take seconds.
const MAX_BYTES: usize = 8 << 20;

/// Issues that events are taken from.
const MAX_ISSUES: i64 = 500;

/// Events before this time are no example of what comes; also how long a dictionary is taken for good.
const RENEW_DAYS: i64 = 7;

/// A dictionary that is younger than this is replaced only by a better one. An older one always, so
/// that it does not keep words of events that were deleted long ago.
const MAX_AGE_DAYS: i64 = 30;

/// One event in so many is not trained with: on these the new dictionary has to prove itself.
const PROOF_SHARE: usize = 5;

/// A new dictionary must make payloads this much smaller, in percent.
const MIN_GAIN_PERCENT: usize = 3;

/// A dictionary that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trained {
    /// Of which family of platforms.
    pub family: String,
    /// Its id.
    pub id: u32,
    /// Bytes that a sample of events takes without it.
    pub bytes_before: usize,
    /// Bytes that the same events take with it.
    pub bytes_after: usize,
}

/// Trains a dictionary for each family that has none, or an old one, and enough events.
///
/// # Errors
/// When the database fails.
pub async fn train_due(app: &App) -> Result<Vec<Trained>> {
    let now = app.clock.now();
    let since = now - TimeDelta::days(RENEW_DAYS);
    let mut db = app.db.acquire().await?;
    let current: HashMap<String, DictionaryRow> = store::list_current(&mut db)
        .await?
        .into_iter()
        .map(|row| (row.family.clone(), row))
        .collect();
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for platform in store::list_platforms(&mut db, since).await? {
        families.entry(family(&platform).to_owned()).or_default().push(platform);
    }
    drop(db);
    let mut trained = Vec::new();
    for (family, platforms) in families {
        let known = current.get(&family);
        if known.is_none_or(|known| known.created_at <= since) {
            trained.extend(train_family(app, &family, &platforms, known, now).await?);
        }
    }
    Ok(trained)
}

async fn train_family(
    app: &App,
    family: &str,
    platforms: &[String],
    known: Option<&DictionaryRow>,
    now: Timestamp,
) -> Result<Option<Trained>> {
    let documents = documents(app, platforms, now).await?;
    if documents.len() < MIN_EVENTS {
        return Ok(None);
    }
    let mut db = app.db.acquire().await?;
    let before = match known {
        Some(row) => Some(find(&mut db, &app.dictionaries, row.id.cast_unsigned()).await?),
        None => None,
    };
    let is_too_old = known.is_some_and(|row| row.created_at <= now - TimeDelta::days(MAX_AGE_DAYS));
    let id = store::next_id(&mut db, FIRST_ID.cast_signed()).await?;
    drop(db);
    // Seconds of CPU: not where requests are answered.
    let candidate =
        tokio::task::spawn_blocking(move || Candidate::train(&documents, id, before.as_deref()))
            .await
            .context("training a dictionary panicked")?;
    let Some(candidate) = candidate.filter(|made| is_too_old || made.is_better()) else {
        return Ok(None);
    };
    // Should another process have taken the id meanwhile, this one fails and is made again later.
    let mut tx = app.db.begin().await?;
    store::retire(&mut tx, family, now).await?;
    store::insert(&mut tx, id, family, &candidate.bytes, now).await?;
    tx.commit().await?;
    Ok(Some(Trained {
        family: family.to_owned(),
        id: id.cast_unsigned(),
        bytes_before: candidate.bytes_before,
        bytes_after: candidate.bytes_after,
    }))
}

/// Recent events of these platforms as JSON: of many issues a few each, of a few issues many.
async fn documents(app: &App, platforms: &[String], now: Timestamp) -> Result<Vec<Vec<u8>>> {
    let since = now - TimeDelta::days(RENEW_DAYS);
    let mut db = app.db.acquire().await?;
    let issues = store::count_issues(&mut db, platforms, since, MAX_ISSUES).await?;
    let per_issue = MAX_EVENTS / issues.max(1);
    let mut documents = Vec::new();
    let mut bytes = 0;
    for frame in store::list_payloads(&mut db, platforms, since, issues, per_issue).await? {
        let dictionary = match compression::dictionary_id(&frame) {
            Some(id) => Some(find(&mut db, &app.dictionaries, id).await?),
            None => None,
        };
        let document = compression::decompress(&frame, dictionary.as_deref())
            .context("could not unpack a stored event")?;
        bytes += document.len();
        if bytes > MAX_BYTES {
            break;
        }
        documents.push(document);
    }
    Ok(documents)
}

/// A dictionary that has been tried but is not in use.
struct Candidate {
    bytes: Vec<u8>,
    bytes_before: usize,
    bytes_after: usize,
}

impl Candidate {
    /// `None` if the documents make no dictionary.
    fn train(documents: &[Vec<u8>], id: i32, before: Option<&Dictionary>) -> Option<Self> {
        let is_proof = |index: usize| index.is_multiple_of(PROOF_SHARE);
        let examples: Vec<&Vec<u8>> = documents
            .iter()
            .enumerate()
            .filter(|(index, _)| !is_proof(*index))
            .map(|(_, document)| document)
            .collect();
        let bytes = compression::train(&examples, id.cast_unsigned()).ok()?;
        let made = Dictionary::new(&bytes).ok()?;
        let size = |dictionary: Option<&Dictionary>| {
            let proof = documents.iter().step_by(PROOF_SHARE);
            proof.map(|document| compression::compress(document, dictionary).len()).sum()
        };
        Some(Self { bytes_before: size(before), bytes_after: size(Some(&made)), bytes })
    }

    fn is_better(&self) -> bool {
        self.bytes_after * 100 < self.bytes_before * (100 - MIN_GAIN_PERCENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(name: &str) -> Vec<Vec<u8>> {
        (0..600)
            .map(|n| format!(r#"{{"platform":"{name}","{name}_value":{n},"level":"error"}}"#))
            .map(String::into_bytes)
            .collect()
    }

    #[test]
    fn a_dictionary_must_save_more_than_the_one_before() {
        let first = Candidate::train(&documents("python"), 1_000_000, None).unwrap();
        assert!(first.is_better(), "{} of {}", first.bytes_after, first.bytes_before);
        let known = Dictionary::new(&first.bytes).unwrap();
        let same = Candidate::train(&documents("python"), 1_000_001, Some(&known)).unwrap();
        assert!(!same.is_better(), "{} of {}", same.bytes_after, same.bytes_before);
        let other = Candidate::train(&documents("something_else"), 1_000_002, Some(&known));
        assert!(other.unwrap().is_better(), "what is sent has changed");
    }

    #[test]
    fn out_of_a_few_documents_nothing_is_made() {
        assert!(Candidate::train(&documents("python")[..3], 1_000_000, None).is_none());
    }
}
