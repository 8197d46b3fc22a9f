//! A store that several owners share.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use crate::{Entry, Filled, Lease, Lookup, Result, Store};

/// A store with several owners: one is wrapped by others, another is kept to look at its statistics. Made by
/// [`StoreExt::shared`](crate::StoreExt::shared); cloning it costs one reference count.
///
/// (`Arc<S>` itself is not a store: with the trait in scope its methods would hide those of the store's own type.)
#[derive(Debug)]
pub struct Shared<S>(Arc<S>);

impl<S> Shared<S> {
    /// `store`, with its first owner.
    pub fn new(store: S) -> Self {
        Self(Arc::new(store))
    }
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Deref for Shared<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Shared<S> {
    type Key = S::Key;
    type Value = S::Value;

    fn get(&self, key: &S::Key) -> impl Future<Output = Result<Lookup<S::Value>>> + Send {
        self.0.get(key)
    }
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.0.get_now(key)
    }
    fn lease(&self, key: &S::Key) -> impl Future<Output = Result<Lease>> + Send {
        self.0.lease(key)
    }
    fn fill(
        &self,
        key: S::Key,
        entry: Entry<S::Value>,
        lease: Lease,
    ) -> impl Future<Output = Result<Filled>> + Send {
        self.0.fill(key, entry, lease)
    }
    fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> impl Future<Output = Result<()>> + Send {
        self.0.insert(key, entry)
    }
    fn remove(&self, key: &S::Key) -> impl Future<Output = Result<bool>> + Send {
        self.0.remove(key)
    }
    fn clear(&self) -> impl Future<Output = Result<()>> + Send {
        self.0.clear()
    }
    fn get_many(&self, keys: &[S::Key]) -> impl Future<Output = Result<Vec<Lookup<S::Value>>>> + Send {
        self.0.get_many(keys)
    }
    fn fill_many(
        &self,
        entries: Vec<(S::Key, Entry<S::Value>, Lease)>,
    ) -> impl Future<Output = Result<Vec<Filled>>> + Send {
        self.0.fill_many(entries)
    }
    fn insert_many(
        &self,
        entries: Vec<(S::Key, Entry<S::Value>)>,
    ) -> impl Future<Output = Result<()>> + Send {
        self.0.insert_many(entries)
    }
    fn remove_many(&self, keys: &[S::Key]) -> impl Future<Output = Result<usize>> + Send {
        self.0.remove_many(keys)
    }
    fn flush(&self) -> impl Future<Output = Result<()>> + Send {
        self.0.flush()
    }
    fn close(&self) -> impl Future<Output = Result<()>> + Send {
        self.0.close()
    }
}
