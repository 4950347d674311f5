//! Where the affected user is: the place of the address, from the operator's database
//! (`protocol.md` §5.14).

use std::net::IpAddr;

use super::json;
use crate::infra::supplied::places::{Place, Places};
use crate::protocol::event::Event;

/// Fills in `user.geo` where the client says nothing of it and the address is known.
pub fn locate(event: &mut Event, places: &Places) {
    let Some(user) = event.user.as_mut().filter(|user| user.geo.is_none()) else { return };
    let address = user.ip_address.as_deref().and_then(|address| address.parse::<IpAddr>().ok());
    let place = address.and_then(|address| places.find(address.to_canonical()));
    user.geo = place.map(|place| geo(&place));
}

fn geo(place: &Place) -> crate::protocol::lenient::Raw {
    let fields = [
        ("country_code", &place.country_code),
        ("region", &place.region),
        ("subdivision", &place.subdivision),
        ("city", &place.city),
    ];
    let known =
        fields.iter().filter_map(|(key, text)| Some((*key, json::quoted(text.as_deref()?))));
    let known: Vec<_> = known.collect();
    json::object(known.iter().map(|(key, value)| (*key, value.as_str())))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn located(user: &str) -> Option<String> {
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/geo/places.mmdb");
        let places = Places::at(Some(Path::new(fixture)));
        places.refresh();
        let json = format!(r#"{{"user":{user}}}"#);
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        locate(&mut event, &places);
        event.user?.geo.map(|geo| geo.text().to_owned())
    }

    #[test]
    fn a_known_address_gives_the_user_a_place() {
        let paris = r#"{"country_code":"FR","region":"France","subdivision":"Île-de-France","city":"Paris"}"#;
        let japan = r#"{"country_code":"JP","region":"Japan"}"#;
        for (user, place) in [
            (r#"{"ip_address":"192.0.2.7"}"#, Some(paris)),
            (r#"{"ip_address":"::ffff:192.0.2.7"}"#, Some(paris)),
            (r#"{"ip_address":"198.51.100.1","id":"7"}"#, Some(japan)),
            (r#"{"ip_address":"192.0.2.7","geo":{"city":"Rome"}}"#, Some(r#"{"city":"Rome"}"#)),
            (r#"{"ip_address":"10.0.0.1"}"#, None),
            (r#"{"ip_address":"{{auto}}"}"#, None),
            (r#"{"id":"7"}"#, None),
            ("null", None),
        ] {
            assert_eq!(located(user).as_deref(), place, "{user}");
        }
    }
}
