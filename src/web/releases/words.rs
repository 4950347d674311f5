//! How releases fare, in words.

use crate::domain::releases::health::Stage;
use crate::domain::releases::version::Name;
use crate::domain::sessions::health::Health;
use crate::web::components::number;
use crate::web::components::stacked::Series;

/// What becomes of sessions, in the order of [`statuses`].
pub(in crate::web) static STATUSES: [Series; 5] = [
    Series::of("healthy", "Healthy", "healthy"),
    Series::of("errored", "Errored", "errored"),
    Series::of("unhandled", "Unhandled", "unhandled"),
    Series::of("abnormal", "Abnormal", "abnormal"),
    Series::of("crashed", "Crashed", "crashed"),
];

/// The two rates of a chart of crash-free sessions and users.
pub(in crate::web) static CRASH_FREE: [Series; 2] =
    [Series::of("sessions", "Sessions", "of sessions"), Series::of("users", "Users", "of users")];

/// Sessions by what became of them, in the order of [`STATUSES`].
pub(in crate::web) fn statuses(health: &Health) -> [i64; 5] {
    let sessions = &health.sessions;
    [sessions.healthy(), sessions.errored, sessions.unhandled, sessions.abnormal, sessions.crashed]
}

/// Where a release is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct StageWords {
    /// The word.
    pub(in crate::web) word: &'static str,
    /// The tone of its badge.
    pub(in crate::web) tone: &'static str,
    /// What it means.
    pub(in crate::web) meaning: &'static str,
}

impl From<Stage> for StageWords {
    fn from(stage: Stage) -> Self {
        let (word, tone, meaning) = match stage {
            Stage::NotAdopted => ("Not adopted", "", "No sessions in the last 24 hours"),
            Stage::Adopting => {
                ("Adopting", "info", "Less than a tenth of the last 24 hours' sessions so far")
            }
            Stage::Adopted => ("Adopted", "good", "A tenth of the last 24 hours' sessions or more"),
            Stage::Replaced => {
                ("Replaced", "", "It had a tenth of a day's sessions or more, and has not now")
            }
        };
        Self { word, tone, meaning }
    }
}

/// A share without crashes, and how it changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Rate {
    /// `99.87%`; empty without sessions.
    pub(in crate::web) text: String,
    /// `3 of 1,204 sessions crashed`.
    pub(in crate::web) basis: String,
    /// Beside what was before.
    pub(in crate::web) change: Option<Change>,
}

/// How a share differs from that of another release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Change {
    /// `better`, `worse` or `same`.
    pub(in crate::web) class: &'static str,
    /// `+0.12`.
    pub(in crate::web) text: String,
    /// `0.12 percentage points more than 2.2.9`.
    pub(in crate::web) words: String,
}

impl Rate {
    /// The share of sessions without a crash.
    pub(in crate::web) fn of_sessions(health: &Health, before: Option<&(String, Health)>) -> Self {
        let share = |health: &Health| health.sessions.crash_free();
        let (crashed, total) = (health.sessions.crashed, health.sessions.total);
        let before = before.and_then(|(version, health)| Some((version, share(health)?)));
        Self::new(share(health), basis(crashed, total, ("session", "sessions"), "crashed"), before)
    }

    /// The share of users without one.
    pub(in crate::web) fn of_users(health: &Health, before: Option<&(String, Health)>) -> Self {
        let share = |health: &Health| health.users.crash_free();
        let (crashed, total) = (health.users.crashed, health.users.total);
        let before = before.and_then(|(version, health)| Some((version, share(health)?)));
        Self::new(share(health), basis(crashed, total, ("user", "users"), "had a crash"), before)
    }

    fn new(share: Option<f64>, basis: String, before: Option<(&String, f64)>) -> Self {
        let Some(share) = share else { return Self::default() };
        let change = before.map(|(version, before)| Change::new(share, before, version));
        Self { text: number::rate(share), basis, change }
    }
}

fn basis(part: i64, whole: i64, (one, many): (&str, &str), what: &str) -> String {
    format!("{} of {} {what}", number::grouped(part), number::counted(whole, one, many))
}

impl Change {
    /// From a share to another; more is better.
    pub(in crate::web) fn new(share: f64, before: f64, version: &str) -> Self {
        let points = (share - before) * 100.0;
        let size = format!("{:.2}", points.abs());
        let short = Name::parse(version).short();
        // What is not seen in two digits is no difference.
        if size == "0.00" {
            let words = format!("as in {short}");
            return Self { class: "same", text: "±0.00".to_owned(), words };
        }
        let (class, sign, more) =
            if points > 0.0 { ("better", '+', "more") } else { ("worse", '−', "less") };
        let words = format!("{size} percentage points {more} than in {short}");
        Self { class, text: format!("{sign}{size}"), words }
    }
}

/// A release's name as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct NameWords {
    /// All of it.
    pub(in crate::web) version: String,
    /// The package; empty if it names none.
    pub(in crate::web) package: String,
    /// The rest; of a commit's hash the first digits.
    pub(in crate::web) short: String,
}

impl NameWords {
    /// Takes a name apart.
    pub(in crate::web) fn new(version: &str) -> Self {
        let name = Name::parse(version);
        Self {
            package: name.package.unwrap_or_default().to_owned(),
            short: name.short().to_owned(),
            version: version.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sessions::SessionCounts;

    fn health(total: i64, crashed: i64) -> Health {
        Health {
            sessions: SessionCounts { total, crashed, ..SessionCounts::default() },
            ..Health::default()
        }
    }

    #[test]
    fn a_rate_says_what_it_rests_on_and_how_it_changed() {
        let before = ("shop@1.0".to_owned(), health(100, 10));
        let rate = Rate::of_sessions(&health(1_000, 50), Some(&before));
        assert_eq!(
            (rate.text.as_str(), rate.basis.as_str()),
            ("95.00%", "50 of 1,000 sessions crashed")
        );
        let change = rate.change.unwrap();
        assert_eq!((change.class, change.text.as_str()), ("better", "+5.00"));
        assert_eq!(change.words, "5.00 percentage points more than in 1.0");
        let worse = Rate::of_sessions(&health(100, 20), Some(&before)).change.unwrap();
        assert_eq!((worse.class, worse.text.as_str()), ("worse", "−10.00"));
        let same = Rate::of_sessions(&health(200, 20), Some(&before)).change.unwrap();
        assert_eq!((same.class, same.words.as_str()), ("same", "as in 1.0"));
    }

    #[test]
    fn without_sessions_there_is_no_rate_and_beside_none_no_change() {
        let none = ("shop@1.0".to_owned(), Health::default());
        assert_eq!(Rate::of_sessions(&Health::default(), Some(&none)), Rate::default());
        assert_eq!(Rate::of_sessions(&health(10, 0), Some(&none)).change, None);
        assert_eq!(Rate::of_users(&health(10, 0), None), Rate::default());
    }
}
