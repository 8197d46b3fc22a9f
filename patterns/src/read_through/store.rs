//! Read-through under the contract of a store: look-ups load, writes detach the loads of what they write.

use larder_core::{Entry, Filled, Lease, Loader, Lookup, Result, Store};

use super::ReadThrough;
use crate::hits::hit_now;

#[deny(clippy::missing_trait_methods)]
impl<S: Store, L: Loader<S::Key, S::Value>> Store for ReadThrough<S, L> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        if let Some(hit) = self.get_now(key) {
            return Ok(hit);
        }
        self.get_waiting(key).await
    }

    /// Answers with a hit only: a miss has to be loaded.
    #[inline]
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        hit_now(&self.parts.inner, key)
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.parts.inner.lease(key).await
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.parts.inner.fill(key, entry, lease).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        let _detaching = self.flights.detaching(&key);
        self.parts.inner.insert(key, entry).await
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        let _detaching = self.flights.detaching(key);
        self.parts.inner.remove(key).await
    }

    async fn clear(&self) -> Result<()> {
        let _detaching = self.flights.detaching_all();
        self.parts.inner.clear().await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        let seen = self.flights.seen();
        let found = self.parts.inner.get_many(keys).await?;
        if found.iter().all(Lookup::is_hit) {
            return Ok(found);
        }
        Box::pin(self.load_many(keys, found, seen)).await
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        self.parts.inner.fill_many(entries).await
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        let _detaching = self.flights.detaching_many(entries.iter().map(|(key, _)| key));
        self.parts.inner.insert_many(entries).await
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        let _detaching = self.flights.detaching_many(keys.iter());
        self.parts.inner.remove_many(keys).await
    }

    async fn flush(&self) -> Result<()> {
        self.parts.inner.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.parts.inner.close().await
    }
}
