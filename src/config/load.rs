//! Putting the settings together: defaults, then the file, then the environment.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use toml::{Table, Value};

use super::{Config, DEFAULTS, schema};

/// Before the section and the key, in the environment.
const PREFIX: &str = "PICKET__";

/// Names the file, when the command line does not.
const FILE_VARIABLE: &str = "PICKET_CONFIG";

/// What hosting platforms call the database.
const DATABASE_VARIABLE: &str = "DATABASE_URL";

/// Where the settings come from, besides the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A file in TOML.
    pub file: Option<PathBuf>,
    /// Variables of the environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl Sources {
    /// Those of this process; `file` is what the command line names.
    pub fn of_process(file: Option<PathBuf>) -> Self {
        let from_environment = || std::env::var_os(FILE_VARIABLE).filter(|path| !path.is_empty());
        Self {
            file: file.or_else(|| from_environment().map(PathBuf::from)),
            environment: std::env::vars_os().collect(),
        }
    }

    /// The settings, checked.
    pub fn load(&self) -> Result<Config> {
        let defaults: Table = DEFAULTS.parse().context("the defaults are not valid")?;
        let mut settings = defaults.clone();
        if let Some(path) = &self.file {
            merge(&mut settings, read_file(path)?);
        }
        merge(&mut settings, self.read_environment()?);
        remove_unset(&mut settings, &defaults);
        let config: Config = settings.try_into().map_err(|error: toml::de::Error| {
            anyhow!("a setting cannot be used: {}", error.to_string().trim().replace('\n', " "))
        })?;
        config.check().map_err(|problem| anyhow!(problem))?;
        Ok(config)
    }

    fn read_environment(&self) -> Result<Table> {
        let mut settings = Table::new();
        if let Some(url) = self.variable(DATABASE_VARIABLE)? {
            set(&mut settings, "database.url", Value::String(url.to_owned()));
        }
        for (variable, value) in &self.environment {
            let Some(variable) = variable.to_str() else { continue };
            let Some(name) = variable.strip_prefix(PREFIX) else {
                refuse_single_underscore(variable)?;
                continue;
            };
            let name = name.to_lowercase().replace("__", ".");
            let value = text(variable, value)?;
            set(&mut settings, &name, parse(variable, &name, value)?);
        }
        Ok(settings)
    }

    /// A variable that is there and not empty.
    fn variable(&self, name: &str) -> Result<Option<&str>> {
        let found = self.environment.iter().find(|(variable, _)| variable == name);
        found
            .map(|(_, value)| text(name, value))
            .transpose()
            .map(|text| text.filter(|t| !t.is_empty()))
    }
}

fn text<'a>(variable: &str, value: &'a OsString) -> Result<&'a str> {
    value.to_str().ok_or_else(|| anyhow!("{variable} in the environment is not UTF-8"))
}

/// The spelling of a setting in the environment.
fn variable_of(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "__").to_uppercase())
}

/// `PICKET_DATA_DIR` would otherwise be ignored in silence.
fn refuse_single_underscore(variable: &str) -> Result<()> {
    let letters = |text: &str| text.replace(['_', '.'], "").to_lowercase();
    let Some(rest) = variable.strip_prefix("PICKET_") else { return Ok(()) };
    let meant = schema::names().into_iter().find(|name| letters(name) == letters(rest));
    match meant {
        Some(name) => {
            bail!("{variable} in the environment has no effect; write {}", variable_of(&name))
        }
        None => Ok(()),
    }
}

