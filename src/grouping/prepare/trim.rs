//! Shortens function names to what names the function: `void foo::bar<int>(char const*) const` is
//! `foo::bar<T>` (`grouping.md` §5.1).
//!
//! Compilers write arguments, results, template arguments and hashes into names, and every compiler
//! writes them differently.

use std::borrow::Cow;

use crate::grouping::family::Family;

/// How deep brackets at the start of a name are looked into. Real names stay below five.
const MAX_NESTING: usize = 16;

/// Stand-ins for what would confuse the search for matching brackets, from the private use area.
const PROTECTED: [(&str, char); 5] = [
    ("operator<<", '\u{e000}'),
    ("operator<", '\u{e001}'),
    ("operator()", '\u{e002}'),
    (" -> ", ARROW),
    ("`anonymous namespace'", ANONYMOUS),
];

/// How MSVC begins the name of the anonymous namespace of one file.
const MSVC_ANONYMOUS: &str = "?A0x";

const ARROW: char = '\u{e003}';
const ANONYMOUS: char = '\u{e004}';

/// The name of a function without what its compiler added.
pub(in crate::grouping) fn trim_function<'n>(name: &'n str, platform: &str) -> Cow<'n, str> {
    if platform == "csharp" {
        // Unity writes the signature behind the name.
        return Cow::Borrowed(name.split(" (").next().unwrap_or(name));
    }
    if Family::of(platform) != Family::Native || is_plain(name) {
        return Cow::Borrowed(name);
    }
    let trimmed = trim_native(name);
    if trimmed.is_empty() || trimmed == name { Cow::Borrowed(name) } else { Cow::Owned(trimmed) }
}

/// Names that nothing is done to: C symbols, placeholders, Objective-C methods.
fn is_plain(name: &str) -> bool {
    let is_stand_in = |c: char| ('\u{e000}'..='\u{e004}').contains(&c);
    matches!(name, "<redacted>" | "<unknown>")
        || ["[", "+[", "-["].iter().any(|start| name.starts_with(start))
        || (!name.is_ascii() && name.contains(is_stand_in))
        || (without_rust_hash(name).len() == name.len()
            && !name.contains("lambda_")
            && !name.bytes().any(|byte| b" \t\n<>()?$@&".contains(&byte)))
}

fn trim_native(name: &str) -> String {
    let name = without_qualifiers(name);
    // Names are many and mostly simple, so every step looks first whether there is anything to do.
    let has = |sign: u8| name.as_bytes().contains(&sign);
    let has_brackets = has(b'<') || has(b'(');
    let is_protected = (has_brackets && name.contains("operator"))
        || (has(b'>') && name.contains(" -> "))
        || has(b'`')
        || has(b'?');
    let mut text = name.to_owned();
    if is_protected {
        text = PROTECTED
            .iter()
            .fold(text, |text, (from, to)| text.replace(from, &with_stand_in(from, *to)));
    }
    if has(b'$') || name.contains("lambda") {
        text = name_lambdas(&text);
    }
    if has(b'?') {
        text = name_anonymous_namespaces(&text);
    }
    if has(b'(') {
        text = replace_enclosed(&text, (b'(', b')'), &mut |inner, _| match inner {
            "anonymous namespace" | "operator" => format!("({inner})"),
            _ => String::new(),
        });
    }
    if has(b'<') {
        text = reduce_generics(&text, 0);
    }
    text = naming_token(text);
    if is_protected {
        text = PROTECTED
            .iter()
            .fold(text, |text, (from, to)| text.replace(&*with_stand_in(from, *to), from));
    }
    without_windows_decoration(without_rust_hash(&text)).to_owned()
}

/// What `token` is replaced by: the word before the brackets stays, an arrow stays its own token.
fn with_stand_in(token: &str, stand_in: char) -> String {
    match stand_in {
        ARROW => format!(" {ARROW} "),
        _ if token.starts_with("operator") => format!("operator{stand_in}"),
        _ => stand_in.to_string(),
    }
}

