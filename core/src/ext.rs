//! The comforts that every store has: `StoreExt`.

use std::future::Future;

use crate::{Codec, DynStore, Encoded, Entry, Key, Keyed, Lookup, Result, Shared, Store};

/// What every store can do by way of what it must do.
pub trait StoreExt: Store + Sized {
    /// The value of `key`, if the store has it.
    fn value(&self, key: &Self::Key) -> impl Future<Output = Result<Option<Self::Value>>> + Send {
        async move { self.get(key).await.map(Lookup::value) }
    }

    /// Whether the store has a usable entry for `key`. As dear as a `get`, and counted as one.
    fn contains(&self, key: &Self::Key) -> impl Future<Output = Result<bool>> + Send {
        async move { Ok(self.get(key).await?.is_hit()) }
    }

    /// Writes a value that lives as long as the store's default.
    fn put(&self, key: Self::Key, value: Self::Value) -> impl Future<Output = Result<()>> + Send {
        self.insert(key, Entry::new(value))
    }

    /// The same store with values in another form: serialized, compressed, sealed.
    fn encode<C>(self, codec: C) -> Encoded<Self, C>
    where
        Self: Store<Key: AsRef<[u8]>, Value = C::Encoded>,
        C: Codec,
    {
        Encoded::new(self, codec)
    }

    /// The same store with other keys, from which `name` makes the store's own.
    fn keyed<K, F>(self, name: F) -> Keyed<Self, K, F>
    where
        K: Key,
        F: Fn(&K) -> Self::Key + Send + Sync + 'static,
    {
        Keyed::new(self, name)
    }

    /// The same store with several owners.
    fn shared(self) -> Shared<Self> {
        Shared::new(self)
    }

    /// The whole tower of stores behind one name that can be cloned.
    fn into_dyn(self) -> DynStore<Self::Key, Self::Value> {
        DynStore::new(self)
    }
}

impl<S: Store> StoreExt for S {}
