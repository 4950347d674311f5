//! What happens on a developer's own machine.

use crate::domain::filters::Source;
use crate::protocol::event::Event;

const LOCAL_ADDRESSES: [&str; 2] = ["127.0.0.1", "::1"];
const LOCAL_HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

/// Whether the user or the page is on the machine itself.
pub(super) fn is_local(event: &Event) -> bool {
    let address = event.user.as_ref().and_then(|user| user.ip_address.as_deref());
    if address.is_some_and(|address| LOCAL_ADDRESSES.contains(&address)) {
        return true;
    }
    let Some(request) = &event.request else { return false };
    let url = request.url.as_deref().map(Source::new);
    let is_local_page =
        url.is_some_and(|url| url.scheme() == Some("file") || is_local_host(url.host()));
    is_local_page
        || ["Host", "X-Forwarded-Host"].into_iter().any(|name| {
            let host = request.header(name).and_then(|host| host.split(':').next());
            host.is_some_and(|host| LOCAL_HOSTS.contains(&host.trim()))
        })
}

/// Also what is below: `shop.localhost`.
fn is_local_host(host: &str) -> bool {
    LOCAL_HOSTS.into_iter().any(|local| {
        host.strip_suffix(local).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}
