//! Releases as searches ask for them: by the parts of their names, by how far they got, or the latest.
//!
//! What is wanted becomes names first, from the table of releases; a search then looks for these as if they had been
//! written one by one. Both steps are bounded, and what did not fit is said ([`Found::cut`]).

mod find;
mod listing;
mod store;

pub use find::{Found, Names, Searcher};
pub use listing::{Listed, Search};

use std::cmp::Ordering;

use crate::domain::query::{Comparison, Filter, Pattern, QueryError, Result};
use crate::domain::releases::health::Stage;
use crate::domain::releases::version::{Name, Numbers, Version};

/// Which releases are wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The newest one of each project.
    Latest,
    /// Those with such a version.
    Version(Vec<VersionFilter>),
    /// Those of such a package; the empty name is "without package".
    Package(Pattern),
    /// Those with such a build; the empty one is "without build".
    Build(Pattern),
    /// Those whose build is a number that compares so.
    BuildNumber(Comparison, u128),
    /// Those at one of these stages.
    Stage(Vec<Stage>),
}

/// What a version has to be like.
#[derive(Clone, Debug, PartialEq)]
pub enum VersionFilter {
    /// It compares so with this one, which has numbers.
    Compared(Comparison, String),
    /// It begins with these numbers: `1.2.*`.
    Begins(Vec<u64>),
    /// It is written so; numbers count for nothing.
    Written(Pattern),
}

impl Wanted {
    /// What `release.version:` and its like ask for; `None` if it is another key.
    ///
    /// # Errors
    /// With a sentence for the person who wrote it.
    pub fn of(filter: &Filter) -> Option<Result<Self>> {
        Some(match filter.key.name() {
            "release.version" => versions(filter).map(Self::Version),
            "release.package" => filter.pattern().map(Self::Package),
            "release.build" => build(filter),
            "release.stage" => filter.values.iter().map(|word| stage(word)).collect(),
            _ => return None,
        })
    }

    /// Whether a release of this name is wanted, as far as its name says it.
    pub(super) fn fits(&self, release: &str) -> bool {
        let name = Name::parse(release);
        match self {
            Self::Version(filters) => filters.iter().any(|filter| filter.fits(&name)),
            Self::Package(pattern) => pattern.matches(name.package.unwrap_or_default()),
            Self::Build(pattern) => pattern.matches(build_of(&name).unwrap_or_default()),
            Self::BuildNumber(sign, number) => {
                let build = build_of(&name).and_then(|build| build.parse::<u128>().ok());
                build.is_some_and(|build| holds(*sign, build.cmp(number)))
            }
            Self::Latest | Self::Stage(_) => true,
        }
    }
}

impl FromIterator<Stage> for Wanted {
    fn from_iter<I: IntoIterator<Item = Stage>>(stages: I) -> Self {
        Self::Stage(stages.into_iter().collect())
    }
}

impl VersionFilter {
    fn fits(&self, name: &Name<'_>) -> bool {
        match (self, name.version) {
            (Self::Written(pattern), _) => pattern.matches(name.raw),
            (Self::Begins(numbers), Version::Numbered(own)) => own.parts.starts_with(numbers),
            (Self::Compared(sign, sought), Version::Numbered(own)) => {
                let sought = Name::parse(sought);
                let Version::Numbered(numbers) = sought.version else { return false };
                let is_of_package = sought.package.is_none() || sought.package == name.package;
                is_of_package && holds(*sign, order(own, numbers))
            }
            (Self::Begins(_) | Self::Compared(..), Version::Hash(_) | Version::Text) => false,
        }
    }
}

/// How a release's version compares with the one that is asked for; without a build there, every build is the same.
fn order(own: Numbers<'_>, sought: Numbers<'_>) -> Ordering {
    let own = if sought.build.is_none() { Numbers { build: None, ..own } } else { own };
    own.order(&sought)
}

fn holds(sign: Comparison, order: Ordering) -> bool {
    match sign {
        Comparison::Above => order.is_gt(),
        Comparison::AtLeast => order.is_ge(),
        Comparison::Below => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        // `!=` is "not equal to", and whoever reads the filter puts the "not" around this.
        Comparison::Equal | Comparison::NotEqual => order.is_eq(),
    }
}

fn build_of<'a>(name: &Name<'a>) -> Option<&'a str> {
    match name.version {
        Version::Numbered(numbers) => numbers.build,
        Version::Hash(_) | Version::Text => None,
    }
}

fn fail<T>(problem: String) -> Result<T> {
    Err(QueryError(problem))
}

/// Whether a sign asks for more or less, not for the same.
fn is_ordering(sign: Comparison) -> bool {
    !matches!(sign, Comparison::Equal | Comparison::NotEqual)
}

fn versions(filter: &Filter) -> Result<Vec<VersionFilter>> {
    let sign = filter.comparison.unwrap_or(Comparison::Equal);
    filter.values.iter().map(|text| version(sign, text)).collect()
}

fn version(sign: Comparison, text: &str) -> Result<VersionFilter> {
    let example =
        "try `release.version:>1.2.3`, `release.version:1.2.*` or `release.version:1.2.3`";
    if text.is_empty() {
        return fail(format!("`release.version` needs a version; {example}"));
    }
    if matches!(Name::parse(text).version, Version::Numbered(_)) {
        return Ok(VersionFilter::Compared(sign, text.to_owned()));
    }
    if is_ordering(sign) {
        let sign = sign.as_str();
        return fail(format!(
            "`release.version:{sign}` compares numbers, and `{text}` has none that can be compared; {example}"
        ));
    }
    let begins = beginning(text).map(VersionFilter::Begins);
    Ok(begins.unwrap_or_else(|| VersionFilter::Written(Pattern::of(text))))
}

