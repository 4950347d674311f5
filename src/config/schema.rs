//! Which settings exist and of what type they are, read from the defaults.

use std::sync::OnceLock;

use toml::{Table, Value};

use super::{DEFAULTS, nearest};

/// Tables whose keys are not ours to know.
const OPEN_TABLES: [&str; 1] = ["database.settings"];

/// The defaults with the examples of the settings that have none.
pub(super) fn schema() -> &'static Table {
    static SCHEMA: OnceLock<Table> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text: Vec<&str> = DEFAULTS.lines().map(uncomment).collect();
        text.join("\n").parse().expect("the examples are valid, a test reads them")
    })
}

/// `#key = "example"` is one, `# A sentence` is not.
fn uncomment(line: &str) -> &str {
    match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest,
        _ => line,
    }
}

/// Whether any key may stand below this one.
pub(super) fn is_open(path: &str) -> bool {
    OPEN_TABLES.contains(&path)
}

/// What a setting looks like, by its dotted name.
pub(super) fn example(path: &str) -> Option<&'static Value> {
    if let Some((table, _)) = path.rsplit_once('.').filter(|(table, _)| is_open(table)) {
        return example(table)?.as_table()?.values().next();
    }
    let mut keys = path.split('.');
    let first = schema().get(keys.next()?)?;
    keys.try_fold(first, |value, key| value.as_table()?.get(key))
}

/// The dotted names of all settings.
pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    collect(schema(), "", &mut names);
    names
}

fn collect(table: &Table, prefix: &str, names: &mut Vec<String>) {
    for (key, value) in table {
        let name = join(prefix, key);
        match value {
            Value::Table(inner) if !is_open(&name) => collect(inner, &name, names),
            Value::Table(_) => {}
            _ => names.push(name),
        }
    }
}

/// The dotted name of a key.
pub(super) fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

/// The setting that an unknown name probably means.
pub(super) fn nearest_name(name: &str) -> Option<String> {
    let names = names();
    nearest::nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}
