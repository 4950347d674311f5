//! A stack as its language would have printed it, for tickets, chats and search engines.

use std::fmt::Write;

use crate::protocol::event::{Event, Exception, Frame, Stacktrace};

/// More frames than this are counted, not printed.
const MAX_FRAMES: usize = 300;

/// The text of all exceptions of an event, or of its stack if it has no exception.
pub fn event_text(event: &Event) -> String {
    let platform = event.platform();
    let exceptions = event.exceptions();
    if exceptions.is_empty() {
        return event
            .stacktrace
            .as_ref()
            .map(|stack| exception_text(&Exception::default(), stack, platform))
            .unwrap_or_default();
    }
    // Python prints causes first; everybody else prints them below what they caused.
    if platform == "python" {
        let mut texts = Vec::new();
        for (index, exception) in exceptions.iter().enumerate() {
            if index > 0 {
                texts.push(python_joint(exceptions, index).to_owned());
            }
            texts.push(one(exception, platform));
        }
        return texts.join("\n\n");
    }
    let mut texts: Vec<String> =
        exceptions.iter().rev().map(|exception| one(exception, platform)).collect();
    for text in texts.iter_mut().skip(1) {
        text.insert_str(0, "Caused by: ");
    }
    texts.join("\n")
}

fn python_joint(exceptions: &[Exception], index: usize) -> &'static str {
    let source =
        exceptions[index - 1].mechanism.as_ref().and_then(|mechanism| mechanism.source.as_deref());
    if source == Some("__context__") {
        "During handling of the above exception, another exception occurred:"
    } else {
        "The above exception was the direct cause of the following exception:"
    }
}

fn one(exception: &Exception, platform: &str) -> String {
    match &exception.stacktrace {
        Some(stack) => exception_text(exception, stack, platform),
        None => heading(exception),
    }
}

/// The text of one exception and its stack.
pub fn exception_text(exception: &Exception, stack: &Stacktrace, platform: &str) -> String {
    let frames = stack.frames();
    let heading = heading(exception);
    match platform {
        "python" => python(&heading, frames),
        "ruby" => ruby(exception, frames),
        "php" => php(exception, frames),
        "go" => go(&heading, frames),
        "java" => newest_first(&heading, frames, java_line),
        "csharp" => newest_first(&heading, frames, csharp_line),
        "javascript" | "node" => newest_first(&heading, frames, javascript_line),
        _ => numbered(&heading, frames),
    }
}

/// `shop.CartError: empty`.
fn heading(exception: &Exception) -> String {
    let kind = exception.kind.as_deref().unwrap_or_default();
    let value = exception.value.as_deref().unwrap_or_default();
    match (kind, value) {
        ("", value) => value.to_owned(),
        (kind, "") => kind.to_owned(),
        (kind, value) => format!("{kind}: {value}"),
    }
}

fn newest_first(heading: &str, frames: &[Frame], line: fn(&Frame) -> String) -> String {
    let lines = frames.iter().rev().take(MAX_FRAMES).map(line);
    joined(heading, lines.chain(omitted(frames)))
}

