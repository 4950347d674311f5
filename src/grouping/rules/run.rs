//! Runs the rules over one stack (`grouping.md` §10.3).

use super::bits::Bits;
use super::compile::{Category, Check, Classify, Contribute, OwnerTest, Rule, Test};
use super::parse::{Range, Subject};
use super::{Atom, RuleSet};
use crate::grouping::frame::FrameView;
use crate::grouping::glob::PathText;
use crate::grouping::reason::{Mark, Reason, RuleRef};
use crate::grouping::tree::{FramePart, View};
use crate::protocol::event::Exception;

/// What stands for a function or an exception's type that is not known.
const UNKNOWN: &str = "<unknown>";

/// The exception that a stack belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::grouping) struct Owner<'e>(pub(in crate::grouping) Option<&'e Exception>);

impl<'e> Owner<'e> {
    fn text(self, subject: Subject) -> Option<&'e str> {
        let exception = self.0?;
        match subject {
            Subject::ErrorType => Some(exception.kind.as_deref().unwrap_or(UNKNOWN)),
            Subject::ErrorValue => exception.value.as_deref(),
            _ => exception.mechanism.as_ref()?.kind.as_deref(),
        }
    }

    fn passes(self, test: &OwnerTest) -> bool {
        self.text(test.subject).is_some_and(|text| test.glob.matches(text)) != test.negated
    }
}

/// What the classifier pass decided about a frame.
#[derive(Clone, Copy, Debug)]
pub(in crate::grouping) struct FrameState<'r> {
    /// Whether it is the program's own; `None`: neither the client nor a rule said so.
    pub(in crate::grouping) in_app: Option<bool>,
    /// The last rule that changed `in_app`.
    pub(in crate::grouping) decided_by: Option<&'r RuleRef>,
    category: Category,
    family: u8,
}

/// What was found for the frame before: calls often stay in one file.
#[derive(Debug, Default)]
struct Memory<'v> {
    module: Recollection<'v>,
    package: Recollection<'v>,
    path: Recollection<'v>,
    /// Only to save an allocation.
    text: PathText,
}

/// The last value of a field, and the patterns that matched it.
#[derive(Debug, Default)]
struct Recollection<'v> {
    last: Option<(&'v str, u8)>,
    atoms: Vec<Atom>,
}

impl<'v> Recollection<'v> {
    /// Calls `found` with what matches the value: what is remembered, or what `search` finds.
    fn recall(
        &mut self,
        value: &'v str,
        family: u8,
        found: &mut impl FnMut(Atom),
        search: impl FnOnce(&mut dyn FnMut(Atom)),
    ) {
        if self.last != Some((value, family)) {
            self.last = Some((value, family));
            self.atoms.clear();
            search(&mut |atom| self.atoms.push(atom));
        }
        self.atoms.iter().for_each(|atom| found(*atom));
    }
}

/// How many frames may count, as rules set it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::grouping) struct Limits {
    /// 0: no limit.
    max_frames: u32,
    /// 0: no limit.
    pub(in crate::grouping) min_frames: u32,
}

/// The rules on one stack: what matched, and what came of it.
#[derive(Debug)]
pub(in crate::grouping) struct Run<'r, 'e> {
    set: &'r RuleSet,
    owner: Owner<'e>,
    /// For each frame, the bits of the atoms that match it.
    matched: Vec<u64>,
    words_per_frame: usize,
    frames: Vec<FrameState<'r>>,
    /// The rules worth a look.
    triggered: Bits,
    /// The lines of the project's rules that matched in the classifier pass.
    matched_lines: Vec<usize>,
}

impl<'r, 'e> Run<'r, 'e> {
    /// Runs the classifier pass over frames, each with what the client said about its in-app state.
    pub(in crate::grouping) fn classify(
        set: &'r RuleSet,
        owner: Owner<'e>,
        frames: &[FrameView<'_>],
    ) -> Self {
        let words_per_frame = set.atom_count.div_ceil(64);
        let mut run = Self {
            set,
            owner,
            matched: vec![0; words_per_frame * frames.len()],
            words_per_frame,
            frames: Vec::with_capacity(frames.len()),
            triggered: set.always.clone(),
            matched_lines: Vec::new(),
        };
        let mut memory = Memory::default();
        for frame in frames {
            run.add_frame(frame, &mut memory);
        }
        run.classifier_pass();
        run
    }

    /// What was decided, frame by frame.
    pub(in crate::grouping) fn frames(&self) -> &[FrameState<'r>] {
        &self.frames
    }

    fn add_frame<'v>(&mut self, view: &FrameView<'v>, memory: &mut Memory<'v>) {
        let set = self.set;
        let family = view.family.bit();
        let first_word = self.frames.len() * self.words_per_frame;
        let (matched, triggered) = (&mut self.matched, &mut self.triggered);
        let mut found = |atom: Atom| {
            matched[first_word + atom / 64] |= 1 << (atom % 64);
            set.by_atom[atom].iter().for_each(|rule| triggered.set(*rule));
        };
        let function = view.function.as_deref().unwrap_or(UNKNOWN);
        set.functions.search(function, family, &mut found);
        let Memory { module, package, path, text } = memory;
        if let Some(value) = view.frame.module.as_deref() {
            module.recall(value, family, &mut found, |found| {
                set.modules.search(value, family, found);
            });
        }
        if let Some(value) = view.frame.package.as_deref() {
            package.recall(value, family, &mut found, |found| {
                text.set(value);
                set.packages.search_path(text, family, found);
            });
        }
        let file = view.frame.abs_path.as_deref().or(view.frame.filename.as_deref());
        if let Some(value) = file {
            path.recall(value, family, &mut found, |found| {
                text.set(value);
                set.paths.search_path(text, family, found);
            });
        }
        let in_app = view.client_in_app;
        self.frames.push(FrameState { in_app, decided_by: None, category: 0, family });
    }

