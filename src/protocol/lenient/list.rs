//! Lists in the several shapes that clients send them in.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{Deserializer, MapAccess, SeqAccess};

use super::object::{InPlace, Key};
use super::shape::{self, Shape};
use super::{Lenient, LenientObject, LooseText, Problems, Scalar, Seed};

/// A list written as `{"values": […]}`; read also from a bare list and from one bare object
/// (`protocol.md` §5.2). Elements that are null or unusable are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Values<T> {
    /// The elements.
    pub values: Vec<T>,
}

impl<T: LenientObject> Lenient for Values<T> {
    type Value = Self;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Self>, D::Error> {
        let values = shape::read(from, WrappedShape::<T> { problems, element: PhantomData })?;
        Ok(values.filter(|values| !values.is_empty()).map(|values| Self { values }))
    }
}

struct WrappedShape<'p, T> {
    problems: &'p Problems,
    element: PhantomData<T>,
}

impl<'de, T: LenientObject> Shape<'de> for WrappedShape<'_, T> {
    type Value = Option<Vec<T>>;

    fn array<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        read_objects::<T, A>(seq, self.problems).map(Some)
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = None;
        let mut bare: Option<T> = None;
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            if key == "values" {
                let seed = Seed::<Objects<T>>::new(self.problems);
                list = self.problems.in_field("values", || map.next_value_seed(seed))?;
            } else {
                bare.get_or_insert_default().read_field(&key, &mut map, self.problems)?;
            }
        }
        Ok(list.or_else(|| bare.map(|object| vec![object])))
    }

    fn other(self, value: Scalar) -> Self::Value {
        self.problems.refuse(value, "a list")
    }
}

/// A plain list of objects; elements that are null or unusable are left out.
#[derive(Debug)]
pub struct Objects<T>(PhantomData<T>);

impl<T: LenientObject> Lenient for Objects<T> {
    type Value = Vec<T>;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Self::Value>, D::Error> {
        shape::read(from, ObjectsShape::<T> { problems, element: PhantomData })
    }
}

struct ObjectsShape<'p, T> {
    problems: &'p Problems,
    element: PhantomData<T>,
}

impl<'de, T: LenientObject> Shape<'de> for ObjectsShape<'_, T> {
    type Value = Option<Vec<T>>;

    fn array<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        read_objects::<T, A>(seq, self.problems).map(Some)
    }

    fn other(self, value: Scalar) -> Self::Value {
        self.problems.refuse(value, "a list")
    }
}

fn read_objects<'de, T: LenientObject, A: SeqAccess<'de>>(
    mut seq: A,
    problems: &Problems,
) -> Result<Vec<T>, A::Error> {
    let mut values: Vec<T> = Vec::new();
    for index in 0.. {
        let place = values.len();
        values.push(T::default());
        let seed = InPlace { object: &mut values[place], problems };
        match problems.in_element(index, || seq.next_element_seed(seed))? {
            Some(true) => {}
            Some(false) => values.truncate(place),
            None => {
                values.truncate(place);
                break;
            }
        }
    }
    Ok(values)
}

/// A plain list; elements that are null or that reader `L` cannot use are left out.
#[derive(Debug)]
pub struct List<L>(PhantomData<L>);

/// A list of texts; elements of other scalar types become text, the rest is noted and left out.
pub type TextList = List<LooseText>;

impl<L: Lenient> Lenient for List<L> {
    type Value = Vec<L::Value>;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Self::Value>, D::Error> {
        shape::read(from, ListShape::<L> { problems, reader: PhantomData })
    }
}

struct ListShape<'p, L> {
    problems: &'p Problems,
    reader: PhantomData<L>,
}

impl<'de, L: Lenient> Shape<'de> for ListShape<'_, L> {
    type Value = Option<Vec<L::Value>>;

    fn array<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        for index in 0.. {
            let seed = Seed::<L>::new(self.problems);
            match self.problems.in_element(index, || seq.next_element_seed(seed))? {
                None => break,
                Some(value) => values.extend(value),
            }
        }
        Ok(Some(values))
    }

    fn other(self, value: Scalar) -> Self::Value {
        self.problems.refuse(value, "a list")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::{Text, from_slice};

    crate::lenient! {
        /// A thing with a name.
        pub(super) struct Thing {
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
    fn of_a_key_that_comes_twice_the_last_wins() {
        assert_eq!(names(r#"[{"name":"a","name":"b"}]"#).0, Some(vec![Some("b".to_owned())]));
    }

    #[test]
    fn a_list_of_texts_leaves_out_what_is_none() {
        let problems = Problems::default();
        let texts = from_slice::<TextList>(br#"["a",null,1,true,1.5,{}]"#, &problems).unwrap();
        assert_eq!(texts.unwrap(), ["a", "1", "True", "1"]);
        assert_eq!(problems.into_vec()[0].name, "5");
    }
}
