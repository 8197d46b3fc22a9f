//! The shape of a type as one number: `shape`, which hears what the type asks of a deserializer.
//!
//! The type is given made-up values, and each question it asks goes into the number: what it is called, its fields, its
//! variants. Of an enumeration each variant is looked into, one a round.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};

/// At most so many variants of an enumeration are looked into.
const ROUNDS: usize = 64;
/// At most so many questions are heard in a round: a type may contain itself.
const QUESTIONS: u32 = 1_000;
const DEPTH: u32 = 32;

/// The shape of `T`. Equal for equal shapes, whatever program, compiler and module.
pub(crate) fn shape<T: DeserializeOwned>() -> u64 {
    let mut heard = Heard { sum: 0xcbf2_9ce4_8422_2325, questions: 0, round: 0, rounds: 1 };
    while heard.round < heard.rounds {
        heard.questions = 0;
        // A type that can't be made of made-up values ends its round; what was heard until then is its shape.
        let _ = T::deserialize(Listener { heard: &mut heard, depth: 0 });
        heard.round += 1;
    }
    heard.sum
}

/// What was heard so far.
struct Heard {
    sum: u64,
    questions: u32,
    round: usize,
    rounds: usize,
}

impl Heard {
    /// FNV-1a over the words, with an end after each.
    fn note(&mut self, words: &[&str]) {
        for byte in words.iter().flat_map(|word| word.bytes().chain([0xff])) {
            self.sum = (self.sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A deserializer that answers with made-up values.
struct Listener<'a> {
    heard: &'a mut Heard,
    depth: u32,
}

impl Listener<'_> {
    fn hear(&mut self, words: &[&str]) -> Result<(), Enough> {
        self.heard.questions += 1;
        if self.heard.questions > QUESTIONS || self.depth > DEPTH {
            return Err(Enough);
        }
        self.heard.note(words);
        Ok(())
    }

    fn inner(&mut self) -> Listener<'_> {
        Listener { heard: self.heard, depth: self.depth + 1 }
    }

    fn elements(&mut self, left: usize) -> Elements<'_> {
        Elements { listener: self.inner(), left }
    }
}

/// Nothing more is to be heard.
#[derive(Debug)]
struct Enough;

impl fmt::Display for Enough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing more to hear")
    }
}

impl std::error::Error for Enough {}

impl de::Error for Enough {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! plain {
    ($($method:ident $visit:ident $made_up:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Enough> {
            self.hear(&[stringify!($method)])?;
            visitor.$visit($made_up)
        }
    )*};
}

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = Enough;

    plain! {
        deserialize_bool visit_bool true;
        deserialize_i8 visit_i8 1;
        deserialize_i16 visit_i16 1;
        deserialize_i32 visit_i32 1;
        deserialize_i64 visit_i64 1;
        deserialize_i128 visit_i128 1;
        deserialize_u8 visit_u8 1;
        deserialize_u16 visit_u16 1;
        deserialize_u32 visit_u32 1;
        deserialize_u64 visit_u64 1;
        deserialize_u128 visit_u128 1;
        deserialize_f32 visit_f32 1.0;
        deserialize_f64 visit_f64 1.0;
        deserialize_char visit_char 'a';
        deserialize_str visit_str "";
        deserialize_string visit_str "";
        deserialize_bytes visit_bytes b"";
        deserialize_byte_buf visit_bytes b"";
        deserialize_identifier visit_str "";
    }

    /// postcard has no form for such a type.
    fn deserialize_any<V: Visitor<'de>>(mut self, _: V) -> Result<V::Value, Enough> {
        self.hear(&["any"])?;
        Err(Enough)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Enough> {
        self.hear(&["ignored"])?;
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Enough> {
        self.hear(&["option"])?;
        visitor.visit_some(self.inner())
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Enough> {
        self.hear(&["unit"])?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Enough> {
        self.hear(&["unit", name])?;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Enough> {
        self.hear(&["newtype", name])?;
        visitor.visit_newtype_struct(self.inner())
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Enough> {
        self.hear(&["sequence"])?;
        visitor.visit_seq(self.elements(1))
    }

    fn deserialize_tuple<V: Visitor<'de>>(mut self, length: usize, visitor: V) -> Result<V::Value, Enough> {
        self.hear(&["tuple", &length.to_string()])?;
        visitor.visit_seq(self.elements(length))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Enough> {
        self.hear(&["tuple", name, &length.to_string()])?;
        visitor.visit_seq(self.elements(length))
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Enough> {
        self.hear(&["map"])?;
        visitor.visit_map(self.elements(1))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Enough> {
        self.hear(&["struct", name])?;
        self.hear(fields)?;
        visitor.visit_seq(self.elements(fields.len()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Enough> {
        self.hear(&["enum", name])?;
        self.hear(variants)?;
        self.heard.rounds = self.heard.rounds.max(variants.len().min(ROUNDS));
        let variant = *variants.get(self.heard.round % variants.len().max(1)).ok_or(Enough)?;
        visitor.visit_enum(Variant { listener: self.inner(), variant })
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Made-up elements of a sequence or a map.
struct Elements<'a> {
    listener: Listener<'a>,
    left: usize,
}

impl<'de> de::SeqAccess<'de> for Elements<'_> {
    type Error = Enough;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Enough> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.listener.inner()).map(Some)
    }
}

impl<'de> de::MapAccess<'de> for Elements<'_> {
    type Error = Enough;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Enough> {
        de::SeqAccess::next_element_seed(self, seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Enough> {
        seed.deserialize(self.listener.inner())
    }
}

/// One variant of an enumeration.
struct Variant<'a> {
    listener: Listener<'a>,
    variant: &'static str,
}

impl<'a, 'de> de::EnumAccess<'de> for Variant<'a> {
    type Error = Enough;
    type Variant = Listener<'a>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Listener<'a>), Enough> {
        let name: StrDeserializer<'_, Enough> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, self.listener))
    }
}

impl<'de> de::VariantAccess<'de> for Listener<'_> {
    type Error = Enough;

    fn unit_variant(mut self) -> Result<(), Enough> {
        self.hear(&["unit variant"])
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Enough> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Enough> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Enough> {
        self.deserialize_struct("variant", fields, visitor)
    }
}
