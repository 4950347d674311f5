//! The texts of one frame (`grouping.md` §6).
//!
//! Lines, columns, folders, packages and addresses never count: they change with every build.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::family::Family;
use super::prepare::trim_function;
use super::reason::Reason;
use super::tree::Leaf;
use crate::protocol::event::Frame;

/// Longer source lines are minified code, in characters.
const MAX_LINE_CHARS: usize = 120;

/// A frame and the platform it is read by.
#[derive(Clone, Copy)]
pub(super) struct FrameView<'e> {
    pub(super) frame: &'e Frame,
    pub(super) platform: &'e str,
    pub(super) family: Family,
}

/// What is left of a frame for grouping.
pub(super) struct Leaves {
    pub(super) module: Option<Leaf>,
    pub(super) filename: Option<Leaf>,
    pub(super) function: Option<Leaf>,
    pub(super) context_line: Option<Leaf>,
}

impl Leaves {
    /// Whether anything in the frame counts.
    pub(super) fn any_counts(&self) -> bool {
        [&self.module, &self.filename, &self.function, &self.context_line]
            .into_iter()
            .any(|leaf| leaf.as_ref().is_some_and(Leaf::counts))
    }
}

impl<'e> FrameView<'e> {
    /// A frame of an event of platform `event_platform`; the frame's own platform goes first.
    pub(super) fn new(frame: &'e Frame, event_platform: &'e str) -> Self {
        let platform = frame.platform.as_deref().unwrap_or(event_platform);
        Self { frame, platform, family: Family::of(platform) }
    }

    /// The frame's texts, each with the reason why it does not count, if it does not.
    pub(super) fn leaves(self) -> Leaves {
        let module = self.module();
        let has_module = module.as_ref().is_some_and(Leaf::counts);
        let context_line = self.context_line();
        let has_line = context_line.as_ref().is_some_and(Leaf::counts);
        Leaves {
            filename: self.filename(has_module),
            function: self.function(has_line),
            module,
            context_line,
        }
    }

    /// The function's short name, as rules see it.
    pub(super) fn trimmed_function(self) -> Option<Cow<'e, str>> {
        let function = self.frame.function.as_deref().filter(|name| !name.is_empty())?;
        Some(match self.frame.raw_function {
            Some(_) => Cow::Borrowed(function),
            None => trim_function(function, self.platform),
        })
    }

    /// The function's name as it is hashed: in C# overloads are told apart by their signature.
    fn hashed_function(self) -> Option<Cow<'e, str>> {
        if self.platform == "csharp" {
            let name = self.frame.raw_function.as_deref().or(self.frame.function.as_deref());
            return name.filter(|name| !name.is_empty()).map(Cow::Borrowed);
        }
        self.trimmed_function()
    }

    /// Code that the browser evaluated or has built in: such frames look different everywhere.
    pub(super) fn is_evaluated_code(self) -> bool {
        self.family == Family::Javascript
            && (self.frame.function.as_deref().map(last_name) == Some("eval")
                || matches!(
                    self.abs_path(),
                    "[native code]" | "native code" | "eval code" | "<anonymous>"
                ))
    }

    /// A script's frame of which neither function nor address is known.
    pub(super) fn is_blank_script(self) -> bool {
        self.family == Family::Javascript
            && self.frame.function.as_deref().is_none_or(str::is_empty)
            && !is_url_or_file(self.abs_path())
    }

    /// Whether the same call stands twice in a row: direct recursion.
    pub(super) fn repeats(self, before: Self) -> bool {
        let (this, that) = (self.frame, before.frame);
        this.lineno == that.lineno
            && this.colno == that.colno
            && this.function == that.function
            && this.module == that.module
            && this.filename == that.filename
            && this.abs_path == that.abs_path
            && this.package == that.package
    }

    fn abs_path(self) -> &'e str {
        self.frame.abs_path.as_deref().unwrap_or_default()
    }

    fn filename(self, has_module: bool) -> Option<Leaf> {
        let filename = self.frame.filename.as_deref().filter(|name| !name.is_empty())?;
        let base = filename.rsplit(['/', '\\']).next().unwrap_or(filename).to_lowercase();
        let reason = if is_url(self.abs_path()) {
            Some(Reason::FileIsUrl)
        } else if matches!(base.as_str(), "<anonymous>" | "[native code]") {
            Some(Reason::FileIsPlaceholder)
        } else {
            has_module.then_some(Reason::ModuleDecides)
        };
        let value = match self.platform {
            "java" if base.contains("$$_javassist") => {
                JAVASSIST.replace_all(&base, "$1<auto>").into_owned()
            }
            _ => base,
        };
        Some(Leaf { value, ignored: reason })
    }

    fn module(self) -> Option<Leaf> {
        let module = self.frame.module.as_deref().filter(|module| !module.is_empty())?;
        Some(match self.platform {
            "javascript" if module.contains('/') && self.abs_path().ends_with(module) => {
                Leaf::ignored(module, Reason::ModuleIsPagePath)
            }
            "java" if module.contains("$$Lambda$") => Leaf::ignored(module, Reason::GeneratedName),
            "java" => Leaf::new(without_generated_names(module)),
            _ => Leaf::new(module),
        })
    }

    fn function(self, has_line: bool) -> Option<Leaf> {
        let name = self.hashed_function()?;
        let placeholder = |name: &str| Leaf::ignored(name, Reason::FunctionIsPlaceholder);
        Some(match (self.platform, self.family) {
            (_, Family::Javascript) => self.javascript_function(last_name(&name), has_line),
            (_, Family::Native) if matches!(&*name, "<redacted>" | "<unknown>") => {
                placeholder(&name)
            }
            ("ruby", _) => Leaf::new(ruby_function(&name)),
            ("php", _) => php_function(&name),
            ("java", _) if name.starts_with("lambda$") => {
                Leaf::ignored(name, Reason::GeneratedName)
            }
            _ => Leaf::new(name),
        })
    }

    fn javascript_function(self, name: &str, has_line: bool) -> Leaf {
        if name.ends_with("/<")
            || matches!(
                name,
                "?" | "<anonymous function>" | "<anonymous>" | "Anonymous function" | ""
            )
        {
            return Leaf::ignored(name, Reason::FunctionIsPlaceholder);
        }
        // Minifiers rename functions; a line found by a source map tells more.
        if has_line && self.has_source_map() {
            return Leaf::ignored(name, Reason::SourceLineDecides);
        }
        Leaf::new(name)
    }

    fn has_source_map(self) -> bool {
        #[derive(serde::Deserialize)]
        struct Data {
            #[serde(default)]
            sourcemap: Option<crate::protocol::lenient::Raw>,
        }
        let Some(data) = &self.frame.data else { return false };
        data.text().contains("sourcemap")
            && data
                .parse::<Data>()
                .and_then(|data| data.sourcemap)
                .is_some_and(|map| !matches!(map.text(), "\"\"" | "false"))
    }

    fn context_line(self) -> Option<Leaf> {
        if !matches!(self.platform, "javascript" | "node" | "python" | "php" | "ruby") {
            return None;
        }
        let line = self.frame.context_line.as_deref()?;
        let collapsed = collapse_whitespace(line);
        if collapsed.is_empty() {
            return None;
        }
        let ignored = if line.len() > MAX_LINE_CHARS && line.chars().count() > MAX_LINE_CHARS {
            Some(Reason::LineTooLong)
        } else if self.family == Family::Javascript
            && self.frame.function.as_deref().is_none_or(str::is_empty)
            && is_url_or_file(self.abs_path())
        {
            Some(Reason::LineWithoutFunction)
        } else {
            None
        };
        Some(Leaf { value: collapsed, ignored })
    }
}

