//! What is left of frames and of whole stacks (`grouping.md` §5–§7), seen by the texts that are hashed.

use picket::grouping::{Config, VariantName};

use super::{event, grouped};

/// What counts of a stack of these frames, all of them in app unless they say otherwise.
fn counted(platform: &str, frames: &str) -> String {
    let json = format!(r#"{{"platform":"{platform}","stacktrace":{{"frames":[{frames}]}}}}"#);
    let grouping = grouped(event(json.as_bytes()), &Config::default());
    grouping.values(VariantName::System).join(" ")
}

/// What counts of one frame beside another, so that it is not the only one.
fn counted_of_one(platform: &str, frame: &str) -> String {
    let counted = counted(platform, &format!(r#"{{"function":"anchor"}},{frame}"#));
    counted.strip_prefix("anchor").unwrap().trim_start().to_owned()
}

#[test]
fn a_file_counts_by_its_name_unless_it_is_a_url_or_says_nothing() {
    for (platform, frame, expected) in [
        ("ruby", r#"{"filename":"App/Models/Cart.RB"}"#, "cart.rb"),
        ("csharp", r#"{"filename":"C:\\Shop\\Cart.cs"}"#, "cart.cs"),
        ("php", r#"{"filename":"ÄRGER.PHP"}"#, "ärger.php"),
        ("javascript", r#"{"abs_path":"https://a.b/x.js","filename":"/x.js","module":""}"#, "x"),
        ("python", r#"{"abs_path":"http://a.b/x.py","filename":"x.py"}"#, ""),
        ("other", r#"{"abs_path":"applewebdata://A/x","filename":"x"}"#, ""),
        ("other", r#"{"abs_path":"blob:a","filename":"x"}"#, ""),
        ("other", r#"{"abs_path":"file:///a/x","filename":"x"}"#, "x"),
        ("other", r#"{"filename":"<anonymous>"}"#, ""),
        ("other", r#"{"filename":"[native code]"}"#, ""),
        ("java", r#"{"filename":"Cart$$_javassist_seam_12.java"}"#, "cart$$_javassist<auto>.java"),
        ("other", r#"{"filename":"Cart$$_javassist_12"}"#, "cart$$_javassist_12"),
        ("other", r#"{"filename":"x.c","module":"m"}"#, "m"),
        // A module that does not count leaves the place to the file.
        ("java", r#"{"filename":"Cart.java","module":"a.Cart$$Lambda$7"}"#, "cart.java"),
        (
            "other",
            r#"{"lineno":7,"colno":3,"instruction_addr":"0x7","package":"/opt/shop.so"}"#,
            "",
        ),
    ] {
        assert_eq!(counted_of_one(platform, frame), expected, "{platform} {frame}");
    }
}

#[test]
fn a_module_counts_as_it_is_but_for_pages_and_what_the_jvm_makes_up() {
    for (platform, frame, expected) in [
        ("python", r#"{"module":"Shop.views"}"#, "Shop.views"),
        ("javascript", r#"{"module":"a/b","abs_path":"https://x.y/a/b"}"#, ""),
        ("node", r#"{"module":"a/b","abs_path":"https://x.y/a/b"}"#, "a/b"),
        ("javascript", r#"{"module":"b","abs_path":"https://x.y/a/b"}"#, "b"),
        ("java", r#"{"module":"a.B$$SpringCGLIB$$0"}"#, "a.B$$SpringCGLIB$$<auto>"),
        (
            "java",
            r#"{"module":"sun.reflect.GeneratedMethodAccessor12.x"}"#,
            "sun.reflect.GeneratedMethodAccessor",
        ),
        // What one language makes up is a name in another.
        ("csharp", r#"{"module":"a.B$$Lambda$7"}"#, "a.B$$Lambda$7"),
        ("python", r#"{"platform":"java","module":"a$fn__12"}"#, "a$fn__<auto>"),
    ] {
        assert_eq!(counted_of_one(platform, frame), expected, "{platform} {frame}");
    }
}

#[test]
fn functions_that_say_nothing_do_not_count() {
    for (platform, frame, expected) in [
        ("javascript", r#"{"function":"a.b.save"}"#, "save"),
        ("javascript", r#"{"function":"<anonymous function>"}"#, ""),
        ("javascript", r#"{"function":"Anonymous function"}"#, ""),
        ("node", r#"{"function":"Object.<anonymous>"}"#, ""),
        ("node", r#"{"function":"cart/<"}"#, ""),
        ("python", r#"{"function":"<anonymous>"}"#, "<anonymous>"),
        ("cocoa", r#"{"function":"<redacted>"}"#, ""),
        ("java", r#"{"function":"<unknown>"}"#, "<unknown>"),
        ("java", r#"{"function":"lambda$load$0"}"#, ""),
        ("other", r#"{"function":"lambda$load$0"}"#, "lambda$load$0"),
        ("go", r#"{"function":"(*Cart).Total.func1"}"#, "(*Cart).Total.func1"),
        ("rust", r#"{"function":"<T as shop::Sum>::go"}"#, "<T as shop::Sum>::go"),
        ("rust", r#"{"function":"<T as shop::Sum>::go","platform":"native"}"#, "shop::Sum::go"),
        ("elixir", r#"{"function":"Shop.Cart.total/2"}"#, "Shop.Cart.total/2"),
        ("dart", r#"{"function":"Cart.total.<fn>"}"#, "Cart.total.<fn>"),
    ] {
        assert_eq!(counted_of_one(platform, frame), expected, "{platform} {frame}");
    }
}

#[test]
fn a_source_line_counts_in_five_languages() {
    let line = r#"{"context_line":"  total  =\t1 "}"#;
    for platform in ["javascript", "node", "python", "php", "ruby"] {
        // A script's line without a function and with a URL is the page's.
        assert_eq!(counted_of_one(platform, line), "total = 1", "{platform}");
    }
    for platform in ["java", "csharp", "go", "native", "dart", "elixir", "other"] {
        assert_eq!(counted_of_one(platform, line), "", "{platform}");
    }
    for (frame, expected) in [
        (r#"{"context_line":"x","abs_path":"https://a.b/"}"#, ""),
        (r#"{"context_line":"x","abs_path":"file:///a/b","filename":"b"}"#, "b"),
        (r#"{"context_line":"x","abs_path":"https://a.b/","function":"f"}"#, "f x"),
        (r#"{"context_line":"x","function":"f","data":{"sourcemap":"https://a.b/m"}}"#, "x"),
        (r#"{"context_line":" ","function":"f","data":{"sourcemap":"https://a.b/m"}}"#, "f"),
    ] {
        assert_eq!(counted_of_one("javascript", frame), expected, "{frame}");
    }
}

#[test]
fn evaluated_and_native_code_of_scripts_does_not_count() {
    for (platform, frame, expected) in [
        ("javascript", r#"{"function":"eval","module":"m"}"#, ""),
        ("node", r#"{"function":"Cart.eval","module":"m"}"#, ""),
        ("javascript", r#"{"function":"f","abs_path":"native code"}"#, ""),
        ("javascript", r#"{"function":"f","abs_path":"[native code]"}"#, ""),
        ("javascript", r#"{"function":"f","abs_path":"eval code"}"#, ""),
        ("javascript", r#"{"function":"f","abs_path":"<anonymous>"}"#, ""),
        ("python", r#"{"function":"eval"}"#, "eval"),
    ] {
        assert_eq!(counted_of_one(platform, frame), expected, "{platform} {frame}");
    }
}

#[test]
fn only_calls_that_are_equal_in_all_seven_fields_are_recursion() {
    const CALL: &str = r#""function":"f","module":"m","package":"p","filename":"n","abs_path":"/a","lineno":1,"colno":2"#;
    let twice = |second: &str| counted("other", &format!("{{{CALL}}},{{{second}}}"));
    assert_eq!(twice(CALL), "m f");
    for (field, other) in [
        (r#""function":"f""#, r#""function":"g""#),
        (r#""module":"m""#, r#""module":"k""#),
        (r#""package":"p""#, r#""package":"q""#),
        (r#""filename":"n""#, r#""filename":"o""#),
        (r#""abs_path":"/a""#, r#""abs_path":"/b""#),
        (r#""lineno":1"#, r#""lineno":2"#),
        (r#""colno":2"#, r#""colno":3"#),
    ] {
        let second = CALL.replace(field, other);
        assert_eq!(twice(&second).split(' ').count(), 4, "{other}");
    }
    // What else differs does not matter.
    assert_eq!(
        twice(&format!(r#"{CALL},"context_line":"x","vars":{{"a":1}},"in_app":true"#)),
        "m f"
    );
}

#[test]
fn a_scripts_only_frame_needs_a_function_or_a_url() {
    let line = r#""context_line":"x","filename":"cart.js""#;
    for (platform, frame, expected) in [
        ("javascript", format!("{{{line}}}"), ""),
        ("node", format!("{{{line}}}"), ""),
        ("javascript", format!(r#"{{{line},"abs_path":"/srv/cart.js"}}"#), ""),
        ("javascript", format!(r#"{{{line},"function":"f"}}"#), "cart.js f x"),
        ("javascript", format!(r#"{{{line},"abs_path":"file:///srv/cart.js"}}"#), "cart.js"),
        ("python", format!("{{{line}}}"), "cart.js x"),
        ("javascript", format!(r#"{{{line},"platform":"python"}}"#), "cart.js x"),
    ] {
        assert_eq!(counted(platform, &frame), expected, "{platform} {frame}");
    }
}
