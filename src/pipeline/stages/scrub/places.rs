//! Which parts of an event are looked at, and what is looked for there (`protocol.md` §6.2).
//!
//! | looked for | where |
//! |---|---|
//! | everything | user, request (but its URL), extra data, variables, breadcrumbs' messages and data, mechanisms, parameters of messages, unknown contexts, cookies, headers, data and what else nobody knows in known ones, keys that nobody knows, errors |
//! | names and patterns | tags |
//! | patterns, called by what they were | the formatted message |
//! | credentials only | exceptions' values, the message's template, URLs, paths and lines of source, transaction, logger, fingerprint, known contexts, names of threads |
//! | nothing | ids, times, level, platform, release, environment, types, functions, modules, packages, libraries, the client |

use serde_json::Value;

use super::super::at::{At, Change, Notes};
use super::super::json::{Shallow, quoted};
use super::json::is_of_cookies;
use super::texts::{Reach, Scrubbed, without_all};
use super::{FILTERED, ScrubConfig, rules};
use crate::protocol::event::{
    Breadcrumb, Event, Exception, Frame, LogEntry, Mechanism, Request, Stacktrace, Thread, User,
};
use crate::protocol::lenient::{Pairs, Problems, Raw, RawMap};

/// Where a client's remarks say what was there before.
const ORIGINALS: [&str; 2] = ["val", "chunks"];

impl ScrubConfig {
    /// Looks at every part of the event.
    pub(super) fn visit(&self, event: &mut Event, at: At<'_>) {
        self.attributes(event, at);
        self.message(event.logentry.as_mut(), at.field("logentry"));
        self.exceptions(event, at.field("exception"));
        self.stacktrace(event.stacktrace.as_mut(), at.field("stacktrace"));
        self.threads(event, at.field("threads"));
        if let Some(template) = &mut event.template {
            self.frame(template, at.field("template"));
        }
        self.breadcrumbs(event, at.field("breadcrumbs"));
        self.request(event, at);
        self.user(event, at);
        self.contexts(event.contexts.as_mut(), at.field("contexts"));
        self.sender(event, at.field("sdk"));
        self.raw(&mut event.csp, "csp", at, Reach::TEXT);
        self.findings(event, at);
    }

    fn attributes(&self, event: &mut Event, at: At<'_>) {
        self.text(&mut event.transaction, "transaction", at, Reach::TEXT);
        self.text(&mut event.culprit, "culprit", at, Reach::TEXT);
        self.text(&mut event.logger, "logger", at, Reach::TEXT);
        self.text(&mut event.server_name, "server_name", at, Reach::DATA);
        self.text(&mut event.site, "site", at, Reach::DATA);
        self.lines(event.fingerprint.as_deref_mut(), at.field("fingerprint"));
        self.pairs(&mut event.tags, "tags", at, Reach::TAGS);
        self.map(&mut event.extra, "extra", at, Reach::DATA);
        self.entries(&mut event.other, at, Reach::DATA);
    }

    fn message(&self, entry: Option<&mut LogEntry>, at: At<'_>) {
        let Some(entry) = entry else { return };
        self.text(&mut entry.message, "message", at, Reach::TEXT);
        self.text(&mut entry.formatted, "formatted", at, Reach::MESSAGE);
        self.raw(&mut entry.params, "params", at, Reach::DATA);
        self.entries(&mut entry.other, at, Reach::DATA);
    }

    fn exceptions(&self, event: &mut Event, at: At<'_>) {
        let at = at.field("values");
        let exceptions = event.exception.iter_mut().flat_map(|list| &mut list.values);
        for (index, exception) in exceptions.enumerate() {
            self.exception(exception, at.element(index));
        }
    }

    fn exception(&self, exception: &mut Exception, at: At<'_>) {
        self.text(&mut exception.value, "value", at, Reach::TEXT);
        self.stacktrace(exception.stacktrace.as_mut(), at.field("stacktrace"));
        self.stacktrace(exception.raw_stacktrace.as_mut(), at.field("raw_stacktrace"));
        self.mechanism(exception.mechanism.as_mut(), at.field("mechanism"));
        self.entries(&mut exception.other, at, Reach::DATA);
    }

