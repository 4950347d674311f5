//! Objects of unparsed values, themselves unparsed until somebody asks for an entry.

use std::collections::{BTreeMap, btree_map};
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde::de::{MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::object::Key;
use super::repair::mend;
use super::shape::{self, Shape};
use super::{Lenient, Problems, Raw, Scalar};

/// Unparsed values by name. Most objects that a client attaches are only stored and shown: until an
/// entry is looked at, such an object is one text. Everything a map can do, it does as a
/// [`BTreeMap`], into which the first look turns it.
#[derive(Clone, Debug, Default)]
pub struct RawMap {
    /// The object as it came; `None` as soon as the entries may have been changed.
    text: Option<Raw>,
    /// Empty until it is looked at.
    entries: OnceLock<BTreeMap<String, Raw>>,
}

impl RawMap {
    /// No entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps an object as it came.
    fn from_object(raw: Raw) -> Self {
        Self { text: Some(raw), entries: OnceLock::new() }
    }

    /// The object as it came, if nobody has changed it.
    pub fn text(&self) -> Option<&str> {
        self.text.as_ref().map(Raw::text)
    }

    fn entries(&self) -> &BTreeMap<String, Raw> {
        self.entries.get_or_init(|| self.text.as_ref().map(parse).unwrap_or_default())
    }
}

fn parse(raw: &Raw) -> BTreeMap<String, Raw> {
    raw.parse()
        // Keys may hold half a surrogate pair, which is skipped in values.
        .or_else(|| serde_json::from_str(&mend(raw.text().as_bytes())).ok())
        .unwrap_or_default()
}

impl Deref for RawMap {
    type Target = BTreeMap<String, Raw>;

    fn deref(&self) -> &Self::Target {
        self.entries()
    }
}

impl DerefMut for RawMap {
    fn deref_mut(&mut self) -> &mut Self::Target {
        if self.entries.get().is_none() {
            let text = self.text.as_ref();
            self.entries = OnceLock::from(text.map(parse).unwrap_or_default());
        }
        self.text = None;
        self.entries.get_mut().expect("opened above")
    }
}

impl PartialEq for RawMap {
    fn eq(&self, other: &Self) -> bool {
        self.entries() == other.entries()
    }
}

impl FromIterator<(String, Raw)> for RawMap {
    fn from_iter<I: IntoIterator<Item = (String, Raw)>>(entries: I) -> Self {
        Self { text: None, entries: OnceLock::from(BTreeMap::from_iter(entries)) }
    }
}

impl<const N: usize> From<[(String, Raw); N]> for RawMap {
    fn from(entries: [(String, Raw); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl IntoIterator for RawMap {
    type Item = (String, Raw);
    type IntoIter = btree_map::IntoIter<String, Raw>;

    fn into_iter(mut self) -> Self::IntoIter {
        std::mem::take(&mut *self).into_iter()
    }
}

impl<'a> IntoIterator for &'a RawMap {
    type Item = (&'a String, &'a Raw);
    type IntoIter = btree_map::Iter<'a, String, Raw>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries().iter()
    }
}

impl<'a> IntoIterator for &'a mut RawMap {
    type Item = (&'a String, &'a mut Raw);
    type IntoIter = btree_map::IterMut<'a, String, Raw>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl Serialize for RawMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.text {
            Some(raw) => raw.serialize(serializer),
            None => self.entries().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RawMap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(from)
            .map(|entries| Self { text: None, entries: OnceLock::from(entries) })
    }
}

/// Writes the entries among those of the object that they came with.
#[doc(hidden)]
pub fn serialize_flat<S: Serializer>(map: &RawMap, serializer: S) -> Result<S::Ok, S::Error> {
    map.entries().serialize(serializer)
}

/// An object of any values, opened when it is looked at.
#[derive(Debug)]
pub struct JsonMap;

impl Lenient for JsonMap {
    type Value = RawMap;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<RawMap>, D::Error> {
        Ok(super::JsonObject::read(from, problems)?.map(RawMap::from_object))
    }
}

/// The same; a list is an object whose names are its indexes.
#[derive(Debug)]
pub struct JsonMapOrList;

impl Lenient for JsonMapOrList {
    type Value = RawMap;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<RawMap>, D::Error> {
        let Some(raw) = super::JsonComposite::read(from, problems)? else { return Ok(None) };
        if raw.is_object() {
            return Ok(Some(RawMap::from_object(raw)));
        }
        let elements: Vec<Raw> = raw.parse().unwrap_or_default();
        let named = elements.into_iter().enumerate();
        Ok(Some(named.map(|(index, value)| (index.to_string(), value)).collect()))
    }
}

/// An object of any values, opened at once: for those that are always looked at.
#[derive(Debug)]
pub struct OpenJsonMap;

impl Lenient for OpenJsonMap {
    type Value = RawMap;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<RawMap>, D::Error> {
        shape::read(from, OpenShape { problems })
    }
}

struct OpenShape<'p> {
    problems: &'p Problems,
}

impl<'de> Shape<'de> for OpenShape<'_> {
    type Value = Option<RawMap>;

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = BTreeMap::new();
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            values.insert(key.into_owned(), map.next_value()?);
        }
        Ok(Some(RawMap { text: None, entries: OnceLock::from(values) }))
    }

    fn array<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Raw::collect_array(seq).map(|raw| self.other(Scalar::Composite(raw)))
    }

    fn other(self, value: Scalar) -> Option<RawMap> {
        self.problems.refuse(value, "an object")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::from_slice;

    fn read<L: Lenient<Value = RawMap>>(json: &str) -> (Option<RawMap>, usize) {
        let problems = Problems::default();
        let map = from_slice::<L>(json.as_bytes(), &problems).unwrap();
        (map, problems.take().len())
    }

    #[test]
    fn a_map_is_written_as_it_came_until_it_is_changed() {
        let json = r#"{"b": [1, 2],"a":null}"#;
        let mut map = read::<JsonMap>(json).0.unwrap();
        assert_eq!(map["b"].text(), "[1, 2]");
        assert_eq!(serde_json::to_string(&map).unwrap(), json);
        map.remove("a");
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"b":[1, 2]}"#);
        assert_eq!(map.into_iter().count(), 1);
    }

    #[test]
    fn a_list_has_its_indexes_for_names() {
        let map = read::<JsonMapOrList>(r#"["x",{"y":1}]"#).0.unwrap();
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"0":"x","1":{"y":1}}"#);
        assert_eq!(read::<JsonMapOrList>("7"), (None, 1));
    }

    #[test]
    fn only_objects_are_maps() {
        for json in ["[]", "7", "\"{}\"", "true"] {
            assert_eq!(read::<JsonMap>(json), (None, 1), "{json}");
            assert_eq!(read::<OpenJsonMap>(json), (None, 1), "{json}");
        }
        assert_eq!(read::<JsonMap>("null"), (None, 0));
        assert_eq!(read::<OpenJsonMap>("{\"a\":1}"), read::<JsonMap>("{\"a\":1}"));
    }

    #[test]
    fn a_key_with_half_a_surrogate_pair_does_not_hide_the_others() {
        let map = read::<JsonMap>(r#"{"a":1,"\ud800":2}"#).0.unwrap();
        assert_eq!(map["a"].text(), "1");
        assert_eq!(map["\u{fffd}"].text(), "2");
    }
}
