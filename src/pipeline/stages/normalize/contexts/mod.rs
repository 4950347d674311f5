//! Named facts about device, system, runtime … (`protocol.md` §5.15).
//!
//! Contexts stay text. Each is looked into once: to write its kind back, to add what can be computed
//! from it, and to take its tags. What is over its budget is cut first, so that everything is computed
//! from what is stored, and so far that there is room for it.

mod description;
mod trace;

use std::borrow::Cow;

use super::Facts;
use super::agent::{self, Agent};
use super::at::{self, At, Change};
use super::budget::Budget;
use super::json::{self, Shallow, quoted};
use super::tags::Derived;
use crate::base::EventId;
use crate::protocol::event::Event;
use crate::protocol::lenient::{Problems, Raw, RawMap};

const CONTEXT: Budget = Budget::of(8 * 1024, 7);
/// Feature flags: a hundred names of two hundred characters.
const FLAGS: Budget = Budget::of(128 * 1024, 7);

/// What is cut last: what says most, and before all else the ids that every trace has.
const KEPT_LONGEST: [&str; 9] =
    ["trace_id", "span_id", "type", "name", "version", "build", "os", "browser", "runtime"];

/// What is longer as JSON is not written into a context: it is no name, version or label of anything.
const MAX_COMPUTED_BYTES: usize = 256;
/// At most so much is computed: a kind, name, version, build and label.
const COMPUTED_BYTES: usize = 5 * (MAX_COMPUTED_BYTES + 16);

/// An event has no more contexts than this; the ones below are never the ones that go.
const MAX_CONTEXTS: usize = 100;
const NEVER_DROPPED: [&str; 10] =
    ["app", "browser", "client_os", "device", "flags", "gpu", "os", "replay", "runtime", "trace"];

/// Brings the contexts into their canonical form, adds those that can be inferred, and gives back
/// the tags they stand for.
pub(super) fn normalize(event: &mut Event, facts: &Facts, at: At<'_>) -> Derived {
    let at = at.field("contexts");
    let mut contexts = event.contexts.take().unwrap_or_default();
    contexts.retain(|name, raw| is_context(name, raw, at.field(name)));
    limit_count(&mut contexts, at);
    add_inferred(&mut contexts, event, facts, at);
    let mut tags = Derived::new();
    for (name, raw) in &mut contexts {
        normalize_one(name, raw, &mut tags, at.field(name));
    }
    event.contexts = Some(contexts);
    tags
}

fn is_context(name: &str, raw: &Raw, at: At<'_>) -> bool {
    if !raw.is_null() && !raw.is_object() {
        at.invalid(Some(raw.clone()), "expected an object");
    }
    // Only a server reprocesses.
    raw.is_object() && name != "reprocessing"
}

fn limit_count(contexts: &mut RawMap, at: At<'_>) {
    let length = contexts.len();
    if length <= MAX_CONTEXTS {
        return;
    }
    let mut room = MAX_CONTEXTS - NEVER_DROPPED.len();
    contexts.retain(|name, _| {
        if NEVER_DROPPED.contains(&name.as_str()) {
            return true;
        }
        let is_kept = room > 0;
        room = room.saturating_sub(1);
        is_kept
    });
    at.mark(Change::Shortened { length });
}

/// Contexts that nobody sent but that the request or the envelope tells of.
fn add_inferred(contexts: &mut RawMap, event: &Event, facts: &Facts, at: At<'_>) {
    trace::normalize(contexts, facts, at.field("trace"));
    if let Some(replay_id) = &facts.replay_id
        && !contexts.contains_key("replay")
    {
        contexts.insert("replay".to_owned(), fields(&[("replay_id", replay_id)]));
    }
    let is_browser = event.platform() == "javascript";
    let os = if is_browser { "os" } else { "client_os" };
    if ["browser", "device", os].iter().all(|name| contexts.contains_key(*name)) {
        return;
    }
    let Some(agent) = sender(event, facts, is_browser) else { return };
    let mut add = |name: &str, context: Option<Raw>| {
        if let Some(context) = context {
            contexts.entry(name.to_owned()).or_insert(context);
        }
    };
    add("browser", agent.browser.map(|browser| browser.context()));
    add("device", agent.device.map(|device| device.context()));
    add(os, agent.os.map(|os| os.context()));
}

