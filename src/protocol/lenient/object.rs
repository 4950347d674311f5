//! Objects with known fields, and the macro that declares them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Problems;

/// An object whose fields are all optional and each read by its own reader.
pub trait LenientObject: Default {
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
    from.deserialize_any(ObjectVisitor { problems, object: PhantomData })
}

struct ObjectVisitor<'p, T> {
    problems: &'p Problems,
    object: PhantomData<T>,
}

impl<T> ObjectVisitor<'_, T> {
    fn refuse(&self, value: impl Into<Value>) -> Option<T> {
        self.problems.unexpected(value.into(), "an object");
        None
    }
}

impl<'de, T: LenientObject> Visitor<'de> for ObjectVisitor<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = T::default();
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            object.read_field(&key, &mut map, self.problems)?;
        }
        Ok(Some(object))
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

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let value = Value::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(self.refuse(value))
    }
}

/// An object's key, borrowed from the input unless it holds an escape.
pub(super) struct Key<'de>(pub(super) std::borrow::Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(key.into()))
            }

            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(key.to_owned().into()))
            }
        }
        from.deserialize_str(KeyVisitor)
    }
}

/// Declares a [`LenientObject`]: every field is an `Option`, read by the reader after `as`, found under
/// the wire name or one of its aliases, and written back under the wire name. Unknown keys live in `other`.
#[macro_export]
macro_rules! lenient {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty as $reader:ty => $wire:literal $(| $alias:literal)*,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(rename = $wire, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
            /// Keys that Picket does not know, as they came.
            #[serde(flatten)]
            pub other: $crate::protocol::lenient::RawMap,
        }

        impl $crate::protocol::lenient::LenientObject for $name {
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
