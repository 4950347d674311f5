//! Security reports of browsers, and template errors (`grouping.md` §9.6).

use serde::Deserialize;
use url::Url;

use super::tree::Tree;
use crate::protocol::event::Event;

/// A report about the content security policy, in the spellings of all browsers.
#[derive(Deserialize)]
struct Csp {
    #[serde(default, alias = "effective-directive", alias = "effectiveDirective")]
    effective_directive: Option<String>,
    #[serde(default, alias = "violated-directive", alias = "violatedDirective")]
    violated_directive: Option<String>,
    #[serde(default, alias = "blocked-uri", alias = "blockedURL")]
    blocked_uri: Option<String>,
}

/// What a content security policy stopped: the directive, and who it was.
pub(super) fn csp(event: &Event) -> Option<Tree> {
    let report: Csp = event.csp.as_ref()?.parse()?;
    let violated = report.violated_directive.unwrap_or_default();
    let directive = report
        .effective_directive
        .filter(|directive| !directive.is_empty())
        .or_else(|| violated.split_whitespace().next().map(str::to_owned))?;
    let blocked = blocked(report.blocked_uri.as_deref().unwrap_or_default());
    let local = (directive == "script-src" && blocked == "'self'").then(|| {
        ["'unsafe-inline'", "'unsafe-eval'"].into_iter().find(|word| violated.contains(word))
    });
    let blocked = local.flatten().map_or(blocked, str::to_owned);
    Some(Tree::Report(vec![directive, blocked]))
}

/// A blocked address without what changes: its host, or its scheme where it has no host.
fn blocked(uri: &str) -> String {
    match uri {
        "" | "self" | "'self'" => "'self'".to_owned(),
        // Of addresses without a host browsers send no more than the scheme, with or without its colon.
        _ if !uri.contains(':') => format!("{uri}:"),
        _ => match Url::parse(uri) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                url.host_str().unwrap_or_default().to_owned()
            }
            Ok(url) => match url.host_str() {
                Some(host) => format!("{}://{host}", url.scheme()),
                None => format!("{}:", url.scheme()),
            },
            Err(_) => uri.to_owned(),
        },
    }
}

/// A report of an older kind: its name and the host that it is about.
pub(super) fn host_report(event: &Event, key: &str, name: &str) -> Option<Tree> {
    #[derive(Deserialize)]
    struct Report {
        #[serde(default)]
        hostname: Option<String>,
    }
    let report: Report = event.other.get(key)?.parse()?;
    let texts = [Some(name.to_owned()), report.hostname];
    Some(Tree::Report(texts.into_iter().flatten().collect()))
}

/// The place in a template where rendering failed.
pub(super) fn template(event: &Event) -> Option<Tree> {
    let template = event.template.as_ref()?;
    let texts = [template.filename.clone(), template.context_line.clone()];
    Some(Tree::Template(texts.into_iter().flatten().filter(|text| !text.is_empty()).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::tree::View;
    use super::*;

    fn csp_values(report: &str) -> Vec<String> {
        let event = Event { csp: serde_json::from_str(report).ok(), ..Event::default() };
        let values = csp(&event)
            .map(|tree| tree.values(View::App).into_iter().map(str::to_owned).collect::<Vec<_>>());
        values.unwrap_or_default()
    }

    #[test]
    fn a_csp_report_counts_by_directive_and_blocked_host() {
        for (report, expected) in [
            (
                r#"{"effective_directive":"script-src","blocked_uri":"https://cdn.example.net/a.js?b"}"#,
                ["script-src", "cdn.example.net"],
            ),
            (
                r#"{"violated-directive":"img-src 'self'","blocked-uri":"data"}"#,
                ["img-src", "data:"],
            ),
            (
                r#"{"effective_directive":"img-src","blocked_uri":"data:image/png"}"#,
                ["img-src", "data:"],
            ),
            (r#"{"effective_directive":"style-src","blocked_uri":""}"#, ["style-src", "'self'"]),
            (
                r#"{"effective_directive":"script-src","blocked_uri":"self","violated_directive":"script-src 'unsafe-eval' 'unsafe-inline'"}"#,
                ["script-src", "'unsafe-inline'"],
            ),
        ] {
            assert_eq!(csp_values(report), expected, "{report}");
        }
    }

    #[test]
    fn a_report_that_names_no_directive_is_none() {
        assert!(csp_values("{}").is_empty());
        assert!(csp_values("[]").is_empty());
    }
}
