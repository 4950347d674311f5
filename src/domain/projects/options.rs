//! What a project sets for its events: how long they are kept, and where they are from if they do not say.

use super::{checked_name, store};
use crate::app::Essentials;
use crate::base::ProjectId;
use crate::domain::{Error, Result};

/// The longest name of an environment, in bytes.
const MAX_ENVIRONMENT_BYTES: usize = 64;

/// What a project sets; empty while everything is as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Days until events are deleted, if fewer than the server keeps them.
    pub retention_days: Option<i32>,
    /// The environment of events that say none.
    pub default_environment: Option<String>,
}

/// Sets a project's name and options. Its slug, and with it every link and short id, stays.
pub async fn update(
    app: &Essentials,
    project: ProjectId,
    name: &str,
    options: Options,
) -> Result<()> {
    let name = checked_name(name)?;
    check_retention(options.retention_days, app.config.retention.events_days)?;
    let environment = options.default_environment.as_deref();
    if let Some(problem) = environment.and_then(environment_problem) {
        return Err(Error::invalid("default_environment", format!("Choose another: {problem}.")));
    }
    let mut db = app.db.acquire().await?;
    let is_found = store::update(&mut db, project, name, &options).await?;
    if is_found { Ok(()) } else { Err(Error::NotFound) }
}

fn check_retention(days: Option<i32>, of_server: u32) -> Result<()> {
    let Some(days) = days else { return Ok(()) };
    let problem = match days {
        ..1 => "Keep events for at least a day.".to_owned(),
        _ if i64::from(days) > i64::from(of_server) => format!(
            "This server keeps events for {of_server} days. A project can keep them shorter, not longer."
        ),
        _ => return Ok(()),
    };
    Err(Error::invalid("retention_days", problem))
}

/// What is wrong with the name of an environment (`protocol.md` §5.6).
pub fn environment_problem(environment: &str) -> Option<&'static str> {
    if environment.len() > MAX_ENVIRONMENT_BYTES {
        return Some("an environment has at most 64 bytes");
    }
    let is_forbidden = |byte: u8| matches!(byte, b'/' | b'\\') || byte.is_ascii_control();
    if environment.bytes().any(is_forbidden) {
        return Some("an environment has no slash, backslash or control character");
    }
    let is_reserved = matches!(environment, "." | "..") || environment.eq_ignore_ascii_case("none");
    is_reserved.then_some("this word cannot name an environment")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_keeps_events_as_long_as_the_server_or_shorter() {
        let problem = |days| match check_retention(days, 30) {
            Err(Error::Invalid { problem, .. }) => problem,
            _ => String::new(),
        };
        assert_eq!([problem(None), problem(Some(1)), problem(Some(30))], ["", "", ""]);
        assert!(problem(Some(31)).contains("This server keeps events for 30 days."));
        assert!(problem(Some(0)).contains("at least a day") && problem(Some(-1)).contains("a day"));
    }
}
