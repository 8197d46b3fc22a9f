//! A whole tower of stores behind one name: `DynStore`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Entry, Filled, Key, Lease, Lookup, Result, Store, Value};

/// A future behind a pointer, for traits that must be usable as `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Any store of these keys and values, erased once and cloned freely (one reference count).
///
/// A hit answered from memory stays free of boxes even through it, because it forwards
/// [`get_now`](Store::get_now); only what has to wait is boxed.
///
/// ```
/// # use larder_core::{DynStore, Memory, Store, StoreExt};
/// # use larder_policies::Lru;
/// let store: DynStore<u64, String> = Memory::new(100, Lru::new).into_dyn();
/// let same = store.clone();
/// # drop(same);
/// ```
pub struct DynStore<K, V>(Arc<dyn StoreDyn<K, V>>);

impl<K: Key, V: Value> DynStore<K, V> {
    /// Erases `store`.
    pub fn new(store: impl Store<Key = K, Value = V>) -> Self {
        Self(Arc::new(store))
    }
}

impl<K, V> Clone for DynStore<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> fmt::Debug for DynStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DynStore")
    }
}

/// The erased twin of [`Store`], method by method.
trait StoreDyn<K, V>: Send + Sync {
    fn get_dyn<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Lookup<V>>>;
    fn get_now_dyn(&self, key: &K) -> Option<Lookup<V>>;
    fn lease_dyn<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Lease>>;
    fn fill_dyn(&self, key: K, entry: Entry<V>, lease: Lease) -> BoxFuture<'_, Result<Filled>>;
    fn insert_dyn(&self, key: K, entry: Entry<V>) -> BoxFuture<'_, Result<()>>;
    fn remove_dyn<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<bool>>;
    fn clear_dyn(&self) -> BoxFuture<'_, Result<()>>;
    fn get_many_dyn<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Lookup<V>>>>;
    fn fill_many_dyn(&self, entries: Vec<(K, Entry<V>, Lease)>) -> BoxFuture<'_, Result<Vec<Filled>>>;
    fn insert_many_dyn(&self, entries: Vec<(K, Entry<V>)>) -> BoxFuture<'_, Result<()>>;
    fn remove_many_dyn<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<usize>>;
    fn flush_dyn(&self) -> BoxFuture<'_, Result<()>>;
    fn close_dyn(&self) -> BoxFuture<'_, Result<()>>;
}

impl<S: Store> StoreDyn<S::Key, S::Value> for S {
    fn get_dyn<'a>(&'a self, key: &'a S::Key) -> BoxFuture<'a, Result<Lookup<S::Value>>> {
        Box::pin(self.get(key))
    }
    fn get_now_dyn(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.get_now(key)
    }
    fn lease_dyn<'a>(&'a self, key: &'a S::Key) -> BoxFuture<'a, Result<Lease>> {
        Box::pin(self.lease(key))
    }
    fn fill_dyn(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> BoxFuture<'_, Result<Filled>> {
        Box::pin(self.fill(key, entry, lease))
    }
    fn insert_dyn(&self, key: S::Key, entry: Entry<S::Value>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.insert(key, entry))
    }
    fn remove_dyn<'a>(&'a self, key: &'a S::Key) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.remove(key))
    }
    fn clear_dyn(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.clear())
    }
    fn get_many_dyn<'a>(&'a self, keys: &'a [S::Key]) -> BoxFuture<'a, Result<Vec<Lookup<S::Value>>>> {
        Box::pin(self.get_many(keys))
    }
    fn fill_many_dyn(
        &self,
        entries: Vec<(S::Key, Entry<S::Value>, Lease)>,
    ) -> BoxFuture<'_, Result<Vec<Filled>>> {
        Box::pin(self.fill_many(entries))
    }
    fn insert_many_dyn(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.insert_many(entries))
    }
    fn remove_many_dyn<'a>(&'a self, keys: &'a [S::Key]) -> BoxFuture<'a, Result<usize>> {
        Box::pin(self.remove_many(keys))
    }
    fn flush_dyn(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.flush())
    }
    fn close_dyn(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.close())
    }
}

#[deny(clippy::missing_trait_methods)]
impl<K: Key, V: Value> Store for DynStore<K, V> {
    type Key = K;
    type Value = V;

    async fn get(&self, key: &K) -> Result<Lookup<V>> {
        if let Some(Lookup::Hit(entry)) = self.0.get_now_dyn(key) {
            return Ok(Lookup::Hit(entry));
        }
        self.0.get_dyn(key).await
    }
    fn get_now(&self, key: &K) -> Option<Lookup<V>> {
        self.0.get_now_dyn(key)
    }
    async fn lease(&self, key: &K) -> Result<Lease> {
        self.0.lease_dyn(key).await
    }
    async fn fill(&self, key: K, entry: Entry<V>, lease: Lease) -> Result<Filled> {
        self.0.fill_dyn(key, entry, lease).await
    }
    async fn insert(&self, key: K, entry: Entry<V>) -> Result<()> {
        self.0.insert_dyn(key, entry).await
    }
    async fn remove(&self, key: &K) -> Result<bool> {
        self.0.remove_dyn(key).await
    }
    async fn clear(&self) -> Result<()> {
        self.0.clear_dyn().await
    }
    async fn get_many(&self, keys: &[K]) -> Result<Vec<Lookup<V>>> {
        self.0.get_many_dyn(keys).await
    }
    async fn fill_many(&self, entries: Vec<(K, Entry<V>, Lease)>) -> Result<Vec<Filled>> {
        self.0.fill_many_dyn(entries).await
    }
    async fn insert_many(&self, entries: Vec<(K, Entry<V>)>) -> Result<()> {
        self.0.insert_many_dyn(entries).await
    }
    async fn remove_many(&self, keys: &[K]) -> Result<usize> {
        self.0.remove_many_dyn(keys).await
    }
    async fn flush(&self) -> Result<()> {
        self.0.flush_dyn().await
    }
    async fn close(&self) -> Result<()> {
        self.0.close_dyn().await
    }
}
