//! Stacks, their frames, and threads (`protocol.md` §5.10, §5.11).

use super::at::{At, Change};
use super::budget::Budget;
use super::limits::Limit;
use super::lists;
use crate::protocol::event::{Event, Frame, Stacktrace};
use crate::protocol::lenient::{Address, Problems, Raw, RawMap};

/// A stack keeps this many of its oldest frames and as many of its newest as `NEWEST` says.
const OLDEST: usize = 50;
const NEWEST: usize = 200;

/// So many frames of a stack keep their variables and source lines.
const MAX_DETAILED: usize = 50;

const FUNCTION: Limit = Limit::with(512, 20);
const SYMBOL: Limit = Limit::of(512);
const PATH: Limit = Limit::with(256, 40);
const WORD: Limit = Limit::of(128);
const VARIABLES: Budget = Budget::of(2048, 5);
const DATA: Budget = Budget::of(4096, 5);
const REGISTERS: Budget = Budget::of(16 * 1024, 3);
const LOCKS: Budget = Budget::of(64 * 1024, 5);
const THREAD_ID: Limit = Limit::with(256, 20);
const THREAD_NAME: Limit = Limit::with(1024, 100);

/// Brings the stack in field `name` into its canonical form.
pub(super) fn normalize(stacktrace: &mut Option<Stacktrace>, name: &str, at: At<'_>) {
    let Some(inner) = stacktrace else { return };
    let at = at.field(name);
    let Some(frames) = inner.frames.as_mut().filter(|frames| !frames.is_empty()) else {
        at.field("frames").invalid(None, "expected a list that is not empty");
        *stacktrace = None;
        return;
    };
    let at_frames = at.field("frames");
    cut_middle(frames, at_frames);
    strip_details(frames);
    for (index, frame) in frames.iter_mut().enumerate() {
        normalize_frame(frame, at_frames.element(index));
    }
    WORD.apply(&mut inner.lang, "lang", at);
    WORD.apply(&mut inner.instruction_addr_adjustment, "instruction_addr_adjustment", at);
    normalize_registers(&mut inner.registers, at.field("registers"));
    REGISTERS.apply_to_value(&mut inner.registers, "registers", at);
    DATA.apply(&mut inner.other, at);
}

/// Writes the values of registers as addresses; what is none is left out.
fn normalize_registers(registers: &mut Option<Raw>, at: At<'_>) {
    let Some(mut values) = registers.as_ref().and_then(Raw::parse::<RawMap>) else { return };
    let before = values.len();
    let mut is_changed = false;
    values.retain(|name, raw| {
        let address = raw.clone().read::<Address>(&Problems::default());
        match &address {
            None if raw.is_null() => {}
            None => at.field(name).invalid(Some(raw.clone()), "expected an address"),
            Some(address) => {
                let written = Raw::from_value(address);
                is_changed |= written.text() != raw.text();
                *raw = written;
            }
        }
        address.is_some()
    });
    if is_changed || values.len() < before {
        *registers = Some(Raw::from_value(&values)).filter(|_| !values.is_empty());
    }
}

/// Brings the threads into their canonical form.
pub(super) fn normalize_threads(event: &mut Event, at: At<'_>) {
    let Some(list) = &mut event.threads else { return };
    let at = at.field("threads");
    let at = at.field("values");
    for (index, thread) in list.values.iter_mut().enumerate() {
        let at = at.element(index);
        THREAD_ID.apply(&mut thread.id, "id", at);
        THREAD_NAME.apply(&mut thread.name, "name", at);
        WORD.apply(&mut thread.state, "state", at);
        normalize(&mut thread.stacktrace, "stacktrace", at);
        normalize(&mut thread.raw_stacktrace, "raw_stacktrace", at);
        LOCKS.apply_to_value(&mut thread.held_locks, "held_locks", at);
        DATA.apply(&mut thread.other, at);
    }
}

/// Endless recursion brings thousands of frames; where it began and where it ended says enough.
fn cut_middle(frames: &mut Vec<Frame>, at: At<'_>) {
    let length = frames.len();
    if length > OLDEST + NEWEST {
        lists::remove(frames, OLDEST, length - NEWEST, at);
        at.mark(Change::Shortened { length });
    }
}

