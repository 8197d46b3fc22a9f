//! moka's caches as stores: the synchronous one, the one for futures, and a way to tell them how long entries live.
//!
//! The cache keeps our entries, value and life in one, so it is a `Cache<K, Entry<V>>`:
//!
//! ```
//! use std::time::Duration;
//! use larder_core::{Entry, Leased, Store, StoreExt};
//! use larder_moka::{Lives, Moka};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let cache = moka::sync::Cache::builder().max_capacity(10_000).expire_after(Lives::default()).build();
//! let names = Leased::new(Moka(cache));
//! names.insert(7_u64, Entry::new("Ann").ttl(Duration::from_secs(60))).await?;
//! assert_eq!(names.value(&7).await?, Some("Ann"));
//! # Ok::<(), larder_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! | | |
//! |---|---|
//! | [`Moka`] | `moka::sync::Cache` |
//! | [`FutureMoka`] | `moka::future::Cache` |
//! | [`Lives`] | what tells moka when an entry ends, so that it frees the memory |
//!
//! Use [`FutureMoka`] where the application has a `future::Cache`, an asynchronous eviction listener, say; else [`Moka`],
//! which answers hits without waiting.

#![forbid(unsafe_code)]

use std::fmt;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use larder_core::{Clock, Entry, Key, Plain, Result, Time, Value};
use moka::Expiry;

/// A `moka::sync::Cache` of our entries: what [`Leased`](larder_core::Leased) makes a store of.
///
/// # When something fails
///
/// - The cache's own settings hold besides: what it evicts, expires by its `time_to_live` or refuses is a miss.
/// - A weigher or an eviction listener that panics does so as moka has it: a listener is switched off.
/// - `clear` is `invalidate_all`: nothing is seen any more, and what was there leaves with moka's own housekeeping.
#[derive(Clone)]
pub struct Moka<K, V, S = std::hash::RandomState>(pub moka::sync::Cache<K, Entry<V>, S>);

/// A `moka::future::Cache` of our entries: what [`Leased`](larder_core::Leased) makes a store of.
///
/// # When something fails
///
/// As with [`Moka`]. An eviction listener that doesn't end holds up the changes of its key, and a clear.
#[derive(Clone)]
pub struct FutureMoka<K, V, S = std::hash::RandomState>(pub moka::future::Cache<K, Entry<V>, S>);

/// Tells moka how long each entry lives: `Cache::builder().expire_after(Lives::default())`.
///
/// Without it entries past their deadline are misses all the same, but keep their place until they are evicted. Moka's
/// `time_to_live` and `time_to_idle` may be set besides; the earliest ends an entry.
#[derive(Clone, Debug, Default)]
pub struct Lives(Clock);

impl Lives {
    /// Lives by `clock`, which must be that of the store, and tell real time. The default is the
    /// [coarse](Clock::coarse) one, as with a store.
    pub const fn new(clock: Clock) -> Self {
        Self(clock)
    }

    fn left<V>(&self, entry: &Entry<V>) -> Option<Duration> {
        Some(entry.life().usable_until().time()?.since(self.0.now()))
    }
}

impl<K, V> Expiry<K, Entry<V>> for Lives {
    fn expire_after_create(&self, _: &K, entry: &Entry<V>, _: Instant) -> Option<Duration> {
        self.left(entry)
    }

    fn expire_after_update(
        &self,
        _: &K,
        entry: &Entry<V>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.left(entry)
    }
}

impl<K: Key, V: Value, S: BuildHasher + Clone + Send + Sync + 'static> Plain for Moka<K, V, S> {
    type Key = K;
    type Value = V;

    async fn get(&self, key: &K) -> Result<Option<Entry<V>>> {
        Ok(self.0.get(key))
    }

    async fn insert(&self, key: K, entry: Entry<V>) -> Result<()> {
        self.0.insert(key, entry);
        Ok(())
    }

    /// `remove` gives back what `invalidate_all` has let go of, too; `contains_key` knows.
    async fn remove(&self, key: &K) -> Result<Option<Entry<V>>> {
        let is_there = self.0.contains_key(key);
        Ok(self.0.remove(key).filter(|_| is_there))
    }

    async fn clear(&self) -> Result<()> {
        next_moment();
        self.0.invalidate_all();
        Ok(())
    }

    fn get_now(&self, key: &K) -> Option<Option<Entry<V>>> {
        Some(self.0.get(key))
    }

    /// Lets moka do its housekeeping. How many left is not told: 0.
    fn prune(&self, _: Time) -> usize {
        self.0.run_pending_tasks();
        0
    }

    /// As moka counts: behind by what its housekeeping has not seen.
    fn entries(&self) -> u64 {
        self.0.entry_count()
    }
}

impl<K: Key, V: Value, S: BuildHasher + Clone + Send + Sync + 'static> Plain for FutureMoka<K, V, S> {
    type Key = K;
    type Value = V;

    async fn get(&self, key: &K) -> Result<Option<Entry<V>>> {
        Ok(self.0.get(key).await)
    }

    async fn insert(&self, key: K, entry: Entry<V>) -> Result<()> {
        self.0.insert(key, entry).await;
        Ok(())
    }

    /// `remove` gives back what `invalidate_all` has let go of, too; `contains_key` knows.
    async fn remove(&self, key: &K) -> Result<Option<Entry<V>>> {
        let is_there = self.0.contains_key(key);
        Ok(self.0.remove(key).await.filter(|_| is_there))
    }

    async fn clear(&self) -> Result<()> {
        next_moment();
        self.0.invalidate_all();
        Ok(())
    }

    /// As moka counts: behind by what its housekeeping has not seen.
    fn entries(&self) -> u64 {
        self.0.entry_count()
    }
}

/// Waits for the clock's next tick, a few nanoseconds: `invalidate_all` spares what came in at the very same moment.
fn next_moment() {
    let last = Instant::now();
    while Instant::now() <= last {
        std::hint::spin_loop();
    }
}

impl<K, V, S> fmt::Debug for Moka<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Moka")
    }
}

impl<K, V, S> fmt::Debug for FutureMoka<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FutureMoka")
    }
}