    fn mechanism(&self, mechanism: Option<&mut Mechanism>, at: At<'_>) {
        let Some(mechanism) = mechanism else { return };
        self.text(&mut mechanism.description, "description", at, Reach::DATA);
        self.text(&mut mechanism.help_link, "help_link", at, Reach::TEXT);
        self.map(&mut mechanism.data, "data", at, Reach::DATA);
        self.raw(&mut mechanism.meta, "meta", at, Reach::TEXT);
        self.entries(&mut mechanism.other, at, Reach::DATA);
    }

    fn threads(&self, event: &mut Event, at: At<'_>) {
        let at = at.field("values");
        let threads = event.threads.iter_mut().flat_map(|list| &mut list.values);
        for (index, thread) in threads.enumerate() {
            self.thread(thread, at.element(index));
        }
    }

    fn thread(&self, thread: &mut Thread, at: At<'_>) {
        self.text(&mut thread.name, "name", at, Reach::TEXT);
        self.stacktrace(thread.stacktrace.as_mut(), at.field("stacktrace"));
        self.stacktrace(thread.raw_stacktrace.as_mut(), at.field("raw_stacktrace"));
        self.raw(&mut thread.held_locks, "held_locks", at, Reach::TEXT);
        self.entries(&mut thread.other, at, Reach::DATA);
    }

    fn stacktrace(&self, stack: Option<&mut Stacktrace>, at: At<'_>) {
        let Some(stack) = stack else { return };
        let at = at.field("frames");
        for (index, frame) in stack.frames.iter_mut().flatten().enumerate() {
            self.frame(frame, at.element(index));
        }
    }

    fn frame(&self, frame: &mut Frame, at: At<'_>) {
        for (path, name) in [
            (&mut frame.filename, "filename"),
            (&mut frame.abs_path, "abs_path"),
            (&mut frame.source_link, "source_link"),
            (&mut frame.context_line, "context_line"),
        ] {
            self.text(path, name, at, Reach::TEXT);
        }
        self.lines(frame.pre_context.as_deref_mut(), at.field("pre_context"));
        self.lines(frame.post_context.as_deref_mut(), at.field("post_context"));
        self.map(&mut frame.vars, "vars", at, Reach::DATA);
        self.raw(&mut frame.data, "data", at, Reach::TEXT);
        self.entries(&mut frame.other, at, Reach::DATA);
    }

    fn breadcrumbs(&self, event: &mut Event, at: At<'_>) {
        let at = at.field("values");
        let breadcrumbs = event.breadcrumbs.iter_mut().flat_map(|list| &mut list.values);
        for (index, breadcrumb) in breadcrumbs.enumerate() {
            self.breadcrumb(breadcrumb, at.element(index));
        }
    }

    fn breadcrumb(&self, breadcrumb: &mut Breadcrumb, at: At<'_>) {
        self.text(&mut breadcrumb.category, "category", at, Reach::TEXT);
        self.text(&mut breadcrumb.message, "message", at, Reach::DATA);
        self.map(&mut breadcrumb.data, "data", at, Reach::DATA);
        self.entries(&mut breadcrumb.other, at, Reach::DATA);
    }

    fn request(&self, event: &mut Event, at: At<'_>) {
        let Some(request) = &mut event.request else { return };
        let at = at.field("request");
        self.text(&mut request.url, "url", at, Reach::TEXT);
        self.raw(&mut request.data, "data", at, Reach::DATA);
        self.pairs(&mut request.query_string, "query_string", at, Reach::DATA);
        self.text(&mut request.fragment, "fragment", at, Reach::DATA);
        self.pairs(&mut request.cookies, "cookies", at, Reach::COOKIES);
        self.pairs(&mut request.headers, "headers", at, Reach::DATA);
        if self.addresses {
            remove_sender(request, at);
        }
        self.map(&mut request.env, "env", at, Reach::DATA);
        self.entries(&mut request.other, at, Reach::DATA);
    }

