//! A store and the questions put to it, by the numbers of keys and values.

use std::time::Duration;

use larder_core::{Entry, Filled, Lease, Lookup, Result, Store};

use super::Options;

/// A store under examination. Each method is one call, or one call and the demand that its answer keeps a rule.
pub(super) struct Probe<'a, S: Store> {
    pub(super) store: S,
    pub(super) options: &'a Options<S::Key, S::Value>,
}

/// Panics with `rule` unless it holds.
#[track_caller]
pub(super) fn demand(holds: bool, rule: &str) {
    assert!(holds, "the store breaks its contract: {rule}");
}

/// What an operation that can't fail gave.
#[track_caller]
pub(super) fn done<T>(result: Result<T>, doing: &str) -> T {
    match result {
        Ok(done) => done,
        Err(error) => panic!("the store breaks its contract: {doing} never fails on its own: {error}"),
    }
}

impl<'a, S: Store<Value: PartialEq>> Probe<'a, S> {
    pub(super) const fn new(store: S, options: &'a Options<S::Key, S::Value>) -> Self {
        Self { store, options }
    }

    pub(super) fn key(&self, n: u64) -> S::Key {
        self.options.key(n)
    }

    pub(super) fn entry(&self, value: u64) -> Entry<S::Value> {
        Entry::new(self.options.value(value))
    }

    /// An entry that outlives the suite.
    pub(super) fn lasting(&self, value: u64) -> Entry<S::Value> {
        self.entry(value).never_expires()
    }

    pub(super) async fn get(&self, key: u64) -> Lookup<S::Value> {
        let key = self.key(key);
        let now = self.store.get_now(&key);
        let found = done(self.store.get(&key).await, "get");
        if let Some(now) = now {
            self.demand_same(&now, &found);
        }
        found
    }

    #[track_caller]
    fn demand_same(&self, now: &Lookup<S::Value>, found: &Lookup<S::Value>) {
        match (now, found) {
            (Lookup::Hit(now), Lookup::Hit(found)) => {
                demand(now.value() == found.value(), "get_now and get find the same value");
            }
            (Lookup::Miss(_), Lookup::Hit(_)) => demand(false, "where get_now says miss, get does, too"),
            (Lookup::Hit(_), Lookup::Miss(_)) => {
                let may_end = self.options.lossy || self.options.now().is_none();
                demand(may_end, "where get_now says hit, get does, too");
            }
            (Lookup::Miss(_), Lookup::Miss(_)) => {}
        }
    }

    pub(super) async fn lease(&self, key: u64) -> Lease {
        done(self.store.lease(&self.key(key)).await, "lease")
    }

    pub(super) async fn fill(&self, key: u64, entry: Entry<S::Value>, lease: Lease) -> Filled {
        done(self.store.fill(self.key(key), entry, lease).await, "fill")
    }

    pub(super) async fn insert(&self, key: u64, entry: Entry<S::Value>) {
        done(self.store.insert(self.key(key), entry).await, "insert");
    }

    pub(super) async fn remove(&self, key: u64) -> bool {
        done(self.store.remove(&self.key(key)).await, "remove")
    }

    pub(super) async fn clear(&self) {
        done(self.store.clear().await, "clear");
    }

    pub(super) async fn pass(&self, duration: Duration) {
        self.options.pass(duration).await;
    }

    /// Whether `found` is a hit on `value`; of a lossy store, a miss will do.
    pub(super) fn is_hit(&self, found: &Lookup<S::Value>, value: u64) -> bool {
        match found {
            Lookup::Hit(entry) => *entry.value() == self.options.value(value),
            Lookup::Miss(_) => self.options.lossy,
        }
    }

    /// Demands a hit on `value`.
    pub(super) async fn hit(&self, key: u64, value: u64, rule: &str) {
        let found = self.get(key).await;
        demand(self.is_hit(&found, value), rule);
    }

    /// Demands a miss, and hands on its lease.
    pub(super) async fn miss(&self, key: u64, rule: &str) -> Lease {
        match self.get(key).await {
            Lookup::Miss(lease) => lease,
            Lookup::Hit(_) => broken(rule),
        }
    }

    /// Demands that a good lease fills.
    pub(super) async fn fills(&self, key: u64, value: u64, lease: Lease, rule: &str) {
        let entry = self.lasting(value);
        demand(self.fill(key, entry, lease).await.is_stored(), rule);
    }

    /// Demands that a void lease doesn't fill.
    pub(super) async fn refuses(&self, key: u64, value: u64, lease: Lease, rule: &str) {
        let entry = self.lasting(value);
        demand(!self.fill(key, entry, lease).await.is_stored(), rule);
    }
}

#[track_caller]
fn broken(rule: &str) -> ! {
    panic!("the store breaks its contract: {rule}")
}
