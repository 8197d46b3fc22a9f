//! A store seen through other keys.

use std::fmt;
use std::marker::PhantomData;

use crate::{Entry, Filled, Key, Lease, Lookup, Result, Store};

/// A store whose keys are made from the application's keys. Made by [`StoreExt::keyed`](crate::StoreExt::keyed).
///
/// The function must be injective: two keys that give the same stored key share one entry.
///
/// # When something fails
///
/// Errors of the wrapped store are passed on. A function that panics does so in the caller, and nothing is changed.
pub struct Keyed<S, K, F> {
    inner: S,
    name: F,
    keys: PhantomData<fn(K)>,
}

impl<S, K, F> Keyed<S, K, F>
where
    S: Store,
    K: Key,
    F: Fn(&K) -> S::Key + Send + Sync + 'static,
{
    /// `inner`, with `name` to make its keys.
    pub const fn new(inner: S, name: F) -> Self {
        Self { inner, name, keys: PhantomData }
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    fn names(&self, keys: &[K]) -> Vec<S::Key> {
        keys.iter().map(&self.name).collect()
    }
}

impl<S: fmt::Debug, K, F> fmt::Debug for Keyed<S, K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S, K, F> Store for Keyed<S, K, F>
where
    S: Store,
    K: Key,
    F: Fn(&K) -> S::Key + Send + Sync + 'static,
{
    type Key = K;
    type Value = S::Value;

    async fn get(&self, key: &K) -> Result<Lookup<S::Value>> {
        self.inner.get(&(self.name)(key)).await
    }

    /// Asks the wrapped store only if naming a key is free of allocation for it to know; it isn't, so: ask `get`.
    fn get_now(&self, _key: &K) -> Option<Lookup<S::Value>> {
        None
    }

    async fn lease(&self, key: &K) -> Result<Lease> {
        self.inner.lease(&(self.name)(key)).await
    }

    async fn fill(&self, key: K, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.inner.fill((self.name)(&key), entry, lease).await
    }

    async fn insert(&self, key: K, entry: Entry<S::Value>) -> Result<()> {
        self.inner.insert((self.name)(&key), entry).await
    }

    async fn remove(&self, key: &K) -> Result<bool> {
        self.inner.remove(&(self.name)(key)).await
    }

    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }

    async fn get_many(&self, keys: &[K]) -> Result<Vec<Lookup<S::Value>>> {
        self.inner.get_many(&self.names(keys)).await
    }

    async fn fill_many(&self, entries: Vec<(K, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        let name = |(key, entry, lease)| ((self.name)(&key), entry, lease);
        self.inner.fill_many(entries.into_iter().map(name).collect()).await
    }

    async fn insert_many(&self, entries: Vec<(K, Entry<S::Value>)>) -> Result<()> {
        let name = |(key, entry)| ((self.name)(&key), entry);
        self.inner.insert_many(entries.into_iter().map(name).collect()).await
    }

    async fn remove_many(&self, keys: &[K]) -> Result<usize> {
        self.inner.remove_many(&self.names(keys)).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}
