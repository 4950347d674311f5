//! The one place where serde's dozen callbacks become three: array, object, anything else.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::Raw;

/// Any JSON value, cheap for the simple ones.
#[derive(Debug)]
pub enum Scalar {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from zero up.
    Uint(u64),
    /// A negative whole number.
    Int(i64),
    /// A number with a fraction or exponent, or one past 64 bits.
    Float(f64),
    /// Text.
    Text(String),
    /// An array or object.
    Composite(Raw),
}

impl Scalar {
    /// Reads any JSON value.
    pub fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from, Whole)
    }

    /// The value as JSON.
    pub fn into_raw(self) -> Raw {
        match self {
            Self::Null => Raw::from_value(&()),
            Self::Bool(value) => Raw::from_value(&value),
            Self::Uint(value) => Raw::from_value(&value),
            Self::Int(value) => Raw::from_value(&value),
            Self::Float(value) => Raw::from_value(&value),
            Self::Text(value) => Raw::from_value(&value),
            Self::Composite(raw) => raw,
        }
    }
}

/// What a reader makes of the value it meets.
pub(super) trait Shape<'de>: Sized {
    /// What comes out.
    type Value;

    /// Whatever has no method of its own.
    fn other(self, value: Scalar) -> Self::Value;

    /// Text.
    fn text(self, value: &str) -> Self::Value {
        self.other(Scalar::Text(value.to_owned()))
    }

    /// An array.
    fn array<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Ok(self.other(Scalar::Composite(Raw::collect_array(seq)?)))
    }

    /// An object.
    fn object<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok(self.other(Scalar::Composite(Raw::collect_object(map)?)))
    }
}

/// Reads the next value as `shape` says.
pub(super) fn read<'de, S: Shape<'de>, D: Deserializer<'de>>(
    from: D,
    shape: S,
) -> Result<S::Value, D::Error> {
    from.deserialize_any(ShapeVisitor { shape, lifetime: PhantomData })
}

struct Whole;

impl Shape<'_> for Whole {
    type Value = Scalar;

    fn other(self, value: Scalar) -> Scalar {
        value
    }
}

struct ShapeVisitor<'de, S> {
    shape: S,
    lifetime: PhantomData<&'de ()>,
}

impl<'de, S: Shape<'de>> Visitor<'de> for ShapeVisitor<'de, S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<S::Value, E> {
        Ok(self.shape.other(Scalar::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<S::Value, E> {
        Ok(self.shape.other(Scalar::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<S::Value, E> {
        Ok(self.shape.other(Scalar::Uint(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<S::Value, E> {
        Ok(self.shape.other(u64::try_from(value).map_or(Scalar::Int(value), Scalar::Uint)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<S::Value, E> {
        Ok(self.shape.other(Scalar::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<S::Value, E> {
        Ok(self.shape.text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<S::Value, A::Error> {
        self.shape.array(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<S::Value, A::Error> {
        self.shape.object(map)
    }
}
