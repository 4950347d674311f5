//! Function and class names as they are on every machine.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::grouping::reason::Reason;
use crate::grouping::tree::Leaf;

/// Blocks are numbered and named by their method; compiled templates end in `__hash_address`.
pub(super) fn ruby_function(name: &str) -> &str {
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

/// Of a class without a name only the method counts; other things without a name do not.
pub(super) fn php_function(name: &str) -> Leaf {
    if name.starts_with("[Anonymous") {
        return Leaf::ignored(name, Reason::GeneratedName);
    }
    if !name.starts_with("class@anonymous") {
        return Leaf::new(name);
    }
    // `class@anonymous`, NUL, path and line: only the method is the same on the next machine.
    match name.rsplit_once("::") {
        Some((_, method)) => Leaf::new(method),
        None if name.contains('\0') => Leaf::ignored(name, Reason::GeneratedName),
        None => Leaf::new(name),
    }
}

/// A file that Javassist made loses its number.
pub(super) fn java_file(name: String) -> String {
    if name.contains("$$_javassist") {
        JAVASSIST.replace_all(&name, "$1<auto>").into_owned()
    } else {
        name
    }
}

static JAVASSIST: LazyLock<Regex> = LazyLock::new(|| regex(JAVASSIST_NAME));

const JAVASSIST_NAME: &str = r"(\$\$_javassist)(?:_seam)?(?:_[0-9]+)?";

/// Names that the JVM's proxies number; the variable tail becomes `<auto>`.
static GENERATED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(sun\.reflect\.Generated(?:Serialization)?ConstructorAccessor)[0-9]+",
        r"(\$\$\w*?CGLIB\$\$)[0-9a-fA-F]+(?:_[0-9]+)?",
        JAVASSIST_NAME,
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

/// A class without what the JVM numbers anew in every process.
pub(super) fn java_class(module: &str) -> Cow<'_, str> {
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

/// A script's file or module without the hashes that bundlers put into names: `app.4f3c2b1a.js` is `app.js`,
/// `index-Bz3kX9aQ` is `index`.
pub(super) fn without_content_hash(name: &str) -> String {
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    let (folders, file) = name.split_at(start);
    let mut kept = folders.to_owned();
    for (index, part) in file.split_inclusive(['.', '-']).enumerate() {
        let word = part.trim_end_matches(['.', '-']);
        if index > 0 && is_content_hash(word) {
            // The sign before the hash goes with it, the one behind it stays.
            kept.pop();
            kept.push_str(&part[word.len()..]);
        } else {
            kept.push_str(part);
        }
    }
    kept
}

fn is_content_hash(word: &str) -> bool {
    let has = |is_like: fn(&u8) -> bool| word.bytes().any(|byte| is_like(&byte));
    let is_hex = word.len() >= 7
        && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && has(u8::is_ascii_digit);
    // Names end in numbers; letters and digits in turns are nobody's.
    let changes = word.as_bytes().windows(2);
    let changes = changes.filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
    let is_base64 = word.len() == 8
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && changes.count() >= 2;
    is_hex || is_base64
}
