//! The same origin with bodies as values of the application.

use std::fmt;

use larder_core::{BoxFuture, Entry, Key, Loader, Result, Value};

use crate::response::Response;

/// An HTTP origin whose answers are decoded. Made by [`HttpOrigin::decoded`](crate::HttpOrigin::decoded).
///
/// # When something fails
///
/// As [`HttpOrigin`](crate::HttpOrigin); and for an answer that can't be decoded the error is the decoder's.
pub struct Decoded<O, F> {
    origin: O,
    decode: F,
}

impl<O, F> Decoded<O, F> {
    pub(crate) const fn new(origin: O, decode: F) -> Self {
        Self { origin, decode }
    }

    /// The origin.
    pub const fn origin(&self) -> &O {
        &self.origin
    }

    fn decode<V>(&self, loaded: Option<Entry<Response>>) -> Result<Option<Entry<V>>>
    where
        F: Fn(&Response) -> Result<V>,
    {
        let Some((response, life)) = loaded.map(Entry::into_parts) else { return Ok(None) };
        Ok(Some(Entry::with_life((self.decode)(&response)?, life)))
    }
}

impl<K, V, O, F> Loader<K, V> for Decoded<O, F>
where
    K: Key,
    V: Value,
    O: Loader<K, Response>,
    F: Fn(&Response) -> Result<V> + Send + Sync + 'static,
{
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>> {
        Box::pin(async move { self.decode(self.origin.load(key).await?) })
    }

    fn load_many<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Option<Entry<V>>>>> {
        Box::pin(async move {
            let loaded = self.origin.load_many(keys).await?;
            loaded.into_iter().map(|loaded| self.decode(loaded)).collect()
        })
    }
}

impl<O: fmt::Debug, F> fmt::Debug for Decoded<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded").field("origin", &self.origin).finish_non_exhaustive()
    }
}
