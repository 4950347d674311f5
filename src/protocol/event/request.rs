//! The HTTP request that was being served (`protocol.md` §5.13).

use serde::Deserializer;

use crate::protocol::lenient::{
    Json, JsonMap, JsonText, Lenient, List, LooseText, Pairs, PairsOf, Problems, Raw, RawMap,
    Scalar, Text, Uint,
};

crate::lenient! {
    /// An HTTP request.
    pub struct Request {
        /// The URL, without query and fragment once normalised.
        url: String as Text => "url",
        /// The method.
        method: String as Text => "method",
        /// The body.
        data: Raw as Json => "data",
        /// The query.
        query_string: Pairs as Query => "query_string",
        /// The part after `#`.
        fragment: String as Text => "fragment",
        /// The cookies.
        cookies: Pairs as Cookies => "cookies",
        /// The headers.
        headers: Pairs as PairsOf<Header> => "headers",
        /// The server's environment.
        env: RawMap as JsonMap => "env",
        /// `graphql` for GraphQL.
        api_target: String as Text => "api_target",
        /// The protocol.
        protocol: String as Text => "protocol",
        /// The size of the body in bytes.
        body_size: u64 as Uint => "body_size",
        /// What the body seems to be.
        inferred_content_type: String as Text => "inferred_content_type",
    }
}

impl Request {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.headers.as_ref()?;
        headers
            .0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Reads a header's value: a text, number or boolean, or a list of them that is joined with commas.
#[derive(Debug)]
pub struct Header;

impl Lenient for Header {
    type Value = String;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<String>, D::Error> {
        Ok(match Scalar::read(from)? {
            Scalar::Null => None,
            Scalar::Text(text) => Some(text),
            Scalar::Composite(raw) if raw.is_array() => {
                raw.read::<List<LooseText>>(problems).map(|parts| parts.join(","))
            }
            other => other.into_raw().read::<LooseText>(problems),
        })
    }
}

/// Reads a query: `a=1&b=2` with or without `?`, an object, or pairs.
#[derive(Debug)]
pub(super) struct Query;

/// Reads cookies: `a=1; b=2`, an object, or pairs.
#[derive(Debug)]
pub(super) struct Cookies;

impl Lenient for Query {
    type Value = Pairs;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Pairs>, D::Error> {
        pairs_or_text(from, problems, |text| {
            let query = text.strip_prefix('?').unwrap_or(text);
            form_urlencoded::parse(query.as_bytes()).into_owned().collect()
        })
    }
}

impl Lenient for Cookies {
    type Value = Pairs;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Pairs>, D::Error> {
        pairs_or_text(from, problems, parse_cookies)
    }
}

/// Splits a `Cookie` header.
pub fn parse_cookies(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (name, value) = part.trim().split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    text.split(';').filter_map(pair).collect()
}

fn pairs_or_text<'de, D: Deserializer<'de>>(
    from: D,
    problems: &Problems,
    parse: impl Fn(&str) -> Vec<(String, String)>,
) -> Result<Option<Pairs>, D::Error> {
    match Scalar::read(from)? {
        Scalar::Text(text) if text.is_empty() => Ok(None),
        Scalar::Text(text) => Ok(Some(Pairs(parse(&text)))),
        other => Ok(other.into_raw().read::<PairsOf<JsonText>>(problems)),
    }
}
