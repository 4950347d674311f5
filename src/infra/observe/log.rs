//! Picket's own log, on the standard error: sentences for people, or JSON for machines.

use std::io::IsTerminal;

use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Starts logging for the rest of the process.
pub fn start(config: &LogConfig) -> Result<()> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(&config.filter)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match config.format {
        LogFormat::Text => builder.compact().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    }
    .map_err(|error| anyhow!("could not start the log: {error}"))
}

fn filter(text: &str) -> Result<EnvFilter> {
    EnvFilter::builder().parse(text).map_err(|error| {
        anyhow!("`log.filter` is `{text}`, which is no filter ({error}); for example `info,picket=debug`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_filter_that_is_none_says_what_one_looks_like() {
        assert!(filter(&Config::default().log.filter).is_ok());
        let error = filter("picket=loud").unwrap_err().to_string();
        assert!(error.contains("picket=loud") && error.contains("picket=debug"), "{error}");
    }
}
