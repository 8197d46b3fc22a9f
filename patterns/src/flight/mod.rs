//! Single flight: of all who want a missing key at once, one loads it, and all get the outcome.
//!
//! The `singleflight` package of groupcache (2013) made the pattern known. Here a load runs in its own task, so that
//! no caller's end is another's; and it is bound to what was written meanwhile, so that nobody joins a load that
//! began before his own write.

mod guarded;
mod lead;
pub(crate) mod reentrance;
mod table;
mod wait;

use std::hash::Hash;
use std::sync::Arc;

use larder_core::{Key, Random, Value};

pub(crate) use guarded::guarded;
pub(crate) use lead::{Lead, fly_many};
use reentrance::Node;
use table::{Detach, Place, Table};
pub(crate) use wait::{Flight, Passenger};

/// The loads under way, by key; `T` is what they give.
///
/// The order of things that makes it right: a caller reads [`seen`](Self::seen), then looks the key up, then
/// [boards](Self::board). A load fills the store, then its slot is freed, then those who wait are woken. A write changes
/// the store, then detaches the flight, then is acknowledged.
pub(crate) struct Flights<K, T> {
    table: Arc<Table<K, T>>,
}

/// The moment before a look-up.
#[derive(Clone, Copy)]
pub(crate) struct Seen(u64);

impl Seen {
    /// No look-up came before: nothing to look at again.
    pub(crate) const NOTHING: Self = Self(u64::MAX);
}

/// What a caller is to do who found nothing in the store.
pub(crate) enum Seat<K: Key, T: Value> {
    /// Wait for the load that is under way.
    Join(Arc<Flight<T>>),
    /// Load.
    Lead(Lead<K, T>),
}

impl<K: Key, T: Value> Flights<K, T> {
    /// No loads yet. How keys are spread is drawn from `random`.
    pub(crate) fn new(random: &Random) -> Self {
        Self { table: Arc::new(Table::new(random)) }
    }

    /// This moment: to be told to [`board`](Self::board) after the look-up.
    pub(crate) fn seen(&self) -> Seen {
        Seen(self.table.next_ticket())
    }

    /// Joins the load of `key`, or becomes its lead. Leads that share a `node` are one load.
    pub(crate) fn board(&self, key: &K, seen: Seen, node: Node) -> Seat<K, T> {
        let hash = self.table.hash(key);
        if let Some(flight) = self.table.find(key, hash) {
            return Seat::Join(flight);
        }
        let flight = Flight::new(node);
        match self.table.place(key, hash, seen.0, &flight) {
            Place::Taken(flight) => Seat::Join(flight),
            Place::Free => Seat::Lead(Lead::new(Arc::clone(&self.table), flight, hash)),
        }
    }

    /// The load of `key` that is under way.
    pub(crate) fn find(&self, key: &K) -> Option<Arc<Flight<T>>> {
        self.table.find(key, self.table.hash(key))
    }

    /// Detaches the load of `key` when the guard is dropped: at the end of a write, however it ends.
    pub(crate) fn detaching<Q: Hash + ?Sized>(&self, key: &Q) -> Detaching<'_> {
        Detaching { table: &*self.table, written: Written::One(self.table.hash(key)) }
    }

    /// The same for several keys.
    pub(crate) fn detaching_many<'k>(&self, keys: impl Iterator<Item = &'k K>) -> Detaching<'_> {
        Detaching {
            table: &*self.table,
            written: Written::Many(keys.map(|key| self.table.hash(key)).collect()),
        }
    }

    /// The same for all keys.
    pub(crate) fn detaching_all(&self) -> Detaching<'_> {
        Detaching { table: &*self.table, written: Written::All }
    }

    /// The keys that are being loaded and that nobody wrote meanwhile.
    pub(crate) fn keys(&self) -> Vec<K> {
        self.table.keys()
    }

    /// Completes once no load is under way.
    pub(crate) async fn idle(&self) {
        self.table.idle().await;
    }
}

/// A write under way: when it ends, or its future is dropped, the loads of what it wrote are detached. Their present
/// waiters get the value still; nobody new does.
pub(crate) struct Detaching<'a> {
    table: &'a dyn Detach,
    written: Written,
}

enum Written {
    One(u64),
    Many(Vec<u64>),
    All,
}

impl Drop for Detaching<'_> {
    fn drop(&mut self) {
        match &self.written {
            Written::One(hash) => self.table.detach(*hash),
            Written::Many(hashes) => hashes.iter().for_each(|&hash| self.table.detach(hash)),
            Written::All => self.table.detach_all(),
        }
    }
}
