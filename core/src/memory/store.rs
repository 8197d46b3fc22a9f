//! The memory engine as a store.

use super::engine::Memory;
use super::shard::Miss;
use crate::{Entry, EvictionPolicy, Filled, Key, Lease, Lookup, Result, Store, Value};

impl<K: Key, V: Value, P: EvictionPolicy> Store for Memory<K, V, P> {
    type Key = K;
    type Value = V;

    async fn get(&self, key: &K) -> Result<Lookup<V>> {
        Ok(self.lookup(key))
    }

    /// Always answers.
    fn get_now(&self, key: &K) -> Option<Lookup<V>> {
        Some(self.look_up(key, Miss::Leases))
    }

    async fn lease(&self, key: &K) -> Result<Lease> {
        Ok(self.lease_now(key))
    }

    async fn fill(&self, key: K, entry: Entry<V>, lease: Lease) -> Result<Filled> {
        Ok(self.fill_now(key, entry, lease))
    }

    async fn insert(&self, key: K, entry: Entry<V>) -> Result<()> {
        self.insert_entry(key, entry);
        Ok(())
    }

    async fn remove(&self, key: &K) -> Result<bool> {
        Ok(Self::remove(self, key).is_some())
    }

    async fn clear(&self) -> Result<()> {
        Self::clear(self);
        Ok(())
    }

    async fn get_many(&self, keys: &[K]) -> Result<Vec<Lookup<V>>> {
        Ok(self.lookup_many(keys))
    }
}
