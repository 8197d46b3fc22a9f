//! The memory engine: sharded, bounded by count or weight, with any eviction policy.

mod once;
mod options;
mod removals;
mod shard;
mod slab;
mod store;
mod wheel;
mod writes;

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;

use self::once::Calls;
use self::options::Weigher;
use self::removals::{Listener, Removals, drop_guarded, guard};
use self::shard::{Found, Incoming, Shard};
use crate::sync::Mutex;
use crate::{
    Cause, Clock, Entry, EvictionPolicy, Filled, Key, Lease, Life, Lifetimes, Lookup, Random, Stats, Time,
    Value,
};

pub use self::options::MemoryOptions;

/// How many entries leave under one lock when many do.
const BATCH: usize = 64;

/// A store in memory: bounded, sharded, with the eviction policy `P`. Cloning it costs one reference count; the clones
/// are the same store.
///
/// Its methods are synchronous and take borrowed keys; as a [`Store`](crate::Store) it is the same engine. Every
/// operation on a key is O(1) (as far as the policy's is). No callback and no destructor of the application runs under
/// a lock, except `Eq` of keys and `Clone` of keys and values.
///
/// ```
/// use larder_core::Memory;
/// use larder_policies::Lru;
///
/// let ages = Memory::new(2, Lru::new);
/// ages.insert("Ada".to_owned(), 36);
/// ages.insert("Grace".to_owned(), 85);
/// assert_eq!(ages.get("Ada"), Some(36));
/// ages.insert("Alan".to_owned(), 41);
/// assert_eq!(ages.get("Grace"), None, "least recently used");
/// ```
///
/// # When something fails
///
/// - A listener, a weigher or a destructor that panics is caught, and counted in [`Stats::panics`]. What the weigher
///   could not weigh is refused; the value that was there before is gone, too, for it is out of date.
/// - `Eq`, `Hash` or `Clone` of the application that panics does so in the caller; the store is as before.
/// - Keys whose `Hash` or `Eq` contradict themselves get wrong answers, and may fill their place; nothing else suffers.
pub struct Memory<K, V, P>(Arc<Engine<K, V, P>>);

struct Engine<K, V, P> {
    shards: Box<[Mutex<Shard<K, V, P>>]>,
    hasher: FixedState,
    lifetimes: Lifetimes,
    clock: Clock,
    random: Random,
    weigher: Option<Weigher<K, V>>,
    listener: Option<Listener<K, V>>,
    capacity: AtomicU64,
    panics: AtomicU64,
    number: u64,
    calls: Calls<K, V>,
}

impl<K: Key, V: Value, P: EvictionPolicy> Memory<K, V, P> {
    /// A store with room for `capacity` entries, whose shards each have a policy that `policy` makes for their share.
    /// `u64::MAX`: no bound. 0: keeps nothing. More settings: [`MemoryOptions`].
    pub fn new(capacity: u64, policy: impl Fn(u64) -> P) -> Self {
        MemoryOptions::new(capacity).build(policy)
    }