fn joined(heading: &str, lines: impl Iterator<Item = String>) -> String {
    let mut text = heading.to_owned();
    for line in lines {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text
}

fn omitted(frames: &[Frame]) -> Option<String> {
    let count = frames.len().saturating_sub(MAX_FRAMES);
    (count > 0).then(|| format!("    ... {count} more"))
}

fn python(heading: &str, frames: &[Frame]) -> String {
    let mut text = String::new();
    if !frames.is_empty() {
        text.push_str("Traceback (most recent call last):\n");
    }
    let skipped = frames.len().saturating_sub(MAX_FRAMES);
    if skipped > 0 {
        let _ = writeln!(text, "  [Previous {skipped} frames omitted]");
    }
    for frame in &frames[skipped..] {
        let _ = writeln!(
            text,
            "  File \"{}\", line {}, in {}",
            path(frame),
            frame.lineno.unwrap_or(0),
            function(frame, "<module>")
        );
        if let Some(line) =
            frame.context_line.as_deref().map(str::trim).filter(|line| !line.is_empty())
        {
            let _ = writeln!(text, "    {line}");
        }
    }
    text + heading
}

fn javascript_line(frame: &Frame) -> String {
    let place = place(path(frame), frame);
    match frame.function.as_deref() {
        Some(function) => format!("    at {function} ({place})"),
        None => format!("    at {place}"),
    }
}

fn java_line(frame: &Frame) -> String {
    let module = frame.module.as_deref().map(|module| format!("{module}.")).unwrap_or_default();
    let place = match (file(frame), frame.lineno) {
        ("", _) => "Unknown Source".to_owned(),
        (file, Some(line)) => format!("{file}:{line}"),
        (file, None) => file.to_owned(),
    };
    format!("\tat {module}{}({place})", function(frame, "<unknown>"))
}

fn csharp_line(frame: &Frame) -> String {
    let module = frame.module.as_deref().map(|module| format!("{module}.")).unwrap_or_default();
    let mut line = format!("   at {module}{}", function(frame, "<unknown>"));
    if let (path, Some(number)) = (path(frame), frame.lineno) {
        let _ = write!(line, " in {path}:line {number}");
    }
    line
}

fn ruby(exception: &Exception, frames: &[Frame]) -> String {
    let message = exception.value.as_deref().unwrap_or_default();
    let kind = exception.kind.as_deref().unwrap_or("Exception");
    let line =
        |frame: &Frame| format!("{}:in `{}'", place(path(frame), frame), function(frame, "<main>"));
    let mut newest = frames.iter().rev();
    let Some(first) = newest.next() else { return heading(exception) };
    let head = format!("{}: {message} ({kind})", line(first));
    let rest = newest.take(MAX_FRAMES).map(|frame| format!("\tfrom {}", line(frame)));
    joined(&head, rest.chain(omitted(frames)))
}

fn php(exception: &Exception, frames: &[Frame]) -> String {
    let place_of = |frame: &Frame| format!("{}({})", path(frame), frame.lineno.unwrap_or(0));
    let mut newest = frames.iter().rev();
    let Some(first) = newest.next() else { return heading(exception) };
    let head = format!(
        "PHP Fatal error:  Uncaught {} in {}:{}\nStack trace:",
        heading(exception),
        path(first),
        first.lineno.unwrap_or(0)
    );
    // PHP names the caller's file and the function that was called.
    let calls = frames.iter().rev().skip(1).zip(frames.iter().rev());
    let lines = calls.take(MAX_FRAMES).zip(0..).map(|((caller, called), index)| {
        format!("#{index} {}: {}()", place_of(caller), function(called, "{main}"))
    });
    let last = format!("#{} {{main}}", frames.len().saturating_sub(1).min(MAX_FRAMES));
    joined(&head, lines.chain([last]))
}

fn go(heading: &str, frames: &[Frame]) -> String {
    let line = |frame: &Frame| {
        let module = frame.module.as_deref().map(|module| format!("{module}.")).unwrap_or_default();
        format!("{module}{}(...)\n\t{}", function(frame, "<unknown>"), place(path(frame), frame))
    };
    let lines = frames.iter().rev().take(MAX_FRAMES).map(line);
    joined(&format!("panic: {heading}\n\ngoroutine 1 [running]:"), lines.chain(omitted(frames)))
}

/// Rust, C, C++ and everything that has no form of its own: numbered, with address and library.
fn numbered(heading: &str, frames: &[Frame]) -> String {
    let lines = frames.iter().rev().take(MAX_FRAMES).zip(0..).map(|(frame, index)| {
        let mut line = format!("{index:>4}: ");
        if let Some(address) =
            frame.instruction_addr.as_deref().filter(|_| frame.function.is_some())
        {
            let _ = write!(line, "{address} ");
        }
        line += function(frame, frame.instruction_addr.as_deref().unwrap_or("<unknown>"));
        if let Some(package) = &frame.package {
            let _ = write!(line, " in {package}");
        }
        if !path(frame).is_empty() {
            let _ = write!(line, "\n          at {}", place(path(frame), frame));
        }
        line
    });
    joined(heading, lines.chain(omitted(frames)))
}

fn function<'f>(frame: &'f Frame, otherwise: &'f str) -> &'f str {
    frame.function.as_deref().filter(|name| !name.is_empty()).unwrap_or(otherwise)
}

fn path(frame: &Frame) -> &str {
    frame.abs_path.as_deref().or(frame.filename.as_deref()).unwrap_or_default()
}

fn file(frame: &Frame) -> &str {
    frame.filename.as_deref().or(frame.abs_path.as_deref()).unwrap_or_default()
}

fn place(path: &str, frame: &Frame) -> String {
    match (frame.lineno, frame.colno) {
        (Some(line), Some(column)) => format!("{path}:{line}:{column}"),
        (Some(line), None) => format!("{path}:{line}"),
        (None, _) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::Problems;

    fn event(platform: &str) -> Event {
        let json = format!(
            r#"{{"platform": "{platform}", "exception": {{"values": [
                {{"type": "KeyError", "value": "'price'", "stacktrace": {{"frames": [
                    {{"function": "price_of", "module": "shop", "filename": "shop.py", "abs_path": "/srv/shop.py", "lineno": 3, "context_line": "  return item['price']"}}
                ]}}}},
                {{"type": "CartError", "value": "no price", "stacktrace": {{"frames": [
                    {{"function": "main", "module": "app", "filename": "app.py", "abs_path": "/srv/app.py", "lineno": 9, "colno": 5}},
                    {{"function": "total", "module": "cart", "filename": "cart.py", "abs_path": "/srv/cart.py", "lineno": 21, "colno": 11}}
                ]}}}}
            ]}}}}"#
        );
        Event::read(json.as_bytes(), &Problems::default()).unwrap().unwrap()
    }

    fn text(platform: &str) -> String {
        event_text(&event(platform))
    }

    #[test]
    fn python_prints_causes_first_and_the_newest_call_last() {
        assert_eq!(
            text("python"),
            "Traceback (most recent call last):\n  File \"/srv/shop.py\", line 3, in price_of\n    return item['price']\nKeyError: 'price'\n\n\
             The above exception was the direct cause of the following exception:\n\n\
             Traceback (most recent call last):\n  File \"/srv/app.py\", line 9, in main\n  File \"/srv/cart.py\", line 21, in total\nCartError: no price"
        );
    }

    #[test]
    fn python_tells_a_context_from_a_cause() {
        let mut event = event("python");
        let cause = &mut event.exception.as_mut().unwrap().values[0];
        cause.mechanism = Some(crate::protocol::event::Mechanism {
            source: Some("__context__".to_owned()),
            ..Default::default()
        });
        assert!(event_text(&event).contains("During handling of the above exception"));
    }

    #[test]
    fn javascript_prints_the_newest_call_first_and_the_cause_last() {
        assert_eq!(
            text("node"),
            "CartError: no price\n    at total (/srv/cart.py:21:11)\n    at main (/srv/app.py:9:5)\n\
             Caused by: KeyError: 'price'\n    at price_of (/srv/shop.py:3)"
        );
    }

    #[test]
    fn java_and_csharp_name_the_class() {
        assert!(text("java").starts_with(
            "CartError: no price\n\tat cart.total(cart.py:21)\n\tat app.main(app.py:9)"
        ));
        assert!(text("csharp").contains("   at cart.total in /srv/cart.py:line 21"));
    }

    #[test]
    fn ruby_and_php_begin_with_the_place() {
        assert!(text("ruby").starts_with(
            "/srv/cart.py:21:11:in `total': no price (CartError)\n\tfrom /srv/app.py:9:5:in `main'"
        ));
        assert!(text("php").starts_with("PHP Fatal error:  Uncaught CartError: no price in /srv/cart.py:21\nStack trace:\n#0 /srv/app.py(9): total()\n#1 {main}"));
    }

    #[test]
    fn go_and_native_have_their_own_forms() {
        assert!(text("go").starts_with("panic: CartError: no price\n\ngoroutine 1 [running]:\ncart.total(...)\n\t/srv/cart.py:21:11"));
        assert!(text("native").starts_with(
            "CartError: no price\n   0: total\n          at /srv/cart.py:21:11\n   1: main"
        ));
    }

    #[test]
    fn an_endless_stack_is_cut_and_counted() {
        let frames =
            vec![Frame { function: Some("f".to_owned()), ..Frame::default() }; MAX_FRAMES + 7];
        let stack = Stacktrace { frames: Some(frames), ..Stacktrace::default() };
        let text = exception_text(&Exception::default(), &stack, "java");
        assert!(text.ends_with("... 7 more"), "{}", &text[text.len() - 40..]);
        let text = exception_text(&Exception::default(), &stack, "python");
        assert!(text.contains("[Previous 7 frames omitted]"));
    }

    #[test]
    fn an_event_without_a_stack_has_no_raw_text() {
        assert_eq!(event_text(&Event::default()), "");
    }
}
