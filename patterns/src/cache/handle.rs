//! The handle: what a cache does that doesn't load.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder_core::{Entry, Env, EvictionPolicy, Key, Memory, Stats, Value};

use super::monitor::Monitor;
use super::registry;
use crate::flight::{Flights, reentrance};
use crate::loads::Loads;

/// A cache in memory. Cloning it costs one reference count; the clones are the same cache.
///
/// ```
/// use std::time::Duration;
/// use larder_patterns::Cache;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let users = Cache::builder().capacity(10_000).ttl(Duration::from_secs(60)).build()?;
/// users.insert("ada".to_owned(), 36);
/// assert_eq!(users.get("ada"), Some(36));
///
/// let age = users.get_or_load("grace", || async { Ok(85) }).await?; // one load for all who ask at once
/// assert_eq!((age, users.stats().hit_rate()), (85, 0.5));
/// # Ok::<(), larder_core::Error>(())
/// # }).unwrap();
/// ```
///
/// What doesn't wait is not `async`: only loading and stopping are. An entry that should live longer or shorter than the
/// default says so itself: `users.insert_entry(key, Entry::new(value).ttl(minute))`, or `.never_expires()`.
///
/// # When something fails
///
/// - A load fails, panics or takes longer than its [deadline](super::CacheBuilder::load_deadline): all who wait at that moment get the
///   error, nothing is cached, and the next to ask loads anew.
/// - A load asks for a key that waits for it: [`Reentrant`](larder_core::ErrorKind::Reentrant), not a dead lock.
/// - A write comes while its key is loaded: the write stays, and who waits gets what was loaded.
/// - The cache was [stopped](Self::stop): look-ups find nothing, writes do nothing, loads are
///   [`Closed`](larder_core::ErrorKind::Closed).
/// - A listener, weigher or event handler panics: nobody else notices; [`Stats::panics`] counts those of the engine.
pub struct Cache<K: Key, V: Value>(pub(super) Arc<Shared<K, V>>);

pub(super) struct Shared<K: Key, V: Value> {
    pub(super) memory: Memory<K, V, Box<dyn EvictionPolicy>>,
    pub(super) flights: Flights<K, V>,
    pub(super) loads: Loads,
    pub(super) env: Env,
    pub(super) load_deadline: Option<Duration>,
    pub(super) name: Option<Arc<str>>,
    pub(super) stopped: AtomicBool,
    pub(super) monitor: Monitor,
}

impl<K: Key, V: Value> Cache<K, V> {
    /// The running cache of this name, keys and values.
    pub fn find(name: &str) -> Option<Self> {
        registry::find(name).map(Self)
    }

    /// The name under which it can be found.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Whether it has not been stopped.
    pub fn is_running(&self) -> bool {
        !self.0.stopped.load(Ordering::Acquire)
    }

    /// Stops it: frees its name, turns further use away, waits for the loads under way, and lets go of all entries.
    ///
    /// Called from within a load, it doesn't wait. Called again, it only waits.
    pub async fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        if let Some(name) = &self.0.name {
            registry::forget(name, &self.0);
        }
        if !reentrance::is_inside_load() {
            self.0.flights.idle().await;
        }
        self.0.memory.clear();
    }

    /// The value of `key`, if there is a usable entry. Counts as a hit or a miss.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.is_running() { self.0.memory.get(key) } else { None }
    }

    /// The same with the entry's life.
    pub fn get_entry<Q>(&self, key: &Q) -> Option<Entry<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.is_running() { self.0.memory.get_entry(key) } else { None }
    }

    /// Whether there is a usable entry. Counts nothing, and is no use of it.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.is_running() && self.0.memory.contains(key)
    }

    /// Stores a value that lives as long as the cache's default.
    pub fn insert(&self, key: K, value: V) {
        self.insert_entry(key, Entry::new(value));
    }

    /// Stores a value with a life of its own.
    pub fn insert_entry(&self, key: K, entry: Entry<V>) {
        if self.is_running() {
            let _detaching = self.0.flights.detaching(&key);
            self.0.memory.insert_entry(key, entry);
        }
    }

    /// Removes the entry. Whether there was a usable one.
    pub fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let _detaching = self.0.flights.detaching(key);
        self.0.memory.remove(key).is_some()
    }

    /// Removes the entries whose keys `which` names. How many there were. O(n). A load under way of such a key is not
    /// kept.
    pub fn remove_if(&self, which: impl Fn(&K) -> bool) -> usize {
        let before = self.remove_loading(&which);
        let present = self.0.memory.retain(|key, _| !which(key));
        before + present + self.remove_loading(&which)
    }

    /// Voids the leases of the loads under way, and detaches them.
    fn remove_loading(&self, which: impl Fn(&K) -> bool) -> usize {
        self.0.flights.keys().into_iter().filter(|key| which(key) && self.remove(key)).count()
    }

    /// Removes everything, and counts from zero again.
    pub fn clear(&self) {
        let _detaching = self.0.flights.detaching_all();
        self.0.memory.clear();
        self.0.memory.reset_stats();
        self.0.loads.reset();
    }

    /// How many usable entries there are.
    pub fn len(&self) -> usize {
        self.0.memory.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys of the usable entries, in no order. O(n).
    pub fn keys(&self) -> Vec<K> {
        self.0.memory.keys()
    }

    /// What it did so far, loads included. Prunes, so that expired entries don't count as present.
    pub fn stats(&self) -> Stats {
        self.0.memory.prune();
        self.0.stats()
    }

    /// Removes expired entries now; they would leave by themselves when room is needed. How many. Readers go on meanwhile.
    pub fn prune(&self) -> usize {
        self.0.memory.prune()
    }

    /// Compares the statistics with the thresholds set on the builder, and reports what was crossed since the last check.
    pub fn check(&self) {
        self.0.check();
    }
}

impl<K: Key, V: Value> Shared<K, V> {
    fn stats(&self) -> Stats {
        self.loads.stats().merged_into(self.memory.stats())
    }

    pub(super) fn check(&self) {
        self.monitor.check(self.name.as_ref(), || self.stats());
    }

    pub(super) fn is_running(&self) -> bool {
        !self.stopped.load(Ordering::Acquire)
    }
}

impl<K: Key, V: Value> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Key, V: Value> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("name", &self.0.name)
            .field("running", &self.is_running())
            .finish_non_exhaustive()
    }
}
