//! What browsers report about a page's security and about the network: an event that has no stack, but says
//! what was blocked or what failed.

use chrono::TimeDelta;

use super::error;
use crate::base::Timestamp;
use crate::pipeline::Context;
use crate::pipeline::prepared::PreparedEvent;
use crate::pipeline::stages::normalize::Facts;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::Item;
use crate::protocol::event::{Event, Level, LogEntry, Request, User};
use crate::protocol::lenient::{Pairs, Problems, Raw};
use crate::protocol::security::{Csp, Finding, HostReport, NetworkReport, SecurityReport};

/// Asks normalisation for the address of whoever sent the report.
const SENDER: &str = "{{auto}}";

/// Brings a report from the browser's bytes to what the batch stores.
pub fn process_raw(
    context: &Context<'_>,
    facts: &Facts,
    item: Tracked<'_, &Item<'_>>,
) -> Result<PreparedEvent, Ended> {
    let event = item.try_map(|item| read(item, facts))?;
    error::finish(context, facts, event, Problems::default(), DataCategory::Security)
}

/// Does the same for a report that a client made an event of.
pub fn process(
    context: &Context<'_>,
    facts: &Facts,
    item: Tracked<'_, &Item<'_>>,
) -> Result<PreparedEvent, Ended> {
    let problems = Problems::default();
    let event = item.try_map(|item| {
        let mut event = error::parse(item.payload, &problems)?;
        let fields = event.csp.as_ref().and_then(Raw::parse);
        let csp = fields.and_then(|fields| Csp::read(&fields).ok());
        describe_csp(&mut event, &csp.ok_or(Dropped::invalid("security_report"))?);
        Ok(event)
    })?;
    error::finish(context, facts, event, problems, DataCategory::Security)
}

fn read(item: &Item<'_>, facts: &Facts) -> Result<Event, Dropped> {
    let report = SecurityReport::read(item.payload);
    let report = report.map_err(|error| Dropped::invalid(error.reason()))?;
    let mut event = Event {
        timestamp: report.age_ms.and_then(|age| before(facts.received_at, age)),
        release: item.header.release.clone(),
        environment: item.header.environment.clone(),
        user: Some(User { ip_address: Some(SENDER.to_owned()), ..User::default() }),
        ..Event::default()
    };
    match report.finding {
        Finding::Csp(csp) => describe_csp(&mut event, &csp),
        Finding::Host(host) => describe_host(&mut event, &host),
        Finding::Network(network) => describe_network(&mut event, &network),
    }
    let agent = report.user_agent.or_else(|| facts.user_agent.clone());
    if let (Some(agent), Some(request)) = (agent, &mut event.request) {
        request.headers.get_or_insert_default().0.push(("User-Agent".to_owned(), agent));
    }
    Ok(event)
}

fn before(at: Timestamp, milliseconds: u64) -> Option<Timestamp> {
    at.checked_sub_signed(TimeDelta::try_milliseconds(i64::try_from(milliseconds).ok()?)?)
}

/// Says in the event what the policy stopped; what a client said itself stays.
fn describe_csp(event: &mut Event, csp: &Csp) {
    event.csp = Some(Raw::from_value(csp));
    let mut tags = vec![
        ("effective-directive".to_owned(), csp.effective_directive.clone()),
        ("blocked-uri".to_owned(), csp.blocked_uri_for_tag().to_owned()),
    ];
    tags.extend(csp.blocked_host().map(|host| ("blocked-host".to_owned(), host)));
    complete(event, "csp", csp.message(), tags);
    let referrer = csp.referrer.clone().map(|page| ("Referer".to_owned(), page));
    let headers = referrer.map(|header| Pairs(vec![header]));
    event.request.get_or_insert_with(|| Request {
        url: csp.document_uri.clone(),
        headers,
        ..Request::default()
    });
}

