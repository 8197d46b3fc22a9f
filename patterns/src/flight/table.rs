//! Which keys are being loaded right now, and which loads have just ended.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use larder_core::{Key, Random, Value};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::wait::Flight;

const SHARDS: usize = 16;

/// How many ended loads a shard remembers one by one.
const REMEMBERED: usize = 8;

/// The flights under way, by key.
pub(super) struct Table<K, T> {
    shards: [Mutex<Shard<K, T>>; SHARDS],
    hasher: FixedState,
    /// How many loads have ended: the tickets given out so far.
    ended: AtomicU64,
    /// How many leads there are that have not landed, those of detached flights included.
    flying: AtomicUsize,
    idle: Notify,
}

/// What a write does to the loads under way.
pub(super) trait Detach: Sync {
    /// Detaches the flight of the key that has this hash.
    fn detach(&self, hash: u64);
    /// Detaches all flights.
    fn detach_all(&self);
}

/// What was found for a key.
pub(super) enum Place<T> {
    Taken(Arc<Flight<T>>),
    Free,
}

struct Shard<K, T> {
    flights: HashTable<Under<K, T>>,
    /// The tickets and hashes of the loads that ended last, in a ring.
    recent: [(u64, u64); REMEMBERED],
    ends: usize,
}

struct Under<K, T> {
    hash: u64,
    key: K,
    flight: Arc<Flight<T>>,
}

impl<K: Key, T: Value> Table<K, T> {
    /// An empty table whose order comes from `random`.
    pub(super) fn new(random: &Random) -> Self {
        let shard = || Mutex::new(Shard { flights: HashTable::new(), recent: [(0, 0); REMEMBERED], ends: 0 });
        Self {
            shards: std::array::from_fn(|_| shard()),
            hasher: FixedState::with_seed(random.next()),
            ended: AtomicU64::new(0),
            flying: AtomicUsize::new(0),
            idle: Notify::new(),
        }
    }

    pub(super) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The ticket that the next load to end will get. Read before a look-up, it tells which loads ended after it.
    pub(super) fn next_ticket(&self) -> u64 {
        self.ended.load(Ordering::Acquire)
    }

    /// The flight of `key`, if it is being loaded.
    pub(super) fn find(&self, key: &K, hash: u64) -> Option<Arc<Flight<T>>> {
        let shard = self.shard(hash);
        shard.flights.find(hash, |other| other.is_of(key, hash)).map(|taken| Arc::clone(&taken.flight))
    }

    /// The flight of `key`; or else `flight` becomes it, and is to look again if a load of the key got the ticket `seen`
    /// or a later one.
    pub(super) fn place(&self, key: &K, hash: u64, seen: u64, flight: &Arc<Flight<T>>) -> Place<T> {
        let under = Under { hash, key: key.clone(), flight: Arc::clone(flight) };
        let mut shard = self.shard(hash);
        if let Some(taken) = shard.flights.find(hash, |other| other.is_of(key, hash)) {
            return Place::Taken(Arc::clone(&taken.flight));
        }
        if shard.has_ended(hash, seen) {
            flight.look_again();
        }
        self.flying.fetch_add(1, Ordering::SeqCst);
        shard.flights.insert_unique(hash, under, |under| under.hash);
        Place::Free
    }

    /// Takes `flight` out, if it is still in, and remembers that it ended.
    pub(super) fn end(&self, hash: u64, flight: &Arc<Flight<T>>) {
        let mut shard = self.shard(hash);
        let found = shard.flights.find_entry(hash, |under| Arc::ptr_eq(&under.flight, flight));
        let under = found.ok().map(|entry| entry.remove().0);
        let ticket = self.ended.fetch_add(1, Ordering::AcqRel);
        let at = shard.ends % REMEMBERED;
        shard.recent[at] = (ticket, hash);
        shard.ends += 1;
        drop(shard);
        drop(under);
    }

    /// One lead less; tells those who wait for the last.
    pub(super) fn ended_one(&self) {
        if self.flying.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.idle.notify_waiters();
        }
    }

    /// Whether any load is under way. A load that is not counted yet begins after this call.
    pub(super) fn is_flying(&self) -> bool {
        self.flying.load(Ordering::SeqCst) > 0
    }

    /// Completes once no load is under way.
    pub(super) async fn idle(&self) {
        loop {
            let mut idle = std::pin::pin!(self.idle.notified());
            idle.as_mut().enable();
            if !self.is_flying() {
                return;
            }
            idle.await;
        }
    }

    /// The keys that are being loaded and that nobody wrote meanwhile.
    pub(super) fn keys(&self) -> Vec<K> {
        self.shards.iter().flat_map(|shard| shard.lock().keys()).collect()
    }

    fn shard(&self, hash: u64) -> parking_lot::MutexGuard<'_, Shard<K, T>> {
        self.shards[(hash >> 32) as usize % SHARDS].lock()
    }
}

impl<K: Key, T: Value> Detach for Table<K, T> {
    fn detach(&self, hash: u64) {
        if self.is_flying() {
            let former = self.shard(hash).take(hash);
            former.into_iter().for_each(|under| under.flight.detached());
        }
    }

    fn detach_all(&self) {
        if self.is_flying() {
            for shard in &self.shards {
                let former = std::mem::take(&mut shard.lock().flights);
                former.into_iter().for_each(|under| under.flight.detached());
            }
        }
    }
}

impl<K: Key, T: Value> Shard<K, T> {
    /// Whether a load with this hash got `seen` or a later ticket; also true if that was so long ago that nobody knows.
    fn has_ended(&self, hash: u64, seen: u64) -> bool {
        let known = &self.recent[..self.ends.min(REMEMBERED)];
        let forgotten = self.ends > REMEMBERED && known.iter().all(|&(ticket, _)| ticket >= seen);
        forgotten || known.iter().any(|&(ticket, other)| ticket >= seen && other == hash)
    }

    /// Takes out what flies under `hash`. To be dropped after the lock: keys are the application's.
    fn take(&mut self, hash: u64) -> Option<Under<K, T>> {
        let found = self.flights.find_entry(hash, |under| under.hash == hash).ok()?;
        Some(found.remove().0)
    }

    fn keys(&self) -> Vec<K> {
        self.flights.iter().map(|under| under.key.clone()).collect()
    }
}

impl<K: Key, T> Under<K, T> {
    fn is_of(&self, key: &K, hash: u64) -> bool {
        self.hash == hash && self.key == *key
    }
}
