//! How often the origin was asked: `CountingLoader` and `CountingWriter`.
//!
//! ```
//! use larder_core::{Env, Loader};
//! use larder_testkit::CountingLoader;
//!
//! let (_env, manual) = Env::manual();
//! let loader = CountingLoader::new(|id: u64| async move { Ok(Some(id * 10)) });
//! let loaded = manual.block_on(loader.load(&7)).unwrap().unwrap();
//! assert_eq!(*loaded.value(), 70);
//! assert_eq!((loader.counts().calls(), loader.counts().of(&7)), (1, 1));
//! ```

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use larder_core::{BoxFuture, Change, Entry, Key, Loader, Result, Value, Writer};

use crate::latch::locked;

/// A loader around a loader that counts. The clones share their counts.
pub struct CountingLoader<K, L> {
    inner: Arc<L>,
    counts: Counts<K>,
}

impl<K: Key, L> CountingLoader<K, L> {
    /// Counts the calls of `inner`: a closure, a [`MapOrigin`](crate::MapOrigin), any loader.
    pub fn new(inner: L) -> Self {
        Self { inner: Arc::new(inner), counts: Counts::default() }
    }

    /// The wrapped loader.
    pub fn inner(&self) -> &L {
        &self.inner
    }

    /// What was counted so far, and goes on being counted.
    pub const fn counts(&self) -> &Counts<K> {
        &self.counts
    }
}

impl<K: Key, V: Value, L: Loader<K, V>> Loader<K, V> for CountingLoader<K, L> {
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>> {
        Box::pin(async move {
            let _call = self.counts.call(std::iter::once(key));
            self.inner.load(key).await
        })
    }

    fn load_many<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Option<Entry<V>>>>> {
        Box::pin(async move {
            let _call = self.counts.call(keys.iter());
            self.inner.load_many(keys).await
        })
    }
}

impl<K, L> Clone for CountingLoader<K, L> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), counts: self.counts.clone() }
    }
}

impl<K, L> fmt::Debug for CountingLoader<K, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountingLoader").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// A writer around a writer that counts. The clones share their counts.
pub struct CountingWriter<K, W> {
    inner: Arc<W>,
    counts: Counts<K>,
}

impl<K: Key, W> CountingWriter<K, W> {
    /// Counts the calls of `inner`: a closure, a [`MapOrigin`](crate::MapOrigin), any writer.
    pub fn new(inner: W) -> Self {
        Self { inner: Arc::new(inner), counts: Counts::default() }
    }

    /// The wrapped writer.
    pub fn inner(&self) -> &W {
        &self.inner
    }

    /// What was counted so far, and goes on being counted.
    pub const fn counts(&self) -> &Counts<K> {
        &self.counts
    }
}

impl<K: Key, V: Value, W: Writer<K, V>> Writer<K, V> for CountingWriter<K, W> {
    fn write<'a>(&'a self, change: &'a Change<K, V>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let _call = self.counts.call(std::iter::once(change.key()));
            self.inner.write(change).await
        })
    }

    fn write_many<'a>(&'a self, changes: &'a [Change<K, V>]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let _call = self.counts.call(changes.iter().map(Change::key));
            self.inner.write_many(changes).await
        })
    }
}

impl<K, W> Clone for CountingWriter<K, W> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), counts: self.counts.clone() }
    }
}

impl<K, W> fmt::Debug for CountingWriter<K, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountingWriter").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// Calls, keys and how many calls ran at once. The clones share what they count.
pub struct Counts<K>(Arc<Mutex<Tally<K>>>);

struct Tally<K> {
    keys: HashMap<K, usize>,
    batches: Vec<usize>,
    in_flight: usize,
    most_in_flight: usize,
}

impl<K: Eq + Hash + Clone> Counts<K> {
    /// How many calls there were; a batch is one.
    pub fn calls(&self) -> usize {
        locked(&self.0).batches.len()
    }

    /// How many keys they were about in all.
    pub fn keys(&self) -> usize {
        locked(&self.0).batches.iter().sum()
    }

    /// How often they were about `key`.
    pub fn of(&self, key: &K) -> usize {
        locked(&self.0).keys.get(key).copied().unwrap_or(0)
    }

    /// How many keys each call was about, in the order of the calls; a single one counts 1.
    pub fn batches(&self) -> Vec<usize> {
        locked(&self.0).batches.clone()
    }

    /// How many calls run now.
    pub fn in_flight(&self) -> usize {
        locked(&self.0).in_flight
    }

    /// The most calls that ever ran at once.
    pub fn most_in_flight(&self) -> usize {
        locked(&self.0).most_in_flight
    }

    fn call<'a>(&self, keys: impl Iterator<Item = &'a K>) -> InFlight<K>
    where
        K: 'a,
    {
        let mut tally = locked(&self.0);
        let mut batch = 0;
        for key in keys {
            *tally.keys.entry(key.clone()).or_insert(0) += 1;
            batch += 1;
        }
        tally.batches.push(batch);
        tally.in_flight += 1;
        tally.most_in_flight = tally.most_in_flight.max(tally.in_flight);
        InFlight(self.clone())
    }
}

impl<K> Clone for Counts<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        let tally = Tally { keys: HashMap::new(), batches: Vec::new(), in_flight: 0, most_in_flight: 0 };
        Self(Arc::new(Mutex::new(tally)))
    }
}

impl<K> fmt::Debug for Counts<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = locked(&self.0);
        f.debug_struct("Counts")
            .field("calls", &tally.batches.len())
            .field("in_flight", &tally.in_flight)
            .finish_non_exhaustive()
    }
}

/// A call that is running: until it ends, is dropped or panics.
struct InFlight<K>(Counts<K>);

impl<K> Drop for InFlight<K> {
    fn drop(&mut self) {
        locked(&self.0.0).in_flight -= 1;
    }
}