fn describe_host(event: &mut Event, host: &HostReport) {
    let key = host.kind.key();
    event.other.insert(key.to_owned(), Raw::from_value(&host.fields));
    event.timestamp = event.timestamp.or_else(|| host.seen_at());
    complete(event, key, host.message(), host.tags());
    event.request = Some(Request { url: Some(host.url()), ..Request::default() });
}

fn describe_network(event: &mut Event, network: &NetworkReport) {
    let level = if network.is_success() { Level::Info } else { Level::Warning };
    event.level = Some(level);
    let context = Raw::from_value(&network.fields);
    let contexts = event.contexts.get_or_insert_default();
    contexts.insert("nel".to_owned(), context);
    complete(event, "nel", network.message(), network.tags());
    let referrer = network.referrer().map(|page| ("Referer".to_owned(), page));
    event.request = Some(Request {
        url: network.url.clone(),
        method: network.method(),
        headers: referrer.map(|header| Pairs(vec![header])),
        ..Request::default()
    });
}

fn complete(event: &mut Event, logger: &str, message: String, tags: Vec<(String, String)>) {
    event.logger.get_or_insert_with(|| logger.to_owned());
    if event.message_text().is_none() {
        event.logentry = Some(LogEntry { formatted: Some(message), ..LogEntry::default() });
    }
    let known = event.tags.get_or_insert_default();
    for tag in tags {
        if known.get(&tag.0).is_none() {
            known.0.push(tag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::EventId;
    use crate::protocol::envelope::{ItemHeader, ItemType};

    fn facts() -> Facts {
        let received_at = "2026-11-22T12:00:00Z".parse().unwrap();
        let user_agent = Some("Mozilla/5.0 Firefox/140.0".to_owned());
        Facts { user_agent, ..Facts::new(EventId::random(), received_at) }
    }

    fn event(report: &str) -> Result<Event, Dropped> {
        let mut header = ItemHeader::new(ItemType::RawSecurity);
        header.release = Some("shop@1".to_owned());
        read(&Item { header, payload: report.as_bytes() }, &facts())
    }

    #[test]
    fn a_report_becomes_an_event_that_tells_everything() {
        let event = event(
            r#"{"type":"csp-violation","age":60000,"user_agent":"Mozilla/5.0 Chrome/140","body":{"documentURL":"https://a.b/c",
            "referrer":"https://r.s/","blockedURL":"https://evil.example/x.js","effectiveDirective":"script-src-elem"}}"#,
        )
        .unwrap();
        assert_eq!(event.message_text(), Some("Blocked 'script' from 'evil.example'"));
        assert_eq!(event.timestamp.unwrap().to_rfc3339(), "2026-11-22T11:59:00+00:00");
        assert_eq!(event.logger.as_deref(), Some("csp"));
        assert_eq!(event.release.as_deref(), Some("shop@1"));
        assert_eq!(event.tag("blocked-host"), Some("evil.example"));
        let request = event.request.unwrap();
        assert_eq!(request.url.as_deref(), Some("https://a.b/c"));
        assert_eq!(request.header("Referer"), Some("https://r.s/"));
        assert_eq!(request.header("User-Agent"), Some("Mozilla/5.0 Chrome/140"));
    }

    #[test]
    fn an_age_before_all_time_is_no_age() {
        let report = |age: &str| {
            format!(
                r#"{{"type":"csp-violation","age":{age},"body":{{"effectiveDirective":"img-src"}}}}"#
            )
        };
        for age in ["18446744073709551615", "9223372036854775807", "-1", "\"x\""] {
            assert_eq!(event(&report(age)).unwrap().timestamp, None, "{age}");
        }
    }

    #[test]
    fn what_is_no_report_is_dropped_with_the_reason() {
        assert_eq!(event("{}").err(), Some(Dropped::invalid("security_report")));
        assert_eq!(event("x").err(), Some(Dropped::invalid("invalid_json")));
    }
}
