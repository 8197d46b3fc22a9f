//! Any serde value as postcard's bytes behind the number of its shape: `Postcard`.

use std::fmt;
use std::marker::PhantomData;

use larder_core::{Codec, Context, Error, ErrorKind, Result, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::shape::shape;

/// Values in the [postcard](https://postcard.jamesmunns.com) format, behind the number of their type's shape.
pub struct Postcard<T> {
    shape: u64,
    version: u64,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Postcard<T> {
    /// The codec of `T`. Looks at the shape of `T` once.
    pub fn new() -> Self {
        Self { shape: shape::<T>(), version: 0, of: PhantomData }
    }

    /// The same codec for another meaning of the same shape: what one version wrote no other reads. Without it: 0.
    pub const fn version(mut self, version: u64) -> Self {
        self.version = version;
        self
    }

    /// `plain`, or something that serializes alike.
    pub(crate) fn write(&self, plain: &impl Serialize) -> Result<Vec<u8>> {
        let tag = self.tag().to_vec();
        let written = postcard::to_extend(plain, tag);
        written.map_err(|error| Error::new(ErrorKind::Codec, "encoding a value").because(error))
    }

    pub(crate) fn read(&self, encoded: &[u8]) -> Result<T> {
        let failed = || Error::new(ErrorKind::Codec, "decoding a value");
        let Some(body) = encoded.strip_prefix(&self.tag()) else {
            return Err(failed().because("it is of another type or version"));
        };
        match postcard::take_from_bytes(body) {
            Ok((plain, [])) => Ok(plain),
            Ok(_) => Err(failed().because("there is more than a value")),
            Err(error) => Err(failed().because(error)),
        }
    }

    fn tag(&self) -> [u8; 8] {
        (self.shape ^ self.version.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes()
    }
}

impl<T: DeserializeOwned> Default for Postcard<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Value + Serialize + DeserializeOwned> Codec for Postcard<T> {
    type Plain = T;
    type Encoded = Vec<u8>;

    fn encode(&self, plain: &T, _: &Context<'_>) -> Result<Vec<u8>> {
        self.write(plain)
    }

    fn decode(&self, encoded: &Vec<u8>, _: &Context<'_>) -> Result<T> {
        self.read(encoded)
    }
}

impl<T> fmt::Debug for Postcard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postcard").field("shape", &self.shape).field("version", &self.version).finish()
    }
}
