//! Dependencies point one way.

use std::sync::LazyLock;

use regex::Regex;

use super::assert_none;
use super::source::{Source, Violation, files};

/// The modules of the crate by rank. A module may use only modules of a lower rank; equal ranks never meet.
const LAYERS: [(&str, u8); 16] = [
    ("cli", 9),
    ("server", 8),
    ("ingest", 7),
    ("web", 7),
    ("api", 7),
    ("pipeline", 6),
    ("alerts", 6),
    ("grouping", 5),
    ("symbolication", 5),
    ("notify", 5),
    ("domain", 4),
    ("app", 3),
    ("infra", 2),
    ("protocol", 1),
    ("config", 1),
    ("base", 0),
];

/// The slices of `domain` in their order: each may use those before it.
const DOMAIN: [&str; 21] = [
    "error",
    "globs",
    "query",
    "journal",
    "accounts",
    "dictionaries",
    "organizations",
    "privacy",
    "filters",
    "limits",
    "projects",
    "usage",
    "attachments",
    "events",
    "sessions",
    "grouping_rules",
    "ownership",
    "releases",
    "issues",
    "feedback",
    "retention",
];

fn rank(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, rank)| *rank)
}

fn place_in_domain(slice: &str) -> Option<usize> {
    DOMAIN.iter().position(|name| *name == slice)
}

/// The module that a file belongs to, `src/` and the ending left out: `["domain", "issues", "store"]`.
fn module_path(source: &Source) -> Vec<&str> {
    let path = source.path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
    path.split('/').filter(|part| *part != "mod").collect()
}

/// The paths from the crate's root that a line names, each with up to two segments.
fn named_paths(line: &str, module: &[&str]) -> Vec<(String, Option<String>)> {
    static FROM_ROOT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\bcrate::(\w+)(?:::(\w+))?").unwrap());
    static GROUPED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bcrate::\{([^}]*)").unwrap());
    static UPWARDS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b((?:super::)+)(\w+)(?:::(\w+))?").unwrap());

    let own = |text: Option<regex::Match<'_>>| text.map(|found| found.as_str().to_owned());
    let mut paths = Vec::new();
    for found in FROM_ROOT.captures_iter(line) {
        paths.push((found[1].to_owned(), own(found.get(2))));
    }
    for found in GROUPED.captures_iter(line) {
        for item in found[1].split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let mut segments = item.split("::").map(str::to_owned);
            paths.push((segments.next().unwrap(), segments.next()));
        }
    }
    for found in UPWARDS.captures_iter(line) {
        let ups = found[1].matches("super::").count();
        let Some(kept) = module.len().checked_sub(ups) else { continue };
        let mut segments = module[..kept].iter().map(|part| (*part).to_owned());
        let target = [segments.next(), segments.next(), own(found.get(2)), own(found.get(3))];
        let mut target = target.into_iter().flatten();
        if let Some(first) = target.next() {
            paths.push((first, target.next()));
        }
    }
    paths
}

fn check(source: &Source) -> Vec<Violation> {
    let module = module_path(source);
    let Some(from) = module.first().and_then(|name| rank(name)) else { return Vec::new() };
    let mut violations = Vec::new();
    for (number, line) in source.code_lines() {
        for (target, inner) in named_paths(line, &module) {
            let problem = match rank(&target) {
                Some(to) if target != module[0] && to >= from => {
                    Some(format!("`{}` ({from}) may not use `{target}` ({to})", module[0]))
                }
                _ if target == "domain" && module[0] == "domain" => within_domain(&module, inner),
                _ => None,
            };
            violations.extend(problem.map(|problem| source.violation(number, problem)));
        }
    }
    violations
}

fn within_domain(module: &[&str], target: Option<String>) -> Option<String> {
    let (from, target) = (module.get(1)?, target?);
    let to = place_in_domain(&target)?;
    (to > place_in_domain(from)?).then(|| format!("the slice `{from}` stands before `{target}`"))
}

#[test]
fn every_module_uses_only_lower_ones() {
    let violations: Vec<_> = files("src", &["rs"]).iter().flat_map(check).collect();
    assert_none(
        "Dependencies point one way (the table is in src/README.md). Move the type to the lowest module that \
         needs it, or let the caller pass in what is needed; what looks like a call upwards is a job.",
        &violations,
    );
}

#[test]
fn every_module_has_a_rank() {
    let mut violations = Vec::new();
    for source in files("src", &["rs"]) {
        let module = module_path(&source);
        let top = module.first().copied().unwrap_or_default();
        if !matches!(top, "main" | "lib" | "") && rank(top).is_none() {
            violations.push(source.violation(0, format!("`{top}` has no rank")));
        }
        if module.len() > 2 && top == "domain" && place_in_domain(module[1]).is_none() {
            violations.push(source.violation(0, format!("the slice `{}` has no place", module[1])));
        }
    }
    assert_none(
        "Give new modules their place in the tables of this test and src/README.md.",
        &violations,
    );
}

#[test]
fn the_check_sees_every_way_to_name_a_module() {
    let file = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let problems = |path: &str, text: &str| check(&file(path, text)).len();

    assert_eq!(problems("src/infra/db/mod.rs", "use crate::app::App;"), 1);
    assert_eq!(problems("src/infra/db/mod.rs", "use crate::{app::App, base::Clock};"), 1);
    assert_eq!(problems("src/infra/db/mod.rs", "use super::super::domain::issues;"), 1);
    assert_eq!(problems("src/infra/db/mod.rs", "let x = crate::server::serve();"), 1);
    assert_eq!(problems("src/web/page.rs", "use crate::api::Error;"), 1, "equal ranks");
    assert_eq!(problems("src/domain/events/mod.rs", "use crate::domain::issues::Issue;"), 1);
    assert_eq!(problems("src/domain/events/mod.rs", "use super::issues;"), 1);

    assert_eq!(problems("src/domain/issues/mod.rs", "use crate::domain::events;"), 0);
    assert_eq!(problems("src/web/page.rs", "use crate::web::Error; use super::session;"), 0);
    assert_eq!(problems("src/infra/db/mod.rs", "// see `crate::app::App`"), 0);
    assert_eq!(problems("src/app.rs", "use crate::infra::journal::Journals;"), 0);
}
