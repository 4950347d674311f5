//! Stacks folded, numbered and told apart.

use super::frame::source;
use super::*;

fn frame(function: &str, line: u64, in_app: bool) -> Frame {
    Frame {
        function: Some(function.to_owned()),
        module: Some(if in_app { "shop.cart" } else { "django.core" }.to_owned()),
        filename: Some(format!("{function}.py")),
        lineno: Some(line),
        context_line: Some("    return total / count".to_owned()),
        in_app: Some(in_app),
        ..Frame::default()
    }
}

fn view(frames: Vec<Frame>, order: Order) -> StackView {
    let stack = Stacktrace { frames: Some(frames), ..Stacktrace::default() };
    StackView::new(&stack, "python", order, true)
}

/// `*` marks an open frame, `[…]` a run.
fn outline(view: &StackView) -> Vec<String> {
    let word = |segment: &Segment| match segment {
        Segment::Frame(frame) if frame.is_open => format!("*{}", frame.function),
        Segment::Frame(frame) => frame.function.clone(),
        Segment::Run { summary, .. } => format!("[{summary}]"),
    };
    view.segments.iter().map(word).collect()
}

#[test]
fn system_frames_between_the_programs_own_are_folded() {
    let frames = vec![
        frame("main", 1, true),
        frame("get_response", 2, false),
        frame("dispatch", 3, false),
        frame("checkout", 4, true),
        frame("lock", 5, false),
        frame("total", 6, true),
    ];
    assert_eq!(
        outline(&view(frames.clone(), Order::NewestFirst)),
        ["*total", "lock", "*checkout", "[2 frames from django]", "*main"]
    );
    assert_eq!(
        outline(&view(frames, Order::OldestFirst)),
        ["*main", "[2 frames from django]", "*checkout", "lock", "*total"]
    );
}

#[test]
fn the_frame_where_it_broke_is_never_folded() {
    let frames = vec![
        frame("main", 1, true),
        frame("send", 2, false),
        frame("connect", 3, false),
        frame("raise_error", 4, false),
    ];
    assert_eq!(
        outline(&view(frames, Order::NewestFirst)),
        ["raise_error", "[2 frames from django]", "*main"]
    );
}

#[test]
fn without_own_frames_nothing_is_folded_and_the_crash_is_open() {
    let frames = vec![frame("start", 1, false), frame("run", 2, false), frame("abort", 3, false)];
    assert_eq!(outline(&view(frames, Order::NewestFirst)), ["*abort", "run", "start"]);
}

#[test]
fn frames_that_say_nothing_are_own_unless_another_says_it_is() {
    let mut silent = vec![frame("a", 1, true), frame("b", 2, true), frame("c", 3, true)];
    for frame in &mut silent {
        frame.in_app = None;
    }
    assert_eq!(outline(&view(silent.clone(), Order::NewestFirst)), ["*c", "*b", "*a"]);
    silent[0].in_app = Some(true);
    assert_eq!(outline(&view(silent, Order::NewestFirst)), ["c", "b", "*a"]);
}

#[test]
fn a_recursion_is_folded_and_counted() {
    let mut frames = vec![frame("main", 1, true)];
    frames.extend((0..200).map(|_| frame("walk", 7, true)));
    let outline = outline(&view(frames, Order::NewestFirst));
    assert_eq!(outline, ["*walk", "[the same frame 199 more times]", "*main"]);
}

#[test]
fn only_the_first_screen_of_frames_is_open() {
    let frames = (0..50).map(|line| frame(&format!("step_{line}"), line, true)).collect();
    let open = outline(&view(frames, Order::NewestFirst));
    let open = open.iter().filter(|name| name.starts_with('*')).count();
    assert_eq!(open, MAX_OPEN_FRAMES);
}

#[test]
fn a_run_names_at_most_three_libraries() {
    let named = |names: &[&str]| run_summary(9, names.iter().map(|name| (*name).to_owned()));
    assert_eq!(named(&[]), "9 system frames");
    assert_eq!(named(&["django", "django"]), "9 frames from django");
    assert_eq!(named(&["a", "b", "c"]), "9 frames from a, b and c");
    assert_eq!(named(&["a", "b", "c", "d", "e"]), "9 frames from a, b and 3 more");
}

#[test]
fn source_lines_are_numbered_around_the_one_that_failed() {
    let mut failed = frame("total", 12, true);
    failed.pre_context = Some(vec!["ten".to_owned(), "eleven".to_owned()]);
    failed.post_context = Some(vec!["thirteen".to_owned()]);
    let view = FrameView::new(&failed, "python", true);
    let numbers: Vec<(&str, bool)> =
        view.source.iter().map(|line| (line.number.as_str(), line.is_hit)).collect();
    assert_eq!(numbers, [("10", false), ("11", false), ("12", true), ("13", false)]);
}

#[test]
fn a_line_of_a_bundle_is_cut() {
    let mut bundle = frame("e", 1, true);
    bundle.context_line = Some("x".repeat(1_000_000));
    let view = FrameView::new(&bundle, "javascript", true);
    assert_eq!(view.source[0].text.chars().count(), 501);
}

#[test]
fn a_frame_without_a_name_shows_its_address() {
    let native = Frame { instruction_addr: Some("0x7fff2a".to_owned()), ..Frame::default() };
    assert_eq!(FrameView::new(&native, "native", true).function, "0x7fff2a");
    assert_eq!(FrameView::new(&Frame::default(), "node", true).function, "<anonymous>");
}

#[test]
fn lines_around_the_hit_are_counted_from_it_whatever_number_a_client_says() {
    let numbers = |line| {
        let around = |text: &str| Some(vec![text.to_owned(); 2]);
        let frame = Frame {
            pre_context: around("before"),
            post_context: around("after"),
            ..frame("total", line, true)
        };
        source(&frame).into_iter().map(|line| line.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(10), ["8", "9", "10", "11", "12"]);
    assert_eq!(numbers(2), ["", "1", "2", "3", "4"]);
    let last = u64::MAX.to_string();
    assert_eq!(numbers(u64::MAX)[2..], [last.as_str(), "", ""]);
}
