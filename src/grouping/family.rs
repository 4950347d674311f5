//! The three families of platforms that grouping treats alike (`grouping.md` §5.2).

/// A family of platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Compiled code with symbols.
    Native,
    /// Browsers and Node.
    Javascript,
    /// Everything else.
    Other,
}

impl Family {
    /// The family of a platform.
    pub(super) fn of(platform: &str) -> Self {
        match platform {
            "objc" | "cocoa" | "swift" | "native" | "c" => Self::Native,
            "javascript" | "node" => Self::Javascript,
            _ => Self::Other,
        }
    }

    /// One bit per family, for sets of them.
    pub(super) fn bit(self) -> u8 {
        match self {
            Self::Native => 1,
            Self::Javascript => 2,
            Self::Other => 4,
        }
    }

    /// The family that rules call `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "native" => Some(Self::Native),
            "javascript" => Some(Self::Javascript),
            "other" => Some(Self::Other),
            _ => None,
        }
    }
}
