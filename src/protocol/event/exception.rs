//! Exceptions and how they were caught (`protocol.md` §5.9).

use super::Stacktrace;
use crate::protocol::lenient::{
    Flag, JsonMap, JsonObject, JsonText, Raw, RawMap, Text, ThreadId, Uint,
};

crate::lenient! {
    /// One exception of a chain.
    pub struct Exception {
        /// The class: `ZeroDivisionError`.
        kind: String as Text => "type",
        /// The message.
        value: String as JsonText => "value",
        /// The class's package: `java.net`.
        module: String as Text => "module",
        /// The thread it happened on.
        thread_id: String as ThreadId => "thread_id",
        /// Where it happened.
        stacktrace: Stacktrace as Stacktrace => "stacktrace" | "sentry.interfaces.Stacktrace",
        /// The stack before symbols were looked up.
        raw_stacktrace: Stacktrace as Stacktrace => "raw_stacktrace",
        /// How it was caught.
        mechanism: Mechanism as Mechanism => "mechanism",
    }
}

impl Exception {
    /// Whether the type was made up by the client because there was none.
    pub fn is_synthetic(&self) -> bool {
        self.mechanism.as_ref().and_then(|mechanism| mechanism.synthetic) == Some(true)
    }

    /// Whether the program caught it itself; `None` if the client did not say.
    pub fn is_handled(&self) -> Option<bool> {
        self.mechanism.as_ref()?.handled
    }
}

crate::lenient! {
    /// How an exception was caught, and its place in a group of exceptions.
    pub struct Mechanism {
        /// `excepthook`, `onerror`, `generic` …
        kind: String as Text => "type",
        /// In words.
        description: String as Text => "description",
        /// A page that explains it.
        help_link: String as Text => "help_link",
        /// `false`: nothing in the program caught it.
        handled: bool as Flag => "handled",
        /// The exception's type was made up by the client.
        synthetic: bool as Flag => "synthetic",
        /// Where in its parent this exception hangs: `__cause__`, `errors[0]`.
        source: String as Text => "source",
        /// It only wraps other exceptions.
        is_exception_group: bool as Flag => "is_exception_group",
        /// Its id in this event; the root is 0.
        exception_id: u64 as Uint => "exception_id",
        /// The id of its parent.
        parent_id: u64 as Uint => "parent_id",
        /// Facts from the integration.
        data: RawMap as JsonMap => "data",
        /// `errno`, `signal`, `mach_exception`, `ns_error`.
        meta: Raw as JsonObject => "meta",
    }
}