fn is_url(path: &str) -> bool {
    ["http:", "https:", "blob:", "applewebdata:"].iter().any(|scheme| path.starts_with(scheme))
}

fn is_url_or_file(path: &str) -> bool {
    path.starts_with("file:") || is_url(path)
}

/// The part after the last dot: `Foo.bar` and `Object.bar` are the same function.
fn last_name(function: &str) -> &str {
    function.rsplit('.').next().unwrap_or(function)
}

fn collapse_whitespace(line: &str) -> String {
    let mut collapsed = String::with_capacity(line.len());
    for word in line.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// Blocks are numbered and named by their method; compiled templates end in `__hash_address`.
fn ruby_function(name: &str) -> &str {
    if name.starts_with("block ") {
        return "block";
    }
    without_number(name)
        .and_then(|rest| rest.strip_suffix('_'))
        .and_then(without_number)
        .and_then(|rest| rest.strip_suffix("__"))
        .unwrap_or(name)
}

/// `name` without the number of at least four digits that it ends with.
fn without_number(name: &str) -> Option<&str> {
    let rest = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
    (name.len() - rest.len() >= 4).then_some(rest)
}

fn php_function(name: &str) -> Leaf {
    if name.starts_with("[Anonymous") {
        return Leaf::ignored(name, Reason::GeneratedName);
    }
    if !name.starts_with("class@anonymous") {
        return Leaf::new(name);
    }
    // `class@anonymous`, NUL, path and line: only the method is the same on the next machine.
    match name.rsplit_once("::") {
        Some((_, method)) => Leaf::new(method),
        None => Leaf::ignored(name, Reason::GeneratedName),
    }
}

static JAVASSIST: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(\$\$_javassist)(?:_seam)?(?:_[0-9]+)?"));

/// Names that the JVM's proxies number; the variable tail becomes `<auto>`.
static GENERATED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(sun\.reflect\.Generated(?:Serialization)?ConstructorAccessor)[0-9]+",
        r"(\$\$\w*?CGLIB\$\$)[0-9a-fA-F]+(?:_[0-9]+)?",
        r"(\$\$_javassist)(?:_seam)?(?:_[0-9]+)?",
        r"(\$fn__)[0-9]+",
        r"(\$\$?EnhancerBy\w*?\$\$?)[0-9a-fA-F]+(?:_[0-9]+)?",
        r"(\$\$?FastClassBy\w*?\$\$?)[0-9a-fA-F]+(?:_[0-9]+)?",
        r"(\$\$?HibernateProxy\$\$?)\w+(?:_[0-9]+)?",
    ]
    .map(regex)
    .into()
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is ours")
}

fn without_generated_names(module: &str) -> Cow<'_, str> {
    for accessor in ["sun.reflect.", "jdk.internal.reflect."] {
        const WORD: &str = "GeneratedMethodAccessor";
        if module.strip_prefix(accessor).is_some_and(|rest| rest.starts_with(WORD)) {
            return Cow::Borrowed(&module[..accessor.len() + WORD.len()]);
        }
    }
    if !module.contains(['$']) && !module.starts_with("sun.reflect.") {
        return Cow::Borrowed(module);
    }
    GENERATED.iter().fold(Cow::Borrowed(module), |name, pattern| {
        match pattern.replace_all(&name, "$1<auto>") {
            Cow::Borrowed(_) => name,
            Cow::Owned(replaced) => Cow::Owned(replaced),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(platform: &str, frame: Frame) -> Leaves {
        FrameView::new(&frame, platform).leaves()
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
            assert_eq!(
                leaves("javascript", frame).filename.unwrap().counts(),
                counts,
                "{abs_path}"
            );
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
}