/// Beyond fifty frames the variables and source lines of those in the middle go, the system's
/// first. The last frame, where it happened, always keeps its own.
fn strip_details(frames: &mut [Frame]) {
    if frames.len() <= MAX_DETAILED {
        return;
    }
    let last = frames.len() - 1;
    let is_app = |frame: &Frame| frame.in_app == Some(true);
    let app = frames[..last].iter().filter(|frame| is_app(frame)).count();
    let mut app_picks = Ends::new(app, MAX_DETAILED - 1);
    let mut system_picks = Ends::new(last - app, (MAX_DETAILED - 1).saturating_sub(app));
    for frame in &mut frames[..last] {
        let picks = if is_app(frame) { &mut app_picks } else { &mut system_picks };
        if !picks.keeps_next() {
            frame.vars = None;
            frame.pre_context = None;
            frame.post_context = None;
        }
    }
}

/// Keeps the first and the last few of many.
struct Ends {
    next: usize,
    keep_until: usize,
    keep_from: usize,
}

impl Ends {
    fn new(length: usize, keep: usize) -> Self {
        let newest = keep.div_ceil(2);
        Self { next: 0, keep_until: keep - newest, keep_from: length.saturating_sub(newest) }
    }

    fn keeps_next(&mut self) -> bool {
        self.next += 1;
        self.next <= self.keep_until || self.next > self.keep_from
    }
}

/// Brings one frame into its canonical form.
pub(super) fn normalize_frame(frame: &mut Frame, at: At<'_>) {
    fill_paths(frame);
    // Clients that do not know a function say `?`.
    frame.function.take_if(|function| function == "?");
    frame.symbol.take_if(|symbol| symbol == "?");
    if frame.context_line.is_none() && (frame.pre_context.is_some() || frame.post_context.is_some())
    {
        frame.context_line = Some(String::new());
    }
    FUNCTION.apply(&mut frame.function, "function", at);
    FUNCTION.apply(&mut frame.raw_function, "raw_function", at);
    SYMBOL.apply(&mut frame.symbol, "symbol", at);
    PATH.apply(&mut frame.filename, "filename", at);
    PATH.apply(&mut frame.abs_path, "abs_path", at);
    WORD.apply(&mut frame.platform, "platform", at);
    WORD.apply(&mut frame.trust, "trust", at);
    WORD.apply(&mut frame.addr_mode, "addr_mode", at);
    VARIABLES.apply_to_field(&mut frame.vars, "vars", at);
    DATA.apply_to_value(&mut frame.data, "data", at);
    if !frame.other.is_empty() {
        DATA.apply(&mut frame.other, at);
    }
}

/// Of the short and the long path, one stands in for the other.
fn fill_paths(frame: &mut Frame) {
    let is_absent = |path: &Option<String>| path.as_ref().is_none_or(String::is_empty);
    if is_absent(&frame.abs_path) {
        frame.abs_path = frame.filename.clone().filter(|path| !path.is_empty());
    }
    if is_absent(&frame.filename) {
        frame.filename = frame.abs_path.as_deref().map(short_path).map(str::to_owned);
    }
}

