//! A change at the origin as bytes, for the journal of a durable queue: `PostcardChange`.

use std::fmt;

use larder_core::{Change, Codec, Context, Key, Result, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::postcard::{read, write};
use crate::schema::{Schema, unread};

/// Changes of any key and value that serde knows, in the format of [`Postcard`](crate::Postcard) behind the number of
/// their type.
///
/// ```
/// use larder_core::{Change, Codec, Context, Life};
/// use larder_serde::PostcardChange;
///
/// let codec = PostcardChange::<u64, String>::new();
/// let context = Context { key: b"", life: Life::DEFAULT };
/// let bytes = codec.encode(&Change::Put(7, "seven".into()), &context)?;
/// assert_eq!(codec.decode(&bytes, &context)?, Change::Put(7, "seven".into()));
/// # Ok::<(), larder_core::Error>(())
/// ```
///
/// For a journal that others may read or write, put codecs of parcels behind it, and
/// [`Enveloped`](larder_core::Enveloped) last: `PostcardChange::new().then(Raw).then(seal).then(Enveloped)`.
pub struct PostcardChange<K, V>(Schema<(K, Option<V>)>);

impl<K: DeserializeOwned, V: DeserializeOwned> PostcardChange<K, V> {
    /// The codec of changes of `K` and `V`.
    pub fn new() -> Self {
        Self(Schema::new())
    }

    /// As [`Postcard::version`](crate::Postcard::version).
    pub const fn version(self, version: u64) -> Self {
        Self(self.0.version(version))
    }
}

impl<K: DeserializeOwned, V: DeserializeOwned> Default for PostcardChange<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> Codec for PostcardChange<K, V>
where
    K: Key + Serialize + DeserializeOwned,
    V: Value + Serialize + DeserializeOwned,
{
    type Plain = Change<K, V>;
    type Encoded = Vec<u8>;

    fn encode(&self, plain: &Change<K, V>, _: &Context<'_>) -> Result<Vec<u8>> {
        write(&(plain.key(), plain.value()), self.0.number().to_le_bytes().to_vec())
    }

    fn decode(&self, encoded: &Vec<u8>, _: &Context<'_>) -> Result<Change<K, V>> {
        let Some(body) = encoded.strip_prefix(&self.0.number().to_le_bytes()) else {
            return Err(unread("it is of another type or version"));
        };
        Ok(match read(body)? {
            (key, Some(value)) => Change::Put(key, value),
            (key, None) => Change::Delete(key),
        })
    }
}

impl<K, V> fmt::Debug for PostcardChange<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostcardChange").field(&self.0).finish()
    }
}
