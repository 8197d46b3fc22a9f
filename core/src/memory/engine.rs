//! The memory store: what it does for one key.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;

use super::callbacks::{drop_guarded, guard};
use super::calls::Calls;
use super::guarded::{Incoming, Taken};
use super::options::{self, MemoryOptions, Weigher};
use super::readers::Readers;
use super::removals::{Listener, Removals};
use super::resident::Resident;
use super::shard::{Found, Miss, Shard};
use crate::sync::plain::Mutex;
use crate::{
    Cause, Clock, Entry, EvictionPolicy, Filled, Hits, Key, Lease, Life, Lifetimes, Lookup, Random, Time,
    Value,
};

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
/// - A listener, a weigher or a destructor that panics is caught, and counted in [`Stats::panics`](crate::Stats::panics). What the weigher
///   could not weigh is refused; the value that was there before is gone, too, for it is out of date.
/// - `Eq`, `Hash` or `Clone` of the application that panics does so in the caller; the store is as before.
/// - Keys whose `Hash` or `Eq` contradict themselves get wrong answers, and may fill their place; nothing else suffers.
pub struct Memory<K, V, P>(pub(super) Arc<Engine<K, V, P>>);

pub(super) struct Engine<K, V, P> {
    /// A power of two of them.
    pub(super) shards: Box<[Shard<K, V, P>]>,
    /// One less than there are: which bits of a hash say where its key is.
    mask: usize,
    pub(super) readers: Arc<Readers>,
    /// The hits and misses that readers had counted when statistics were reset.
    pub(super) forgotten: Mutex<(u64, u64)>,
    hasher: FixedState,
    lifetimes: Lifetimes,
    pub(super) clock: Clock,
    random: Random,
    weigher: Option<Weigher<K, V>>,
    listener: Option<Listener<K, V>>,
    pub(super) capacity: AtomicU64,
    pub(super) panics: AtomicU64,
    number: u64,
    pub(super) calls: Calls<K, V>,
}

impl<K: Key, V: Value> MemoryOptions<K, V> {
    /// The store, whose shards each have a policy that `policy` makes for their share of the capacity.
    pub fn build<P: EvictionPolicy>(self, policy: impl Fn(u64) -> P) -> Memory<K, V, P> {
        Memory::build(self, policy)
    }
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
        let shares = || (0..count).map(|index| options::share(options.capacity, count, index));
        let policies: Vec<P> = shares().map(policy).collect();
        let readers = Arc::new(Readers::new(policies.iter().any(|policy| policy.hits() == Hits::Noted)));
        let shard = |(share, policy)| Shard::new(&readers, share, policy, options.idle);
        let random = options.random.unwrap_or_else(Random::from_entropy);
        Self(Arc::new(Engine {
            shards: shares().zip(policies).map(shard).collect(),
            mask: count - 1,
            readers: Arc::clone(&readers),
            forgotten: Mutex::default(),
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
        self.get_hashed(self.hash(key), key)
    }

    #[inline]
    pub(super) fn get_hashed<Q>(&self, hash: u64, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.read(hash, key, Miss::Counts, |found| Some(found.node.value.clone()), |_| None)
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
        self.look_up(key, Miss::CountsAndLeases)
    }

    /// Whether there is a usable entry for `key`. Counts as nothing.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.peek(key, |_| ()).is_some()
    }

    /// A lease on `key`, whether it has an entry or not.
    pub fn lease_now<Q>(&self, key: &Q) -> Lease
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let shard = self.shard_of(self.hash(key));
        let sequence = self.0.shards[shard].sequence();
        self.lease_for(shard, sequence)
    }

    /// Writes a value that lives as long as the default. Voids the leases on the key.
    pub fn insert(&self, key: K, value: V) {
        self.write(key, value, Life::DEFAULT);
    }

    /// Writes an entry with a life of its own. Voids the leases on the key.
    pub fn insert_entry(&self, key: K, entry: Entry<V>) {
        let (value, life) = entry.into_parts();
        self.write(key, value, life);
    }

    #[inline(always)]
    fn write(&self, key: K, value: V, life: Life) {
        let hash = self.hash(&key);
        let now = self.0.clock.now();
        let (weight, life) = (self.weigh(&key, &value), self.begun(life, now));
        let mut removals = self.removals();
        self.0.shards[self.shard_of(hash)].write(|shard| {
            shard.insert(Incoming { hash, key, value, life, weight }, now, &mut removals);
        });
        self.0.calls.detach(hash);
        self.deliver(&mut removals);
    }

