//! Leaves out what a project does not want to see (`protocol.md` §7).
//!
//! Stands behind normalising, so that every event says the same thing in the same place, and before
//! scrubbing, which takes out what some filters look at. Pure: settings can be tried on stored events.
//! The first filter that matches names the reason; the order is that of [`filter`].

mod chunks;
mod config;
mod crawlers;
mod csp;
mod extensions;
mod localhost;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use super::normalize::{Facts, browser_of};
use crate::domain::filters;
use crate::protocol::event::Event;

pub use config::FilterConfig;

/// Who sent an event, as far as the event itself does not say.
#[derive(Clone, Copy, Debug, Default)]
pub struct SentBy<'a> {
    /// The address of the connection.
    pub address: Option<IpAddr>,
    /// The `User-Agent` of the request that brought it.
    pub user_agent: Option<&'a str>,
}

impl<'a> SentBy<'a> {
    /// What the envelope's facts say.
    pub fn of(facts: &'a Facts) -> Self {
        Self { address: facts.client_address, user_agent: facts.user_agent.as_deref() }
    }

    /// What can still be told of a stored event.
    pub fn of_stored(event: &Event) -> Self {
        let user = event.user.as_ref();
        let address = user.and_then(|user| user.ip_address.as_deref()?.parse().ok());
        Self { address, user_agent: None }
    }
}

/// Decides whether an event stays.
///
/// # Errors
/// With the reason why it is left out, one of the words of `protocol.md` §7.
pub fn filter(
    event: &Event,
    sent_by: SentBy<'_>,
    config: &FilterConfig,
) -> Result<(), &'static str> {
    let on = &config.settings;
    let user_agent = user_agent(event).or(sent_by.user_agent).unwrap_or_default();
    let checks: [(&'static str, &dyn Fn() -> bool); 10] = [
        ("chunk-load-error", &|| on.chunk_load && chunks::is_chunk_load(event)),
        ("react-hydration-errors", &|| on.react_hydration && chunks::is_hydration(event)),
        ("invalid-csp", &|| on.csp_sources && csp::is_injected(event)),
        ("ip-address", &|| is_listed(sent_by.address, config)),
        ("release-version", &|| is_release(event, config)),
        ("error-message", &|| is_message(event, config)),
        ("localhost", &|| on.localhost && localhost::is_local(event)),
        ("browser-extensions", &|| on.browser_extensions && extensions::is_extension(event)),
        ("legacy-browsers", &|| is_legacy(user_agent, config)),
        ("web-crawlers", &|| on.web_crawlers && crawlers::is_crawler(user_agent)),
    ];
    match checks.iter().find(|(_, is_met)| is_met()) {
        Some((reason, _)) => Err(reason),
        None => Ok(()),
    }
}

fn user_agent(event: &Event) -> Option<&str> {
    event.request.as_ref()?.header("User-Agent")
}

fn is_listed(address: Option<IpAddr>, config: &FilterConfig) -> bool {
    let contains = |address| config.networks.iter().any(|network| network.contains(address));
    address.is_some_and(contains)
}

fn is_release(event: &Event, config: &FilterConfig) -> bool {
    event.release.as_deref().is_some_and(|release| config.leaves_out_release(release))
}

/// Looks at the message, and at every exception as it is written: `TypeError: x is undefined`.
fn is_message(event: &Event, config: &FilterConfig) -> bool {
    if config.messages.is_empty() {
        return false;
    }
    let exceptions = event.exceptions().iter().filter_map(|exception| {
        Some(match (exception.kind.as_deref(), exception.value.as_deref()) {
            (Some(kind), Some(value)) => format!("{kind}: {value}"),
            (one, other) => one.or(other)?.to_owned(),
        })
    });
    event.message_text().is_some_and(|text| config.messages.matches(text))
        || exceptions.into_iter().any(|text| config.messages.matches(&text))
}

fn is_legacy(user_agent: &str, config: &FilterConfig) -> bool {
    let choices = &config.settings.legacy_browsers;
    if choices.is_empty() {
        return false;
    }
    let Some((family, major)) = browser_of(user_agent) else { return false };
    // On a phone it is the same browser.
    let family = if family == "IE Mobile" { "IE" } else { &family };
    let chosen = choices.iter().filter_map(|id| filters::find_legacy(id));
    chosen.into_iter().any(|choice| choice.includes(family, major))
}
