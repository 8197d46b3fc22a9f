//! The contract of a store in its plainest form: a map under one lock.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Clock, Entry, Env, Filled, Key, Lease, Lifetimes, Lookup, Result, Store, Value};

use crate::latch::locked;

/// A store without bounds, for tests: a stand-in for a far tier, and the contract to read in plain code.
///
/// Its leases are exact: only a write of the key itself voids them. It remembers when each key was last written until
/// it is [cleared](Store::clear), so it only ever grows.
pub struct MapStore<K, V> {
    id: u64,
    clock: Clock,
    lifetimes: Lifetimes,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// The last event so far; each write and each lease is one.
    events: u64,
    written: HashMap<K, u64>,
    cleared: u64,
}

impl<K: Key, V: Value> MapStore<K, V> {
    /// An empty store that tells time by the clock of `env`.
    pub fn new(env: &Env) -> Self {
        static STORES: AtomicU64 = AtomicU64::new(0);
        let state = State { entries: HashMap::new(), events: 0, written: HashMap::new(), cleared: 0 };
        Self {
            id: STORES.fetch_add(1, Ordering::Relaxed),
            clock: env.clock().clone(),
            lifetimes: Lifetimes::default(),
            state: Mutex::new(state),
        }
    }

    /// The life of entries that don't bring their own. Without: for ever.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.lifetimes.usable = Some(ttl);
        self
    }

    fn resolved(&self, entry: Entry<V>) -> Entry<V> {
        let (value, life) = entry.into_parts();
        Entry::with_life(value, life.resolve(self.clock.now(), &self.lifetimes, || 0))
    }

    fn look_up(&self, key: &K) -> Lookup<V> {
        let mut state = locked(&self.state);
        match state.entries.get(key) {
            Some(entry) if entry.life().is_usable(self.clock.now()) => Lookup::Hit(entry.clone()),
            _ => Lookup::Miss(Lease::new([self.id, state.event()])),
        }
    }
}

impl<K: Key, V: Value> State<K, V> {
    fn event(&mut self) -> u64 {
        self.events += 1;
        self.events
    }

    fn write(&mut self, key: &K, entry: Option<Entry<V>>) -> Option<Entry<V>> {
        let event = self.event();
        self.written.insert(key.clone(), event);
        match entry {
            Some(entry) => self.entries.insert(key.clone(), entry),
            None => self.entries.remove(key),
        }
    }

    fn is_good(&self, key: &K, taken: u64) -> bool {
        taken > self.cleared && self.written.get(key).is_none_or(|written| taken > *written)
    }
}

impl<K, V> fmt::Debug for MapStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapStore").field("len", &locked(&self.state).entries.len()).finish_non_exhaustive()
    }
}

impl<K: Key, V: Value> Store for MapStore<K, V> {
    type Key = K;
    type Value = V;

    async fn get(&self, key: &K) -> Result<Lookup<V>> {
        Ok(self.look_up(key))
    }

    fn get_now(&self, key: &K) -> Option<Lookup<V>> {
        Some(self.look_up(key))
    }

    async fn lease(&self, _key: &K) -> Result<Lease> {
        Ok(Lease::new([self.id, locked(&self.state).event()]))
    }

    async fn fill(&self, key: K, entry: Entry<V>, lease: Lease) -> Result<Filled> {
        let [store, taken] = lease.stamp();
        let entry = self.resolved(entry);
        let mut state = locked(&self.state);
        if store != self.id || !state.is_good(&key, taken) {
            return Ok(Filled::Void);
        }
        let life = entry.life();
        state.write(&key, Some(entry));
        Ok(Filled::Stored(life))
    }

    async fn insert(&self, key: K, entry: Entry<V>) -> Result<()> {
        let entry = self.resolved(entry);
        locked(&self.state).write(&key, Some(entry));
        Ok(())
    }

    async fn remove(&self, key: &K) -> Result<bool> {
        let removed = locked(&self.state).write(key, None);
        Ok(removed.is_some_and(|entry| entry.life().is_usable(self.clock.now())))
    }

    async fn clear(&self) -> Result<()> {
        let mut state = locked(&self.state);
        state.cleared = state.event();
        state.written.clear();
        state.entries.clear();
        Ok(())
    }
}
