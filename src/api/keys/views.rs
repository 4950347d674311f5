//! How keys look on the wire (`web-api.md` §3.4).

use serde::Serialize;

use crate::app::App;
use crate::base::Timestamp;
use crate::config::ServerConfig;
use crate::domain::limits::Limits;
use crate::domain::projects::{self, ProjectKey};

/// A key with every address that can be made of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct KeyView {
    id: String,
    name: String,
    label: String,
    public: String,
    /// Keys have no second half; the empty text is what typed clients can read.
    secret: &'static str,
    /// A number, unlike every other id here.
    project_id: i64,
    is_active: bool,
    rate_limit: Option<RateLimitView>,
    dsn: DsnView,
    browser_sdk_version: &'static str,
    browser_sdk: BrowserSdkView,
    date_created: Timestamp,
    dynamic_sdk_loader_options: LoaderView,
}

#[derive(Debug, Serialize)]
struct RateLimitView {
    /// Seconds.
    window: u32,
    count: u64,
}

impl RateLimitView {
    /// The shortest limit of errors: the wire has room for one.
    fn of(limits: &Limits) -> Option<Self> {
        let minute = limits.errors.minute.map(|count| Self { window: 60, count });
        minute.or_else(|| limits.errors.hour.map(|count| Self { window: 3600, count }))
    }
}

#[derive(Debug, Serialize)]
struct DsnView {
    public: String,
    secret: String,
    csp: String,
    security: String,
    minidump: String,
    nel: String,
    unreal: String,
    crons: String,
    cdn: String,
    playstation: String,
    integration: String,
    otlp_traces: String,
    otlp_logs: String,
}

#[derive(Debug, Serialize)]
struct BrowserSdkView {
    choices: [(&'static str, &'static str); 1],
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the wire's flags")]
struct LoaderView {
    has_replay: bool,
    has_performance: bool,
    has_debug: bool,
    has_feedback: bool,
    has_logs_and_metrics: bool,
}

impl KeyView {
    pub(super) fn new(key: ProjectKey, app: &App) -> Self {
        Self {
            id: key.public_key.clone(),
            name: key.label.clone(),
            label: key.label.clone(),
            secret: "",
            project_id: key.project_id.0,
            is_active: key.is_usable(app.clock.now()),
            rate_limit: RateLimitView::of(&key.limits),
            dsn: DsnView::new(&key, &app.config.server),
            browser_sdk_version: "latest",
            browser_sdk: BrowserSdkView { choices: [("latest", "latest")] },
            date_created: key.created_at,
            dynamic_sdk_loader_options: LoaderView::default(),
            public: key.public_key,
        }
    }
}

impl DsnView {
    fn new(key: &ProjectKey, server: &ServerConfig) -> Self {
        let dsn = projects::dsn(server, &key.public_key, key.project_id);
        let (base, public) = (server.base_url(), &key.public_key);
        let api = format!("{base}/api/{}", key.project_id);
        let endpoint = |name: &str| format!("{api}/{name}/?sentry_key={public}");
        Self {
            public: dsn.clone(),
            secret: dsn,
            csp: endpoint("csp-report"),
            security: endpoint("security"),
            minidump: endpoint("minidump"),
            nel: endpoint("nel"),
            unreal: format!("{api}/unreal/{public}/"),
            crons: format!("{api}/cron/___MONITOR_SLUG___/{public}/"),
            cdn: format!("{base}/js-sdk-loader/{public}.min.js"),
            playstation: endpoint("playstation"),
            integration: format!("{api}/integration/"),
            otlp_traces: format!("{api}/integration/otlp/v1/traces"),
            otlp_logs: format!("{api}/integration/otlp/v1/logs"),
        }
    }
}
