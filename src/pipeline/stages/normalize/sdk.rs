//! The client library (`protocol.md` §5.17).

use super::Facts;
use super::at::At;
use super::budget::Budget;
use super::limits::Limit;
use crate::protocol::event::{Event, Sdk};

const NAME: Limit = Limit::with(256, 20);
const NAMES: Budget = Budget::of(8 * 1024, 3);
const PACKAGES: Budget = Budget::of(64 * 1024, 4);
const OTHER: Budget = Budget::of(2048, 5);

/// Fills in what the event does not say about its client from what the request said.
pub(super) fn normalize(event: &mut Event, facts: &Facts, at: At<'_>) {
    let is_absent = |text: Option<&String>| text.is_none_or(|text| text.trim().is_empty());
    if is_absent(event.sdk.as_ref().and_then(|sdk| sdk.name.as_ref()))
        && let Some((name, version)) = facts.client.as_deref().and_then(split_client)
    {
        let sdk = event.sdk.get_or_insert_with(Sdk::default);
        sdk.name = Some(name.to_owned());
        sdk.version = Some(version.to_owned());
    }
    if let Some(sdk) = &mut event.sdk {
        let at = at.field("sdk");
        NAME.apply(&mut sdk.name, "name", at);
        NAME.apply(&mut sdk.version, "version", at);
        NAMES.apply_to_value(&mut sdk.integrations, "integrations", at);
        NAMES.apply_to_value(&mut sdk.features, "features", at);
        PACKAGES.apply_to_value(&mut sdk.packages, "packages", at);
        OTHER.apply(&mut sdk.other, at);
        if let Some(settings) = &mut sdk.settings {
            NAME.apply(&mut settings.infer_ip, "infer_ip", at.field("settings"));
            OTHER.apply(&mut settings.other, at.field("settings"));
        }
    }
}

/// `sentry.python/2.1.0` is a name and a version; so is `raven-python 6.10`.
fn split_client(client: &str) -> Option<(&str, &str)> {
    let (name, version) = client.split_once('/').or_else(|| client.split_once(' '))?;
    let (name, version) = (name.trim(), version.trim());
    (!name.is_empty() && !version.is_empty()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::super::at::testing::noted;
    use super::*;
    use crate::base::EventId;

    fn run(json: &str, client: Option<&str>) -> Option<(Option<String>, Option<String>)> {
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let client = client.map(str::to_owned);
        let facts = Facts { client, ..Facts::new(EventId::random(), DateTime::UNIX_EPOCH) };
        noted(|at| normalize(&mut event, &facts, at));
        event.sdk.map(|sdk| (sdk.name, sdk.version))
    }

    #[test]
    fn an_unnamed_client_is_named_by_its_request() {
        let text = |text: &str| Some(text.to_owned());
        let named = Some((text("sentry.go"), text("0.11.0")));
        for json in ["{}", r#"{"sdk":"x"}"#, r#"{"sdk":{"version":"9"}}"#] {
            assert_eq!(run(json, Some("sentry.go/0.11.0")), named, "{json}");
        }
        assert_eq!(run("{}", Some("nonsense")), None);
        assert_eq!(run("{}", None), None);
        let own = r#"{"sdk":{"name":"mine"}}"#;
        assert_eq!(run(own, Some("sentry.go/0.11.0")), Some((text("mine"), None)));
    }
}
