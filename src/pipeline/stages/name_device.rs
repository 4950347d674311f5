//! What the user's device is sold as, by the operator's list (`protocol.md` §5.15).

use super::json::{self, Shallow};
use crate::infra::supplied::DeviceNames;
use crate::protocol::event::Event;

/// Fills in the name of an Android device where the client says none and its model is known.
pub fn name_device(event: &mut Event, names: &DeviceNames) {
    if names.path().is_none() {
        return;
    }
    let Some(contexts) = &mut event.contexts else { return };
    let is_android = contexts.get("os").and_then(|os| Shallow::of(os.text())).is_some_and(|os| {
        os.text("name").is_some_and(|name| name.trim().eq_ignore_ascii_case("android"))
    });
    let Some(raw) = contexts.get_mut("device").filter(|_| is_android) else { return };
    let Some(device) = Shallow::of(raw.text()) else { return };
    if device.get("name").is_some() {
        return;
    }
    let name = device.text("model").and_then(|model| names.find(model.trim()));
    if let Some(name) = name {
        let named = device.with(&[("name", json::quoted(&name))]);
        *raw = named;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(contexts: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("supported_devices.csv");
        let list = "Retail Branding,Marketing Name,Device,Model\nSamsung,Galaxy S21,o1s,SM-G991B\n";
        std::fs::write(&path, list).unwrap();
        let names = DeviceNames::at(Some(&path));
        names.refresh();
        let mut event =
            Event::from_stored(format!(r#"{{"contexts":{contexts}}}"#).as_bytes()).unwrap();
        name_device(&mut event, &names);
        event.contexts.unwrap()["device"].text().to_owned()
    }

    #[test]
    fn an_android_device_of_a_known_model_gets_its_name() {
        let device = named(r#"{"os":{"name":"Android"},"device":{"model":"SM-G991B"}}"#);
        assert_eq!(device, r#"{"model":"SM-G991B","name":"Galaxy S21"}"#);
    }

    #[test]
    fn other_devices_and_those_with_a_name_stay_as_they_are() {
        for (os, device) in [
            ("iOS", r#"{"model":"SM-G991B"}"#),
            ("Android", r#"{"model":"SM-G991B","name":"Ada's"}"#),
            ("Android", r#"{"model":"unknown"}"#),
            ("Android", r#"{"model":7}"#),
            ("Android", "{}"),
        ] {
            let contexts = format!(r#"{{"os":{{"name":"{os}"}},"device":{device}}}"#);
            assert_eq!(named(&contexts), device, "{os}");
        }
    }
}
