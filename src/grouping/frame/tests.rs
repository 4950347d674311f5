//! What is left of a frame, language by language.

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "the frames are made where it is called")]
fn leaves(platform: &str, frame: Frame) -> Leaves {
    FrameView::new(&frame, platform).leaves(false)
}

fn function(platform: &str, name: &str) -> Option<String> {
    let frame = Frame { function: Some(name.to_owned()), ..Frame::default() };
    leaves(platform, frame).function.filter(Leaf::counts).map(|leaf| leaf.value)
}

fn module(platform: &str, name: &str) -> Option<String> {
    let frame = Frame { module: Some(name.to_owned()), ..Frame::default() };
    leaves(platform, frame).module.filter(Leaf::counts).map(|leaf| leaf.value)
}

#[test]
fn the_file_is_its_last_segment_in_lower_case_and_yields_to_the_module() {
    let frame = |module: Option<&str>| Frame {
        filename: Some("src\\Sub/Physics.CPP".to_owned()),
        module: module.map(str::to_owned),
        ..Frame::default()
    };
    assert_eq!(leaves("native", frame(None)).filename, Some(Leaf::new("physics.cpp")));
    assert_eq!(
        leaves("native", frame(Some("physics"))).filename,
        Some(Leaf::ignored("physics.cpp", Reason::ModuleDecides))
    );
}

#[test]
fn the_file_of_a_page_does_not_count_but_a_local_file_does() {
    for (abs_path, counts) in
        [("https://a.example/x.js", false), ("blob:x.js", false), ("file:///x.js", true)]
    {
        let frame = Frame {
            filename: Some("x.js".to_owned()),
            abs_path: Some(abs_path.to_owned()),
            ..Frame::default()
        };
        assert_eq!(leaves("javascript", frame).filename.unwrap().counts(), counts, "{abs_path}");
    }
}

#[test]
fn names_that_the_jvm_made_up_lose_their_tail() {
    for (name, expected) in [
        ("com.acme.Main", "com.acme.Main"),
        ("sun.reflect.GeneratedMethodAccessor12", "sun.reflect.GeneratedMethodAccessor"),
        (
            "jdk.internal.reflect.GeneratedMethodAccessor7",
            "jdk.internal.reflect.GeneratedMethodAccessor",
        ),
        (
            "sun.reflect.GeneratedSerializationConstructorAccessor3",
            "sun.reflect.GeneratedSerializationConstructorAccessor<auto>",
        ),
        ("a.B$$EnhancerBySpringCGLIB$$1a2b_3", "a.B$$EnhancerBySpringCGLIB$$<auto>"),
        ("a.B$$EnhancerByGuice$$1a2b", "a.B$$EnhancerByGuice$$<auto>"),
        ("a.B$$FastClassByGuice$$1a2b", "a.B$$FastClassByGuice$$<auto>"),
        ("a.B$HibernateProxy$k2Xq", "a.B$HibernateProxy$<auto>"),
        ("a.B_$$_javassist_seam_4", "a.B_$$_javassist<auto>"),
        ("user$fn__123", "user$fn__<auto>"),
    ] {
        assert_eq!(module("java", name).as_deref(), Some(expected));
    }
    assert_eq!(module("java", "a.B$$Lambda$14/0x01"), None);
    assert_eq!(function("java", "lambda$load$0"), None);
}

#[test]
fn a_module_that_is_the_pages_path_does_not_count() {
    let frame = Frame {
        module: Some("shop/cart".to_owned()),
        abs_path: Some("https://a.example/shop/cart".to_owned()),
        ..Frame::default()
    };
    assert!(!leaves("javascript", frame).module.unwrap().counts());
}

#[test]
fn functions_are_cleaned_as_their_language_wants_it() {
    for (platform, name, expected) in [
        ("ruby", "block (2 levels) in save", Some("block")),
        ("ruby", "_app_views_show_html_erb__3045_70012", Some("_app_views_show_html_erb")),
        ("ruby", "save__12_3456", Some("save__12_3456")),
        ("php", "class@anonymous\0/srv/a.php:3$0::handle", Some("handle")),
        ("php", "class@anonymous\0/srv/a.php:3$0", None),
        ("php", "class@anonymous", Some("class@anonymous")),
        ("php", "class@anonymous::__construct", Some("__construct")),
        ("php", "App\\Cart::{closure}", Some("App\\Cart::{closure}")),
        ("php", "[Anonymous function]", None),
        ("javascript", "n.submit", Some("submit")),
        ("node", "Object.<anonymous>", None),
        ("javascript", "?", None),
        ("javascript", "load/<", None),
        ("native", "<redacted>", None),
        ("native", "void a::b<int>(char) const", Some("a::b<T>")),
        ("python", "<lambda>", Some("<lambda>")),
        ("go", "main.func1", Some("main.func1")),
    ] {
        assert_eq!(function(platform, name).as_deref(), expected, "{platform} {name}");
    }
}

