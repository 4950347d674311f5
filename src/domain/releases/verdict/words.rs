//! The verdict in words.

use super::{Answer, Baseline, Finding, Measure, Sample, Verdict};

/// The answer in a sentence.
pub(super) fn summary(verdict: &Verdict) -> String {
    let name = format!("`{}`", verdict.version);
    let place = verdict.environment.as_ref().map_or(String::new(), |at| format!(" in `{at}`"));
    match verdict.answer {
        Answer::Healthy => format!("{name} is healthy{place}: nothing got worse."),
        Answer::Degraded => format!("{name} is degraded{place}: {}.", reasons(verdict)),
        Answer::Broken => format!("{name} is broken{place}: {}.", reasons(verdict)),
        Answer::NotEnoughData => {
            format!("There is not enough data about {name}{place} yet: {}.", missing(verdict))
        }
    }
}

/// What is missing for an answer.
fn missing(verdict: &Verdict) -> String {
    let least = verdict.thresholds.min_sessions;
    let (new, old) = (verdict.figures.new.sessions.total, verdict.figures.old.sessions.total);
    if verdict.span.is_none() {
        return "it was not deployed there, and nothing was received of it".to_owned();
    }
    if new < least {
        return format!("it has {} of at least {least}", sessions(new));
    }
    format!("what it is compared with has {} of at least {least}", sessions(old))
}

/// What got worse.
fn reasons(verdict: &Verdict) -> String {
    let mut reasons = Vec::new();
    for finding in verdict.findings.iter().filter(|finding| finding.answer >= Answer::Degraded) {
        let what = match finding.measure {
            Measure::Crashes => "more sessions crash",
            Measure::Errors => "more sessions have errors",
        };
        reasons.push(format!("{what}, {} instead of {}", share(finding.new), share(finding.old)));
    }
    let (figures, thresholds) = (&verdict.figures, &verdict.thresholds);
    if figures.regressed_issues > thresholds.max_regressed_issues {
        reasons.push(match figures.regressed_issues {
            1 => "a resolved issue came back".to_owned(),
            count => format!("{count} resolved issues came back"),
        });
    }
    if figures.new_unhandled_issues > thresholds.max_new_unhandled_issues {
        let count = figures.new_unhandled_issues;
        let issues = counted(count, "issue");
        reasons.push(format!("{issues} that nothing handled began with it"));
    }
    reasons.join("; ")
}

/// What the answer rests on.
pub(super) fn evidence(verdict: &Verdict) -> Vec<String> {
    let mut evidence = Vec::new();
    if let Some((from, until)) = verdict.span {
        let total = sessions(verdict.figures.new.sessions.total);
        evidence.push(format!("It had {total} from {} to {}.", at(from), at(until)));
    }
    if let Some(Baseline { version, span: (from, until) }) = &verdict.baseline {
        let total = sessions(verdict.figures.old.sessions.total);
        let what = version.as_ref().map_or_else(
            || "what ran before it".to_owned(),
            |version| format!("`{version}`, which it replaces"),
        );
        let span = format!("{total} from {} to {}", at(*from), at(*until));
        evidence.push(format!("It is compared with {what}: {span}."));
    }
    let has_sessions = verdict.figures.new.sessions.total > 0;
    evidence.extend(verdict.findings.iter().filter(|_| has_sessions).map(sentence));
    evidence.push(format!(
        "{} came back with it, and {} that nothing handled began with it.",
        counted(verdict.figures.regressed_issues, "resolved issue"),
        counted(verdict.figures.new_unhandled_issues, "issue"),
    ));
    evidence
}

fn sentence(finding: &Finding) -> String {
    let what = match finding.measure {
        Measure::Crashes => "crashed",
        Measure::Errors => "had errors without a crash",
    };
    let interval = finding.new.interval();
    let (low, high) = finding.rise;
    let mut sentence = format!(
        "{} of {} {what}: {}, with 99% confidence {} to {}; before it was {}. The difference is {:+.2} to {:+.2} \
         percentage points; chance alone gives as much or more in {}.",
        finding.new.part,
        sessions(i64::try_from(finding.new.whole).unwrap_or(i64::MAX)),
        share(finding.new),
        percent(*interval.start()),
        percent(*interval.end()),
        share(finding.old),
        low * 100.0,
        high * 100.0,
        percent(finding.chance),
    );
    if finding.is_one_user && finding.new.part > 0 {
        sentence.push_str(" All of them are of one user, so they do not count.");
    }
    sentence
}

fn sessions(count: i64) -> String {
    counted(count, "session")
}

fn counted(count: i64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn share(sample: Sample) -> String {
    percent(sample.share())
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn at(time: crate::base::Timestamp) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}
