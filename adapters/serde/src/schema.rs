//! What stands on the label of a value's parcel: `Schema`, the type's number and how it gets there.

use std::fmt;
use std::marker::PhantomData;

use larder_core::{Error, ErrorKind, Label, Parcel, Result};
use serde::de::DeserializeOwned;

use crate::shape::shape;

/// The type `T` in one meaning of it, as a number.
pub(crate) struct Schema<T> {
    shape: u64,
    version: u64,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Schema<T> {
    pub(crate) fn new() -> Self {
        Self { shape: shape::<T>(), version: 0, of: PhantomData }
    }
}

impl<T> Schema<T> {
    pub(crate) const fn version(mut self, version: u64) -> Self {
        self.version = version;
        self
    }

    pub(crate) const fn number(&self) -> u64 {
        self.shape ^ self.version.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    pub(crate) fn label(&self, codec: u8) -> Label {
        Label { codec, schema: self.number(), ..Label::default() }
    }

    /// The bytes of a parcel that `codec` has made of this type and nobody has changed since.
    pub(crate) fn payload<'a>(&self, parcel: &'a Parcel, codec: u8) -> Result<&'a [u8]> {
        if parcel.label == self.label(codec) {
            Ok(parcel.payload())
        } else {
            Err(unread("it is of another form, type or version"))
        }
    }
}

impl<T> fmt::Debug for Schema<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("shape", &self.shape).field("version", &self.version).finish()
    }
}

/// A value that can't be decoded. Only `why` of the library's own making is told: its messages quote what they read.
pub(crate) fn unread(why: &'static str) -> Error {
    Error::new(ErrorKind::Codec, "decoding a value").because(why)
}
