//! `quick_cache` as a store.
//!
//! The cache keeps our entries, value and life in one, so it is a `Cache<K, Entry<V>>`:
//!
//! ```
//! use larder_core::{Leased, StoreExt};
//! use larder_quick_cache::QuickCache;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let names = Leased::new(QuickCache(quick_cache::sync::Cache::new(10_000)));
//! names.put(7_u64, "Ann").await?;
//! assert_eq!(names.value(&7).await?, Some("Ann"));
//! # Ok::<(), larder_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! `quick_cache` knows nothing of time: an entry past its deadline is a miss, and keeps its place until it is filled anew,
//! evicted, or [pruned](larder_core::Leased::prune).

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::hash::BuildHasher;

use larder_core::{Entry, Key, Plain, Result, Time, Value};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Lifecycle, UnitWeighter, Weighter};

/// A `quick_cache::sync::Cache` of our entries: what [`Leased`](larder_core::Leased) makes a store of.
///
/// # When something fails
///
/// - What the cache evicts, or finds too heavy to take in, is a miss; pinned entries expire as others do.
/// - A weighter or a lifecycle that panics does so in the caller, as `quick_cache` has it.
pub struct QuickCache<K, V, We = UnitWeighter, B = DefaultHashBuilder, L = DefaultLifecycle<K, Entry<V>>>(
    pub Cache<K, Entry<V>, We, B, L>,
);

impl<K, V, We, B, L> Plain for QuickCache<K, V, We, B, L>
where
    K: Key,
    V: Value,
    We: Weighter<K, Entry<V>> + Clone + Send + Sync + 'static,
    B: BuildHasher + Clone + Send + Sync + 'static,
    L: Lifecycle<K, Entry<V>> + Clone + Send + Sync + 'static,
{
    type Key = K;
    type Value = V;

    async fn get(&self, key: &K) -> Result<Option<Entry<V>>> {
        Ok(self.0.get(key))
    }

    async fn insert(&self, key: K, entry: Entry<V>) -> Result<()> {
        self.0.insert(key, entry);
        Ok(())
    }

    async fn remove(&self, key: &K) -> Result<Option<Entry<V>>> {
        Ok(self.0.remove(key).map(|(_, entry)| entry))
    }

    async fn clear(&self) -> Result<()> {
        self.0.clear();
        Ok(())
    }

    fn get_now(&self, key: &K) -> Option<Option<Entry<V>>> {
        Some(self.0.get(key))
    }

    fn prune(&self, now: Time) -> usize {
        let pruned = Cell::new(0);
        self.0.retain(|_, entry| {
            let is_usable = entry.life().is_usable(now);
            pruned.set(pruned.get() + usize::from(!is_usable));
            is_usable
        });
        pruned.get()
    }

    fn entries(&self) -> u64 {
        self.0.len() as u64
    }
}

impl<K, V, We, B, L> fmt::Debug for QuickCache<K, V, We, B, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuickCache")
    }
}
