//! Spells out the numbers that React prints in production (`grouping.md` §5.3).
//!
//! Only for errors of hydration: rules know these by their words (`grouping.md` §11.3). Other numbers stay,
//! with the address where React explains them.

use crate::grouping::family::Family;
use crate::protocol::event::Event;

/// The numbers and what they mean.
const MESSAGES: [(&str, &str); 5] = [
    (
        "418",
        "Hydration failed because the initial UI does not match what was rendered on the server.",
    ),
    (
        "419",
        "The server could not finish this Suspense boundary, likely due to an error during server \
         rendering. Switched to client rendering.",
    ),
    (
        "422",
        "There was an error while hydrating this Suspense boundary. Switched to client rendering.",
    ),
    (
        "423",
        "There was an error while hydrating. Because the error happened outside of a Suspense \
         boundary, the entire root will switch to client rendering.",
    ),
    ("425", "Text content does not match server-rendered HTML."),
];

/// Replaces the numbers in the exceptions and the message of a script's event.
pub(super) fn spell_out(event: &mut Event) {
    if Family::of(event.platform()) != Family::Javascript {
        return;
    }
    let exceptions = event.exception.iter_mut().flat_map(|list| &mut list.values);
    let values = exceptions.filter_map(|exception| exception.value.as_mut());
    let entries = event.logentry.iter_mut().chain(&mut event.message);
    let texts = entries.flat_map(|entry| entry.message.iter_mut().chain(&mut entry.formatted));
    for text in values.chain(texts) {
        if let Some(message) = message_of(text) {
            message.clone_into(text);
        }
    }
}

/// What `Minified React error #418; visit …` means. Versions before 18 used these numbers for nothing.
fn message_of(text: &str) -> Option<&'static str> {
    let number = text.trim_start().strip_prefix("Minified React error #")?;
    let (number, _) = number.split_once(';')?;
    MESSAGES.iter().find(|(known, _)| *known == number).map(|(_, message)| *message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_hydration_are_spelled_out_and_others_stay() {
        let spelled = |platform: &str, value: &str| {
            let json =
                format!(r#"{{"platform":"{platform}","exception":[{{"value":"{value}"}}]}}"#);
            let mut event = Event::from_stored(json.as_bytes()).unwrap();
            spell_out(&mut event);
            event.exceptions()[0].value.clone().unwrap()
        };
        let minified = |number: u32| {
            format!(
                "Minified React error #{number}; visit https://react.dev/errors/{number} for more"
            )
        };
        let text = "Text content does not match server-rendered HTML.";
        assert_eq!(spelled("javascript", &minified(425)), text);
        assert_eq!(spelled("javascript", &minified(31)), minified(31));
        assert_eq!(spelled("python", &minified(425)), minified(425));
    }
}