    fn user(&self, event: &mut Event, at: At<'_>) {
        let Some(user) = &mut event.user else { return };
        let place = at.field("user");
        let mut is_changed = self.addresses && user.ip_address.take().is_some();
        if is_changed {
            place.field("ip_address").mark(Change::Erased { rule: rules::IP });
        }
        for (value, name) in [
            (&mut user.id, "id"),
            (&mut user.username, "username"),
            (&mut user.email, "email"),
            (&mut user.name, "name"),
            (&mut user.ip_address, "ip_address"),
            (&mut user.segment, "segment"),
        ] {
            is_changed |= self.text(value, name, place, Reach::DATA);
        }
        self.raw(&mut user.geo, "geo", place, Reach::DATA);
        self.map(&mut user.data, "data", place, Reach::DATA);
        self.entries(&mut user.other, place, Reach::DATA);
        if is_changed {
            let identity = event.user.as_ref().and_then(User::identity);
            set_tag(&mut event.tags, "user", identity);
        }
    }

    fn sender(&self, event: &mut Event, at: At<'_>) {
        let Some(sdk) = event.sdk.as_mut().filter(|_| self.addresses) else { return };
        if sdk.other.get("client_ip").is_some_and(|address| !address.is_null()) {
            sdk.other.insert("client_ip".to_owned(), Raw::from_value(&()));
            at.field("client_ip").mark(Change::Erased { rule: rules::IP });
        }
    }

    /// What was wrong with the event may quote from it, and what a client says about its own changes
    /// may hold what was there before.
    fn findings(&self, event: &mut Event, at: At<'_>) {
        let is_suspect = |raw: &Raw| self.suspects_json(raw.text(), Reach::DATA);
        if let Some(errors) = &mut event.errors
            && is_suspect(errors)
            && let Some(list) = errors.parse::<Vec<Raw>>()
        {
            let at = at.field("errors");
            let list: Vec<Raw> = list
                .into_iter()
                .enumerate()
                .map(|(index, error)| self.finding(&error, at.element(index)).unwrap_or(error))
                .collect();
            *errors = Raw::from_value(&list);
        }
        if let Some(meta) = &mut event.meta
            && (ORIGINALS.iter().any(|key| meta.text().contains(&quoted(key))) || is_suspect(meta))
        {
            *meta = self.without_originals(meta);
        }
    }

    fn finding(&self, error: &Raw, at: At<'_>) -> Option<Raw> {
        let fields = Shallow::of(error.text())?;
        let path = fields.text("name").unwrap_or_default();
        let name = path.rsplit('.').next().unwrap_or_default();
        let at = at.field("value");
        let value = self.scrubbed_member(name, fields.get("value")?, at, Reach::DATA, 0)?;
        Some(fields.with(&[("value", value)]))
    }

    fn without_originals(&self, meta: &Raw) -> Raw {
        let mut tree = meta.value();
        super::json::for_each_object(&mut tree, &mut |node| {
            if let Some(own) = node.get_mut("").and_then(Value::as_object_mut) {
                for key in ORIGINALS {
                    // A value called so under an empty name has its remarks in the same place.
                    let is_node = own.get(key).is_some_and(|value| value.get("").is_some());
                    if !is_node {
                        own.remove(key);
                    }
                }
            }
        });
        let tree = Raw::from_value(&tree);
        // A remark about a remark helps nobody.
        let problems = Problems::default();
        let unheard = Notes::new(&problems);
        self.scrubbed_raw(&tree, "", unheard.root(), Reach::TEXT).unwrap_or(tree)
    }

    /// One text; tells whether it was changed.
    fn text(&self, text: &mut Option<String>, name: &str, at: At<'_>, reach: Reach) -> bool {
        let Some(inner) = text else { return false };
        self.one(inner, name, at.field(name), reach)
    }

    /// One text under a name; the place is its own.
    fn one(&self, text: &mut String, name: &str, at: At<'_>, reach: Reach) -> bool {
        let rule = self.rule_in(reach, name).filter(|_| text != FILTERED);
        if rule.is_none() && !self.suspects(text, reach) {
            return false;
        }
        let scrubbed: Option<Scrubbed> = match rule {
            _ if reach.names && self.is_safe(name, at) => self.without_addresses(text, reach),
            Some(rule) => Some(without_all(text, rule)),
            None => self.scrubbed(text, reach),
        };
        let Some((rest, change)) = scrubbed else { return false };
        at.mark(change);
        *text = rest;
        true
    }