#[test]
fn a_source_line_counts_in_scripting_languages_only_and_with_single_spaces() {
    let frame =
        || Frame { context_line: Some("\t return  a  +\tb ".to_owned()), ..Frame::default() };
    assert_eq!(leaves("python", frame()).context_line, Some(Leaf::new("return a + b")));
    assert_eq!(leaves("java", frame()).context_line, None);
}

#[test]
fn a_source_line_of_minified_code_does_not_count() {
    let line = |length| Frame {
        context_line: Some("é".repeat(length)),
        function: Some("f".to_owned()),
        ..Frame::default()
    };
    assert!(leaves("javascript", line(120)).context_line.unwrap().counts());
    let long = leaves("javascript", line(121)).context_line.unwrap();
    assert_eq!(long.ignored, Some(Reason::LineTooLong));
}

#[test]
fn a_line_found_by_a_source_map_replaces_the_function() {
    let frame = |map: &str| Frame {
        function: Some("submit".to_owned()),
        context_line: Some("x()".to_owned()),
        data: serde_json::from_str(&format!(r#"{{"sourcemap":{map}}}"#)).ok(),
        ..Frame::default()
    };
    let mapped = leaves("javascript", frame("\"app.js.map\"")).function.unwrap();
    assert_eq!(mapped.ignored, Some(Reason::SourceLineDecides));
    assert!(leaves("javascript", frame("null")).function.unwrap().counts());
}

#[test]
fn of_a_short_and_a_long_name_csharp_takes_the_long_one_and_everything_else_the_short_one() {
    let hashed = |platform: &str, function: Option<&str>, raw: Option<&str>| {
        let [function, raw_function] = [function, raw].map(|name| name.map(str::to_owned));
        let frame = Frame { function, raw_function, ..Frame::default() };
        leaves(platform, frame).function.map(|leaf| leaf.value)
    };
    let long = "void a::b<int>(int)";
    for (platform, function, raw, expected) in [
        ("native", Some("b"), Some(long), "b"),
        ("native", Some(long), None, "a::b<T>"),
        ("native", Some(long), Some(""), long),
        // Who has shortened names has none for this one, so it stays as it is.
        ("native", None, Some(long), long),
        (
            "csharp",
            Some("Main"),
            Some("Main (System.String[] args)"),
            "Main (System.String[] args)",
        ),
        ("csharp", Some("Main (System.String[] args)"), None, "Main"),
        ("csharp", Some("Main"), Some(""), "Main"),
        ("java", None, Some("main"), "main"),
    ] {
        assert_eq!(
            hashed(platform, function, raw).as_deref(),
            Some(expected),
            "{platform} {raw:?}"
        );
    }
    assert_eq!(hashed("csharp", Some(""), Some("")), None);
}

#[test]
fn content_hashes_go_where_a_project_wants_it() {
    for (name, expected) in [
        ("assets/app.4f3c2b1a", "assets/app"),
        ("app.4f3c2b1a.js", "app.js"),
        ("index-Bz3kX9aQ.js", "index.js"),
        ("chunk-vendors.0a1b2c3d4e5f.min.js", "chunk-vendors.min.js"),
        ("4f3c2b1a.js", "4f3c2b1a.js"),
        ("my-module42.js", "my-module42.js"),
        ("jquery-3.7.1.js", "jquery-3.7.1.js"),
        ("deadbeefs/feedface", "deadbeefs/feedface"),
    ] {
        assert_eq!(names::without_content_hash(name), expected, "{name}");
    }
}

#[test]
fn the_algorithm_of_2023_ignored_the_lone_frame_with_an_address() {
    let frame = Frame { abs_path: Some("https://a.example/x.js".to_owned()), ..Frame::default() };
    let view = FrameView::new(&frame, "javascript");
    assert!(view.is_blank_script(Algorithm::Newstyle2023));
    assert!(!view.is_blank_script(Algorithm::Newstyle2026));
}