/// The value of a variable in the type that the setting has.
fn parse(variable: &str, name: &str, text: &str) -> Result<Value> {
    let Some(example) = schema::example(name).filter(|example| !example.is_table()) else {
        let meant = schema::nearest_name(name).map(|name| variable_of(&name));
        bail!("{}", unknown(variable, "the environment", meant.as_deref()));
    };
    let wrong = |kind: &str| anyhow!("{variable} in the environment must be {kind}, not `{text}`");
    match example {
        Value::Integer(_) => text
            .trim()
            .parse()
            .ok()
            .filter(|number| *number >= 0)
            .map(Value::Integer)
            .ok_or_else(|| wrong("a whole number")),
        Value::Boolean(_) => {
            text.trim().parse().map(Value::Boolean).map_err(|_| wrong("`true` or `false`"))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn read_file(path: &Path) -> Result<Table> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("could not read the settings in `{}`", path.display()))?;
    let settings: Table =
        text.parse().map_err(|error| anyhow!("`{}` is not valid TOML: {error}", path.display()))?;
    check(&settings, "", &format!("`{}`", path.display()))?;
    Ok(settings)
}

/// Refuses keys that do not exist and values of another type than the default's.
fn check(settings: &Table, prefix: &str, origin: &str) -> Result<()> {
    for (key, value) in settings {
        let name = schema::join(prefix, key);
        let Some(example) = schema::example(&name) else {
            let meant = schema::nearest_name(&name);
            bail!(
                "{}",
                unknown(&format!("`{name}`"), origin, meant.map(|n| format!("`{n}`")).as_deref())
            );
        };
        match (value, example) {
            (Value::Table(inner), Value::Table(_)) => check(inner, &name, origin)?,
            (Value::Integer(number), _) if *number < 0 => {
                bail!("`{name}` in {origin} must not be negative")
            }
            _ if value.same_type(example) => {}
            _ => bail!("`{name}` in {origin} must be {}, not {}", kind(example), kind(value)),
        }
    }
    Ok(())
}

fn unknown(name: &str, origin: &str, meant: Option<&str>) -> String {
    let meant = meant.map_or(".".to_owned(), |meant| format!("; did you mean {meant}?"));
    format!(
        "there is no setting {name} (in {origin}){meant} `picket serve --print-config` shows all"
    )
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text in quotes",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "`true` or `false`",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}

/// Sets a dotted name, making the tables on the way.
fn set(settings: &mut Table, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            settings.insert(name.to_owned(), value);
        }
        Some((section, rest)) => {
            let inner = settings.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

/// Puts `over` over `settings`, key by key.
fn merge(settings: &mut Table, over: Table) {
    for (key, value) in over {
        match (settings.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(over)) => merge(inner, over),
            (_, value) => {
                settings.insert(key, value);
            }
        }
    }
}

/// An empty text unsets a setting that has no default: `${DATABASE_URL:-}` in a compose file is one.
fn remove_unset(settings: &mut Table, defaults: &Table) {
    settings.retain(|key, value| match (value, defaults.get(key)) {
        (Value::Table(inner), Some(Value::Table(defaults))) => {
            remove_unset(inner, defaults);
            true
        }
        (Value::String(text), None) => !text.is_empty(),
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogFormat;

    fn load(file: Option<&str>, environment: &[(&str, &str)]) -> Result<Config> {
        let directory = tempfile::tempdir().unwrap();
        let file = file.map(|text| {
            let path = directory.path().join("picket.toml");
            fs::write(&path, text).unwrap();
            path
        });
        let environment =
            environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Sources { file, environment }.load()
    }

    fn refusal(file: Option<&str>, environment: &[(&str, &str)]) -> String {
        format!("{:#}", load(file, environment).unwrap_err())
    }

    #[test]
    fn the_defaults_are_valid_and_safe() {
        let config = load(None, &[]).unwrap();
        assert_eq!(config.server.listen, "127.0.0.1:8000");
        assert_eq!(config.database.url, None);
        assert!(config.database.settings.is_empty());
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let file =
            "[server]\nlisten = \"0.0.0.0:1\"\ntrusted_proxies = 2\n[log]\nformat = \"json\"\n";
        let config = load(Some(file), &[("PICKET__SERVER__LISTEN", "0.0.0.0:2")]).unwrap();
        assert_eq!(config.server.listen, "0.0.0.0:2");
        assert_eq!(config.server.trusted_proxies, 2);
        assert_eq!(config.log.format, LogFormat::Json);
        assert_eq!(config.retention.events_days, 90);
    }

    #[test]
    fn every_setting_can_be_set_from_the_environment() {
        for name in schema::names() {
            let value = match schema::example(&name).unwrap() {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let variable = variable_of(&name);
            let result = load(None, &[(variable.as_str(), value.as_str())]);
            assert!(result.is_ok(), "{variable}={value}: {result:?}");
        }
    }

    #[test]
    fn numbers_keep_their_meaning_as_text() {
        let environment = [
            ("PICKET__INGEST__JOURNAL_MAX_BYTES", "1000"),
            ("PICKET__DATABASE__SETTINGS__WORK_MEM", "64"),
        ];
        let config = load(None, &environment).unwrap();
        assert_eq!(config.ingest.journal_max_bytes, 1000);
        assert_eq!(config.database.settings["work_mem"], "64");
    }

    #[test]
    fn the_database_has_two_names_and_empty_is_none() {
        let url = "postgres://a@b/c";
        let config = load(None, &[("DATABASE_URL", url)]).unwrap();
        assert_eq!(config.database.url.unwrap().expose(), url);

        let both = [("PICKET__DATABASE__URL", url), ("DATABASE_URL", "postgres://other")];
        assert_eq!(load(None, &both).unwrap().database.url.unwrap().expose(), url);

        assert_eq!(load(None, &[("DATABASE_URL", "")]).unwrap().database.url, None);
        assert_eq!(load(None, &[("PICKET__DATABASE__URL", "")]).unwrap().database.url, None);
    }

    #[test]
    fn an_unknown_setting_names_the_nearest() {
        let message = refusal(Some("[server]\nlisten_on = \"x\"\n"), &[]);
        assert!(message.contains("`server.listen_on`"), "{message}");
        assert!(message.contains("did you mean `server.listen`?"), "{message}");

        let message = refusal(None, &[("PICKET__SERVER__PUBLIK_URL", "x")]);
        assert!(message.contains("did you mean PICKET__SERVER__PUBLIC_URL?"), "{message}");

        let message = refusal(Some("[smtp]\nhost = \"x\"\n"), &[]);
        assert!(message.contains("`smtp`") && !message.contains("did you mean"), "{message}");
    }

    #[test]
    fn a_variable_with_too_few_underscores_is_not_ignored() {
        let message = refusal(None, &[("PICKET_DATA_DIR", "/data")]);
        assert!(message.contains("write PICKET__DATA_DIR"), "{message}");
        assert!(load(None, &[("PICKET_CONFIG", "x"), ("PICKET_TEST_REQUIRE", "sdk")]).is_ok());
    }

    #[test]
    fn a_value_of_the_wrong_type_says_what_it_must_be() {
        let message = refusal(Some("[ingest]\nlanes = \"two\"\n"), &[]);
        assert!(
            message.contains("`ingest.lanes`") && message.contains("a whole number"),
            "{message}"
        );
        let message = refusal(None, &[("PICKET__INGEST__LANES", "two")]);
        assert!(message.contains("a whole number, not `two`"), "{message}");
        let message = refusal(None, &[("PICKET__LOG__FORMAT", "xml")]);
        assert!(message.contains("format") && message.contains("`json`"), "{message}");
        let message = refusal(None, &[("PICKET__RETENTION__EVENTS_DAYS", "-1")]);
        assert!(message.contains("EVENTS_DAYS") && message.contains("not `-1`"), "{message}");
        let message = refusal(Some("[retention]\nevents_days = -1\n"), &[]);
        assert!(message.contains("must not be negative"), "{message}");
        let message = refusal(Some("[retention]\nevents_days = 99999999999\n"), &[]);
        assert!(message.contains("retention.events_days"), "{message}");
    }

    #[test]
    fn a_section_is_no_value() {
        let message = refusal(None, &[("PICKET__SERVER", "x")]);
        assert!(message.contains("no setting PICKET__SERVER"), "{message}");
        let message = refusal(Some("server = 1"), &[]);
        assert!(message.contains("a section"), "{message}");
    }

    #[test]
    fn what_is_possible_but_cannot_work_is_refused() {
        let message = refusal(None, &[("PICKET__SERVER__PUBLIC_URL", "picket.example")]);
        assert!(message.contains("https://errors.example.com"), "{message}");
        let message = refusal(None, &[("PICKET__DATABASE__MAX_CONNECTIONS", "1")]);
        assert!(message.contains("at least 4"), "{message}");
    }

    #[test]
    fn a_file_that_is_not_there_or_not_toml_is_named() {
        let sources = Sources { file: Some("/nowhere.toml".into()), environment: Vec::new() };
        assert!(format!("{:#}", sources.load().unwrap_err()).contains("/nowhere.toml"));
        assert!(refusal(Some("listen: yaml"), &[]).contains("not valid TOML"));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let config = load(None, &[("DATABASE_URL", "postgres://me:hunter2@host/db")]).unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
    }
}
