//! What a browser reported about a page's security, in the place where other events have their stack.

use serde_json::Value;

use crate::protocol::event::Event;
use crate::protocol::lenient::{Raw, RawMap};
use crate::protocol::security::{Csp, HostReportKind};
use crate::web::components::link;
use crate::web::components::tree::{Tree, shortened};

/// Longer policies are cut; the JSON has them whole.
const MAX_POLICY_CHARS: usize = 8_000;

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityView {
    /// What kind of report it is.
    pub heading: &'static str,
    /// Whether nothing was really blocked.
    pub is_report_only: bool,
    /// What was reported.
    pub facts: Vec<ReportedFact>,
    /// The directives of the policy.
    pub policy: Vec<Directive>,
    /// The first characters of a script or style; empty if there are none.
    pub sample: String,
    /// What else was reported: certificates, keys.
    pub rest: Tree,
}

/// A named value, which may be an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedFact {
    /// What it is.
    pub name: &'static str,
    /// The value.
    pub value: String,
    /// Where it leads, if it is an address of the web.
    pub link: Option<String>,
}

/// One directive of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// As it is written.
    pub text: String,
    /// Whether it is the one that was violated.
    pub is_violated: bool,
}

impl SecurityView {
    /// The report that an event is about; none if it is about something else.
    pub fn new(event: &Event) -> Option<Self> {
        if !event.exceptions().is_empty() {
            return None;
        }
        let csp = event.csp.as_ref().and_then(Raw::parse::<Csp>);
        match csp.filter(|csp| !csp.effective_directive.is_empty()) {
            Some(csp) => Some(Self::of_policy(&csp)),
            None => HostReportKind::ALL.into_iter().find_map(|kind| Self::of_host(event, kind)),
        }
    }

    fn of_policy(csp: &Csp) -> Self {
        let policy = csp.original_policy.as_deref().unwrap_or_default();
        let (policy, _) = shortened(policy, MAX_POLICY_CHARS);
        Self {
            heading: "Policy violation",
            is_report_only: csp.disposition.as_deref() == Some("report"),
            facts: policy_facts(csp),
            policy: directives(&policy, &csp.effective_directive),
            sample: csp.script_sample.clone().unwrap_or_default(),
            ..Self::default()
        }
    }

    fn of_host(event: &Event, kind: HostReportKind) -> Option<Self> {
        let mut fields: RawMap = event.other.get(kind.key())?.parse()?;
        let mut facts = Vec::new();
        for (key, name) in HOST_FACTS {
            if let Some(raw) = fields.remove(key) {
                facts.extend(fact(name, &plain(&raw)));
            }
        }
        let heading = match kind {
            HostReportKind::Hpkp => "Key pinning report",
            HostReportKind::ExpectCt => "Certificate transparency report",
            HostReportKind::ExpectStaple => "Certificate status report",
        };
        fields.retain(|_, raw| !matches!(raw.text(), "[]" | "\"\"" | "null"));
        Some(Self { heading, facts, rest: Tree::of_map(&fields), ..Self::default() })
    }
}

/// The single values of reports about hosts, in the order they are shown.
const HOST_FACTS: [(&str, &str); 10] = [
    ("hostname", "Host"),
    ("port", "Port"),
    ("noted_hostname", "Promised by"),
    ("include_subdomains", "With subdomains"),
    ("failure_mode", "On failure"),
    ("response_status", "Response"),
    ("cert_status", "Certificate"),
    ("date_time", "Seen"),
    ("effective_expiration_date", "Promised until"),
    ("test_report", "Test"),
];

