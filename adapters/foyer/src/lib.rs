//! foyer's in-memory cache as a store.
//!
//! The cache keeps our entries, value and life in one, so it is a `Cache<K, Entry<V>>` (`foyer::Cache` and
//! `foyer_memory::Cache` are one type):
//!
//! ```
//! use larder_core::{Leased, StoreExt};
//! use larder_foyer::Foyer;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let names = Leased::new(Foyer(foyer_memory::CacheBuilder::new(10_000).build()));
//! names.put(7_u64, "Ann").await?;
//! assert_eq!(names.value(&7).await?, Some("Ann"));
//! # Ok::<(), larder_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! foyer's memory knows nothing of time, and can't be looked through: an entry past its deadline is a miss, and keeps its
//! place until it is filled anew, removed or evicted.

#![forbid(unsafe_code)]

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use foyer_memory::{Cache, CacheProperties};
use larder_core::{Entry, Key, Plain, Result, Value};

/// A `foyer::Cache` of our entries: what [`Leased`](larder_core::Leased) makes a store of.
///
/// # When something fails
///
/// - What the cache evicts, or its filter refuses, is a miss.
/// - A weighter, filter or listener that panics does so in the caller, as foyer has it.
/// - `fetch` calls under way on the same cache are none of ours: they install what they like.
pub struct Foyer<K, V, S = RandomState>(pub Cache<K, Entry<V>, S, CacheProperties>)
where
    K: Key,
    V: Value,
    S: BuildHasher + Send + Sync + 'static + fmt::Debug;

impl<K, V, S> Plain for Foyer<K, V, S>
where
    K: Key,
    V: Value,
    S: BuildHasher + Send + Sync + 'static + fmt::Debug,
{
    type Key = K;
    type Value = V;

    async fn get(&self, key: &K) -> Result<Option<Entry<V>>> {
        Ok(self.0.get(key).map(|found| found.value().clone()))
    }

    async fn insert(&self, key: K, entry: Entry<V>) -> Result<()> {
        self.0.insert(key, entry);
        Ok(())
    }

    async fn remove(&self, key: &K) -> Result<Option<Entry<V>>> {
        Ok(self.0.remove(key).map(|removed| removed.value().clone()))
    }

    async fn clear(&self) -> Result<()> {
        self.0.clear();
        Ok(())
    }

    fn get_now(&self, key: &K) -> Option<Option<Entry<V>>> {
        Some(self.0.get(key).map(|found| found.value().clone()))
    }

    fn entries(&self) -> u64 {
        self.0.entries() as u64
    }
}

impl<K, V, S> fmt::Debug for Foyer<K, V, S>
where
    K: Key,
    V: Value,
    S: BuildHasher + Send + Sync + 'static + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Foyer")
    }
}