/// Drops `const` and `&` behind a method's name.
fn without_qualifiers(name: &str) -> &str {
    let mut rest = name.trim();
    loop {
        let shorter = match rest.strip_suffix("const") {
            Some(before) if !before.ends_with(is_word) => before.trim_end(),
            _ => rest.trim_end_matches('&').trim_end(),
        };
        if shorter.len() == rest.len() || shorter.is_empty() {
            return rest;
        }
        rest = shorter;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Lambdas as gcc, MSVC and clang number them, all become `lambda`.
fn name_lambdas(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(length) = lambda_length(rest) {
            out.push_str("lambda");
            rest = &rest[length..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

/// How many bytes at the start of `text` name a lambda.
fn lambda_length(text: &str) -> Option<usize> {
    if let Some(inside) = text.strip_prefix("{lambda(") {
        let end = inside.find(")#")? + 2;
        let digits = leading(&inside[end..], |byte| byte.is_ascii_digit());
        let closed = digits > 0 && inside[end + digits..].starts_with('}');
        return closed.then(|| "{lambda(".len() + end + digits + 1);
    }
    if let Some(hash) = text.strip_prefix("lambda_") {
        let digits = leading(hash, |byte| byte.is_ascii_hexdigit());
        return (digits >= 32).then_some("lambda_".len() + 32);
    }
    let digits = leading(text.strip_prefix("$_")?, |byte| byte.is_ascii_digit());
    (digits > 0).then_some("$_".len() + digits)
}

fn leading(text: &str, is_part: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| is_part(*byte)).count()
}

/// MSVC writes `?A0x1234abcd::` for the anonymous namespace of one file.
fn name_anonymous_namespaces(text: &str) -> String {
    let mut parts = text.split(MSVC_ANONYMOUS);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if leading(part, |byte| byte.is_ascii_hexdigit()) >= 8 && part[8..].starts_with("::") {
            out.push(ANONYMOUS);
            out.push_str(&part[8..]);
        } else {
            out.push_str(MSVC_ANONYMOUS);
            out.push_str(part);
        }
    }
    out
}

/// Replaces every outermost pair of brackets by what `replace` makes of its inside, which is told
/// whether the pair begins the text. Brackets without a partner stay.
fn replace_enclosed(
    text: &str,
    (open, close): (u8, u8),
    replace: &mut dyn FnMut(&str, bool) -> String,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte == open {
            if depth == 0 {
                start = at;
            }
            depth += 1;
        } else if byte == close && depth > 0 {
            depth -= 1;
            if depth == 0 {
                out.push_str(&text[copied..start]);
                out.push_str(&replace(&text[start + 1..at], start == 0));
                copied = at + 1;
            }
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// `<…>` behind a name becomes `<T>`; at the start it is Rust's `<Type as Trait>` and names the type.
fn reduce_generics(text: &str, nesting: usize) -> String {
    replace_enclosed(text, (b'<', b'>'), &mut |inner, at_start| {
        if inner == "lambda" || inner.starts_with("lambda ") {
            return format!("<{inner}>");
        }
        if !at_start || nesting >= MAX_NESTING {
            return "<T>".to_owned();
        }
        let reduced = reduce_generics(without_blanket(inner), nesting + 1);
        match reduced.split_once(" as ") {
            Some((name, _)) => name.to_owned(),
            None => reduced,
        }
    })
}

/// `T as Trait`, for whatever T, is named by the trait.
fn without_blanket(inner: &str) -> &str {
    match inner.split_once(" as ") {
        Some((name, of)) if name.len() == 1 && name.bytes().all(|b| b.is_ascii_uppercase()) => of,
        _ => inner,
    }
}

/// The token that names the function: the last one, or in Swift the one before the arrow.
fn naming_token(text: String) -> String {
    if !text.contains(char::is_whitespace) {
        return text;
    }
    let mut tokens = tokens(&text);
    if tokens.len() > 1 && tokens.last() == Some(&"<T>") {
        let generic = tokens.pop().unwrap_or_default();
        let name = tokens.pop().unwrap_or_default();
        return format!("{name} {generic}");
    }
    let arrow = tokens.iter().position(|token| token.chars().eq([ARROW]));
    let named = match arrow {
        Some(at) if at > 0 => tokens.get(at - 1),
        _ => tokens.last(),
    };
    named.copied().unwrap_or_default().to_owned()
}

/// The parts between spaces that are outside of brackets.
fn tokens(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|c: char| {
        match c {
            '(' | '<' | '[' | '{' => depth += 1,
            ')' | '>' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && c.is_whitespace()
    })
    .filter(|token| !token.is_empty())
    .collect()
}

/// `name::h` and 16 letters or digits: the hash of a Rust symbol.
fn without_rust_hash(name: &str) -> &str {
    let end = name.len().saturating_sub("::h0123456789abcdef".len());
    match name.as_bytes()[end..].strip_prefix(b"::h") {
        Some(hash) if end > 0 && hash.iter().all(u8::is_ascii_alphanumeric) => &name[..end],
        _ => name,
    }
}

/// `name@8` and `@name@8`: the size of the arguments in Windows' calling conventions.
fn without_windows_decoration(name: &str) -> &str {
    let undecorated = name.rsplit_once('@').and_then(|(rest, size)| {
        let is_size = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        let rest = rest.strip_prefix('@').unwrap_or(rest).trim_end_matches('@');
        (is_size && !rest.is_empty() && rest.chars().all(is_word)).then_some(rest)
    });
    undecorated.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_trimmed(cases: &[(&str, &str)]) {
        for (name, expected) in cases {
            assert_eq!(trim_function(name, "native"), *expected, "{name}");
        }
    }

    #[test]
    fn arguments_results_and_qualifiers_go() {
        assert_trimmed(&[
            ("memcpy", "memcpy"),
            ("void foo::bar<int>(char const*) const", "foo::bar<T>"),
            ("foo::bar() const &", "foo::bar"),
            ("foo::bar()const", "foo::bar"),
            ("int make_const", "make_const"),
            ("game::Loop::tick(double)", "game::Loop::tick"),
            ("foo(void (*)(int), std::pair<int, int>)", "foo"),
            ("(anonymous namespace)::load(int)", "(anonymous namespace)::load"),
            ("`anonymous namespace'::load", "`anonymous namespace'::load"),
            ("?A0x1a2b3c4d::load", "`anonymous namespace'::load"),
        ]);
    }

    #[test]
    fn operators_keep_their_brackets() {
        assert_trimmed(&[
            ("std::function<void ()>::operator()() const", "std::function<T>::operator()"),
            ("std::ostream& operator<<(std::ostream&, a::B const&)", "operator<<"),
            ("bool a::operator<(a::B const&)", "a::operator<"),
        ]);
    }

    #[test]
    fn lambdas_of_all_compilers_are_one() {
        assert_trimmed(&[
            ("a::run()::{lambda(int)#2}::operator()(int) const", "a::run::lambda::operator()"),
            (
                "a::run::<lambda_0123456789abcdef0123456789abcdef>::operator()",
                "a::run::<lambda>::operator()",
            ),
            ("a::lambda_0123456789abcdef0123456789abcdef::run", "a::lambda::run"),
            ("a::lambda_maker", "a::lambda_maker"),
            ("a::run()::$_0::operator()(int) const", "a::run::lambda::operator()"),
        ]);
    }

    #[test]
    fn rust_names_its_type_and_loses_its_hash() {
        assert_trimmed(&[
            ("<alloc::vec::Vec<u8> as core::fmt::Debug>::fmt", "alloc::vec::Vec<T>::fmt"),
            ("<T as my::Trait>::go", "my::Trait::go"),
            ("<shop::Cart>::total", "shop::Cart::total"),
            ("shop::main::h0123456789abcdef", "shop::main"),
            ("<shop::Cart as shop::Priced>::total::h0123456789abcdef", "shop::Cart::total"),
        ]);
    }

    #[test]
    fn swift_is_named_before_the_arrow() {
        assert_trimmed(&[
            ("static Cart.total(of: Order) -> Swift.Int", "Cart.total"),
            ("thunk for closure <T>", "closure <T>"),
        ]);
    }

    #[test]
    fn windows_decorations_go() {
        assert_trimmed(&[("_load@8", "_load"), ("@load@8", "load"), ("load@@16", "load")]);
    }

    #[test]
    fn placeholders_and_objective_c_stay() {
        for name in ["<redacted>", "<unknown>", "-[Cart total:]", "+[Cart new]", "[Cart x] (y)"] {
            assert_trimmed(&[(name, name)]);
        }
    }

    #[test]
    fn unbalanced_brackets_do_no_harm() {
        assert_trimmed(&[("a>::b", "a>::b"), ("a)b", "a)b"), ("a<b", "a<b"), ("()", "()")]);
        let deep = "<".repeat(10_000) + &">".repeat(10_000);
        assert_trimmed(&[(&deep, "<T>")]);
    }

    #[test]
    fn unity_loses_the_signature_and_others_are_left_alone() {
        assert_eq!(trim_function("Main (System.String[] args)", "csharp"), "Main");
        assert_eq!(trim_function("foo(int)", "python"), "foo(int)");
    }
}