    fn classifier_pass(&mut self) {
        let mut pending = self.triggered.clone();
        let mut matching = Vec::new();
        let mut next = pending.next(0);
        while let Some(index) = next {
            let rule = &self.set.rules[index];
            if !rule.classify.is_empty() {
                // First all matches, then the effects: a rule does not feed itself.
                matching.clear();
                matching.extend(self.matches_of(rule));
                if rule.line > 0 && !matching.is_empty() {
                    self.matched_lines.push(rule.line);
                }
                for &at in &matching {
                    self.apply_classify(rule, at, &mut pending);
                }
            }
            next = pending.next(index + 1);
        }
        self.triggered = pending;
    }

    /// Does to the frame at `at` all that the rule says, so that of two matches the later has its way.
    fn apply_classify(&mut self, rule: &'r Rule, at: usize, pending: &mut Bits) {
        for action in &rule.classify {
            match action {
                Classify::Category(category) => {
                    self.frames[at].category = *category;
                    pending.add(&self.set.by_category[*category]);
                }
                Classify::App(range, value) => {
                    let span = span(*range, at, self.frames.len());
                    for frame in &mut self.frames[span] {
                        if frame.in_app != Some(*value) {
                            frame.in_app = Some(*value);
                            frame.decided_by = Some(&rule.classify_ref);
                        }
                    }
                }
            }
        }
    }

    /// The lines of the project's rules that match any frame in either pass.
    pub(in crate::grouping) fn matched_lines(&self) -> impl Iterator<Item = usize> {
        let rules = self.set.rules.iter().filter(|rule| rule.line > 0);
        let contributing = rules.filter(|rule| !rule.contribute.is_empty());
        let matching = contributing.filter(|rule| self.matches_of(rule).next().is_some());
        self.matched_lines.iter().copied().chain(matching.map(|rule| rule.line))
    }

    /// Runs the contribution pass over the parts made of the same frames, for both views.
    pub(in crate::grouping) fn contribute(&self, parts: &mut [FramePart]) -> Limits {
        let mut limits = Limits::default();
        let mut next = self.triggered.next(0);
        while let Some(index) = next {
            let rule = &self.set.rules[index];
            if !rule.contribute.is_empty() {
                for at in self.matches_of(rule) {
                    for action in &rule.contribute {
                        apply_contribute(action, rule, at, parts, &mut limits);
                    }
                }
            }
            next = self.triggered.next(index + 1);
        }
        limits
    }

    /// The frames that a rule matches, outermost first.
    fn matches_of(&self, rule: &Rule) -> impl Iterator<Item = usize> {
        let is_wanted = rule.owner.iter().all(|test| self.owner.passes(test));
        let count = if is_wanted { self.frames.len() } else { 0 };
        (0..count).filter(|at| {
            rule.frame.iter().all(|test| self.passes(test, *at))
                && rule.caller.as_ref().is_none_or(|test| {
                    at.checked_sub(1).is_some_and(|caller| self.passes(test, caller))
                })
                && rule
                    .callee
                    .as_ref()
                    .is_none_or(|test| at + 1 < self.frames.len() && self.passes(test, at + 1))
        })
    }

    fn passes(&self, test: &Test, at: usize) -> bool {
        let frame = &self.frames[at];
        let holds = match &test.check {
            Check::Family(families) => families & frame.family != 0,
            Check::Atom(atom) => {
                self.matched[at * self.words_per_frame + atom / 64] >> (atom % 64) & 1 == 1
            }
            Check::Category(categories) => categories.contains(&frame.category),
            Check::App(wanted) => frame.in_app.unwrap_or(false) == *wanted,
        };
        holds != test.negated
    }
}

fn apply_contribute(
    action: &Contribute,
    rule: &Rule,
    at: usize,
    parts: &mut [FramePart],
    limits: &mut Limits,
) {
    match *action {
        Contribute::MaxFrames(count) => limits.max_frames = count,
        Contribute::MinFrames(count) => limits.min_frames = count,
        Contribute::Group(range, counts) => {
            let span = span(range, at, parts.len());
            for part in &mut parts[span] {
                // No rule brings a library's frame into the app view.
                let views = if part.in_app.value {
                    &[View::App, View::System][..]
                } else {
                    &[View::System]
                };
                for view in views {
                    let mark = part.marks.get_mut(*view);
                    if mark.counts != counts {
                        let reason = Some(Reason::Rule(rule.contribute_ref.clone()));
                        *mark = Mark { counts, reason };
                    }
                }
            }
        }
    }
}

fn span(range: Range, at: usize, count: usize) -> std::ops::Range<usize> {
    match range {
        Range::Itself => at..at + 1,
        Range::Inner => at + 1..count,
        Range::Outer => 0..at,
    }
}

impl Limits {
    /// Lets only the frames nearest to the crash count, if a rule wants that.
    pub(in crate::grouping) fn cut(self, parts: &mut [FramePart], view: View) {
        if self.max_frames == 0 {
            return;
        }
        let most = usize::try_from(self.max_frames).unwrap_or(usize::MAX);
        let counting = parts.iter_mut().rev().map(|part| part.marks.get_mut(view));
        for mark in counting.filter(|mark| mark.counts).skip(most) {
            *mark = Mark::ignored(Reason::BeyondMaxFrames(self.max_frames));
        }
    }
}