/// What the event's request says about who sent it. A browser reports for itself, so its own request
/// to us says the same.
fn sender(event: &Event, facts: &Facts, is_browser: bool) -> Option<Agent> {
    let request = event.request.as_ref();
    let header = |name: &str| request.and_then(|request| request.header(name));
    let ours = facts.user_agent.as_deref().filter(|_| is_browser);
    let user_agent = header("User-Agent").or(ours);
    let agent = agent::from_headers(user_agent.unwrap_or_default(), header);
    (agent != Agent::default()).then_some(agent)
}

/// An object of texts.
fn fields(fields: &[(&str, &str)]) -> Raw {
    let values: Vec<_> = fields.iter().map(|(key, text)| (*key, quoted(text))).collect();
    json::object(values.iter().map(|(key, value)| (*key, value.as_str())))
}

fn normalize_one(name: &str, raw: &mut Raw, tags: &mut Derived, at: At<'_>) {
    let Some(mut completed) = complete(name, raw) else {
        // Its keys are no text, so nothing is known of it.
        CONTEXT.apply_in_place(raw, at);
        return;
    };
    let budget = completed.budget();
    if !budget.fits(raw.text()) || !budget.fits(completed.text(raw)) {
        let whole = completed.raw.take().unwrap_or_else(|| raw.clone());
        (*raw, completed) = cut(name, &whole, budget, at);
    }
    tags.extend(completed.tags);
    if let Some(completed) = completed.raw {
        *raw = completed;
    }
}

/// Cuts a context so far that what is computed from the rest finds room.
fn cut(name: &str, whole: &Raw, budget: Budget, at: At<'_>) -> (Raw, Completed) {
    let cut_to = |budget: Budget, at: At<'_>| {
        let mut cut = in_order(whole);
        budget.apply_in_place(&mut cut, at);
        let mut completed = complete(name, &cut).unwrap_or_default();
        completed.raw = completed.raw.map(|raw| in_order(&raw));
        (cut, completed)
    };
    let problems = Problems::default();
    let trial = at::Notes::new(&problems);
    // Mostly nothing is computed that is not there already. What is cut may have been its kind.
    let is_short = |budget: &Budget| {
        let (cut, completed) = cut_to(*budget, trial.root());
        completed.text(&cut).len() <= completed.budget().bytes()
    };
    let budgets = [budget, budget.less(COMPUTED_BYTES)];
    let budget = budgets.into_iter().find(is_short).unwrap_or(CONTEXT.less(COMPUTED_BYTES));
    cut_to(budget, at)
}

/// The context with first what is cut last.
fn in_order(raw: &Raw) -> Raw {
    Shallow::of(raw.text()).unwrap_or_default().with_first(&KEPT_LONGEST)
}

/// What a context is with everything that can be computed from it.
#[derive(Default)]
struct Completed {
    /// The context, unless nothing is new.
    raw: Option<Raw>,
    tags: Derived,
    is_flags: bool,
}

impl Completed {
    fn budget(&self) -> Budget {
        if self.is_flags { FLAGS } else { CONTEXT }
    }

    /// The context; if nothing is new, what it was made of.
    fn text<'a>(&'a self, raw: &'a Raw) -> &'a str {
        self.raw.as_ref().unwrap_or(raw).text()
    }
}

fn complete(name: &str, raw: &Raw) -> Option<Completed> {
    let context = Shallow::of(raw.text())?;
    let mut look = Look { name, context: &context, changes: Vec::new(), tags: Derived::new() };
    if context.get("type").is_none() {
        look.write("type", name);
    }
    let kind = context.text("type");
    let kind = kind.as_deref().unwrap_or(name);
    match kind {
        "os" | "client_os" => look.at_os(),
        "browser" => look.at_browser(),
        "runtime" => look.at_runtime(),
        "device" => look.take_tags(&[("", "model"), ("family", "family")]),
        "gpu" => look.take_tags(&[("name", "name"), ("vendor", "vendor_name")]),
        "app" => {
            look.write_as_text("app_build");
            look.take_tags(&[("device", "device_app_hash")]);
        }
        "monitor" => look.take_tags(&[("id", "id"), ("slug", "slug")]),
        "replay" => look.at_replay(),
        _ => {}
    }
    let Look { changes, tags, .. } = look;
    let raw = (!changes.is_empty()).then(|| context.with(&changes));
    Some(Completed { raw, tags, is_flags: kind == "flags" })
}

/// One context under examination.
struct Look<'a> {
    name: &'a str,
    context: &'a Shallow<'a>,
    changes: Vec<(&'static str, String)>,
    tags: Derived,
}

