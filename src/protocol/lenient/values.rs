//! Lists, maps and pairs in the several shapes that clients send them in.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::object::Key;
use super::{Lenient, LenientObject, LooseText, Problems, Raw, RawMap, Scalar, Seed};

/// A list written as `{"values": […]}`; read also from a bare list and from one bare object
/// (`protocol.md` §5.2). Elements that are null or unusable are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Values<T> {
    /// The elements.
    pub values: Vec<T>,
}

impl<T: LenientObject + Lenient<Value = T>> Lenient for Values<T> {
    type Value = Self;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Self>, D::Error> {
        from.deserialize_any(ListVisitor::<T> { problems, wrapped: true, element: PhantomData })
            .map(|values| values.filter(|values| !values.is_empty()).map(|values| Self { values }))
    }
}

/// A plain list of objects.
#[derive(Debug)]
pub struct List<T>(PhantomData<T>);

impl<T: LenientObject + Lenient<Value = T>> Lenient for List<T> {
    type Value = Vec<T>;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Vec<T>>, D::Error> {
        from.deserialize_any(ListVisitor::<T> { problems, wrapped: false, element: PhantomData })
    }
}

struct ListVisitor<'p, T> {
    problems: &'p Problems,
    /// Whether `{"values": […]}` and one bare object are lists too.
    wrapped: bool,
    element: PhantomData<T>,
}

impl<T> ListVisitor<'_, T> {
    fn refuse(&self, value: impl Into<Value>) -> Option<Vec<T>> {
        self.problems.unexpected(value.into(), "a list");
        None
    }
}

