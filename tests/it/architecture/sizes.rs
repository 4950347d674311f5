//! Files and functions that can be read in one go.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::assert_none;
use super::source::{Source, Violation, files};

/// The most lines of a file.
const MAX_FILE_LINES: usize = 500;

/// The most lines of a function that are neither empty nor comment.
const MAX_FUNCTION_LINES: usize = 60;

/// What people write in Rust.
fn rust() -> Vec<Source> {
    ["src", "tests/it", "benches"].iter().flat_map(|directory| files(directory, &["rs"])).collect()
}

/// Everything that people write: not what is vendored, not what tools make.
fn written() -> Vec<Source> {
    let mut all = rust();
    all.extend(files("templates", &["html", "txt"]));
    let is_ours = |source: &Source| !source.path.contains("/vendor/");
    all.extend(files("static", &["css", "js"]).into_iter().filter(is_ours));
    all
}

/// The functions of a file that are too long, found by the indentation that rustfmt gives them. Unit tests
/// may be long: a table of cases is easier to read whole.
fn long_functions(source: &Source) -> Vec<Violation> {
    static BEGIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^( *)(?:pub(?:\([a-z]+\))? )?(?:const )?(?:async )?fn (\w+)").unwrap()
    });
    let lines: Vec<&str> =
        source.text.lines().take_while(|line| line.trim() != "#[cfg(test)]").collect();
    let mut violations = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(begin) = BEGIN.captures(line) else { continue };
        let end = format!("{}}}", &begin[1]);
        let body = lines[index..].iter().take_while(|line| **line != end);
        let length = body
            .map(|line| line.trim())
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count();
        // Declared in one line, or in a trait without a body.
        let is_whole = line.ends_with('}') || line.ends_with(';');
        if !is_whole && length > MAX_FUNCTION_LINES {
            violations
                .push(source.violation(index + 1, format!("`{}` has {length} lines", &begin[2])));
        }
    }
    violations
}

#[test]
fn files_can_be_read_in_one_go() {
    let violations: Vec<_> = written()
        .iter()
        .filter_map(|source| {
            let lines = source.text.lines().count();
            (lines > MAX_FILE_LINES).then(|| source.violation(0, format!("{lines} lines")))
        })
        .collect();
    assert_none(
        &format!("A file has at most {MAX_FILE_LINES} lines: split it by what changes together."),
        &violations,
    );
}

#[test]
fn functions_can_be_read_in_one_go() {
    let violations: Vec<_> = rust().iter().flat_map(long_functions).collect();
    assert_none(
        &format!(
            "A function has at most {MAX_FUNCTION_LINES} lines: give its steps names and call them."
        ),
        &violations,
    );
}

#[test]
fn every_file_says_what_it_is() {
    let violations: Vec<_> = files("src", &["rs"])
        .iter()
        .chain(&files("tests/it", &["rs"]))
        .filter(|source| source.path != "src/lib.rs" && !source.text.starts_with("//!"))
        .map(|source| source.violation(0, "does not begin with `//!`"))
        .collect();
    assert_none("A file begins with what it is for.", &violations);
}

#[test]
fn a_module_with_children_is_a_folder_complete_in_itself() {
    let violations: Vec<_> = files("src", &["rs"])
        .iter()
        .filter(|source| {
            let folder = source.path.trim_end_matches(".rs");
            Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).is_dir()
        })
        .map(|source| source.violation(0, "stands beside its folder"))
        .collect();
    assert_none("Move the file into its folder as `mod.rs`.", &violations);
}

#[test]
fn the_test_program_has_only_modules() {
    let main =
        files("tests/it", &["rs"]).into_iter().find(|s| s.path == "tests/it/main.rs").unwrap();
    let violations: Vec<_> = main
        .code_lines()
        .filter(|(_, line)| {
            !(line.is_empty() || line.starts_with("mod ") || line.starts_with("#!["))
        })
        .map(|(number, line)| main.violation(number, line))
        .collect();
    assert_none("Put tests into the folder of what they test.", &violations);
}

#[test]
fn the_check_measures_functions_by_their_lines_of_code() {
    let long = format!(
        "impl X {{\n    pub(crate) async fn long(\n        self,\n    ) {{\n{}    }}\n\n    fn short() {{\n    }}\n}}\n",
        "        step();\n\n        // why\n".repeat(MAX_FUNCTION_LINES)
    );
    let found = long_functions(&Source { path: "src/x.rs".to_owned(), text: long });
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].line, 2);
    assert!(found[0].problem.contains("`long` has 63 lines"), "{}", found[0]);
}
