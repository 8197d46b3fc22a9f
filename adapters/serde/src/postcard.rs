//! Any serde value as postcard's bytes: `Postcard`.

use std::fmt;

use larder_core::{Codec, Context, Error, ErrorKind, Parcel, Result, Value, parcel};
use postcard::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::schema::{Schema, unread};
use crate::shallow::Shallow;

/// Values in the [postcard](https://postcard.jamesmunns.com) format: small and fast, and no other language's.
///
/// Values nested deeper than 128 are not read.
pub struct Postcard<T>(Schema<T>);

impl<T: DeserializeOwned> Postcard<T> {
    /// The codec of `T`. Looks at the shape of `T` once.
    pub fn new() -> Self {
        Self(Schema::new())
    }

    /// The same codec for another meaning of the same shape: what one version wrote no other reads. Without it: 0.
    pub const fn version(self, version: u64) -> Self {
        Self(self.0.version(version))
    }
}

impl<T: DeserializeOwned> Default for Postcard<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Value + Serialize + DeserializeOwned> Codec for Postcard<T> {
    type Plain = T;
    type Encoded = Parcel;

    fn encode(&self, plain: &T, _: &Context<'_>) -> Result<Parcel> {
        Ok(Parcel::new(self.0.label(parcel::codec::POSTCARD), write(plain, Vec::new())?))
    }

    fn decode(&self, encoded: &Parcel, _: &Context<'_>) -> Result<T> {
        read(self.0.payload(encoded, parcel::codec::POSTCARD)?)
    }
}

impl<T> fmt::Debug for Postcard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Postcard").field(&self.0).finish()
    }
}

/// `plain` after what is in `bytes` already.
pub(crate) fn write(plain: &impl Serialize, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let written = postcard::to_extend(plain, bytes);
    written.map_err(|error| Error::new(ErrorKind::Codec, "encoding a value").because(error))
}

/// The one value that `bytes` are.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut reader = Deserializer::from_bytes(bytes);
    let plain = T::deserialize(Shallow::new(&mut reader, bytes.len()));
    let plain = plain.map_err(|_| unread("its bytes are not of this type"))?;
    if reader.finalize().is_ok_and(<[u8]>::is_empty) {
        Ok(plain)
    } else {
        Err(unread("there is more than a value"))
    }
}
