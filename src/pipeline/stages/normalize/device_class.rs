//! How able a phone or tablet is: low, medium or high (`protocol.md` §5.7).
//!
//! An error of slow devices only is found by it. What counts is the least able part: two gigabytes of memory
//! make the fastest processor a slow device. Systems report a little less than what is built in, and the bounds
//! allow for it. Only systems of phones and tablets have a class; a server with little memory is no slow phone.

use super::json::Shallow;
use crate::protocol::event::Event;

/// The tag that says it.
pub(super) const TAG: &str = "device.class";

const SYSTEMS: [&str; 6] = ["android", "ios", "ipados", "iphone os", "tvos", "watchos"];

/// Memory in MiB below which a device is low, and from which it is high: what is sold as 3 and 6 GB.
const MEMORY_MIB: (i64, i64) = (3 * 1024, 5 * 1024);
/// The clock of the fastest core in MHz.
const FREQUENCY_MHZ: (i64, i64) = (2000, 2500);
/// Cores. Apple's phones have six, which are as good as eight others'.
const CORES: (i64, i64) = (4, 6);

/// The class of the event's device as the tag has it, `1` to `3`; none if nothing is known of it.
pub(super) fn of(event: &Event) -> Option<&'static str> {
    let context = |name: &str| Shallow::of(event.contexts.as_ref()?.get(name)?.text());
    let device = context("device")?;
    let system = context("os")?.text("name")?.trim().to_ascii_lowercase();
    if !SYSTEMS.contains(&system.as_str()) {
        return None;
    }
    let rated = |field: &str, unit: i64, (low, high): (i64, i64)| {
        let value = whole(&device, field).filter(|value| *value > 0)? / unit;
        Some(if value < low { 1 } else { 2 + u8::from(value >= high) })
    };
    let ratings = [
        rated("memory_size", 1 << 20, MEMORY_MIB),
        rated("processor_frequency", 1, FREQUENCY_MHZ),
        rated("processor_count", 1, CORES),
    ];
    // Without its memory, little is known of a device.
    ratings[0]?;
    let class = ratings.into_iter().flatten().min()?;
    Some(["1", "2", "3"][usize::from(class) - 1])
}

/// A number without its fraction: frequencies are sent as `3000.0`.
fn whole(device: &Shallow<'_>, field: &str) -> Option<i64> {
    let text = device.get(field)?;
    text.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(os: &str, device: &str) -> Option<&'static str> {
        let json = format!(r#"{{"contexts":{{"os":{{"name":"{os}"}},"device":{device}}}}}"#);
        of(&Event::from_stored(json.as_bytes()).unwrap())
    }

    #[test]
    fn the_least_able_part_of_a_device_is_its_class() {
        let (low, medium, high) = (Some("1"), Some("2"), Some("3"));
        for (expected, os, memory_mib, more) in [
            (low, "Android", 3 * 1024 - 1, ""),
            (medium, "Android", 3 * 1024, ""),
            (medium, "iOS", 5 * 1024 - 1, r#","processor_count":6"#),
            (high, "iOS", 5 * 1024, r#","processor_count":6"#),
            (high, "Android", 7600, r#","processor_count":8,"processor_frequency":2800.5"#),
            (medium, "Android", 7600, r#","processor_count":8,"processor_frequency":2499.9"#),
            (low, "Android", 7600, r#","processor_count":8,"processor_frequency":1999"#),
            (low, "Android", 7600, r#","processor_count":2"#),
            (high, "android", 7600, r#","processor_count":0,"processor_frequency":"fast""#),
        ] {
            let device = format!(r#"{{"memory_size":{}{more}}}"#, i64::from(memory_mib) << 20);
            assert_eq!(class(os, &device), expected, "{os} {device}");
        }
    }

    #[test]
    fn what_is_no_phone_or_of_unknown_memory_has_no_class() {
        for (os, device) in [
            ("Linux", r#"{"memory_size":8000000000}"#),
            ("Android", r#"{"processor_count":8}"#),
            ("Android", r#"{"memory_size":"8 GB"}"#),
            ("Android", r#"{"memory_size":1e10}"#),
            ("Android", r#"{"memory_size":-1}"#),
        ] {
            assert_eq!(class(os, device), None, "{os} {device}");
        }
    }
}
