//! Lists in the several shapes that clients send them in.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess};

use super::object::{InPlace, Key};
use super::shape::{self, Shape};
use super::{Lenient, LenientObject, LooseText, Problem, Problems, Scalar, Seed};

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
        // A path says where the value is stored, in whatever form the list came.
        self.problems.in_field("values", || read_objects::<T, A>(seq, self.problems)).map(Some)
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = None;
        let mut bare: Option<T> = None;
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            if key == "values" {
                let seed = Seed::<Objects<T>>::new(self.problems);
                list = self.problems.in_field("values", || map.next_value_seed(seed))?;
            } else if key == "exc_omitted" {
                // How many exceptions an old client left out by itself; hardly any ever did.
                map.next_value::<IgnoredAny>()?;
            } else {
                let bare = bare.get_or_insert_default();
                let mut read = || bare.read_field(&key, &mut map, self.problems);
                let mut in_element = || self.problems.in_element(0, &mut read);
                self.problems.in_field("values", &mut in_element)?;
            }
        }
        if list.is_some() && bare.is_some() {
            let problem = Problem::new("invalid_data", "", None);
            self.problems.add(problem.because("what stands beside `values` is left out"));
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

/// A list of objects has no more elements than this; past it the middle gives way, because clients
/// put what matters at one of the ends.
const MAX_ELEMENTS: usize = 4096;

fn read_objects<'de, T: LenientObject, A: SeqAccess<'de>>(
    mut seq: A,
    problems: &Problems,
) -> Result<Vec<T>, A::Error> {
    let mut values: Vec<T> = Vec::new();
    let mut is_cut = false;
    for index in 0.. {
        if !problems.count_object() {
            is_cut |= skip_rest(&mut seq)?;
            break;
        }
        let place = values.len();
        values.push(T::default());
        let seed = InPlace { object: &mut values[place], problems };
        let read = problems.in_element(index, || seq.next_element_seed(seed))?;
        if read != Some(true) {
            values.truncate(place);
            problems.discount_objects(1);
        }
        if read.is_none() {
            break;
        }
        if values.len() == MAX_ELEMENTS {
            values.drain(MAX_ELEMENTS / 4..MAX_ELEMENTS / 2);
            problems.discount_objects(MAX_ELEMENTS / 4);
            is_cut = true;
        }
    }
    if is_cut {
        problems.add(Problem::new("value_too_long", "", None).because("too many elements"));
    }
    Ok(values)
}

/// Reads the rest of a list for nothing; tells whether there was one.
fn skip_rest<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<bool, A::Error> {
    let mut is_any = false;
    while seq.next_element::<IgnoredAny>()?.is_some() {
        is_any = true;
    }
    Ok(is_any)
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
            ["values.0.name", "values.1", "values.2.parts.values.0.name"]
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

    #[test]
    fn of_an_endless_list_the_ends_are_kept() {
        let json: Vec<_> = (0..50_000).map(|n| format!(r#"{{"name":"{n}"}}"#)).collect();
        let (found, problems) = names(&format!("[{}]", json.join(",")));
        let found: Vec<_> = found.unwrap().into_iter().flatten().collect();
        assert!(found.len() < MAX_ELEMENTS && found.len() >= MAX_ELEMENTS / 2, "{}", found.len());
        assert_eq!((found[0].as_str(), found[1023].as_str()), ("0", "1023"));
        assert_eq!(found[found.len() - 2000..][0], "48000");
        assert_eq!(problems, ["values"]);
    }

    #[test]
    fn many_lists_together_are_bounded_too() {
        let one = format!(r#"{{"parts":[{}]}}"#, vec!["{}"; 3000].join(","));
        let problems = Problems::default();
        let json = format!("[{}]", vec![one; 20].join(","));
        let things = from_slice::<Values<Thing>>(json.as_bytes(), &problems).unwrap().unwrap();
        let parts = things.values.iter().filter_map(|thing| thing.parts.as_ref());
        let count: usize = parts.map(|parts| parts.values.len()).sum();
        assert!((19_000..=20_000).contains(&count), "{count}");
        assert!(!problems.is_empty());
    }
}
