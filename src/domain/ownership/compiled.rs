//! Rules made ready for deciding many events.

use regex::{Regex, RegexSet, RegexSetBuilder};

use super::rules::{LineProblem, Matcher, Rule};
use super::subject::{Place, Subject};

/// More compiled bytes than this a project's patterns of one kind may not take.
const MAX_COMPILED_BYTES: usize = 16 << 20;

/// Rules, compiled once.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    rules: Vec<Rule>,
    paths: Set,
    modules: Set,
    urls: Set,
    tags: Vec<(usize, String, Regex)>,
}

/// Patterns of one kind, each with the index of its rule.
#[derive(Clone, Debug, Default)]
struct Set {
    regexes: RegexSet,
    rules: Vec<usize>,
}

/// Whose an event is, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// What of the event it found: a path, a module, an address or a tag's value.
    pub found: String,
}

impl Compiled {
    /// Compiles rules.
    ///
    /// # Errors
    /// When they are too large together.
    pub fn new(rules: Vec<Rule>) -> Result<Self, LineProblem> {
        let too_large = || LineProblem {
            line: 1,
            text: "Together the patterns are too large. Write them in a simpler way.".to_owned(),
        };
        let set =
            |is_wanted: fn(&Matcher) -> bool| Set::new(&rules, is_wanted).ok_or_else(too_large);
        let tag = |(index, rule): (usize, &Rule)| match &rule.matcher {
            Matcher::Tag(key) => {
                let regex = Regex::new(&rule.matcher.source(&rule.pattern).ok()?).ok()?;
                Some((index, key.clone(), regex))
            }
            _ => None,
        };
        Ok(Self {
            paths: set(|matcher| matches!(matcher, Matcher::Path | Matcher::Codeowners))?,
            modules: set(|matcher| *matcher == Matcher::Module)?,
            urls: set(|matcher| *matcher == Matcher::Url)?,
            tags: rules.iter().enumerate().filter_map(tag).collect(),
            rules,
        })
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule that says whose an event is. Of the program's own frames the nearest to the crash that a rule
    /// knows counts, and of the rules that know it the last one; rules about the whole event count beside it, and
    /// again the last one says. `None` if no rule knows the event.
    pub fn decide(&self, subject: &Subject<'_>) -> Option<Decision<'_>> {
        let of_frame = subject.frames.iter().find_map(|place| self.last_of_frame(place));
        let whole = self.of_whole(subject).into_iter().max_by_key(|(rule, _)| *rule);
        let (rule, found) = of_frame.into_iter().chain(whole).max_by_key(|(rule, _)| *rule)?;
        Some(Decision { rule: &self.rules[rule], found })
    }

    /// Every rule that knows the event, in their order, each with the first thing that it found.
    pub fn all(&self, subject: &Subject<'_>) -> Vec<Decision<'_>> {
        let frames = subject.frames.iter().flat_map(|place| self.of_frame(place));
        let mut found: Vec<(usize, String)> = frames.chain(self.of_whole(subject)).collect();
        found.sort_by_key(|(rule, _)| *rule);
        found.dedup_by_key(|(rule, _)| *rule);
        found.into_iter().map(|(rule, found)| Decision { rule: &self.rules[rule], found }).collect()
    }

    fn last_of_frame(&self, place: &Place<'_>) -> Option<(usize, String)> {
        self.of_frame(place).into_iter().max_by_key(|(rule, _)| *rule)
    }

    fn of_frame(&self, place: &Place<'_>) -> Vec<(usize, String)> {
        let paths = place.paths.iter().flat_map(|path| self.paths.matching(path));
        let modules = place.module.into_iter().flat_map(|module| self.modules.matching(module));
        paths.chain(modules).collect()
    }

    fn of_whole(&self, subject: &Subject<'_>) -> Vec<(usize, String)> {
        let urls = subject.url.into_iter().flat_map(|url| self.urls.matching(url));
        let tags = self.tags.iter().filter_map(|(rule, key, regex)| {
            let mut values = subject.tags.iter().filter(|(known, _)| known == key);
            let (_, value) = values.find(|(_, value)| regex.is_match(value))?;
            Some((*rule, value.clone()))
        });
        urls.chain(tags).collect()
    }
}

impl Set {
    fn new(rules: &[Rule], is_wanted: impl Fn(&Matcher) -> bool) -> Option<Self> {
        let wanted = rules.iter().enumerate().filter(|(_, rule)| is_wanted(&rule.matcher));
        let (rules, sources): (Vec<usize>, Vec<String>) = wanted
            .filter_map(|(index, rule)| Some((index, rule.matcher.source(&rule.pattern).ok()?)))
            .unzip();
        let regexes = RegexSetBuilder::new(sources).size_limit(MAX_COMPILED_BYTES).build().ok()?;
        Some(Self { regexes, rules })
    }

    fn matching(&self, text: &str) -> Vec<(usize, String)> {
        let found = self.regexes.matches(text).into_iter();
        found.map(|index| (self.rules[index], text.to_owned())).collect()
    }
}