/// The numbers of `1.2.*`.
fn beginning(text: &str) -> Option<Vec<u64>> {
    let numbers = text.strip_suffix(".*")?;
    let numbers = numbers.strip_prefix(['v', 'V']).unwrap_or(numbers);
    let parts: Vec<u64> =
        numbers.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (parts.len() < 4).then_some(parts)
}

fn build(filter: &Filter) -> Result<Wanted> {
    let Some(sign) = filter.comparison.filter(|sign| is_ordering(*sign)) else {
        return filter.pattern().map(Wanted::Build);
    };
    let text = filter.only_value()?;
    match text.parse() {
        Ok(number) => Ok(Wanted::BuildNumber(sign, number)),
        Err(_) => fail(format!(
            "`release.build:{}` compares numbers, and `{text}` is none; try `release.build:>=100` or `release.build:{text}`",
            sign.as_str()
        )),
    }
}

fn stage(word: &str) -> Result<Stage> {
    // The second word for `adopting` is what other servers call it.
    let known = if word == "low_adoption" { Some(Stage::Adopting) } else { Stage::from_word(word) };
    known.ok_or_else(|| {
        QueryError(format!(
            "`release.stage` is adopted, adopting, not_adopted or replaced, not `{word}`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::query::{Expression, parse};

    fn wanted(query: &str) -> Result<Wanted> {
        match parse(query).unwrap() {
            Expression::Filter(filter) => Wanted::of(&filter).unwrap(),
            other => panic!("one filter, not {other:?}"),
        }
    }

    const RELEASES: [&str; 8] = [
        "shop@1.2.0-rc.1",
        "shop@1.2.0",
        "shop@1.2.5+77",
        "shop@1.10.0",
        "worker@2.0.0+100",
        "2.0",
        "nightly-7",
        "aabbccddeeff",
    ];

    /// The releases that are wanted, by their places.
    fn found(query: &str) -> Vec<usize> {
        let wanted = wanted(query).unwrap();
        (0..RELEASES.len()).filter(|place| wanted.fits(RELEASES[*place])).collect()
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(found("release.version:>1.2"), [2, 3, 4, 5]);
        assert_eq!(found("release.version:>=1.2.0"), [1, 2, 3, 4, 5]);
        assert_eq!(found("release.version:<1.2"), [0], "a pre-release comes before its version");
        assert_eq!(found("release.version:<=1.2.5"), [0, 1, 2]);
        assert_eq!(found("release.version:>1.9"), [3, 4, 5], "10 is more than 9");
        assert_eq!(found("release.version:>shop@1.2.0"), [2, 3], "of the package that is named");
    }

    #[test]
    fn a_version_without_a_build_stands_for_all_of_its_builds() {
        assert_eq!(found("release.version:1.2.5"), [2]);
        assert_eq!(found("release.version:>1.2.5"), [3, 4, 5]);
        assert_eq!(found("release.version:1.2.5+77"), [2]);
        assert_eq!(found("release.version:>1.2.5+76"), [2, 3, 4, 5]);
        assert_eq!(found("release.version:[1.2.0, 2.0.0.0]"), [1, 4, 5]);
    }

    #[test]
    fn a_star_stands_for_the_numbers_behind() {
        assert_eq!(found("release.version:1.2.*"), [0, 1, 2]);
        assert_eq!(found("release.version:1.*"), [0, 1, 2, 3]);
        assert_eq!(found("release.version:nightly-*"), [6]);
        assert_eq!(found("release.version:aabbccddeeff"), [7]);
        assert_eq!(found("release.version:*"), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn packages_and_builds_are_texts_and_builds_can_be_numbers() {
        assert_eq!(found("release.package:shop"), [0, 1, 2, 3]);
        assert_eq!(found("release.package:[shop, worker]"), [0, 1, 2, 3, 4]);
        assert_eq!(found("release.package:w*"), [4]);
        assert_eq!(found("release.package:\"\""), [5, 6, 7]);
        assert_eq!(found("release.build:77"), [2]);
        assert_eq!(found("release.build:>77"), [4]);
        assert_eq!(found("release.build:<=100"), [2, 4]);
        assert_eq!(found("release.build:7*"), [2]);
    }

    #[test]
    fn what_cannot_be_read_says_what_is_possible() {
        for (query, problem) in [
            (
                "release.version:>nightly",
                "has none that can be compared; try `release.version:>1.2.3`",
            ),
            ("release.version:>1.2.*", "try `release.version:>1.2.3`"),
            ("release.version:\"\"", "needs a version"),
            ("release.build:>rc1", "`rc1` is none; try `release.build:>=100`"),
            ("release.stage:loved", "adopted, adopting, not_adopted or replaced, not `loved`"),
        ] {
            let error = wanted(query).unwrap_err().to_string();
            assert!(error.contains(problem), "{query}: {error}");
        }
        let stages = Wanted::Stage(vec![Stage::Adopted, Stage::Adopting]);
        assert_eq!(wanted("release.stage:[adopted, low_adoption]"), Ok(stages));
    }
}
