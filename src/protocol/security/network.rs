//! Reports about the network: a page that a browser could not load, or loaded with an error
//! (`protocol.md` §4.15).

use http::StatusCode;
use serde_json::{Map, Value};

use super::{Fields, SecurityReportError, number, text};

/// What the types of failures mean, in words that fit before "for" and a host.
const FAILURES: [(&str, &str); 28] = [
    ("dns.unreachable", "No DNS server could be reached"),
    ("dns.name_not_resolved", "The name could not be resolved"),
    ("dns.failed", "The DNS request failed"),
    ("dns.address_changed", "The server's address changed"),
    ("tcp.timed_out", "The connection timed out"),
    ("tcp.closed", "The connection was closed by the server"),
    ("tcp.reset", "The connection was reset"),
    ("tcp.refused", "The connection was refused"),
    ("tcp.aborted", "The connection was aborted"),
    ("tcp.address_invalid", "The server's address is invalid"),
    ("tcp.address_unreachable", "The server's address could not be reached"),
    ("tcp.failed", "The connection failed"),
    (
        "tls.version_or_cipher_mismatch",
        "Browser and server have no TLS version or cipher in common",
    ),
    ("tls.bad_client_auth_cert", "The client's certificate was not accepted"),
    ("tls.cert.name_invalid", "The certificate is for another name"),
    ("tls.cert.date_invalid", "The certificate is not valid at this time"),
    ("tls.cert.authority_invalid", "The certificate's authority is not trusted"),
    ("tls.cert.invalid", "The certificate is invalid"),
    ("tls.cert.revoked", "The certificate was revoked"),
    ("tls.cert.pinned_key_not_in_cert_chain", "No pinned key is in the certificate's chain"),
    ("tls.protocol.error", "The TLS protocol was violated"),
    ("tls.failed", "The TLS connection failed"),
    ("http.protocol.error", "The HTTP protocol was violated"),
    ("http.response.invalid", "The response could not be read"),
    ("http.response.redirect_loop", "Redirects went in a circle"),
    ("http.failed", "The HTTP request failed"),
    ("abandoned", "The request was given up before it was complete"),
    ("ok", "The request succeeded"),
];

/// The fields of a report that are kept, in the order of pages.
const KEPT: [&str; 8] = [
    "phase",
    "method",
    "protocol",
    "status_code",
    "elapsed_time",
    "server_ip",
    "referrer",
    "sampling_fraction",
];

/// A report about the network.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkReport {
    /// What was requested.
    pub url: Option<String>,
    /// What happened: `dns.unreachable`, `http.error`, `ok` …
    pub kind: String,
    /// What was reported, with `_` in names.
    pub fields: Fields,
}

impl NetworkReport {
    /// Reads the body of a report about `url`.
    ///
    /// # Errors
    /// When it does not say what happened.
    pub fn read(url: Option<String>, body: &Fields) -> Result<Self, SecurityReportError> {
        let kind = text(body, "type").ok_or(SecurityReportError::Unusable)?;
        let simple = |value: &&Value| matches!(value, Value::String(_) | Value::Number(_));
        let kept = KEPT.iter().filter_map(|name| {
            Some(((*name).to_owned(), super::field(body, name).filter(simple)?.clone()))
        });
        let mut fields: Map<String, Value> = kept.collect();
        // Not `type`: that is what the object as a whole is.
        fields.insert("error_type".to_owned(), kind.clone().into());
        Ok(Self { url, kind, fields })
    }

    /// Whether nothing went wrong; servers may ask for such reports, too.
    pub fn is_success(&self) -> bool {
        self.kind == "ok"
    }

    /// What happened, in a sentence.
    pub fn message(&self) -> String {
        let what = match (self.kind.as_str(), self.status_code()) {
            ("http.error", Some(status)) => {
                format!("The server answered with {}", in_words(status))
            }
            ("http.error", None) => "The server answered with an error".to_owned(),
            (kind, _) => {
                let known = FAILURES.iter().find(|(known, _)| *known == kind);
                known.map_or(kind, |(_, words)| *words).to_owned()
            }
        };
        match self.host() {
            Some(host) => format!("{what} for '{host}'"),
            None => what,
        }
    }

