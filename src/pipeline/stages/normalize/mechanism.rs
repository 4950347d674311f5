//! How an exception was caught (`protocol.md` §5.9).

use super::at::At;
use super::budget::Budget;
use super::json::{Shallow, quoted};
use super::limits::Limit;
use super::system_names::{self, System};
use crate::protocol::event::Mechanism;
use crate::protocol::lenient::Raw;

const TYPE: Limit = Limit::of(128);
const DESCRIPTION: Limit = Limit::with(8192, 200);
const HELP_LINK: Limit = Limit::with(256, 40);
const SOURCE: Limit = Limit::of(128);
const DATA: Budget = Budget::of(2048, 5);
const META: Budget = Budget::of(2048, 5);

/// What a mechanism is when the client does not say.
const GENERIC: &str = "generic";

/// Brings a mechanism into its canonical form.
pub(super) fn normalize(mechanism: &mut Option<Mechanism>, system: System, at: At<'_>) {
    // `{}` says nothing.
    mechanism.take_if(|mechanism| *mechanism == Mechanism::default());
    let Some(mechanism) = mechanism else { return };
    let at = at.field("mechanism");
    if mechanism.kind.as_ref().is_none_or(String::is_empty) {
        modernize(mechanism);
    }
    check_help_link(mechanism, at);
    if let Some(named) = mechanism.meta.as_ref().and_then(|meta| with_names(meta, system)) {
        mechanism.meta = Some(named);
    }
    TYPE.apply(&mut mechanism.kind, "type", at);
    DESCRIPTION.apply(&mut mechanism.description, "description", at);
    HELP_LINK.apply(&mut mechanism.help_link, "help_link", at);
    SOURCE.apply(&mut mechanism.source, "source", at);
    DATA.apply_to_field(&mut mechanism.data, "data", at);
    DATA.apply(&mut mechanism.other, at);
    META.apply_to_value(&mut mechanism.meta, "meta", at);
}

/// Old clients sent no type, and facts without an order. `handled` and its like are read as today;
/// the rest finds its place in `meta` and `data`.
fn modernize(mechanism: &mut Mechanism) {
    mechanism.kind = Some(GENERIC.to_owned());
    let mut meta = Vec::new();
    let mut data = mechanism.data.take().unwrap_or_default();
    for (key, value) in std::mem::take(&mut mechanism.other) {
        match key.as_str() {
            "posix_signal" => meta.push(("signal", value.text().to_owned())),
            "mach_exception" => meta.push(("mach_exception", value.text().to_owned())),
            _ => _ = data.entry(key).or_insert(value),
        }
    }
    mechanism.data = Some(data).filter(|data| !data.is_empty());
    if !meta.is_empty() {
        let known = mechanism.meta.as_ref().and_then(|meta| Shallow::of(meta.text()));
        mechanism.meta = Some(known.unwrap_or_default().with(&meta));
    }
}

fn check_help_link(mechanism: &mut Mechanism, at: At<'_>) {
    let is_link = |link: &str| link.starts_with("http://") || link.starts_with("https://");
    if let Some(link) = mechanism.help_link.take_if(|link| !is_link(link)) {
        at.field("help_link").invalid_text(&link, "a link begins with http:// or https://");
    }
}

/// `meta` with the names of its numbers; `None` if there is nothing to add.
fn with_names(meta: &Raw, system: System) -> Option<Raw> {
    let meta = Shallow::of(meta.text())?;
    let named = |key: &'static str, number: &str, name: fn(System, i64) -> Option<&'static str>| {
        let part = Shallow::of(meta.get(key)?)?;
        let number = part.number(number)?;
        let code = || system_names::signal_code(system, number, part.number("code")?);
        let names = [
            ("name", name(system, number)),
            ("code_name", if key == "signal" { code() } else { None }),
        ];
        let is_new = |field: &str| part.get(field).is_none();
        let new = names.into_iter().filter(|(field, _)| is_new(field));
        let new: Vec<_> = new.filter_map(|(field, name)| Some((field, quoted(name?)))).collect();
        (!new.is_empty()).then(|| (key, part.with(&new).text().to_owned()))
    };
    let changes: Vec<_> = [
        named("errno", "number", system_names::errno),
        named("signal", "number", system_names::signal),
        named("mach_exception", "exception", system_names::mach_exception),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!changes.is_empty()).then(|| meta.with(&changes))
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    fn run(json: &str) -> (String, Vec<String>) {
        let json = format!(r#"{{"mechanism":{json}}}"#);
        let mut exception =
            Raw::from_text(json).unwrap().read::<Exception>(&Problems::default()).unwrap();
        let (problems, _) = noted(|at| normalize(&mut exception.mechanism, System::Linux, at));
        (serde_json::to_string(&exception.mechanism).unwrap(), problems)
    }

    use crate::protocol::event::Exception;
    use crate::protocol::lenient::Problems;

    #[test]
    fn a_mechanism_without_a_type_is_of_the_old_form() {
        assert_eq!(
            run(r#"{"handled":false,"posix_signal":{"number":11},"relevant":"yes"}"#).0,
            concat!(
                r#"{"type":"generic","handled":false,"data":{"relevant":"yes"},"#,
                r#""meta":{"signal":{"number":11,"name":"SIGSEGV"}}}"#
            )
        );
        assert_eq!(run("{}").0, "null");
        let today = r#"{"type":"onerror","handled":true,"unknown":1}"#;
        assert_eq!(run(today), (today.to_owned(), vec![]));
    }

    #[test]
    fn a_help_link_is_a_link() {
        let (json, problems) = run(r#"{"type":"a","help_link":"javascript:alert(1)"}"#);
        assert_eq!(json, r#"{"type":"a"}"#);
        assert_eq!(problems, ["mechanism.help_link"]);
        assert!(run(r#"{"type":"a","help_link":"https://x.y"}"#).1.is_empty());
    }

    #[test]
    fn numbers_of_the_system_get_their_names() {
        assert_eq!(
            run(r#"{"type":"a","meta":{"errno":{"number":2},"mach_exception":{"exception":1}}}"#).0,
            concat!(
                r#"{"type":"a","meta":{"errno":{"number":2,"name":"ENOENT"},"#,
                r#""mach_exception":{"exception":1,"name":"EXC_BAD_ACCESS"}}}"#
            )
        );
        let named = r#"{"type":"a","meta":{"signal":{"number":11,"name":"mine"}}}"#;
        assert_eq!(run(named).0, named);
        assert_eq!(
            run(r#"{"type":"a","meta":{"signal":{"number":11,"code":2}}}"#).0,
            concat!(
                r#"{"type":"a","meta":{"signal":{"number":11,"code":2,"#,
                r#""name":"SIGSEGV","code_name":"SEGV_ACCERR"}}}"#
            )
        );
    }
}
