//! The contract of a store: entries by key, and a lease for each miss.

use std::future::Future;
use std::hash::Hash;

use crate::{Entry, Filled, Lease, Result};

/// What can be a key. Implemented by every type that has what it takes.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {}
impl<T: Clone + Eq + Hash + Send + Sync + 'static> Key for T {}

/// What can be a value. Implemented by every type that has what it takes.
pub trait Value: Clone + Send + Sync + 'static {}
impl<T: Clone + Send + Sync + 'static> Value for T {}

/// The answer to a look-up.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<V> {
    /// The store has the entry, and it is usable.
    Hit(Entry<V>),
    /// It has not; whoever loads the value fills it in with this lease.
    Miss(Lease),
}

impl<V> Lookup<V> {
    /// The entry, if there is one.
    pub fn hit(self) -> Option<Entry<V>> {
        match self {
            Self::Hit(entry) => Some(entry),
            Self::Miss(_) => None,
        }
    }

    /// The value, if there is one.
    pub fn value(self) -> Option<V> {
        self.hit().map(Entry::into_value)
    }

    /// Whether the store has the entry.
    pub const fn is_hit(&self) -> bool {
        matches!(self, Self::Hit(_))
    }
}

/// Keeps entries by key. Everything else in the framework is a store around a store.
///
/// # The rules
///
/// 1. **Only a lease can fill.** Every path that copies a value from somewhere else into the store (a load, a refresh,
///    a promotion, a repair) takes its lease first, reads then, and calls [`fill`](Self::fill). A store refuses a fill whose
///    key was written, removed, cleared or filled since the lease was taken: of loads that overlap, the first to end fills.
///    It may refuse more (a store that remembers writes coarsely does); it never refuses less.
/// 2. **A write always wins.** [`insert`](Self::insert) and [`remove`](Self::remove) void every lease on the key before
///    they return, and a later `get` of the same caller sees them.
/// 3. **An expired entry is a miss**, as is one that can't be decoded. A miss is never an error; a full store is neither.
/// 4. **Eviction is not a write.** An entry may leave at any time, and leases stay good.
/// 5. **A dropped future is an unknown outcome.** Dropping the future of a write before it ends leaves the key with the
///    old value, with the new one or with none; never with one older than the last write that was acknowledged.
///
/// The suite `store` in `larder-testkit` checks them for any store.
///
/// # Implementing it
///
/// Seven methods are required. The batch methods have defaults that loop; a store behind a network sends one request
/// instead. A store that wraps another forwards every method, and says so to the compiler with
/// `#[deny(clippy::missing_trait_methods)]`.
pub trait Store: Send + Sync + 'static {
    /// The keys.
    type Key: Key;
    /// The values.
    type Value: Value;

    /// The usable entry of `key`, or a lease to fill it.
    fn get(&self, key: &Self::Key) -> impl Future<Output = Result<Lookup<Self::Value>>> + Send;

    /// The same without waiting, or `None`: "ask [`get`](Self::get)". Never does I/O; a hit never allocates.
    ///
    /// A store that counts counts a hit here. A miss it leaves to the `get` that follows.
    fn get_now(&self, key: &Self::Key) -> Option<Lookup<Self::Value>>;

    /// A lease on `key` without looking for its entry: for one who is about to load it anew.
    fn lease(&self, key: &Self::Key) -> impl Future<Output = Result<Lease>> + Send;

    /// Stores what was loaded under `lease`, unless the lease is void. Uses the lease up.
    fn fill(
        &self,
        key: Self::Key,
        entry: Entry<Self::Value>,
        lease: Lease,
    ) -> impl Future<Output = Result<Filled>> + Send;

    /// The application's own write: always wins, and voids every lease on the key.
    fn insert(&self, key: Self::Key, entry: Entry<Self::Value>) -> impl Future<Output = Result<()>> + Send;

    /// Removes the entry, and voids every lease on the key. Whether there was a usable entry.
    fn remove(&self, key: &Self::Key) -> impl Future<Output = Result<bool>> + Send;

    /// Removes everything, and voids every lease.
    fn clear(&self) -> impl Future<Output = Result<()>> + Send;

    /// One look-up for each key, in their order.
    fn get_many(&self, keys: &[Self::Key]) -> impl Future<Output = Result<Vec<Lookup<Self::Value>>>> + Send {
        async move {
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                found.push(self.get(key).await?);
            }
            Ok(found)
        }
    }

    /// Fills each key under its lease. What became of each, in their order.
    fn fill_many(
        &self,
        entries: Vec<(Self::Key, Entry<Self::Value>, Lease)>,
    ) -> impl Future<Output = Result<Vec<Filled>>> + Send {
        async move {
            let mut filled = Vec::with_capacity(entries.len());
            for (key, entry, lease) in entries {
                filled.push(self.fill(key, entry, lease).await?);
            }
            Ok(filled)
        }
    }

    /// Writes all entries, in their order. After an error any part of them may be written.
    fn insert_many(
        &self,
        entries: Vec<(Self::Key, Entry<Self::Value>)>,
    ) -> impl Future<Output = Result<()>> + Send {
        async move {
            for (key, entry) in entries {
                self.insert(key, entry).await?;
            }
            Ok(())
        }
    }

    /// Removes all keys. How many had a usable entry. After an error any part of them may be removed.
    fn remove_many(&self, keys: &[Self::Key]) -> impl Future<Output = Result<usize>> + Send {
        async move {
            let mut removed = 0;
            for key in keys {
                removed += usize::from(self.remove(key).await?);
            }
            Ok(removed)
        }
    }

    /// Waits until what was acknowledged has reached where it is going. Nothing to do unless writes are queued.
    fn flush(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// Flushes, stops background work and lets go of resources. Calling it again does nothing.
    fn close(&self) -> impl Future<Output = Result<()>> + Send {
        self.flush()
    }
}