    /// The status of the answer, if there was one.
    fn status_code(&self) -> Option<u64> {
        number(&self.fields, "status_code").filter(|status| *status > 0)
    }

    fn host(&self) -> Option<String> {
        let url = url::Url::parse(self.url.as_deref()?).ok()?;
        url.host_str().map(str::to_owned)
    }

    /// What to look for it by.
    pub fn tags(&self) -> Vec<(String, String)> {
        let status = self.status_code().map(|status| status.to_string());
        let tags = [
            ("hostname", self.host()),
            ("nel.type", Some(self.kind.clone())),
            ("nel.phase", text(&self.fields, "phase")),
            ("nel.status_code", status),
        ];
        tags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The page that led to the request.
    pub fn referrer(&self) -> Option<String> {
        text(&self.fields, "referrer")
    }

    /// The request's method.
    pub fn method(&self) -> Option<String> {
        text(&self.fields, "method")
    }
}

/// `503 Service Unavailable`. Numbers alone do not tell issues apart, words do.
fn in_words(status: u64) -> String {
    let known = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    match known.and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => format!("status {status}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Finding, SecurityReport, SecurityReportError};
    use super::*;

    fn read(report: &Value) -> Result<NetworkReport, SecurityReportError> {
        match SecurityReport::read(report.to_string().as_bytes())?.finding {
            Finding::Network(report) => Ok(report),
            other => panic!("{other:?}"),
        }
    }

    fn message(body: &Value) -> String {
        let report = json!({"type": "network-error", "url": "https://a.b:8443/c?d", "body": body});
        read(&report).unwrap().message()
    }

    /// The example of the W3C's draft, §8.
    #[test]
    fn a_report_says_what_happened_to_which_host() {
        let report = json!({"age": 0, "type": "network-error", "url": "https://www.example.com/",
            "body": {"sampling_fraction": 0.5, "referrer": "http://example.com/",
                "server_ip": "2001:DB8:0:0:0:0:0:42", "protocol": "h2", "method": "GET",
                "request_headers": {}, "response_headers": {}, "status_code": 200,
                "elapsed_time": 823, "phase": "application", "type": "http.protocol.error"}});
        let report = read(&report).unwrap();
        assert_eq!(report.message(), "The HTTP protocol was violated for 'www.example.com'");
        let names: Vec<&str> = report.fields.keys().map(String::as_str).collect();
        assert_eq!(names.len(), KEPT.len() + 1, "{names:?}");
        assert_eq!(report.referrer().as_deref(), Some("http://example.com/"));
        assert!(report.tags().contains(&("nel.status_code".to_owned(), "200".to_owned())));
        assert!(!report.is_success());
    }

    #[test]
    fn each_kind_has_words_and_unknown_ones_are_their_own() {
        assert_eq!(
            message(&json!({"type": "http.error", "status_code": 503})),
            "The server answered with 503 Service Unavailable for 'a.b'"
        );
        assert_eq!(
            message(&json!({"type": "http.error", "statusCode": 0})),
            "The server answered with an error for 'a.b'"
        );
        assert_eq!(message(&json!({"type": "quic.new"})), "quic.new for 'a.b'");
        assert_eq!(message(&json!({"type": "ok"})), "The request succeeded for 'a.b'");
        let nowhere = json!({"type": "network-error", "body": {"type": "tcp.reset"}});
        assert_eq!(read(&nowhere).unwrap().message(), "The connection was reset");
    }

    #[test]
    fn what_says_nothing_is_no_report() {
        for report in [
            json!({"type": "network-error"}),
            json!({"type": "network-error", "body": {}}),
            json!({"type": "network-error", "body": {"type": " "}}),
            json!({"type": "network-error", "body": {"type": 7}}),
        ] {
            assert_eq!(read(&report), Err(SecurityReportError::Unusable), "{report}");
        }
    }
}
