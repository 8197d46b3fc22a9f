//! A source of truth in a map: `MapOrigin`, a loader and a writer with a log.
//!
//! ```
//! use larder_core::{Change, Env, Loader, Writer};
//! use larder_testkit::MapOrigin;
//!
//! let (_env, manual) = Env::manual();
//! let origin = MapOrigin::from([(1_u64, "one")]);
//! manual.block_on(origin.write(&Change::Put(2, "two"))).unwrap();
//! assert_eq!(origin.get(&2), Some("two"));
//! assert!(origin.log() == [Change::Put(2, "two")]);
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use larder_core::{BoxFuture, Change, Entry, Key, Loader, Result, Value, Writer};

use crate::latch::locked;

/// Rows by key, and every change that came through [`Writer`]. The clones share one map.
pub struct MapOrigin<K, V>(Arc<Mutex<Rows<K, V>>>);

struct Rows<K, V> {
    rows: BTreeMap<K, V>,
    log: Vec<Change<K, V>>,
}

impl<K: Key + Ord, V: Value> MapOrigin<K, V> {
    /// An origin without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// The row of `key`.
    pub fn get(&self, key: &K) -> Option<V> {
        locked(&self.0).rows.get(key).cloned()
    }

    /// Changes a row behind the cache's back. Not logged.
    pub fn put(&self, key: K, value: V) {
        locked(&self.0).rows.insert(key, value);
    }

    /// Deletes a row behind the cache's back. Not logged.
    pub fn delete(&self, key: &K) {
        locked(&self.0).rows.remove(key);
    }

    /// All rows.
    pub fn rows(&self) -> BTreeMap<K, V> {
        locked(&self.0).rows.clone()
    }

    /// The changes that were written, in their order.
    pub fn log(&self) -> Vec<Change<K, V>> {
        locked(&self.0).log.clone()
    }

    fn apply(&self, changes: &[Change<K, V>]) {
        let mut rows = locked(&self.0);
        for change in changes {
            match change {
                Change::Put(key, value) => rows.rows.insert(key.clone(), value.clone()),
                Change::Delete(key) => rows.rows.remove(key),
            };
            rows.log.push(change.clone());
        }
    }
}

impl<K: Key + Ord, V: Value> Loader<K, V> for MapOrigin<K, V> {
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>> {
        Box::pin(async move { Ok(self.get(key).map(Entry::new)) })
    }

    fn load_many<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Option<Entry<V>>>>> {
        Box::pin(async move { Ok(keys.iter().map(|key| self.get(key).map(Entry::new)).collect()) })
    }
}

impl<K: Key + Ord, V: Value> Writer<K, V> for MapOrigin<K, V> {
    fn write<'a>(&'a self, change: &'a Change<K, V>) -> BoxFuture<'a, Result<()>> {
        self.write_many(std::slice::from_ref(change))
    }

    fn write_many<'a>(&'a self, changes: &'a [Change<K, V>]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.apply(changes);
            Ok(())
        })
    }
}

impl<K, V> Clone for MapOrigin<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for MapOrigin<K, V> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Rows { rows: BTreeMap::new(), log: Vec::new() })))
    }
}

impl<K: Key + Ord, V: Value> FromIterator<(K, V)> for MapOrigin<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(rows: I) -> Self {
        let origin = Self::default();
        locked(&origin.0).rows.extend(rows);
        origin
    }
}

impl<K: Key + Ord, V: Value, const N: usize> From<[(K, V); N]> for MapOrigin<K, V> {
    fn from(rows: [(K, V); N]) -> Self {
        rows.into_iter().collect()
    }
}

impl<K, V> fmt::Debug for MapOrigin<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = locked(&self.0);
        f.debug_struct("MapOrigin").field("rows", &rows.rows.len()).field("written", &rows.log.len()).finish()
    }
}
