//! A dashmap as a store. **It has no bound**: nothing is ever evicted.
//!
//! The map keeps our entries, value and life in one, so it is a `DashMap<K, Entry<V>>`:
//!
//! ```
//! use larder_core::{Leased, StoreExt};
//! use larder_dashmap::Dash;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let names = Leased::new(Dash(dashmap::DashMap::new()));
//! names.put(7_u64, "Ann").await?;
//! assert_eq!(names.value(&7).await?, Some("Ann"));
//! # Ok::<(), larder_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! For keys that are few and known: a table of countries, one entry a tenant. An entry past its deadline is a miss, and
//! keeps its place until it is filled anew, removed, or [pruned](larder_core::Leased::prune); who has many keys with short
//! lives prunes now and then, and who has keys without end takes another engine.

#![forbid(unsafe_code)]

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use dashmap::DashMap;
use larder_core::{Entry, Key, Plain, Result, Time, Value};

/// A `DashMap` of our entries: what [`Leased`](larder_core::Leased) makes a store of.
///
/// # When something fails
///
/// - Memory is not bounded. Where it ends, so does the program.
/// - Who holds a reference into the map (of `DashMap::get`, an iterator) and calls the store on the same thread may wait
///   for himself for ever. The store itself holds none when it returns.
pub struct Dash<K, V, S = RandomState>(pub DashMap<K, Entry<V>, S>);

impl<K: Key, V: Value, S: BuildHasher + Clone + Send + Sync + 'static> Plain for Dash<K, V, S> {
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
        Ok(self.0.remove(key).map(|(_, entry)| entry))
    }

    async fn clear(&self) -> Result<()> {
        self.0.clear();
        Ok(())
    }

    fn get_now(&self, key: &K) -> Option<Option<Entry<V>>> {
        Some(self.0.get(key).map(|found| found.value().clone()))
    }

    fn prune(&self, now: Time) -> usize {
        let mut pruned = 0;
        self.0.retain(|_, entry| {
            let is_usable = entry.life().is_usable(now);
            pruned += usize::from(!is_usable);
            is_usable
        });
        pruned
    }

    fn entries(&self) -> u64 {
        self.0.len() as u64
    }
}

impl<K, V, S> fmt::Debug for Dash<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dash")
    }
}
