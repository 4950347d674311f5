//! Reports about hosts: pinned keys, certificate transparency, stapled certificate states. Browsers
//! have stopped sending them; programs and old browsers have not.

use serde_json::Value;

use super::{Fields, SecurityReportError, number, text};
use crate::base::Timestamp;

/// What a host did not prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostReportKind {
    /// That it has one of the keys it pinned.
    Hpkp,
    /// That its certificate is in a public log.
    ExpectCt,
    /// That its certificate is still good.
    ExpectStaple,
}

impl HostReportKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Hpkp, Self::ExpectCt, Self::ExpectStaple];

    /// The field of the event that holds the report, and the type of the event.
    pub fn key(self) -> &'static str {
        match self {
            Self::Hpkp => "hpkp",
            Self::ExpectCt => "expectct",
            Self::ExpectStaple => "expectstaple",
        }
    }

    /// The words in front of the host.
    fn failure(self) -> &'static str {
        match self {
            Self::Hpkp => "Public key pinning validation failed for",
            Self::ExpectCt => "Expect-CT failed for",
            Self::ExpectStaple => "Expect-Staple failed for",
        }
    }

    /// The fields that are worth a tag besides host and port.
    fn tags(self) -> &'static [&'static str] {
        match self {
            Self::Hpkp => &["include_subdomains"],
            Self::ExpectCt => &["failure_mode"],
            Self::ExpectStaple => &["response_status", "cert_status"],
        }
    }
}

/// A report about a host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostReport {
    /// What it did not prove.
    pub kind: HostReportKind,
    /// Its name.
    pub hostname: String,
    /// Everything that was reported, with `_` in names.
    pub fields: Fields,
}

impl HostReport {
    /// Reads the fields.
    ///
    /// # Errors
    /// When they name no host.
    pub fn read(kind: HostReportKind, fields: &Fields) -> Result<Self, SecurityReportError> {
        let hostname = text(fields, "hostname").ok_or(SecurityReportError::Unusable)?;
        let fields = fields.iter().map(|(name, value)| (name.replace('-', "_"), value.clone()));
        let mut fields: Fields = fields.collect();
        fields.insert("hostname".to_owned(), Value::String(hostname.clone()));
        Ok(Self { kind, hostname, fields })
    }

    /// What happened, in a sentence.
    pub fn message(&self) -> String {
        format!("{} '{}'", self.kind.failure(), self.hostname)
    }

    /// When the browser saw it.
    pub fn seen_at(&self) -> Option<Timestamp> {
        text(&self.fields, "date_time")?.parse().ok()
    }

    /// The address of the host.
    pub fn url(&self) -> String {
        match number(&self.fields, "port") {
            None | Some(443) => format!("https://{}/", self.hostname),
            Some(port) => format!("https://{}:{port}/", self.hostname),
        }
    }

    /// What to look for it by.
    pub fn tags(&self) -> Vec<(String, String)> {
        let names = ["hostname", "port"].into_iter().chain(self.kind.tags().iter().copied());
        let value = |name: &str| match self.fields.get(name)? {
            Value::String(text) => Some(text.clone()),
            value @ (Value::Bool(_) | Value::Number(_)) => Some(value.to_string()),
            _ => None,
        };
        names.filter_map(|name| Some((name.replace('_', "-"), value(name)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Finding, SecurityReport};
    use super::*;

    /// The examples of RFC 7469 §3 and RFC 9163 §3.1, shortened, and the draft of Expect-Staple.
    const REPORTS: [&str; 3] = [
        r#"{"date-time":"2014-04-06T13:00:50Z","hostname":"www.example.com","port":8443,
            "effective-expiration-date":"2014-05-01T12:40:50Z","include-subdomains":false,
            "served-certificate-chain":["-----BEGIN CERTIFICATE-----"],"known-pins":["pin-sha256=\"d6qz\""]}"#,
        r#"{"expect-ct-report":{"date-time":"2016-04-06T13:00:50Z","hostname":"www.example.com","port":443,
            "effective-expiration-date":"2016-05-01T12:40:50Z","served-certificate-chain":[],"failure-mode":"enforce",
            "scts":[{"version":1,"status":"invalid","source":"embedded","serialized_sct":"ABCD=="}]}}"#,
        r#"{"expect-staple-report":{"date-time":"2017-01-01T00:00:00Z","hostname":"www.example.com","port":443,
            "response-status":"ERROR_RESPONSE","cert-status":"REVOKED","ocsp-response":""}}"#,
    ];

    #[test]
    fn all_three_kinds_are_told_apart() {
        let read = |json: &str| match SecurityReport::read(json.as_bytes()).unwrap().finding {
            Finding::Host(report) => report,
            _ => panic!("{json}"),
        };
        let reports = REPORTS.map(read);
        assert_eq!(reports.clone().map(|report| report.kind), HostReportKind::ALL);
        let messages = reports.clone().map(|report| report.message());
        assert_eq!(messages[1], "Expect-CT failed for 'www.example.com'");
        assert_eq!(reports[0].url(), "https://www.example.com:8443/");
        assert_eq!(reports[1].url(), "https://www.example.com/");
        assert_eq!(reports[0].seen_at().unwrap().to_rfc3339(), "2014-04-06T13:00:50+00:00");
        let tags = |report: &HostReport| {
            report.tags().iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            tags(&reports[0]),
            "hostname=www.example.com port=8443 include-subdomains=false"
        );
        assert_eq!(
            tags(&reports[2]),
            "hostname=www.example.com port=443 response-status=ERROR_RESPONSE cert-status=REVOKED"
        );
    }
}
