//! Any serde value as JSON: `Json`.

use std::fmt;

use larder_core::{Codec, Context, Error, ErrorKind, Parcel, Result, Value, parcel};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::schema::{Schema, unread};

/// Values as [JSON](https://www.rfc-editor.org/rfc/rfc8259): for those who want to read what is stored.
///
/// JSON has no form for `NaN` and the infinities: they are written as `null`, which most types don't read again. Keys of
/// maps must be strings or numbers. Values nested deeper than 128 are not read.
///
/// ```
/// use larder_core::{Codec, Context, Life};
/// use larder_serde::Json;
///
/// let (codec, context) = (Json::<Vec<u8>>::new(), Context { key: b"k", life: Life::DEFAULT });
/// let parcel = codec.encode(&vec![1, 2], &context)?;
/// assert_eq!(parcel.payload(), b"[1,2]");
/// assert_eq!(codec.decode(&parcel, &context)?, [1, 2]);
/// # Ok::<(), larder_core::Error>(())
/// ```
pub struct Json<T>(Schema<T>);

impl<T: DeserializeOwned> Json<T> {
    /// The codec of `T`. Looks at the shape of `T` once.
    pub fn new() -> Self {
        Self(Schema::new())
    }

    /// The same codec for another meaning of the same shape: what one version wrote no other reads. Without it: 0.
    pub const fn version(self, version: u64) -> Self {
        Self(self.0.version(version))
    }
}

impl<T: DeserializeOwned> Default for Json<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Value + Serialize + DeserializeOwned> Codec for Json<T> {
    type Plain = T;
    type Encoded = Parcel;

    fn encode(&self, plain: &T, _: &Context<'_>) -> Result<Parcel> {
        let written = serde_json::to_vec(plain);
        let bytes =
            written.map_err(|error| Error::new(ErrorKind::Codec, "encoding a value").because(error))?;
        Ok(Parcel::new(self.0.label(parcel::codec::JSON), bytes))
    }

    fn decode(&self, encoded: &Parcel, _: &Context<'_>) -> Result<T> {
        let bytes = self.0.payload(encoded, parcel::codec::JSON)?;
        serde_json::from_slice(bytes).map_err(|error| {
            unread(if error.is_eof() { "its JSON is cut short" } else { "its JSON is not of this type" })
        })
    }
}

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Json").field(&self.0).finish()
    }
}
