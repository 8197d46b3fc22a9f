//! A foreign engine as a store.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;

use super::changes::Changes;
use super::counts::Counts;
use crate::{Clock, Entry, Env, Filled, Lease, Life, Lifetimes, Lookup, Plain, Random, Result, Stats, Store};

/// Makes a store of any map or cache: it adds leases, deadlines and statistics to what the engine can do by itself.
///
/// ```text
/// Leased::new(Moka(cache))          // or any other `Plain`
///     .read_through(loader)         // every pattern works on it
/// ```
///
/// A look-up reads one number, the lease should there be need of one, and asks the engine; it takes no lock of ours. A
/// change (fill, insert, remove) holds *its key*, and no other, for as long as the engine takes over it, so that no lease
/// is checked while its key changes. `clear` waits for the changes under way and holds off new ones.
///
/// # Leases
///
/// They are exact: only a change of the very key voids them (or a clear, or another fill). The memory for this is bounded:
/// each of 64 stripes remembers its last 512 changes, some 25 KiB; a lease that has seen more of them pass is void, which
/// costs one load. So about 32,000 changes may come while a load is under way. What the engine evicts voids nothing.
///
/// Changes must come through here: what is written past it, into the engine, voids no lease.
///
/// # Lives
///
/// An entry past its deadline is a miss, though the engine still has it. It leaves when it is filled anew, removed, evicted
/// or [pruned](Self::prune); earlier if the engine was told of its life (the adapters say which can be).
///
/// # When something fails
///
/// - Errors of the engine are passed on. After one that came from a change nobody knows whether it was made; the leases
///   on its key are void.
/// - A future that is dropped lets go of its key; the leases on it are void if the engine was already asked to change it.
/// - An engine that never answers holds the key for ever: later changes of it wait, and so does `clear`, and then all
///   changes wait for that. Look-ups and leases don't wait. If the engine can hang, give its operations a deadline.
/// - `Eq`, `Hash` or `Clone` of the application that panics does so in the caller, who lets go of the key.
pub struct Leased<P> {
    inner: P,
    changes: Changes,
    hasher: FixedState,
    lifetimes: Lifetimes,
    clock: Clock,
    random: Random,
    counts: Counts,
    number: u64,
}

impl<P: Plain> Leased<P> {
    /// `inner` as a store. Entries without a life of their own live for ever; time is told by the
    /// [coarse](Clock::coarse) clock.
    pub fn new(inner: P) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let random = Random::from_entropy();
        Self {
            inner,
            changes: Changes::new(),
            hasher: FixedState::with_seed(random.next()),
            lifetimes: Lifetimes::default(),
            clock: Clock::default(),
            random,
            counts: Counts::default(),
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Gives these lives to entries that don't bring their own.
    pub const fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// Takes clock and randomness from `env`. An engine that is told of lives must have the same clock.
    pub fn env(mut self, env: &Env) -> Self {
        self.clock = env.clock().clone();
        self.random = env.random().clone();
        self.hasher = FixedState::with_seed(self.random.next());
        self
    }

    /// The engine. What is written there, past the leases, is the application's own risk.
    pub const fn inner(&self) -> &P {
        &self.inner
    }

    /// Takes out of the engine what is no longer usable, if it can look through its entries. How many. O(n) there.
    pub fn prune(&self) -> usize {
        let pruned = self.inner.prune(self.clock.now());
        self.counts.add(|cell| &cell.expired, pruned);
        pruned
    }

    /// What happened here so far, and how many entries the engine says there are. What it evicts is not counted; what it
    /// refuses counts as taken in.
    pub fn stats(&self) -> Stats {
        Stats { entries: self.inner.entries(), ..self.counts.stats() }
    }

    fn hash(&self, key: &P::Key) -> u64 {
        self.hasher.hash_one(key)
    }

    /// To be taken before the engine is asked.
    fn lease_now(&self, key: &P::Key) -> Lease {
        let hash = self.hash(key);
        Lease::new([self.place(hash), self.changes.lease(hash)])
    }

    /// This store and the stripe, as a lease names them.
    fn place(&self, hash: u64) -> u64 {
        self.number << 10 | self.changes.place(hash) as u64
    }

    fn is_usable(&self, entry: &Entry<P::Value>) -> bool {
        entry.life().is_usable(self.clock.now())
    }

    fn hit(&self, found: Option<Entry<P::Value>>) -> Option<Lookup<P::Value>> {
        let entry = found.filter(|entry| self.is_usable(entry))?;
        self.counts.add(|cell| &cell.hits, 1);
        Some(Lookup::Hit(entry))
    }

    /// Puts the entry there, whose key the caller holds. Its life.
    async fn put(&self, key: P::Key, entry: Entry<P::Value>) -> Result<Life> {
        let (value, life) = entry.into_parts();
        let life = life.resolve(self.clock.now(), &self.lifetimes, || self.random.next());
        if life.is_usable(self.clock.now()) {
            self.inner.insert(key, Entry::with_life(value, life)).await?;
            self.counts.add(|cell| &cell.inserts, 1);
        } else {
            self.inner.remove(&key).await?;
            self.counts.add(|cell| &cell.expired, 1);
        }
        Ok(life)
    }
}

impl<P: Plain> Store for Leased<P> {
    type Key = P::Key;
    type Value = P::Value;

    async fn get(&self, key: &P::Key) -> Result<Lookup<P::Value>> {
        let lease = self.lease_now(key);
        let found = self.inner.get(key).await?;
        Ok(self.hit(found).unwrap_or_else(|| {
            self.counts.add(|cell| &cell.misses, 1);
            Lookup::Miss(lease)
        }))
    }

    /// Answers if the engine does.
    fn get_now(&self, key: &P::Key) -> Option<Lookup<P::Value>> {
        let lease = self.lease_now(key);
        let found = self.inner.get_now(key)?;
        Some(self.hit(found).unwrap_or(Lookup::Miss(lease)))
    }

    async fn lease(&self, key: &P::Key) -> Result<Lease> {
        Ok(self.lease_now(key))
    }

    async fn fill(&self, key: P::Key, entry: Entry<P::Value>, lease: Lease) -> Result<Filled> {
        let hash = self.hash(&key);
        let [place, sequence] = lease.stamp();
        let mut change = self.changes.change(hash).await;
        if place != self.place(hash) || change.is_void(sequence) {
            self.counts.add(|cell| &cell.void_fills, 1);
            return Ok(Filled::Void);
        }
        change.begin();
        Ok(Filled::Stored(self.put(key, entry).await?))
    }

    async fn insert(&self, key: P::Key, entry: Entry<P::Value>) -> Result<()> {
        let mut change = self.changes.change(self.hash(&key)).await;
        change.begin();
        self.put(key, entry).await?;
        Ok(())
    }

    async fn remove(&self, key: &P::Key) -> Result<bool> {
        let mut change = self.changes.change(self.hash(key)).await;
        change.begin();
        let removed = self.inner.remove(key).await?;
        let was_usable = removed.is_some_and(|entry| self.is_usable(&entry));
        self.counts.add(|cell| &cell.removed, usize::from(was_usable));
        Ok(was_usable)
    }

    async fn clear(&self) -> Result<()> {
        let mut clear = self.changes.clear().await;
        clear.begin();
        self.inner.clear().await
    }
}

impl<P> fmt::Debug for Leased<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leased").field("lifetimes", &self.lifetimes).finish_non_exhaustive()
    }
}