    fn lines(&self, lines: Option<&mut [String]>, at: At<'_>) {
        for (index, line) in lines.into_iter().flatten().enumerate() {
            self.one(line, "", at.element(index), Reach::TEXT);
        }
    }

    fn raw(&self, raw: &mut Option<Raw>, name: &str, at: At<'_>, reach: Reach) {
        let Some(inner) = raw else { return };
        let is_suspect =
            self.suspects_json(inner.text(), reach) || self.rule_in(reach, name).is_some();
        if let Some(new) =
            is_suspect.then(|| self.scrubbed_raw(inner, name, at.field(name), reach)).flatten()
        {
            *raw = Some(new).filter(|new| !new.is_null());
        }
    }

    fn map(&self, map: &mut Option<RawMap>, name: &str, at: At<'_>, reach: Reach) {
        let Some(inner) = map else { return };
        let at = at.field(name);
        if let Some(rule) = self.rule_in(reach, name)
            && !self.is_safe(name, at)
        {
            at.mark(Change::Erased { rule });
            *map = None;
            return;
        }
        self.entries(inner, at, reach);
    }

    /// The entries of an object.
    fn entries(&self, map: &mut RawMap, at: At<'_>, reach: Reach) {
        if map.text().is_some_and(|text| !self.suspects_json(text, reach)) {
            return;
        }
        change(map, |name, raw| {
            let is_suspect = self.suspects_json(raw.text(), reach)
                || self.rule_in(reach, name).is_some()
                || is_of_cookies(name);
            is_suspect.then(|| self.scrubbed_raw(raw, name, at.field(name), reach)).flatten()
        });
    }

    fn pairs(&self, pairs: &mut Option<Pairs>, name: &str, at: At<'_>, reach: Reach) {
        let Some(inner) = pairs else { return };
        let at = at.field(name);
        if let Some(rule) = self.rule_in(reach, name)
            && !self.is_safe(name, at)
        {
            at.mark(Change::Erased { rule });
            *pairs = None;
            return;
        }
        for (index, (name, value)) in inner.0.iter_mut().enumerate() {
            let at = at.element(index);
            let at = at.element(1);
            match name.as_str() {
                // It says what the program ran on.
                "User-Agent" => self.one(value, name, at, Reach::TEXT),
                "Cookie" | "Set-Cookie" if self.defaults && !self.is_safe(name, at) => {
                    whole(value, rules::COOKIE, at)
                }
                _ => self.one(value, name, at, reach),
            };
        }
    }
}

/// Sets the entries for which there is a new value; tells whether there is any.
pub(super) fn change(map: &mut RawMap, mut new: impl FnMut(&str, &Raw) -> Option<Raw>) -> bool {
    // A map that is only looked at is written as it came.
    let changed = |(name, raw): (&String, &Raw)| {
        let raw = new(name, raw)?;
        Some((name.clone(), raw))
    };
    let changes: Vec<(String, Raw)> = map.iter().filter_map(changed).collect();
    let is_changed = !changes.is_empty();
    if is_changed {
        map.extend(changes);
    }
    is_changed
}

/// Takes out all of a text.
fn whole(text: &mut String, rule: &'static str, at: At<'_>) -> bool {
    if text == FILTERED {
        return false;
    }
    let (rest, change) = without_all(text, rule);
    at.mark(change);
    *text = rest;
    true
}

/// The address from which a request came.
fn remove_sender(request: &mut Request, at: At<'_>) {
    const NAME: &str = "REMOTE_ADDR";
    let Some(env) = &mut request.env else { return };
    if env.get(NAME).is_some_and(|address| !address.is_null()) {
        env.insert(NAME.to_owned(), Raw::from_value(&()));
        at.field("env").field(NAME).mark(Change::Erased { rule: rules::IP });
    }
}

/// Makes a derived tag say what it is derived from, or removes it.
fn set_tag(tags: &mut Option<Pairs>, key: &str, value: Option<String>) {
    let Some(Pairs(tags)) = tags else { return };
    let Some(index) = tags.iter().position(|(known, _)| known == key) else { return };
    match value {
        Some(value) => tags[index].1 = value,
        None => drop(tags.remove(index)),
    }
}