fn plain(raw: &Raw) -> String {
    match raw.value() {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn policy_facts(csp: &Csp) -> Vec<ReportedFact> {
    let violated = Some(&csp.violated_directive).filter(|text| **text != csp.effective_directive);
    let source = csp.source_file.as_ref().map(|file| {
        let at = [csp.line_number, csp.column_number].into_iter().flatten();
        at.fold(file.clone(), |place, number| format!("{place}:{number}"))
    });
    let mut source = source.and_then(|source| fact("Source", &source));
    if let Some(source) = &mut source {
        source.link = csp.source_file.as_deref().and_then(link::outward);
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let facts = [
        fact("Directive", &csp.effective_directive),
        violated.and_then(|violated| fact("As written", violated)),
        fact("Blocked", &csp.blocked_uri),
        fact("Page", &text(&csp.document_uri)),
        source,
        fact("Coming from", &text(&csp.referrer)),
        csp.status_code.filter(|status| *status > 0).and_then(|n| fact("Status", &n.to_string())),
    ];
    facts.into_iter().flatten().collect()
}

fn fact(name: &'static str, value: &str) -> Option<ReportedFact> {
    let is_there = !value.is_empty();
    is_there.then(|| ReportedFact { name, value: value.to_owned(), link: link::outward(value) })
}

/// The directives of a policy. What governs `script-src-elem` may be `script-src` or `default-src`: the
/// nearest one that is there.
fn directives(policy: &str, violated: &str) -> Vec<Directive> {
    let texts: Vec<&str> =
        policy.split(';').map(str::trim).filter(|directive| !directive.is_empty()).collect();
    let name = |text: &str| text.split_whitespace().next().unwrap_or_default().to_lowercase();
    let general = violated.trim_end_matches("-elem").trim_end_matches("-attr");
    let is_fetch = violated.ends_with("-src") || general.ends_with("-src");
    let fallback = if is_fetch { "default-src" } else { violated };
    let candidates = [violated, general, fallback];
    let governing = candidates.into_iter().find(|one| texts.iter().any(|text| name(text) == *one));
    let directive = |text: &str| Directive {
        is_violated: governing == Some(name(text).as_str()),
        text: text.to_owned(),
    };
    texts.into_iter().map(directive).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(json: &str) -> SecurityView {
        SecurityView::new(&Event::from_stored(json.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn the_directive_that_decided_is_marked_in_the_policy() {
        let marked = |violated: &str, policy: &str| {
            let directives = directives(policy, violated);
            let marked = directives.into_iter().filter(|directive| directive.is_violated);
            marked.map(|directive| directive.text).collect::<Vec<_>>()
        };
        let policy = "default-src 'self'; script-src 'self' cdn.example; ;report-uri /x";
        assert_eq!(marked("script-src-elem", policy), ["script-src 'self' cdn.example"]);
        assert_eq!(marked("img-src", policy), ["default-src 'self'"]);
        assert_eq!(marked("form-action", policy), <[&str; 0]>::default());
        assert_eq!(marked("form-action", "Form-Action 'none'"), ["Form-Action 'none'"]);
    }

    #[test]
    fn the_place_in_a_script_stands_in_one_line() {
        let view = view(
            r#"{"csp":{"effective_directive":"img-src","violated_directive":"img-src 'self'","blocked_uri":"javascript:alert(1)",
            "source_file":"https://a.b/app.js","line_number":12,"column_number":7,"disposition":"report","status_code":0}}"#,
        );
        assert!(view.is_report_only);
        let lines = view.facts.iter().map(|fact| format!("{}={}", fact.name, fact.value));
        assert_eq!(
            lines.collect::<Vec<_>>(),
            [
                "Directive=img-src",
                "As written=img-src 'self'",
                "Blocked=javascript:alert(1)",
                "Source=https://a.b/app.js:12:7"
            ]
        );
        let links: Vec<_> = view.facts.iter().filter_map(|fact| fact.link.as_deref()).collect();
        assert_eq!(links, ["https://a.b/app.js"]);
    }

    #[test]
    fn a_report_about_a_host_shows_its_facts_and_keeps_the_rest() {
        let view = view(
            r#"{"expectct":{"hostname":"a.b","port":443,"scts":[{"status":"invalid"}],"served_certificate_chain":[]}}"#,
        );
        assert_eq!(view.heading, "Certificate transparency report");
        assert_eq!(view.facts.len(), 2);
        assert_eq!(view.rest.entries.len(), 1);
    }

    #[test]
    fn other_events_have_no_report() {
        assert_eq!(SecurityView::new(&Event::default()), None);
    }
}
