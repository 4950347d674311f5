//! A request's body: what it seems to be, and no more of it than people read.

use std::collections::BTreeMap;

use super::at::At;
use super::budget::Budget;
use crate::protocol::event::Request;
use crate::protocol::lenient::Raw;

const BODY: Budget = Budget::of(8 * 1024, 7);

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Turns a body that is JSON or a form in a text into what it stands for, and notes its type.
pub(super) fn normalize(request: &mut Request, at: At<'_>) {
    if request.inferred_content_type.is_none() {
        infer(request);
    }
    BODY.apply_to_value(&mut request.data, "data", at);
}

fn infer(request: &mut Request) {
    let text = request.data.as_ref().filter(|raw| raw.text().starts_with('"'));
    let text = text.and_then(|raw| raw.parse::<String>());
    let parsed = text.as_deref().and_then(|text| {
        parse_json(text).map(|raw| (raw, JSON)).or_else(|| Some((parse_form(text)?, FORM)))
    });
    if let Some((data, content_type)) = parsed {
        request.data = Some(data);
        request.inferred_content_type = Some(content_type.to_owned());
    } else if request.data.is_some() {
        let header = request.header("Content-Type");
        let essence = header.and_then(|value| value.split(';').next()).map(str::trim);
        request.inferred_content_type =
            essence.filter(|essence| !essence.is_empty()).map(str::to_owned);
    }
}

fn parse_json(text: &str) -> Option<Raw> {
    let text = text.trim();
    text.starts_with(['{', '[']).then(|| Raw::from_text(text))?
}

/// A form as an object; a name that comes several times holds a list.
fn parse_form(text: &str) -> Option<Raw> {
    // What ends in dots was cut here before; a text past the budget will be.
    let is_whole = text.len() <= BODY.bytes() && !text.ends_with("...");
    let is_form = text.is_ascii() && text.contains('=') && !text.starts_with(['{', '[']);
    if !is_whole || !is_form || text.starts_with("<?xml") {
        return None;
    }
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()).into_owned() {
        fields.entry(name).or_default().push(value);
    }
    if fields.len() == 1 && fields.values().all(|values| values.iter().all(String::is_empty)) {
        return None;
    }
    let value = |mut values: Vec<String>| match values.len() {
        1 => serde_json::Value::String(values.remove(0)),
        _ => values.into(),
    };
    let fields: BTreeMap<_, _> = fields.into_iter().map(|(name, v)| (name, value(v))).collect();
    Some(Raw::from_value(&fields))
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    fn run(data: &str, header: Option<&str>) -> (String, Option<String>) {
        let mut request = Request { data: Raw::from_text(data), ..Request::default() };
        request.headers = header.map(|value| {
            crate::protocol::lenient::Pairs(vec![("Content-Type".into(), value.into())])
        });
        noted(|at| normalize(&mut request, at));
        let data = request.data.unwrap();
        (data.text().to_owned(), request.inferred_content_type)
    }

    #[test]
    fn a_body_is_told_by_its_looks() {
        for (data, expected, content_type) in [
            (r#""{\"a\":[1]}""#, r#"{"a":[1]}"#, Some(JSON)),
            (r#"" [1] ""#, "[1]", Some(JSON)),
            (r#""a=1&b=x+y&a=2""#, r#"{"a":["1","2"],"b":"x y"}"#, Some(FORM)),
            (r#""{broken=""#, r#""{broken=""#, None),
            (r#""hello world""#, r#""hello world""#, None),
            (r#""hello=""#, r#""hello=""#, None),
            (r#""<?xml version=1?>""#, r#""<?xml version=1?>""#, None),
            (r#""ä=1""#, r#""ä=1""#, None),
            (r#""7""#, r#""7""#, None),
            (r#"{"a":1}"#, r#"{"a":1}"#, None),
        ] {
            let expected = (expected.to_owned(), content_type.map(str::to_owned));
            assert_eq!(run(data, None), expected, "{data}");
        }
    }

    #[test]
    fn what_the_body_does_not_tell_the_header_does() {
        let header = Some("text/plain; charset=utf-8");
        assert_eq!(run("\"hello\"", header).1.as_deref(), Some("text/plain"));
        assert_eq!(run(r#""{\"a\":1}""#, header).1.as_deref(), Some(JSON));
        assert_eq!(run("{}", Some("application/json")).1.as_deref(), Some(JSON));
    }

    #[test]
    fn a_long_body_is_cut_and_stays_what_it_was() {
        let text = format!("\"a={}\"", "x".repeat(9000));
        let (cut, content_type) = run(&text, None);
        assert_eq!((cut.len(), content_type), (8192, None));
        assert_eq!(run(&cut, None), (cut.clone(), None));
    }
}
