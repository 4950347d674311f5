//! Names and values, which clients send as an object or as a list of pairs.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{Deserializer, MapAccess, SeqAccess};

use super::object::Key;
use super::shape::{self, Shape};
use super::{Lenient, LooseText, Problems, Raw, Scalar, Seed};

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
/// unusable part are noted and left out. Pairs from an object are sorted by name.
#[derive(Debug)]
pub struct PairsOf<L>(PhantomData<L>);

impl<L: Lenient<Value = String>> Lenient for PairsOf<L> {
    type Value = Pairs;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Pairs>, D::Error> {
        shape::read(from, PairsShape::<L> { problems, reader: PhantomData })
    }
}

struct PairsShape<'p, L> {
    problems: &'p Problems,
    reader: PhantomData<L>,
}

impl<'de, L: Lenient<Value = String>> Shape<'de> for PairsShape<'_, L> {
    type Value = Option<Pairs>;

    fn object<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let pairs = read_entries::<L, A>(map, self.problems)?;
        Ok(Some(Pairs(pairs.into_iter().collect())))
    }

    fn array<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        for index in 0.. {
            let Some(element) = seq.next_element::<Raw>()? else { break };
            let pair = || read_pair::<L>(element, self.problems);
            pairs.extend(self.problems.in_element(index, pair));
        }
        Ok(Some(Pairs(pairs)))
    }

    fn other(self, value: Scalar) -> Self::Value {
        self.problems.refuse(value, "an object or a list of pairs")
    }
}

fn read_entries<'de, L: Lenient<Value = String>, A: MapAccess<'de>>(
    mut map: A,
    problems: &Problems,
) -> Result<BTreeMap<String, String>, A::Error> {
    let mut entries = BTreeMap::new();
    while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
        let seed = Seed::<L>::new(problems);
        match problems.in_field(&key, || map.next_value_seed(seed))? {
            Some(value) => entries.insert(key.into_owned(), value),
            // Of a key that comes twice the last wins, also when it is null.
            None => entries.remove(key.as_ref()),
        };
    }
    Ok(entries)
}

fn read_pair<L: Lenient<Value = String>>(
    element: Raw,
    problems: &Problems,
) -> Option<(String, String)> {
    if element.is_null() {
        return None;
    }
    let parts: Option<[Raw; 2]> = element.is_array().then(|| element.parse()).flatten();
    let Some([name, value]) = parts else {
        problems.unexpected(element, "a pair");
        return None;
    };
    let name = name.read::<LooseText>(problems)?;
    // The name says whether the value, which is quoted, is secret.
    let value = problems.in_field(&name, || value.read::<L>(problems))?;
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::from_slice;

    #[test]
    fn pairs_come_as_an_object_or_as_pairs() {
        let problems = Problems::default();
        let read = |json: &str| {
            from_slice::<PairsOf<LooseText>>(json.as_bytes(), &problems).unwrap().unwrap().0
        };
        let expected = vec![("a".to_owned(), "1".to_owned()), ("c".to_owned(), "True".to_owned())];
        assert_eq!(read(r#"{"c":true,"b":null,"a":1}"#), expected);
        let list = r#"[["a","1"],null,["c",true],["x"],["d",{}],["x",1,2],[null,1]]"#;
        assert_eq!(read(list), expected);
        let names: Vec<_> = problems.into_vec().into_iter().map(|problem| problem.name).collect();
        assert_eq!(names, ["3", "4.d", "5"]);
    }
}