    /// Stores what was loaded under `lease`, unless the lease is void.
    #[expect(clippy::needless_pass_by_value, reason = "a fill uses its lease up")]
    pub fn fill_now(&self, key: K, entry: Entry<V>, lease: Lease) -> Filled {
        let hash = self.hash(&key);
        let now = self.0.clock.now();
        let shard = self.shard_of(hash);
        let [place, sequence] = lease.stamp();
        let lease = if place == self.place(shard) { sequence } else { u64::MAX };
        let (value, life) = entry.into_parts();
        let (weight, life) = (self.weigh(&key, &value), self.begun(life, now));
        let mut removals = self.removals();
        let (filled, refused) = self.0.shards[shard].write(|shard| {
            shard.fill(Incoming { hash, key, value, life, weight }, lease, now, &mut removals)
        });
        drop_guarded(refused, &self.0.panics);
        self.deliver(&mut removals);
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
        let mut removals = self.removals();
        let shard = &self.0.shards[self.shard_of(hash)];
        let removed = shard.write(|shard| shard.remove(hash, key, now, &mut removals));
        self.0.calls.detach(hash);
        self.deliver(&mut removals);
        self.tell(removed?)
    }

    /// Tells the listener of an entry that the application removed. Its value, if it was usable.
    pub(super) fn tell(&self, Taken { key, value, cause }: Taken<K, V>) -> Option<V> {
        if let (Some(listener), Some(key), Some(value)) = (&self.0.listener, &key, &value) {
            guard(&self.0.panics, || listener(key, value, cause));
        }
        drop_guarded(key, &self.0.panics);
        if cause == Cause::Removed {
            return value;
        }
        drop_guarded(value, &self.0.panics);
        None
    }

    pub(super) fn look_up<Q>(&self, key: &Q, miss: Miss) -> Lookup<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.look_up_hashed(self.hash(key), key, miss)
    }

    #[inline]
    pub(super) fn look_up_hashed<Q>(&self, hash: u64, key: &Q, miss: Miss) -> Lookup<V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let hit =
            |found: Resident<'_, K, V>| Lookup::Hit(Entry::with_life(found.node.value.clone(), found.life()));
        self.read(hash, key, miss, hit, Lookup::Miss)
    }

    /// What `found` makes of the entry of `key`; or `absent` of a lease, which is worth something only if `miss` says that
    /// it is wanted. As long as most are hits, this makes no call, so that it needs no registers but those that are free.
    #[inline(always)]
    fn read<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        miss: Miss,
        mut found: impl FnMut(Resident<'_, K, V>) -> T,
        absent: impl FnOnce(Lease) -> T,
    ) -> T
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let place = self.shard_of(hash);
        let now = || self.0.clock.now_at_once();
        match self.0.shards[place].glance(hash, key, now, miss, &mut found) {
            Some(Found::Hit(found)) => found,
            Some(Found::Miss(sequence)) => absent(self.lease_for(place, sequence)),
            None => self.read_and_tell(hash, key, miss, found, absent),
        }
    }

    /// The same where the policy is told of a hit, or it takes more than a glance. It has an end of its own, so that calling it is
    /// the last that `read` does: what would come afterwards takes registers, and each hit twelve instructions more.
    #[inline(never)]
    fn read_and_tell<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        miss: Miss,
        mut found: impl FnMut(Resident<'_, K, V>) -> T,
        absent: impl FnOnce(Lease) -> T,
    ) -> T
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let place = self.shard_of(hash);
        let (shard, clock) = (&self.0.shards[place], &self.0.clock);
        let told = shard.glance_and_tell(hash, key, || clock.now_at_once(), miss, &mut found);
        match told.unwrap_or_else(|| shard.get(hash, key, clock.now(), miss, found)) {
            Found::Hit(found) => found,
            Found::Miss(sequence) => absent(self.lease_for(place, sequence)),
        }
    }

    pub(super) fn peek<Q, T>(&self, key: &Q, read: impl FnMut(Resident<'_, K, V>) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        let now = self.0.clock.now();
        self.0.shards[self.shard_of(hash)].peek(hash, key, now, read)
    }

    /// The weight of an entry, if the weigher can tell.
    fn weigh(&self, key: &K, value: &V) -> Option<NonZeroU32> {
        let weight = match &self.0.weigher {
            None => Some(1),
            Some(weigher) => guard(&self.0.panics, || weigher(key, value)),
        };
        weight.map(|weight| NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN))
    }

    /// The life as it is kept.
    fn begun(&self, life: Life, now: Time) -> Life {
        life.resolve(now, &self.0.lifetimes, || self.0.random.next())
    }

    pub(super) fn removals(&self) -> Removals<K, V> {
        Removals::new(self.0.listener.is_some())
    }

    pub(super) fn deliver(&self, removals: &mut Removals<K, V>) {
        removals.deliver(self.0.listener.as_ref(), &self.0.panics);
    }

    pub(super) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.0.hasher.hash_one(key)
    }

    /// The shard by bits of the hash that the index inside it doesn't look at.
    pub(super) fn shard_of(&self, hash: u64) -> usize {
        (hash >> 44) as usize & self.0.mask
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
