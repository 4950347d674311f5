//! Objects with known fields, and the macro that declares them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::shape::{self, Shape};
use super::{Problems, Scalar};

/// An object whose fields are all optional and each read by its own reader.
pub trait LenientObject: Default {
    /// The names of the fields on the wire.
    const FIELDS: &'static [&'static str];

    /// Reads the value of `key` from `map` into its field. Unknown keys are kept as they came.
    ///
    /// # Errors
    /// Only when the input is no JSON.
    fn read_field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        problems: &Problems,
    ) -> Result<(), A::Error>;
}

/// Reads an object; anything else is noted.
///
/// # Errors
/// Only when the input is no JSON.
pub fn read_object<'de, T: LenientObject, D: Deserializer<'de>>(
    from: D,
    problems: &Problems,
) -> Result<Option<T>, D::Error> {
    let mut object = T::default();
    let is_object = read_into(&mut object, from, problems)?;
    Ok(is_object.then_some(object))
}

/// Reads an object into a default one; tells whether there was one.
fn read_into<'de, T: LenientObject, D: Deserializer<'de>>(
    object: &mut T,
    from: D,
    problems: &Problems,
) -> Result<bool, D::Error> {
    shape::read(from, ObjectShape { object, problems })
}

/// Carries the place for an object to where serde calls us back: objects are large, and moving them
/// up through the layers of a parser costs more than reading them.
pub(super) struct InPlace<'a, T> {
    pub(super) object: &'a mut T,
    pub(super) problems: &'a Problems,
}

impl<'de, T: LenientObject> DeserializeSeed<'de> for InPlace<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        read_into(self.object, from, self.problems)
    }
}

struct ObjectShape<'a, T> {
    object: &'a mut T,
    problems: &'a Problems,
}

impl<'de, T: LenientObject> Shape<'de> for ObjectShape<'_, T> {
    type Value = bool;

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            self.object.read_field(&key, &mut map, self.problems)?;
        }
        Ok(true)
    }

    fn other(self, value: Scalar) -> bool {
        let _: Option<T> = self.problems.refuse(value, "an object");
        false
    }
}

/// An object's key, borrowed from the input unless it holds an escape.
pub(super) struct Key<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        from.deserialize_str(KeyVisitor)
    }
}

/// Declares a [`LenientObject`]: every field is an `Option`, read by the reader after `as`, found under
/// the wire name or one of its aliases, and written back under the wire name. Unknown keys live in `other`.
#[macro_export]
macro_rules! lenient {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty as $reader:ty => $wire:literal $(| $alias:literal)*,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        $vis struct $name {
            $(
                $(#[$field_meta])*
                #[serde(rename = $wire, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
            /// Keys that Picket does not know, as they came.
            #[serde(flatten, serialize_with = "crate::protocol::lenient::serialize_flat")]
            pub other: $crate::protocol::lenient::RawMap,
        }

        impl $crate::protocol::lenient::LenientObject for $name {
            const FIELDS: &'static [&'static str] = &[$($wire),*];

            fn read_field<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                key: &str,
                map: &mut A,
                problems: &$crate::protocol::lenient::Problems,
            ) -> Result<(), A::Error> {
                match key {
                    $($wire $(| $alias)* => {
                        let seed = $crate::protocol::lenient::Seed::<$reader>::new(problems);
                        self.$field = problems.in_field($wire, || map.next_value_seed(seed))?;
                    })*
                    unknown => {
                        self.other.insert(unknown.to_owned(), map.next_value()?);
                    }
                }
                Ok(())
            }
        }

        impl $crate::protocol::lenient::Lenient for $name {
            type Value = Self;

            fn read<'de, D: serde::Deserializer<'de>>(
                from: D,
                problems: &$crate::protocol::lenient::Problems,
            ) -> Result<Option<Self>, D::Error> {
                $crate::protocol::lenient::read_object(from, problems)
            }
        }
    };
}
