//! The ids by which telemetry hangs together (`protocol.md` §5.2).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

use super::strict::Text;

/// Declares an id of so many bytes, written as hex digits, which is never zero.
macro_rules! hex_ids {
    ($($(#[$doc:meta])* $name:ident: $bytes:literal,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// Reads the digits, of which there may be hyphens in between.
            pub fn parse(text: &str) -> Option<Self> {
                let mut digits = text.bytes().filter(|byte| *byte != b'-');
                let mut id = [0; $bytes];
                for byte in &mut id {
                    *byte = digit(digits.next()?)? << 4 | digit(digits.next()?)?;
                }
                (digits.next().is_none() && id != [0; $bytes]).then_some(Self(id))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = Text::deserialize(from)?;
                Self::parse(&text).ok_or_else(|| D::Error::custom("no id"))
            }
        }
    )+};
}

hex_ids! {
    /// Everything that one request or click set in motion.
    TraceId: 16,
    /// One step of a trace.
    SpanId: 8,
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_every_spelling_and_zero_is_none() {
        let id = TraceId::parse("FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0").unwrap();
        assert_eq!(id.to_string(), "fc6d8c0c43fc4630ad850ee518f1b9d0");
        assert_eq!(SpanId::parse("00000000000000a1").unwrap().to_string(), "00000000000000a1");
        for bad in ["", "a1", "0000000000000000", "00000000000000a1b", "00000000000000g1", "é"] {
            assert_eq!(SpanId::parse(bad), None, "{bad}");
        }
    }
}