    fn build(options: MemoryOptions<K, V>, policy: impl Fn(u64) -> P) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let count = options.shard_count();
        let shard = |index| {
            let share = options::share(options.capacity, count, index);
            Mutex::new(Shard::new(share, policy(share), options.idle))
        };
        let random = options.random.unwrap_or_else(Random::from_entropy);
        Self(Arc::new(Engine {
            shards: (0..count).map(shard).collect(),
            hasher: FixedState::with_seed(random.next()),
            lifetimes: options.lifetimes,
            clock: options.clock.unwrap_or_default(),
            random,
            weigher: options.weigher,
            listener: options.listener,
            capacity: AtomicU64::new(options.capacity),
            panics: AtomicU64::new(0),
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            calls: Calls::new(),
        }))
    }

    /// The value of `key`, if there is a usable entry. Counts as a hit or a miss, and as a use.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.read(key, |value, _| value.clone()).ok()
    }

    /// The entry of `key`: its value, when it was stored and when it ends.
    pub fn get_entry<Q>(&self, key: &Q) -> Option<Entry<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.lookup(key).hit()
    }

    /// The entry of `key`, or a lease to fill it.
    pub fn lookup<Q>(&self, key: &Q) -> Lookup<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        match self.read(key, |value, life| Entry::with_life(value.clone(), life)) {
            Ok(entry) => Lookup::Hit(entry),
            Err(lease) => Lookup::Miss(lease),
        }
    }

    /// Whether there is a usable entry for `key`. Counts as nothing.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.peek(key, |_, _| ()).is_some()
    }

    /// A lease on `key`, whether it has an entry or not.
    pub fn lease_now<Q>(&self, key: &Q) -> Lease
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let shard = self.shard_of(self.hash(key));
        let sequence = self.0.shards[shard].lock().writes.now();
        self.lease_for(shard, sequence)
    }

    /// Writes a value that lives as long as the default. Voids the leases on the key.
    pub fn insert(&self, key: K, value: V) {
        self.insert_entry(key, Entry::new(value));
    }

    /// Writes an entry with a life of its own. Voids the leases on the key.
    pub fn insert_entry(&self, key: K, entry: Entry<V>) {
        let hash = self.hash(&key);
        let now = self.0.clock.now();
        let mut removals = Removals::new();
        let new = self.weighed(hash, key, entry, now);
        self.0.shards[self.shard_of(hash)].lock().insert(new, now, &mut removals);
        self.0.calls.detach(hash);
        self.deliver(removals);
    }

    /// Stores what was loaded under `lease`, unless the lease is void.
    #[expect(clippy::needless_pass_by_value, reason = "a fill uses its lease up")]
    pub fn fill_now(&self, key: K, entry: Entry<V>, lease: Lease) -> Filled {
        let hash = self.hash(&key);
        let now = self.0.clock.now();
        let shard = self.shard_of(hash);
        let [place, sequence] = lease.stamp();
        let lease = if place == self.place(shard) { sequence } else { u64::MAX };
        let mut removals = Removals::new();
        let new = self.weighed(hash, key, entry, now);
        let (filled, refused) = self.0.shards[shard].lock().fill(new, lease, now, &mut removals);
        drop_guarded(refused, &self.0.panics);
        self.deliver(removals);
        filled
    }

    /// Removes `key`, and voids the leases on it. Its value, if it was usable.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        let now = self.0.clock.now();
        let removed = self.0.shards[self.shard_of(hash)].lock().remove(hash, key, now);
        self.0.calls.detach(hash);
        let (node, cause) = removed?;
        if let Some(listener) = &self.0.listener {
            guard(&self.0.panics, || listener(&node.key, &node.value, cause));
        }
        drop_guarded(node.key, &self.0.panics);
        if cause == Cause::Removed {
            return Some(node.value);
        }
        drop_guarded(node.value, &self.0.panics);
        None
    }

    /// Removes everything, and voids all leases. O(n).
    pub fn clear(&self) {
        for shard in &self.0.shards {
            let nodes = shard.lock().clear();
            self.0.calls.detach_all();
            for node in nodes {
                let mut removals = Removals::new();
                removals.push(node.key, node.value, Cause::Cleared);
                self.deliver(removals);
            }
        }
    }

    /// Removes the entries for which `keep` says no. How many. O(n); `keep` sees copies, outside locks, and an entry
    /// that changes in the meantime stays.
    pub fn retain(&self, keep: impl Fn(&K, &V) -> bool) -> usize {
        let mut gone = 0;
        for shard in &self.0.shards {
            let now = self.0.clock.now();
            let copy =
                |(key, value, _, sequence): (&K, &V, Life, u64)| (key.clone(), value.clone(), sequence);
            let copies: Vec<_> = shard.lock().iter(now).map(copy).collect();
            for (key, value, sequence) in copies {
                if keep(&key, &value) {
                    continue;
                }
                let removed = shard.lock().remove_if_unchanged(self.hash(&key), &key, sequence, now);
                if let Some((node, cause)) = removed {
                    gone += 1;
                    let mut removals = Removals::new();
                    removals.push(node.key, node.value, cause);
                    self.deliver(removals);
                }
            }
        }
        gone
    }

    /// Removes expired entries now; they would leave by themselves when room is needed. How many. Locks a shard for no
    /// longer than 64 of them take.
    pub fn prune(&self) -> usize {
        let mut pruned = 0;
        for shard in &self.0.shards {
            loop {
                let mut removals = Removals::new();
                shard.lock().sweep(self.0.clock.now(), BATCH, &mut removals);
                let swept = removals.len();
                self.deliver(removals);
                pruned += swept;
                if swept < BATCH {
                    break;
                }
            }
        }
        pruned
    }

    /// Changes the capacity, and evicts what no longer fits.
    pub fn resize(&self, capacity: u64) {
        self.0.capacity.store(capacity, Ordering::Relaxed);
        for (index, shard) in self.0.shards.iter().enumerate() {
            let share = options::share(capacity, self.0.shards.len(), index);
            let mut removals = Removals::new();
            shard.lock().resize(share, self.0.clock.now(), &mut removals);
            self.deliver(removals);
        }
    }

    /// How many usable entries there are. Prunes, so that expired ones don't count.
    pub fn len(&self) -> usize {
        self.prune();
        self.0.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether there is no usable entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The weight of all entries, expired ones included until they are swept.
    pub fn weight(&self) -> u64 {
        self.0.shards.iter().map(|shard| shard.lock().weight()).sum()
    }

    /// The capacity: entries, or weight if there is a weigher.
    pub fn capacity(&self) -> u64 {
        self.0.capacity.load(Ordering::Relaxed)
    }

    /// The keys of the usable entries, in no order. O(n); a moment's view of each shard.
    pub fn keys(&self) -> Vec<K> {
        self.collect(|key, _, _| key.clone())
    }

    /// The usable entries, in no order. O(n); a moment's view of each shard.
    pub fn entries(&self) -> Vec<(K, Entry<V>)> {
        self.collect(|key, value, life| (key.clone(), Entry::with_life(value.clone(), life)))
    }

    /// What happened so far. O(shards).
    pub fn stats(&self) -> Stats {
        let mut total = Stats { panics: self.0.panics.load(Ordering::Relaxed), ..Stats::default() };
        for shard in &self.0.shards {
            total = total + shard.lock().stats();
        }
        total.max_weight = Some(self.capacity()).filter(|capacity| *capacity != u64::MAX);
        total
    }

    /// Starts counting anew.
    pub fn reset_stats(&self) {
        self.0.panics.store(0, Ordering::Relaxed);
        self.0.shards.iter().for_each(|shard| shard.lock().reset_stats());
    }

    fn read<Q, T>(&self, key: &Q, read: impl FnOnce(&V, Life) -> T) -> Result<T, Lease>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        let shard = self.shard_of(hash);
        let now = self.0.clock.now();
        let found = self.0.shards[shard].lock().get(hash, key, now, read);
        match found {
            Found::Hit(found) => Ok(found),
            Found::Miss(sequence) => Err(self.lease_for(shard, sequence)),
        }
    }

    fn peek<Q, T>(&self, key: &Q, read: impl FnOnce(&V, Life) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        let now = self.0.clock.now();
        self.0.shards[self.shard_of(hash)].lock().peek(hash, key, now, read)
    }

    fn collect<T>(&self, copy: impl Fn(&K, &V, Life) -> T) -> Vec<T> {
        let mut all = Vec::new();
        for shard in &self.0.shards {
            let now = self.0.clock.now();
            all.extend(shard.lock().iter(now).map(|(key, value, life, _)| copy(key, value, life)));
        }
        all
    }

    /// The entry with its life, and its weight if the weigher could tell.
    fn weighed(&self, hash: u64, key: K, entry: Entry<V>, now: Time) -> Incoming<K, V> {
        let (value, life) = entry.into_parts();
        let weight = match &self.0.weigher {
            None => Some(1),
            Some(weigher) => guard(&self.0.panics, || weigher(&key, &value)),
        };
        let weight = weight.map(|weight| NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN));
        let life = life.resolve(now, &self.0.lifetimes, || self.0.random.next());
        Incoming { hash, key, value, life, weight }
    }

    fn deliver(&self, removals: Removals<K, V>) {
        removals.deliver(self.0.listener.as_ref(), &self.0.panics);
    }

    fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.0.hasher.hash_one(key)
    }

    /// The shard by bits of the hash that the index inside it doesn't look at.
    fn shard_of(&self, hash: u64) -> usize {
        (hash >> 44) as usize & (self.0.shards.len() - 1)
    }

    fn lease_for(&self, shard: usize, sequence: u64) -> Lease {
        Lease::new([self.place(shard), sequence])
    }

    /// This store and the shard, as a lease names them.
    fn place(&self, shard: usize) -> u64 {
        self.0.number << 10 | shard as u64
    }
}

impl<K, V, P> Clone for Memory<K, V, P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V, P> fmt::Debug for Memory<K, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("capacity", &self.0.capacity)
            .field("shards", &self.0.shards.len())
            .finish_non_exhaustive()
    }
}
