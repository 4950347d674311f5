//! Why a part of an event counts or not, in words that are kept with the tree.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether a part counts in one view, and what decided it where that is not plain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Whether its text goes into the hash.
    pub counts: bool,
    /// What decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Mark {
    /// Counts, as parts do unless something speaks against it.
    pub const COUNTS: Self = Self { counts: true, reason: None };

    /// Does not count, because of `reason`.
    pub fn ignored(reason: Reason) -> Self {
        Self { counts: false, reason: Some(reason) }
    }
}

/// What decided whether a part counts. Its words follow "does not count: " or "counts: ".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An exception's value beside a stack.
    StackDecides,
    /// A value that counts beside the stack, because the type says nothing.
    GenericType,
    /// A type that only wraps another error.
    GenericWrapper,
    /// A value that counts beside the stack, because few frames tell anything.
    LittleEvidence(u32),
    /// A stack of minified names only.
    MinifiedStack,
    /// An exception's value beside an `NSError`.
    NsErrorDecides,
    /// A type that the client made up.
    SyntheticType,
    /// Full stack asked for, none there.
    NoStack,
    /// A stack without frames.
    NoFrames,
    /// A stack without in-app frames.
    NoAppFrames,
    /// A stack whose frames all do not count.
    NoFrameCounts,
    /// A frame of a library, seen in the app view.
    NotInApp,
    /// The frame before it is the same call.
    Recursion,
    /// A frame with nothing to recognise it by.
    EmptyFrame,
    /// A browser's placeholder for evaluated or built-in code.
    EvaluatedCode,
    /// The only frame of a browser's stack, without a function.
    LoneFrameWithoutFunction,
    /// A rule says so.
    Rule(RuleRef),
    /// Beyond the frames that a rule lets count.
    BeyondMaxFrames(u32),
    /// Fewer frames than a rule wants.
    BelowMinFrames(u32),
    /// A file's name beside a module.
    ModuleDecides,
    /// A file's name that is a URL.
    FileIsUrl,
    /// A file's name that says nothing.
    FileIsPlaceholder,
    /// A module that is only the page's path.
    ModuleIsPagePath,
    /// A class or function that a compiler or runtime named.
    GeneratedName,
    /// A function's name that says nothing.
    FunctionIsPlaceholder,
    /// A function's name beside a source line found by a source map.
    SourceLineDecides,
    /// A source line of minified code.
    LineTooLong,
    /// A source line of a page without a function.
    LineWithoutFunction,
    /// The full stack gives the same hash as its in-app part.
    SameAsApp,
    /// Another view has a stack, this one has none.
    OtherViewHasStack,
    /// A fingerprint decides.
    FingerprintDecides,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StackDecides => "the stack trace decides",
            Self::GenericType => "the type says nothing",
            Self::GenericWrapper => "it only wraps its cause",
            Self::LittleEvidence(least) => {
                return write!(f, "fewer than {least} frames tell anything");
            }
            Self::MinifiedStack => "all names in it are minified",
            Self::NsErrorDecides => "the NSError decides",
            Self::SyntheticType => "the client made the type up",
            Self::NoStack => "there is no stack trace",
            Self::NoFrames => "the stack trace is empty",
            Self::NoAppFrames => "no frame is in app",
            Self::NoFrameCounts => "none of the frames counts",
            Self::NotInApp => "not in app",
            Self::Recursion => "the same call as the frame before",
            Self::EmptyFrame => "nothing in it to recognise it by",
            Self::EvaluatedCode => "evaluated or built-in code",
            Self::LoneFrameWithoutFunction => "the only frame, without a function",
            Self::Rule(rule) => return write!(f, "{rule}"),
            Self::BeyondMaxFrames(most) => {
                return write!(f, "only the {most} frames nearest to the crash count");
            }
            Self::BelowMinFrames(least) => return write!(f, "fewer than {least} frames count"),
            Self::ModuleDecides => "the module decides",
            Self::FileIsUrl => "the file is a URL",
            Self::FileIsPlaceholder => "the file's name says nothing",
            Self::ModuleIsPagePath => "the module is only the page's path",
            Self::GeneratedName => "the name was generated",
            Self::FunctionIsPlaceholder => "the function's name says nothing",
            Self::SourceLineDecides => "the source line decides",
            Self::LineTooLong => "too long, probably minified",
            Self::LineWithoutFunction => "a page's line without a function",
            Self::SameAsApp => "the same hash as the in-app frames",
            Self::OtherViewHasStack => "the full stack trace decides",
            Self::FingerprintDecides => "the fingerprint decides",
        })
    }
}

/// A stack trace rule that decided something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRef {
    /// The rule, with only the effects that are meant.
    pub text: RuleText,
    /// Who wrote it.
    pub origin: Origin,
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rule `{}`", self.origin, self.text.0)
    }
}

/// Who wrote a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It comes with Picket.
    BuiltIn,
    /// It is in the project's settings.
    Project,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "built-in",
            Self::Project => "project",
        })
    }
}

/// A rule's text, shared by all frames it decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText(pub Arc<str>);

impl Serialize for RuleText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RuleText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(text.into()))
    }
}