/// The path of a URL, or the whole of anything else.
fn short_path(path: &str) -> &str {
    let Some((scheme, rest)) = path.split_once(':') else { return path };
    let schemes = ["file", "http", "https", "applewebdata"];
    if !schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return path;
    }
    let behind_host = rest.strip_prefix("//").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    let end = |path: &str| path.find(['?', '#']).unwrap_or(path.len());
    behind_host.map(|path| &path[..end(path)]).filter(|path| *path != "/").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    fn frames(count: usize, is_app: impl Fn(usize) -> bool) -> Option<Stacktrace> {
        let frame = |index| Frame {
            function: Some(format!("f{index}")),
            in_app: Some(is_app(index)),
            vars: Some([("x".to_owned(), Raw::from_value(&1))].into()),
            pre_context: Some(vec![String::new()]),
            ..Frame::default()
        };
        Some(Stacktrace { frames: Some((0..count).map(frame).collect()), ..Stacktrace::default() })
    }

    fn detailed(stacktrace: Option<&Stacktrace>) -> Vec<&str> {
        let frames = stacktrace.unwrap().frames().iter();
        let detailed = frames.filter(|frame| frame.vars.is_some() && frame.pre_context.is_some());
        detailed.filter_map(|frame| frame.function.as_deref()).collect()
    }

    #[test]
    fn of_an_endless_stack_the_ends_are_kept() {
        let mut stacktrace = frames(300, |_| true);
        let (_, marks) = noted(|at| normalize(&mut stacktrace, "stacktrace", at));
        let names: Vec<_> = stacktrace
            .as_ref()
            .unwrap()
            .frames()
            .iter()
            .filter_map(|frame| frame.function.as_deref())
            .collect();
        assert_eq!(names.len(), 250);
        assert_eq!((names[49], names[50], names[249]), ("f49", "f100", "f299"));
        let changes: Vec<_> = marks.iter().map(|mark| &mark.what).collect();
        let removed = Change::Removed { from: 50, to: 100 };
        assert_eq!(changes, [&removed, &Change::Shortened { length: 300 }]);
        assert_eq!(marks[0].steps, ["stacktrace", "frames"]);
    }

    #[test]
    fn beyond_fifty_frames_the_middle_loses_its_details() {
        let mut all_app = frames(60, |_| true);
        noted(|at| normalize(&mut all_app, "stacktrace", at));
        let kept = detailed(all_app.as_ref());
        assert_eq!(kept.len(), 50);
        assert_eq!((kept[23], kept[24], kept[49]), ("f23", "f34", "f59"));

        let mut fifty = frames(50, |_| true);
        noted(|at| normalize(&mut fifty, "stacktrace", at));
        assert_eq!(detailed(fifty.as_ref()).len(), 50);
    }

    #[test]
    fn system_frames_lose_their_details_first_and_the_last_frame_never() {
        let is_app = |index| (20..60).contains(&index);
        let mut stacktrace = frames(100, is_app);
        noted(|at| normalize(&mut stacktrace, "stacktrace", at));
        let kept = detailed(stacktrace.as_ref());
        assert_eq!(kept.len(), 50);
        assert_eq!(kept[..4], ["f0", "f1", "f2", "f3"]);
        assert_eq!(kept[4..44], (20..60).map(|n| format!("f{n}")).collect::<Vec<_>>()[..]);
        assert_eq!(kept[44..], ["f94", "f95", "f96", "f97", "f98", "f99"]);
    }

    #[test]
    fn a_stack_without_frames_is_dropped() {
        let mut stacktrace = Some(Stacktrace { frames: Some(vec![]), ..Stacktrace::default() });
        let (problems, _) = noted(|at| normalize(&mut stacktrace, "stacktrace", at));
        assert_eq!((stacktrace, problems), (None, vec!["stacktrace.frames".to_owned()]));
    }

    fn frame(json: &str) -> Frame {
        let raw = Raw::from_text(json).unwrap();
        let mut frame = raw.read::<Frame>(&crate::protocol::lenient::Problems::default()).unwrap();
        noted(|at| normalize_frame(&mut frame, at));
        frame
    }

    #[test]
    fn a_short_path_is_made_of_the_long_one_and_the_other_way_round() {
        for (long, short) in [
            ("https://x.y/static/app.js?v=1#top", "/static/app.js"),
            ("HTTPS://x.y/app.js", "/app.js"),
            ("http://x.y/", "http://x.y/"),
            ("http://x.y", "http://x.y"),
            ("file:///srv/app/a.py", "/srv/app/a.py"),
            ("applewebdata://1-2/a.js", "/a.js"),
            ("app:///a.js", "app:///a.js"),
            ("/srv/app/a.py", "/srv/app/a.py"),
            ("C:\\app\\a.py", "C:\\app\\a.py"),
        ] {
            let frame = frame(&format!("{{\"abs_path\":{}}}", Raw::from_value(long).text()));
            assert_eq!(frame.filename.as_deref(), Some(short), "{long}");
            assert_eq!(frame.abs_path.as_deref(), Some(long));
        }
        assert_eq!(frame(r#"{"filename":"a.py"}"#).abs_path.as_deref(), Some("a.py"));
        assert_eq!(frame("{}"), Frame::default());
    }

    #[test]
    fn registers_hold_addresses_in_one_spelling() {
        let json = r#"{"frames":[{}],"registers":{"rax":16,"rip":"0xAB","rsp":"zz","x":null}}"#;
        let raw = Raw::from_text(json.to_owned()).unwrap();
        let mut stacktrace = raw.read::<Stacktrace>(&Problems::default());
        let (problems, _) = noted(|at| normalize(&mut stacktrace, "stacktrace", at));
        let registers = stacktrace.unwrap().registers.unwrap();
        assert_eq!(registers.text(), r#"{"rax":"0x10","rip":"0xab"}"#);
        assert_eq!(problems, ["stacktrace.registers.rsp"]);
    }

    #[test]
    fn a_question_mark_is_no_function() {
        let frame = frame(r#"{"function":"?","symbol":"?","raw_function":"?"}"#);
        assert_eq!((frame.function, frame.symbol), (None, None));
        assert_eq!(frame.raw_function.as_deref(), Some("?"));
    }

    #[test]
    fn a_line_that_is_missing_between_others_is_empty() {
        let frame = frame(r#"{"pre_context":["a",null,5]}"#);
        assert_eq!(frame.context_line.as_deref(), Some(""));
        assert_eq!(frame.pre_context.unwrap(), ["a", "", ""]);
    }
}
