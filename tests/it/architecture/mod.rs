//! The rules of the tree that no compiler holds: which module may use which, where SQL stands, how large
//! things may grow. `src/README.md` says why; a failure says what to do.

mod layers;
mod metrics;
mod sizes;
mod source;
mod sql;

use source::Violation;

/// Fails with all violations, so that one run shows the whole work.
fn assert_none(rule: &str, violations: &[Violation]) {
    let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "{rule}\n\n{}\n", list.join("\n"));
}
