//! How bad an event is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserializer, Serialize};

use crate::protocol::lenient::{Lenient, Problems, Scalar};

/// The levels, mildest first; the numbers are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(i16)]
pub enum Level {
    /// For developers.
    Debug = 10,
    /// Worth knowing.
    Info = 20,
    /// Something may be wrong.
    Warning = 30,
    /// Something is wrong; what an event is when it does not say.
    #[default]
    Error = 40,
    /// The program ended.
    Fatal = 50,
}

impl Level {
    /// Every level, worst first, as filters list them.
    pub const ALL: [Self; 5] = [Self::Fatal, Self::Error, Self::Warning, Self::Info, Self::Debug];

    /// The number that is stored.
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The level of a stored number; unknown numbers are errors.
    pub fn from_number(number: i16) -> Self {
        Self::ALL.into_iter().find(|level| level.number() == number).unwrap_or_default()
    }

    /// The word on the wire and in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

impl From<i16> for Level {
    fn from(number: i16) -> Self {
        Self::from_number(number)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = ();

    /// Reads a level's word with the aliases of old clients; case matters (`protocol.md` §5.2).
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "debug" => Ok(Self::Debug),
            "info" | "log" => Ok(Self::Info),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            "fatal" | "critical" => Ok(Self::Fatal),
            _ => Err(()),
        }
    }
}

/// Reads a level from its word or from Python's logging number.
#[derive(Debug)]
pub struct LevelReader;

impl Lenient for LevelReader {
    type Value = Level;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Level>, D::Error> {
        let scalar = Scalar::read(from)?;
        let level = match &scalar {
            Scalar::Null => return Ok(None),
            Scalar::Text(text) => text.parse().ok(),
            Scalar::Uint(number) => Level::ALL
                .into_iter()
                .find(|level| u64::from(level.number().unsigned_abs()) == *number),
            _ => None,
        };
        Ok(level.or_else(|| problems.refuse(scalar, "debug, info, warning, error or fatal")))
    }
}