impl Look<'_> {
    fn add(&mut self, key: &str, value: Option<Cow<'_, str>>) {
        self.tags.extend(value.map(|value| (key.to_owned(), value.into_owned())));
    }

    /// Writes a text into the context, unless it is absurdly long.
    fn write(&mut self, key: &'static str, text: &str) {
        let json = quoted(text);
        if json.len() <= MAX_COMPUTED_BYTES {
            self.changes.push((key, json));
        }
    }

    /// Writes a number as text: some clients count their builds.
    fn write_as_text(&mut self, key: &'static str) {
        let is_simple = |json: &str| !json.starts_with(['"', '{', '[']);
        if let Some(number) = self.context.get(key).filter(|json| is_simple(json)) {
            self.write(key, number);
        }
    }

    /// A replay's id in the spelling of all ids.
    fn at_replay(&mut self) {
        let Some(sent) = self.context.text("replay_id") else { return };
        let id = sent.parse::<EventId>().map_or(sent.clone(), |id| id.to_string().into());
        if id != sent {
            self.write("replay_id", &id);
        }
        self.add("replayId", Some(id));
    }

    /// A tag for each field, named `context.suffix`.
    fn take_tags(&mut self, fields: &[(&str, &str)]) {
        for (suffix, field) in fields {
            let key = if suffix.is_empty() {
                self.name.to_owned()
            } else {
                format!("{}.{suffix}", self.name)
            };
            self.add(&key, self.context.loose_text(field));
        }
    }

    /// Writes the field `computed`, "name version", and takes it and the name as tags.
    fn label(&mut self, computed: &'static str, label: Option<String>, name: Option<Cow<'_, str>>) {
        if let Some(label) = label {
            if self.context.text(computed).as_deref() != Some(&label) {
                self.write(computed, &label);
            }
            self.add(self.name, Some(label.into()));
        }
        self.add(&format!("{}.name", self.name), name);
    }

    fn at_os(&mut self) {
        self.write_as_text("build");
        let (name, version) = self.name_and_version(description::of_os);
        self.label("os", label(name.as_deref(), version.as_deref()), name);
        if let Some(is_rooted) = self.context.flag("rooted") {
            let word = if is_rooted { "yes" } else { "no" };
            self.add(&format!("{}.rooted", self.name), Some(word.into()));
        }
    }

    fn at_browser(&mut self) {
        let (name, version) = (self.context.text("name"), self.context.loose_text("version"));
        self.label("browser", label(name.as_deref(), version.as_deref()), name);
    }

    fn at_runtime(&mut self) {
        self.write_as_text("build");
        let (name, mut version) = self.name_and_version(description::of_runtime);
        if version.is_none() && name.as_deref() == Some(".NET Framework") {
            let build = self.context.number("build");
            version = build.and_then(description::of_dotnet_build).map(Cow::Borrowed);
            if let Some(version) = &version {
                self.write("version", version);
            }
        }
        let both = version.as_deref().and_then(|version| label(name.as_deref(), Some(version)));
        self.label("runtime", both, name);
    }

    /// Name and version, from the description if the client knows no better.
    fn name_and_version<'b>(
        &mut self,
        describe: fn(&str) -> Option<description::Named>,
    ) -> (Option<Cow<'b, str>>, Option<Cow<'b, str>>)
    where
        Self: 'b,
    {
        let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        let (name, version) = (self.context.text("name"), self.context.loose_text("version"));
        if name.is_some() || version.is_some() {
            return (owned(name), owned(version));
        }
        let described = self.context.text("raw_description").and_then(|text| describe(&text));
        // What is not written here is not known the next time.
        let Some(found) = described.filter(|found| is_short(&found.name)) else {
            return (None, None);
        };
        let version = found.version.filter(|version| is_short(version));
        self.write("name", &found.name);
        if let Some(version) = &version {
            self.write("version", version);
        }
        if let Some(build) = found.build.as_ref().filter(|_| self.context.get("build").is_none()) {
            self.write("build", build);
        }
        (Some(Cow::Owned(found.name)), version.map(Cow::Owned))
    }
}

fn is_short(text: &str) -> bool {
    quoted(text).len() <= MAX_COMPUTED_BYTES
}

/// "name version", or just the name. Some clients read them from a file with its line break, which no tag may have.
fn label(name: Option<&str>, version: Option<&str>) -> Option<String> {
    let name = name.map(str::trim).filter(|name| !name.is_empty())?;
    let label = match version.map(str::trim).filter(|version| !version.is_empty()) {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    };
    is_short(&label).then_some(label)
}
