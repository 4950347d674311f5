//! The error report, as SDKs send it and as it is stored (`protocol.md` §5).
//!
//! One set of types for both: [`Event::read`] accepts everything clients were seen to send,
//! `pipeline::stages::normalize` brings it into the canonical form, and that form is what is
//! compressed into the `events` table, shown on pages and replayed through grouping.
//!
//! Every field is optional, the names on the wire are in the declarations, and unknown keys survive
//! in `other`.

mod breadcrumb;
mod context;
mod exception;
mod level;
mod logentry;
mod request;
mod stacktrace;
mod user;

pub use breadcrumb::Breadcrumb;
pub use context::{Contexts, NamedContext, TraceContext};
pub use exception::{Exception, Mechanism};
pub use level::{Level, LevelReader};
pub use logentry::{LogEntry, LogEntryReader};
pub use request::{Header, Request, parse_cookies};
pub use stacktrace::{Frame, Stacktrace, Thread};
pub use user::User;

use super::lenient::{
    self, JsonArray, JsonMap, JsonObject, LooseText, OpenJsonMap, Pairs, PairsOf, Problems, Raw,
    RawMap, Text, TextList, Time, Values,
};
use crate::base::Timestamp;

crate::lenient! {
    /// An error report.
    pub struct Event {
        /// 32 hex digits; the envelope's id replaces it.
        event_id: String as LooseText => "event_id",
        /// When it happened, by the client's clock.
        timestamp: Timestamp as Time => "timestamp",
        /// When Picket accepted it.
        received: Timestamp as Time => "received",
        /// `error`, `default`, `csp` …; set in normalisation, whatever the client said.
        kind: String as Text => "type",
        /// How bad it is.
        level: Level as LevelReader => "level",
        /// The language or runtime: `python`, `javascript`, `node`, `native` …
        platform: String as Text => "platform",
        /// The logger's name.
        logger: String as LooseText => "logger",
        /// The route or function that was served.
        transaction: String as LooseText => "transaction",
        /// Set by very old clients; Picket computes its own.
        culprit: String as LooseText => "culprit",
        /// The machine.
        server_name: String as LooseText => "server_name",
        /// An old word for the installation.
        site: String as LooseText => "site",
        /// The release, `package@version` or anything else.
        release: String as LooseText => "release",
        /// The build of the release.
        dist: String as LooseText => "dist",
        /// `production`, `staging` …
        environment: String as LooseText => "environment",
        /// Installed packages and their versions.
        modules: RawMap as JsonMap => "modules",
        /// Whatever the program attached.
        extra: RawMap as JsonMap => "extra",
        /// Searchable labels.
        tags: Pairs as PairsOf<LooseText> => "tags",
        /// The client's wish for grouping.
        fingerprint: Vec<String> as TextList => "fingerprint",
        /// A grouping key of very old clients.
        checksum: String as Text => "checksum",
        /// The log message.
        logentry: LogEntry as LogEntryReader => "logentry" | "sentry.interfaces.Message",
        /// The message in the form most clients use; moved into `logentry` in normalisation.
        message: LogEntry as LogEntryReader => "message",
        /// The exceptions, innermost cause first.
        exception: Values<Exception> as Values<Exception> => "exception" | "sentry.interfaces.Exception",
        /// A stack without an exception.
        stacktrace: Stacktrace as Stacktrace => "stacktrace" | "sentry.interfaces.Stacktrace",
        /// The threads at that moment.
        threads: Values<Thread> as Values<Thread> => "threads",
        /// What happened before, oldest first.
        breadcrumbs: Values<Breadcrumb> as Values<Breadcrumb> => "breadcrumbs" | "sentry.interfaces.Breadcrumbs",
        /// The HTTP request that was served.
        request: Request as Request => "request" | "sentry.interfaces.Http",
        /// Who was affected.
        user: User as User => "user" | "sentry.interfaces.User",
        /// Named facts about device, system, runtime, trace …
        contexts: RawMap as OpenJsonMap => "contexts" | "sentry.interfaces.Contexts",
        /// A template error's place (Django).
        template: Frame as Frame => "template" | "sentry.interfaces.Template",
        /// Loaded libraries and source maps.
        debug_meta: Raw as JsonObject => "debug_meta",
        /// The client library.
        sdk: Sdk as Sdk => "sdk" | "sentry.interfaces.Sdk",
        /// A content security policy violation.
        csp: Raw as JsonObject => "csp" | "sentry.interfaces.Csp",
        /// What was wrong with this event: the client's findings and ours.
        errors: Raw as JsonArray => "errors",
        /// What the client scrubbed or shortened.
        meta: Raw as JsonObject => "_meta",
        /// The start of a transaction; errors carry it from a few clients.
        start_timestamp: Timestamp as Time => "start_timestamp",
    }
}

impl Event {
    /// Reads an event. `None` when the document is no object; what was wrong inside is in `problems`.
    ///
    /// # Errors
    /// When `bytes` is no JSON, even with the repairs of [`lenient::repair`].
    pub fn read(bytes: &[u8], problems: &Problems) -> Result<Option<Self>, serde_json::Error> {
        lenient::from_slice::<Self>(bytes, problems)
    }

    /// Reads an event that Picket stored.
    ///
    /// # Errors
    /// When the stored bytes are damaged.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self::read(bytes, &Problems::default())?.unwrap_or_default())
    }

    /// The exceptions, innermost cause first; none is an empty slice.
    pub fn exceptions(&self) -> &[Exception] {
        self.exception.as_ref().map_or(&[], |list| &list.values)
    }

    /// The threads; none is an empty slice.
    pub fn threads(&self) -> &[Thread] {
        self.threads.as_ref().map_or(&[], |list| &list.values)
    }

    /// The breadcrumbs, oldest first; none is an empty slice.
    pub fn breadcrumbs(&self) -> &[Breadcrumb] {
        self.breadcrumbs.as_ref().map_or(&[], |list| &list.values)
    }

    /// The tags in order.
    pub fn tags(&self) -> &[(String, String)] {
        self.tags.as_ref().map_or(&[], |pairs| &pairs.0)
    }

    /// The value of tag `key`.
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.as_ref()?.get(key)
    }

    /// The display text of the log message, once normalised.
    pub fn message_text(&self) -> Option<&str> {
        let entry = self.logentry.as_ref()?;
        entry.formatted.as_deref().or(entry.message.as_deref()).filter(|text| !text.is_empty())
    }

    /// The platform, `other` if none was given.
    pub fn platform(&self) -> &str {
        self.platform.as_deref().unwrap_or("other")
    }
}

crate::lenient! {
    /// The client library that made the event.
    pub struct Sdk {
        /// `sentry.python.flask` …
        name: String as Text => "name",
        /// Its version.
        version: String as Text => "version",
        /// Integrations in use, by name.
        integrations: Raw as JsonArray => "integrations",
        /// Features in use, by name.
        features: Raw as JsonArray => "features",
        /// Installed packages, `[{name, version}]`.
        packages: Raw as JsonArray => "packages",
        /// What the client asks of the server, `{infer_ip}`.
        settings: SdkSettings as SdkSettings => "settings",
    }
}

crate::lenient! {
    /// What a client asks of the server.
    pub struct SdkSettings {
        /// `auto`: fill in the sender's address; `never`: do not.
        infer_ip: String as Text => "infer_ip",
    }
}
