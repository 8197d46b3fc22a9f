//! Any serde value in the format of msgpack.org: `MessagePack`.

use std::fmt;

use larder_core::{Codec, Context, Error, ErrorKind, Parcel, Result, Value, parcel};
use rmp_serde::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::schema::{Schema, unread};
use crate::shallow::Shallow;

/// Values as [MessagePack](https://msgpack.org), fields by name: for what other languages read too, smaller than JSON.
///
/// Values nested deeper than 128 are not read.
///
/// ```
/// use larder_core::{Codec, Context, Life};
/// use larder_serde::MessagePack;
///
/// let (codec, context) = (MessagePack::<Option<f64>>::new(), Context { key: b"k", life: Life::DEFAULT });
/// let parcel = codec.encode(&Some(f64::INFINITY), &context)?;
/// assert_eq!(parcel.payload().len(), 9);
/// assert_eq!(codec.decode(&parcel, &context)?, Some(f64::INFINITY));
/// # Ok::<(), larder_core::Error>(())
/// ```
pub struct MessagePack<T>(Schema<T>);

impl<T: DeserializeOwned> MessagePack<T> {
    /// The codec of `T`. Looks at the shape of `T` once.
    pub fn new() -> Self {
        Self(Schema::new())
    }

    /// The same codec for another meaning of the same shape: what one version wrote no other reads. Without it: 0.
    pub const fn version(self, version: u64) -> Self {
        Self(self.0.version(version))
    }
}

impl<T: DeserializeOwned> Default for MessagePack<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Value + Serialize + DeserializeOwned> Codec for MessagePack<T> {
    type Plain = T;
    type Encoded = Parcel;

    fn encode(&self, plain: &T, _: &Context<'_>) -> Result<Parcel> {
        let written = rmp_serde::to_vec_named(plain);
        let bytes =
            written.map_err(|error| Error::new(ErrorKind::Codec, "encoding a value").because(error))?;
        Ok(Parcel::new(self.0.label(parcel::codec::MESSAGE_PACK), bytes))
    }

    fn decode(&self, encoded: &Parcel, _: &Context<'_>) -> Result<T> {
        let mut bytes = self.0.payload(encoded, parcel::codec::MESSAGE_PACK)?;
        let length = bytes.len();
        let mut reader = Deserializer::new(&mut bytes);
        let value = T::deserialize(Shallow::new(&mut reader, length));
        let value = value.map_err(|_| unread("its bytes are not of this type"))?;
        if bytes.is_empty() { Ok(value) } else { Err(unread("there is more than a value")) }
    }
}

impl<T> fmt::Debug for MessagePack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MessagePack").field(&self.0).finish()
    }
}
