//! `picket doctor`: checks what can be wrong with an installation and says what to do.
//!
//! It changes nothing: no data directory is made, no database, no schema. It works beside a running server.
//!
//! # Adding a check
//!
//! A function in the file of its subject that answers a [`Finding`], called from the file's `examine`.

mod network;
mod place;
mod postgres;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::config::Config;

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    /// It works, but somebody should know.
    Warning,
    /// It does not work.
    Problem,
}

/// One line of the report.
#[derive(Clone, Debug)]
struct Finding {
    verdict: Verdict,
    /// What was looked at.
    subject: &'static str,
    /// What was found; unless it is good, what to do about it.
    text: String,
}

impl Finding {
    fn good(subject: &'static str, text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Good, subject, text: text.into() }
    }

    fn warning(subject: &'static str, text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, subject, text: text.into() }
    }

    fn problem(subject: &'static str, text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Problem, subject, text: text.into() }
    }
}

/// Exit code 1 when there is a problem; a warning is none.
pub(super) async fn run(config: &Config, shim: &Path) -> Result<ExitCode> {
    let mut findings = place::examine(config);
    findings.extend(network::examine(config));
    findings.extend(postgres::examine(config, shim).await);
    findings.iter().for_each(show);
    let has_problem = findings.iter().any(|finding| finding.verdict == Verdict::Problem);
    Ok(if has_problem { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn show(finding: &Finding) {
    let word = match finding.verdict {
        Verdict::Good => "ok",
        Verdict::Warning => "warning",
        Verdict::Problem => "PROBLEM",
    };
    println!("{word:<8} {:<15} {}", finding.subject, finding.text);
}