impl<'de, T: LenientObject + Lenient<Value = T>> Visitor<'de> for ListVisitor<'_, T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        for index in 0.. {
            let seed = Seed::<T>::new(self.problems);
            let element = self.problems.in_element(index, || seq.next_element_seed(seed))?;
            match element {
                None => break,
                Some(value) => values.extend(value),
            }
        }
        Ok(Some(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        if !self.wrapped {
            let value = Value::deserialize(MapAccessDeserializer::new(map))?;
            return Ok(self.refuse(value));
        }
        let mut list = None;
        let mut bare: Option<T> = None;
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            if key == "values" {
                let seed = Seed::<List<T>>::new(self.problems);
                list = self.problems.in_field("values", || map.next_value_seed(seed))?;
            } else {
                bare.get_or_insert_default().read_field(&key, &mut map, self.problems)?;
            }
        }
        Ok(list.or_else(|| bare.map(|object| vec![object])))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.refuse(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.refuse(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.refuse(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.refuse(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(self.refuse(value))
    }
}

/// Any value, kept as text.
#[derive(Debug)]
pub struct Json;

impl Lenient for Json {
    type Value = Raw;

    fn read<'de, D: Deserializer<'de>>(from: D, _: &Problems) -> Result<Option<Raw>, D::Error> {
        Raw::deserialize(from).map(|raw| Some(raw).filter(|raw| raw.text() != "null"))
    }
}

/// An object whose values are kept as text.
#[derive(Debug)]
pub struct JsonObject;

impl Lenient for JsonObject {
    type Value = RawMap;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<RawMap>, D::Error> {
        let raw = Raw::deserialize(from)?;
        if raw.text() == "null" {
            return Ok(None);
        }
        let map = raw.text().starts_with('{').then(|| raw.parse()).flatten();
        if map.is_none() {
            problems.unexpected(raw.value(), "an object");
        }
        Ok(map)
    }
}

/// An object of texts; values of other types become text or are noted.
#[derive(Debug)]
pub struct TextMap;

impl Lenient for TextMap {
    type Value = BTreeMap<String, String>;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Self::Value>, D::Error> {
        Ok(PairsOf::<LooseText>::read(from, problems)?.map(|pairs| pairs.0.into_iter().collect()))
    }
}

/// A list of texts; elements of other scalar types become text, the rest is noted and left out.
#[derive(Debug)]
pub struct TextList;

impl Lenient for TextList {
    type Value = Vec<String>;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Vec<String>>, D::Error> {
        Ok(match Scalar::read(from)? {
            Scalar::Null => None,
            Scalar::Composite(Value::Array(elements)) => {
                let text = |(index, element): (usize, Value)| {
                    problems.in_element(index, || read_value::<LooseText>(element, problems))
                };
                Some(elements.into_iter().enumerate().filter_map(text).collect())
            }
            other => {
                problems.unexpected(other.into_value(), "a list");
                None
            }
        })
    }
}

/// Names and values in order; written as a list of `[name, value]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Pairs(pub Vec<(String, String)>);

impl Pairs {
    /// The first value under `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads [`Pairs`] from an object or a list of pairs, each value with reader `L`; pairs with an
/// unusable part are noted and left out.
#[derive(Debug)]
pub struct PairsOf<L>(PhantomData<L>);

impl<L: Lenient<Value = String>> Lenient for PairsOf<L> {
    type Value = Pairs;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Pairs>, D::Error> {
        Ok(match Scalar::read(from)? {
            Scalar::Null => None,
            Scalar::Composite(Value::Object(object)) => {
                let pair = |(name, value): (String, Value)| {
                    let value = problems.in_key(&name, || read_value::<L>(value, problems))?;
                    Some((name, value))
                };
                Some(Pairs(object.into_iter().filter_map(pair).collect()))
            }
            Scalar::Composite(Value::Array(elements)) => {
                let pair = |(index, element): (usize, Value)| {
                    problems.in_element(index, || read_pair::<L>(element, problems))
                };
                Some(Pairs(elements.into_iter().enumerate().filter_map(pair).collect()))
            }
            other => {
                problems.unexpected(other.into_value(), "an object or a list of pairs");
                None
            }
        })
    }
}

fn read_pair<L: Lenient<Value = String>>(
    element: Value,
    problems: &Problems,
) -> Option<(String, String)> {
    match element {
        Value::Null => None,
        Value::Array(parts) if parts.len() == 2 => {
            let mut parts = parts.into_iter();
            let name = parts.next().and_then(|name| read_value::<LooseText>(name, problems))?;
            let value = parts.next().and_then(|value| read_value::<L>(value, problems))?;
            Some((name, value))
        }
        other => {
            problems.unexpected(other, "a pair");
            None
        }
    }
}

/// Reads a tree with a reader; a tree is always JSON, so nothing can fail.
fn read_value<L: Lenient>(value: Value, problems: &Problems) -> Option<L::Value> {
    L::read(value, problems).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::{Text, from_slice};

    crate::lenient! {
        /// A thing with a name.
        pub struct Thing {
            /// The name.
            name: String as Text => "name" | "title",
            /// Things inside.
            parts: Values<Thing> as Values<Thing> => "parts",
        }
    }

    fn names(json: &str) -> (Option<Vec<Option<String>>>, Vec<String>) {
        let problems = Problems::default();
        let things = from_slice::<Values<Thing>>(json.as_bytes(), &problems).unwrap();
        let names = things.map(|list| list.values.into_iter().map(|thing| thing.name).collect());
        (names, problems.into_vec().into_iter().map(|problem| problem.name).collect())
    }

    #[test]
    fn a_list_comes_in_three_shapes() {
        let one = Some(vec![Some("a".to_owned())]);
        for json in [r#"[{"name":"a"}]"#, r#"{"values":[{"name":"a"}]}"#, r#"{"title":"a"}"#] {
            assert_eq!(names(json), (one.clone(), vec![]), "{json}");
        }
        for json in ["[]", "{}", "null", r#"{"values":[]}"#, r#"{"values":null}"#, "[null]"] {
            assert_eq!(names(json), (None, vec![]), "{json}");
        }
    }

    #[test]
    fn a_wrong_type_is_noted_with_its_path() {
        assert_eq!(names("\"boom\"").1, [""]);
        assert_eq!(names(r#"{"values":{}}"#).1, ["values"]);
        assert_eq!(
            names(r#"[{"name":1},5,{"parts":[{"name":[]}]}]"#).1,
            ["0.name", "1", "2.parts.0.name"]
        );
    }

    #[test]
    fn unknown_keys_survive() {
        let problems = Problems::default();
        let thing =
            from_slice::<Thing>(br#"{"name":"a","x":{"y":[1]}}"#, &problems).unwrap().unwrap();
        assert_eq!(serde_json::to_string(&thing).unwrap(), r#"{"name":"a","x":{"y":[1]}}"#);
    }

    #[test]
    fn pairs_come_as_an_object_or_as_pairs() {
        let problems = Problems::default();
        let read = |json: &str| {
            from_slice::<PairsOf<LooseText>>(json.as_bytes(), &problems).unwrap().unwrap().0
        };
        let expected = vec![("a".to_owned(), "1".to_owned()), ("c".to_owned(), "True".to_owned())];
        assert_eq!(read(r#"{"a":1,"b":null,"c":true}"#), expected);
        assert_eq!(read(r#"[["a","1"],null,["c",true],["x"],["d",{}]]"#), expected);
        assert_eq!(problems.into_vec().len(), 2);
    }
}
