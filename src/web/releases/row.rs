//! A row of the list of releases.

use super::paths::ReleaseUrls;
use super::words::{NameWords, Rate, StageWords};
use crate::base::Timestamp;
use crate::domain::releases::commits::Author;
use crate::domain::releases::deploys::Deploy;
use crate::domain::releases::effects::Effects;
use crate::domain::releases::overview::Fare;
use crate::domain::releases::{Card, ReleaseStatus};
use crate::web::components::chart::Spark;
use crate::web::components::number;
use crate::web::components::time::Moment;

/// Days of the adoption's bars.
const SPARK_DAYS: usize = 14;

/// As many authors are named.
const MAX_AUTHORS: usize = 3;

/// A release in the list.
#[derive(Clone, Debug)]
pub(super) struct ReleaseRow {
    pub(super) name: NameWords,
    pub(super) url: String,
    pub(super) is_archived: bool,
    /// The projects' names.
    pub(super) projects: String,
    /// When it came, and how that is known.
    pub(super) came: (&'static str, Moment),
    /// `3 commits by Ada and Grace`; empty without commits.
    pub(super) commits: String,
    /// Where it went last.
    pub(super) deploys: Vec<DeployWords>,
    pub(super) stage: StageWords,
    /// Its share of the last day's sessions; empty without any.
    pub(super) adoption: String,
    pub(super) spark: Spark,
    /// Of sessions, and of users.
    pub(super) rates: [(&'static str, Rate); 2],
    /// Issues that began with it, and that came back with it.
    pub(super) issues: [EffectCount; 2],
}

/// How many issues a release touched, and where they are listed.
#[derive(Clone, Debug)]
pub(super) struct EffectCount {
    pub(super) count: String,
    pub(super) url: String,
    pub(super) is_none: bool,
    pub(super) label: &'static str,
}

/// Where a release went last.
#[derive(Clone, Debug)]
pub(super) struct DeployWords {
    pub(super) environment: String,
    pub(super) when: Moment,
}

impl DeployWords {
    fn new(deploy: &Deploy, now: Timestamp) -> Self {
        Self { environment: deploy.environment.clone(), when: Moment::new(deploy.finished_at, now) }
    }
}

impl ReleaseRow {
    /// The row of a release.
    pub(super) fn new(
        card: &Card,
        (fare, effects): (&Fare, Effects),
        deploys: &[Deploy],
        urls: &ReleaseUrls,
        now: Timestamp,
    ) -> Self {
        let release = &card.release;
        let url = urls.of(&release.version);
        let effect = |count: i64, anchor: &str, label| EffectCount {
            count: number::grouped(count),
            url: format!("{url}#{anchor}"),
            is_none: count == 0,
            label,
        };
        let before = fare.before.as_ref();
        Self {
            name: NameWords::new(&release.version),
            is_archived: release.status == ReleaseStatus::Archived,
            projects: projects(card),
            came: came(card, now),
            commits: commits(card),
            deploys: deploys.iter().map(|deploy| DeployWords::new(deploy, now)).collect(),
            stage: fare.stage.into(),
            adoption: fare.adoption.filter(|it| *it > 0.0).map(percent).unwrap_or_default(),
            spark: spark(fare),
            rates: [
                ("sessions", Rate::of_sessions(&fare.period, before)),
                ("users", Rate::of_users(&fare.period, before)),
            ],
            issues: [
                effect(effects.new, "new", "new"),
                effect(effects.regressed, "regressed", "regressed"),
            ],
            url,
        }
    }
}

fn projects(card: &Card) -> String {
    let names: Vec<&str> = card.projects.iter().map(|project| project.name.as_str()).collect();
    names.join(", ")
}

/// When a release came, and how that is known.
pub(super) fn came(card: &Card, now: Timestamp) -> (&'static str, Moment) {
    let words = if card.release.released_at.is_some() { "released" } else { "created" };
    (words, Moment::new(card.release.at(), now))
}

fn percent(share: f64) -> String {
    if share < 0.01 { "<1%".to_owned() } else { format!("{:.0}%", (share * 100.0).floor()) }
}

/// The commits in a few words.
pub(super) fn commits(card: &Card) -> String {
    if card.commit_count == 0 {
        return String::new();
    }
    let commits = number::counted(card.commit_count, "commit", "commits");
    let names: Vec<&str> = card.authors.iter().filter_map(author_name).collect();
    let shown = &names[..names.len().min(MAX_AUTHORS)];
    match (shown, names.len() - shown.len()) {
        ([], _) => commits,
        ([one], _) => format!("{commits} by {one}"),
        ([first @ .., last], 0) => format!("{commits} by {} and {last}", first.join(", ")),
        (shown, more) => format!("{commits} by {} and {more} more", shown.join(", ")),
    }
}

/// An author's name, or their address.
pub(super) fn author_name(author: &Author) -> Option<&str> {
    author.name.as_deref().or(author.email.as_deref()).filter(|name| !name.is_empty())
}

/// The release's share of each day's sessions.
fn spark(fare: &Fare) -> Spark {
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1,000")]
    let thousandths = |share: f64| (share * 1_000.0).round() as i64;
    let from = fare.days.len().saturating_sub(SPARK_DAYS);
    let days = &fare.days[from..];
    let points: Vec<(Timestamp, i64)> =
        days.iter().map(|(day, share)| (*day, thousandths(share.unwrap_or_default()))).collect();
    let most = days.iter().filter_map(|(_, share)| *share).fold(0.0, f64::max);
    let label = if most > 0.0 {
        format!("At most {} of a day's sessions, in {SPARK_DAYS} days", percent(most))
    } else {
        format!("No sessions in {SPARK_DAYS} days")
    };
    Spark::labelled(&points, 1_000, label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::releases::list::sample_card;

    #[test]
    fn commits_name_their_authors_but_not_all_of_many() {
        let mut card = sample_card("shop@1");
        let told = |card: &mut Card, names: &[&str]| {
            let author = |name: &&str| Author { name: Some((*name).to_owned()), email: None };
            card.authors = names.iter().map(author).collect();
            commits(card)
        };
        assert_eq!(told(&mut card, &[]), "");
        card.commit_count = 1;
        assert_eq!(told(&mut card, &[]), "1 commit");
        card.commit_count = 1_204;
        assert_eq!(told(&mut card, &["Ada", "Grace"]), "1,204 commits by Ada and Grace");
        let many = told(&mut card, &["Ada", "Grace", "Lin", "Max", "Noor"]);
        assert_eq!(many, "1,204 commits by Ada, Grace, Lin and 2 more");
    }
}
