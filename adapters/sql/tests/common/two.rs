//! Two handles on one store as one: each call goes to the other of them than the call before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use larder_core::{Entry, Filled, Lease, Lookup, Result, Store};

pub(crate) struct Two<S> {
    handles: [S; 2],
    calls: Arc<AtomicUsize>,
}

impl<S> Two<S> {
    pub(crate) const fn new(handles: [S; 2], calls: Arc<AtomicUsize>) -> Self {
        Self { handles, calls }
    }

    fn next(&self) -> &S {
        &self.handles[self.calls.fetch_add(1, Ordering::Relaxed) % 2]
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Two<S> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        self.next().get(key).await
    }
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.next().get_now(key)
    }
    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.next().lease(key).await
    }
    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.next().fill(key, entry, lease).await
    }
    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        self.next().insert(key, entry).await
    }
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.next().remove(key).await
    }
    async fn clear(&self) -> Result<()> {
        self.next().clear().await
    }
    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        self.next().get_many(keys).await
    }
    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        self.next().fill_many(entries).await
    }
    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        self.next().insert_many(entries).await
    }
    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        self.next().remove_many(keys).await
    }
    async fn flush(&self) -> Result<()> {
        self.next().flush().await
    }
    async fn close(&self) -> Result<()> {
        self.handles[0].close().await?;
        self.handles[1].close().await
    }
}
