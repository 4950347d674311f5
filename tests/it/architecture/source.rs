//! Reading the sources.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of ours.
#[derive(Debug)]
pub(super) struct Source {
    /// From the root of the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// A place that breaks a rule.
#[derive(Debug)]
pub(super) struct Violation {
    pub(super) path: String,
    /// Counts from 1; 0 means the file as a whole.
    pub(super) line: usize,
    pub(super) problem: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.problem),
            line => write!(f, "{}:{line}: {}", self.path, self.problem),
        }
    }
}

impl Source {
    /// The lines with their numbers, comments left out.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The lines before the unit tests, comments left out.
    pub(super) fn production_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test_file = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        self.code_lines()
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
            .filter(move |_| !is_test_file)
    }

    pub(super) fn violation(&self, line: usize, problem: impl Into<String>) -> Violation {
        Violation { path: self.path.clone(), line, problem: problem.into() }
    }
}

/// All files below `directory` with one of these endings, sorted by path.
pub(super) fn files(directory: &str, endings: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&root.join(directory), &mut found);
    found.sort();
    found
        .into_iter()
        .filter(|path| {
            path.extension().is_some_and(|e| endings.contains(&e.to_str().unwrap_or_default()))
        })
        .map(|path| Source {
            path: path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
            text: fs::read_to_string(&path).unwrap(),
        })
        .collect()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, found) } else { found.push(path) }
    }
}
