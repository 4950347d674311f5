//! Who was affected, and from which address (`protocol.md` §5.14).

use std::net::IpAddr;

use super::Facts;
use super::at::At;
use super::attributes::clean;
use super::budget::Budget;
use super::json::Shallow;
use super::limits::Limit;
use crate::protocol::event::{Event, User};

/// What a client sends in place of an address it wants to be filled in.
const AUTO: &str = "{{auto}}";

const WORD: Limit = Limit::of(128);
const EMAIL: Limit = Limit::of(75);
const GEO: Budget = Budget::of(4096, 3);
const DATA: Budget = Budget::of(8 * 1024, 7);

/// Brings the user into its canonical form and fills in the address where the client wants it.
pub(super) fn normalize(event: &mut Event, facts: &Facts, at: At<'_>) {
    if let Some(user) = &mut event.user {
        normalize_fields(user, at.field("user"));
    }
    infer_address(event, facts);
    event.user.take_if(|user| *user == User::default());
}

fn normalize_fields(user: &mut User, at: At<'_>) {
    user.other.remove("sentry_user");
    if !user.other.is_empty() {
        let data = user.data.get_or_insert_default();
        for (key, value) in std::mem::take(&mut user.other) {
            data.entry(key).or_insert(value);
        }
    }
    let words = [
        (&mut user.id, "id"),
        (&mut user.username, "username"),
        (&mut user.name, "name"),
        (&mut user.segment, "segment"),
    ];
    for (field, name) in words {
        clean(field);
        WORD.apply(field, name, at);
    }
    clean(&mut user.email);
    EMAIL.apply(&mut user.email, "email", at);
    clean(&mut user.ip_address);
    if let Some(address) = user.ip_address.take_if(|address| !is_address(address)) {
        at.field("ip_address").invalid_text(&address, "expected an IP address");
    }
    GEO.apply_to_value(&mut user.geo, "geo", at);
    DATA.apply_to_field(&mut user.data, "data", at);
}

fn is_address(text: &str) -> bool {
    text == AUTO || text.parse::<IpAddr>().is_ok()
}

fn infer_address(event: &mut Event, facts: &Facts) {
    let settings = event.sdk.as_ref().and_then(|sdk| sdk.settings.as_ref());
    let wish = settings.and_then(|settings| settings.infer_ip.as_deref());
    let given = event.user.as_ref().and_then(|user| user.ip_address.as_deref());
    let is_auto = given == Some(AUTO);
    if !is_auto && given.is_some() {
        return;
    }
    let remote = remote_address(event);
    let client = facts.client_address.map(|address| address.to_canonical().to_string());
    let inferred = match wish {
        Some("never") => None,
        Some("auto") => remote.or(client),
        _ if is_auto => remote.or(client),
        _ if remote.is_some() => remote,
        _ if is_client_side(event) && !was_scrubbed(event) => client,
        _ => None,
    };
    if is_auto || inferred.is_some() {
        event.user.get_or_insert_default().ip_address = inferred;
    }
}

/// The address that the program's own web server saw.
fn remote_address(event: &Event) -> Option<String> {
    let address = event.request.as_ref()?.env.as_ref()?.get("REMOTE_ADDR")?.parse::<String>()?;
    let address = address.trim();
    address.parse::<IpAddr>().is_ok().then(|| address.to_owned())
}

/// Programs that run at the user's: whoever sends is who was affected.
fn is_client_side(event: &Event) -> bool {
    matches!(event.platform(), "javascript" | "cocoa" | "objc")
}

/// Whether the client took an address out on purpose.
fn was_scrubbed(event: &Event) -> bool {
    let remarks = || {
        let meta = Shallow::of(event.meta.as_ref()?.text())?;
        let user = Shallow::of(meta.get("user")?)?;
        let address = Shallow::of(user.get("ip_address")?)?;
        Shallow::of(address.get("")?)?.get("rem")
    };
    remarks().is_some_and(|remarks| remarks != "[]")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::super::at::testing::noted;
    use super::*;
    use crate::base::EventId;

    fn run(json: &str) -> (Option<User>, Vec<String>) {
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let client_address = Some("192.0.2.7".parse().unwrap());
        let facts = Facts { client_address, ..Facts::new(EventId::random(), DateTime::UNIX_EPOCH) };
        let (problems, _) = noted(|at| normalize(&mut event, &facts, at));
        (event.user, problems)
    }

    fn address(json: &str) -> Option<String> {
        run(json).0.and_then(|user| user.ip_address)
    }

    const REMOTE: &str = r#""request":{"env":{"REMOTE_ADDR":"198.51.100.1"}}"#;

    fn settings(wish: &str) -> String {
        format!(r#""sdk":{{"settings":{{"infer_ip":"{wish}"}}}}"#)
    }

    #[test]
    fn an_address_is_filled_in_only_where_the_client_wants_it() {
        let auto = r#""user":{"ip_address":"{{auto}}"}"#;
        let (never, always) = (settings("never"), settings("auto"));
        for (json, expected) in [
            (format!("{{{auto}}}"), Some("192.0.2.7")),
            (format!("{{{auto},{REMOTE}}}"), Some("198.51.100.1")),
            (format!("{{{auto},{never}}}"), None),
            (format!("{{{never},{REMOTE},\"platform\":\"javascript\"}}"), None),
            (format!("{{{always}}}"), Some("192.0.2.7")),
            (format!("{{{always},{REMOTE}}}"), Some("198.51.100.1")),
            (format!("{{{REMOTE}}}"), Some("198.51.100.1")),
            (r#"{"request":{"env":{"REMOTE_ADDR":"unknown"}}}"#.to_owned(), None),
            (r#"{"platform":"javascript"}"#.to_owned(), Some("192.0.2.7")),
            (r#"{"platform":"cocoa","user":{"id":1}}"#.to_owned(), Some("192.0.2.7")),
            (r#"{"platform":"python","user":{"id":1}}"#.to_owned(), None),
            (r#"{"user":{"ip_address":"2001:db8::1"}}"#.to_owned(), Some("2001:db8::1")),
        ] {
            assert_eq!(address(&json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn an_address_that_was_scrubbed_is_not_filled_in_again() {
        let meta = r#""_meta":{"user":{"ip_address":{"":{"rem":[["@ip:remove","x"]]}}}}"#;
        assert_eq!(address(&format!(r#"{{"platform":"javascript",{meta}}}"#)), None);
        let other = r#""_meta":{"user":{"email":{"":{"rem":[["@email","x"]]}}}}"#;
        assert!(address(&format!(r#"{{"platform":"javascript",{other}}}"#)).is_some());
    }

    #[test]
    fn what_is_no_address_is_noted() {
        let (user, problems) = run(r#"{"user":{"id":1.0,"ip_address":"nope"}}"#);
        assert_eq!(user.unwrap().id.as_deref(), Some("1"));
        assert_eq!(problems, ["user.ip_address"]);
    }

    #[test]
    fn unknown_facts_about_the_user_become_data() {
        let (user, _) = run(r#"{"user":{"plan":"pro","sentry_user":"id:1","data":{"a":1}}}"#);
        let data = user.unwrap().data.unwrap();
        assert_eq!(data.keys().collect::<Vec<_>>(), ["a", "plan"]);
    }

    #[test]
    fn a_user_of_whom_nothing_is_known_is_none() {
        assert_eq!(run(r#"{"user":{"id":null,"email":""}}"#).0, None);
    }
}
