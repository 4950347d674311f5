//! What browsers report by themselves about a page's security and about the network (`protocol.md` §4.14,
//! §4.15).
//!
//! Every browser has its own spelling of the same few fields. [`SecurityReport::read`] understands all
//! of them and leaves one canonical form, which becomes an event.

mod csp;
mod host;
mod network;

use serde_json::{Map, Value};

pub use csp::Csp;
pub use host::{HostReport, HostReportKind};
pub use network::NetworkReport;

use super::lenient;

/// The fields of a report, as they came.
type Fields = Map<String, Value>;

/// A report with what surrounds it.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityReport {
    /// What was reported.
    pub finding: Finding,
    /// How many milliseconds it waited in the browser.
    pub age_ms: Option<u64>,
    /// The browser, where the report itself names it.
    pub user_agent: Option<String>,
}

/// What a browser found.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Something that the page's content security policy does not allow.
    Csp(Box<Csp>),
    /// A host that did not prove what it promised: its keys, or its certificate.
    Host(HostReport),
    /// What came of a request.
    Network(NetworkReport),
}

/// Why bytes are no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecurityReportError {
    /// No JSON object.
    #[error("the report is no JSON object")]
    InvalidJson,
    /// A report about something else, such as a deprecated feature.
    #[error("the report is of a kind that is not understood")]
    UnknownKind,
    /// A report that does not say what it is about.
    #[error("the report does not say what it is about")]
    Unusable,
}

impl SecurityReportError {
    /// The reason as outcomes count it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::UnknownKind => "security_report_type",
            Self::Unusable => "security_report",
        }
    }
}

impl SecurityReport {
    /// Reads a report as a browser sent it.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, SecurityReportError> {
        let fields: Fields = serde_json::from_slice(bytes)
            .or_else(|_| serde_json::from_slice(&lenient::repair(bytes)))
            .map_err(|_| SecurityReportError::InvalidJson)?;
        let is_reporting_api = fields.get("body").is_some_and(Value::is_object);
        Ok(Self {
            finding: finding(&fields)?,
            age_ms: number(&fields, "age").filter(|_| is_reporting_api),
            user_agent: text(&fields, "user_agent").filter(|_| is_reporting_api),
        })
    }
}

fn finding(fields: &Fields) -> Result<Finding, SecurityReportError> {
    let inside = |key: &str| fields.get(key).and_then(Value::as_object);
    if let Some(report) = inside("csp-report") {
        return Csp::read(report).map(|report| Finding::Csp(Box::new(report)));
    }
    let hosts = [
        ("expect-ct-report", HostReportKind::ExpectCt),
        ("expect-staple-report", HostReportKind::ExpectStaple),
    ];
    for (key, kind) in hosts {
        if let Some(report) = inside(key) {
            return HostReport::read(kind, report).map(Finding::Host);
        }
    }
    match (fields.get("type").and_then(Value::as_str), inside("body")) {
        (Some("csp-violation"), Some(body)) => {
            let mut report = Csp::read(body)?;
            report.document_uri = report.document_uri.or_else(|| text(fields, "url"));
            Ok(Finding::Csp(Box::new(report)))
        }
        (Some("network-error"), Some(body)) => {
            NetworkReport::read(text(fields, "url"), body).map(Finding::Network)
        }
        (Some("csp-violation" | "network-error"), None) => Err(SecurityReportError::Unusable),
        (Some(_), _) => Err(SecurityReportError::UnknownKind),
        (None, _) if fields.contains_key("known-pins") => {
            HostReport::read(HostReportKind::Hpkp, fields).map(Finding::Host)
        }
        (None, _) => Err(SecurityReportError::Unusable),
    }
}

/// A field under any of its spellings: `blocked_uri`, `blocked-uri`, `blockedUri`.
fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    fields
        .get(name)
        .or_else(|| fields.get(&name.replace('_', "-")))
        .or_else(|| fields.get(&camel_case(name)))
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
}

/// A text that says something.
fn text(fields: &Fields, name: &str) -> Option<String> {
    let text = field(fields, name)?.as_str()?.trim().replace('\0', "");
    (!text.is_empty()).then_some(text)
}

/// A number, or a text that is one.
fn number(fields: &Fields, name: &str) -> Option<u64> {
    match field(fields, name)? {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<SecurityReport, SecurityReportError> {
        SecurityReport::read(json.as_bytes())
    }

    #[test]
    fn both_shapes_of_a_policy_report_say_the_same() {
        let old = r#"{"csp-report":{"document-uri":"https://shop.example/pay","violated-directive":"script-src-elem",
            "effective-directive":"script-src-elem","original-policy":"script-src 'self'","disposition":"enforce",
            "blocked-uri":"https://cdn.evil.example/x.js","line-number":"12","column-number":7,"status-code":"200",
            "source-file":"https://shop.example/app.js","script-sample":"","referrer":""}}"#;
        let new = r#"{"type":"csp-violation","age":1500,"url":"https://shop.example/pay","user_agent":"Firefox","body":{
            "documentURL":"https://shop.example/pay","violatedDirective":"script-src-elem","effectiveDirective":"script-src-elem",
            "originalPolicy":"script-src 'self'","disposition":"enforce","blockedURL":"https://cdn.evil.example/x.js",
            "lineNumber":12,"columnNumber":"7","statusCode":200,"sourceFile":"https://shop.example/app.js"}}"#;
        let (old, new) = (read(old).unwrap(), read(new).unwrap());
        assert_eq!(old.finding, new.finding);
        assert_eq!((old.age_ms, old.user_agent), (None, None));
        assert_eq!((new.age_ms, new.user_agent.as_deref()), (Some(1500), Some("Firefox")));
        let Finding::Csp(report) = new.finding else { panic!("no policy report") };
        assert_eq!(report.line_number, Some(12));
        assert_eq!(report.status_code, Some(200));
    }

    #[test]
    fn the_page_of_a_report_without_one_is_the_one_that_sent_it() {
        let json = r#"{"type":"csp-violation","url":"https://a.b/","body":{"effectiveDirective":"img-src"}}"#;
        let Finding::Csp(report) = read(json).unwrap().finding else { panic!("no policy report") };
        assert_eq!(report.document_uri.as_deref(), Some("https://a.b/"));
        assert_eq!(report.blocked_uri, "self");
    }

    #[test]
    fn what_is_no_report_says_why() {
        use SecurityReportError as E;
        for (json, expected) in [
            ("", E::InvalidJson),
            ("[]", E::InvalidJson),
            ("{", E::InvalidJson),
            ("{}", E::Unusable),
            (r#"{"csp-report":{}}"#, E::Unusable),
            (r#"{"csp-report":[]}"#, E::Unusable),
            (r#"{"csp-report":{"effective-directive":"nonsense-src"}}"#, E::Unusable),
            (r#"{"csp-report":{"effective-directive":7}}"#, E::Unusable),
            (r#"{"type":"csp-violation"}"#, E::Unusable),
            (r#"{"type":"deprecation","body":{"id":"x"}}"#, E::UnknownKind),
            (r#"{"expect-ct-report":{"port":443}}"#, E::Unusable),
        ] {
            assert_eq!(read(json).err(), Some(expected), "{json}");
        }
    }
}
