//! One shard: an index, a slab, a policy, a wheel and the counts, all under one lock.

use std::borrow::Borrow;
use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

use hashbrown::HashTable;

use super::removals::Removals;
use super::slab::{Node, Slab};
use super::wheel::Wheel;
use super::writes::Writes;
use crate::{Cause, EvictionPolicy, Filled, Hits, Life, Marks, Slot, Stats, Time};

/// How many expired entries a write sweeps in passing.
const SWEEP: usize = 2;

pub(super) struct Shard<K, V, P> {
    index: HashTable<u32>,
    slab: Slab<K, V>,
    policy: P,
    hits: Hits,
    wheel: Wheel,
    pub(super) writes: Writes,
    idle: Option<Idle>,
    capacity: u64,
    weight: u64,
    counts: Stats,
}

/// Time-to-idle, and when each slot was last used.
struct Idle {
    limit: Duration,
    used: Vec<Cell<Time>>,
}

/// An entry on its way in, with all that could be found out before the lock was taken.
pub(super) struct Incoming<K, V> {
    pub(super) hash: u64,
    pub(super) key: K,
    pub(super) value: V,
    pub(super) life: Life,
    /// `None` if the weigher could not tell.
    pub(super) weight: Option<NonZeroU32>,
}

/// What a look-up found, or the lease for it.
pub(super) enum Found<T> {
    Hit(T),
    Miss(u64),
}

impl<K, V, P> Shard<K, V, P>
where
    K: Eq,
    P: EvictionPolicy,
{
    pub(super) fn new(capacity: u64, policy: P, idle: Option<Duration>) -> Self {
        Self {
            index: HashTable::new(),
            slab: Slab::new(),
            hits: policy.hits(),
            policy,
            wheel: Wheel::default(),
            writes: Writes::new(),
            idle: idle.map(|limit| Idle { limit, used: Vec::new() }),
            capacity,
            weight: 0,
            counts: Stats::default(),
        }
    }

    /// Looks `key` up, lets `read` take what it needs of the entry, tells the policy, and counts a hit (not a miss).
    pub(super) fn get<Q, T>(
        &mut self,
        hash: u64,
        key: &Q,
        now: Time,
        read: impl FnOnce(&V, Life) -> T,
    ) -> Found<T>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let live = self.find(hash, key).and_then(|slot| self.live(slot, now).map(|node| (slot, node)));
        let Some((slot, node)) = live else {
            return Found::Miss(self.writes.now());
        };
        let found = read(&node.value, node.life);
        match self.hits {
            Hits::Ignored => {}
            Hits::Marked { max } => node.mark_use(max),
            Hits::Noted => self.policy.on_hit(Slot(slot)),
        }
        if let Some(idle) = &self.idle {
            idle.used[slot as usize].set(now);
        }
        self.counts.hits += 1;
        Found::Hit(found)
    }

    /// Counts a look-up that found nothing.
    pub(super) const fn count_miss(&mut self) {
        self.counts.misses += 1;
    }

    /// Looks `key` up without counting or telling anyone.
    pub(super) fn peek<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        now: Time,
        read: impl FnOnce(&V, Life) -> T,
    ) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let node = self.live(self.find(hash, key)?, now)?;
        Some(read(&node.value, node.life))
    }

    /// The application's own write.
    pub(super) fn insert(&mut self, new: Incoming<K, V>, now: Time, removals: &mut Removals<K, V>) {
        self.sweep(now, SWEEP, removals);
        let present = self.slot_of(&new);
        let sequence = self.writes.void(new.hash);
        self.put(present, new, sequence, now, removals);
    }

    /// A fill under a lease: refused if the key was written since, or filled under another lease.
    pub(super) fn fill(
        &mut self,
        new: Incoming<K, V>,
        lease: u64,
        now: Time,
        removals: &mut Removals<K, V>,
    ) -> (Filled, Option<Incoming<K, V>>) {
        self.sweep(now, SWEEP, removals);
        let present = self.slot_of(&new);
        let newer = |slot| self.slab.get(slot).is_some_and(|node| node.sequence > lease);
        if self.writes.since(lease, new.hash) || present.is_some_and(newer) {
            self.counts.void_fills += 1;
            return (Filled::Void, Some(new));
        }
        let (sequence, life) = (self.writes.next(), new.life);
        self.put(present, new, sequence, now, removals);
        (Filled::Stored(life), None)
    }

    /// Removes `key`. Its entry, and whether it was usable or had expired.
    pub(super) fn remove<Q>(&mut self, hash: u64, key: &Q, now: Time) -> Option<(Node<K, V>, Cause)>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let present = self.find(hash, key);
        self.writes.void(hash);
        let slot = present?;
        let cause = if self.live(slot, now).is_some() { Cause::Removed } else { Cause::Expired };
        self.policy.on_remove(Slot(slot));
        let node = self.take(slot)?;
        self.count(cause);
        Some((node, cause))
    }

    /// Removes everything.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = Node<K, V>> + use<K, V, P> {
        self.writes.void_all();
        self.index.clear();
        self.wheel.clear();
        self.weight = 0;
        for (slot, _) in self.slab.iter() {
            self.counts.cleared += 1;
            self.policy.on_remove(Slot(slot));
        }
        self.slab.drain().map(|(_, node)| node)
    }

    /// Removes up to `most` expired entries. How many.
    #[inline]
    pub(super) fn sweep(&mut self, now: Time, most: usize, removals: &mut Removals<K, V>) -> usize {
        (0..most).take_while(|_| self.expire_one(now, removals)).count()
    }

    /// Changes the capacity, and evicts what no longer fits.
    pub(super) fn resize(&mut self, capacity: u64, now: Time, removals: &mut Removals<K, V>) {
        self.capacity = capacity;
        self.policy.on_resize(capacity);
        self.make_room(None, now, removals);
    }

    /// The usable entries, with the sequence number by which [`remove_if_unchanged`](Self::remove_if_unchanged) knows them.
    pub(super) fn iter(&self, now: Time) -> impl Iterator<Item = (&K, &V, Life, u64)> {
        self.slab
            .iter()
            .filter(move |(slot, _)| self.live(*slot, now).is_some())
            .map(|(_, node)| (&node.key, &node.value, node.life, node.sequence))
    }

    /// Removes `key` if its value is still the one that came in with `sequence`.
    pub(super) fn remove_if_unchanged(
        &mut self,
        hash: u64,
        key: &K,
        sequence: u64,
        now: Time,
    ) -> Option<(Node<K, V>, Cause)> {
        let slot = self.find(hash, key)?;
        let unchanged = self.slab.get(slot).is_some_and(|node| node.sequence == sequence);
        if unchanged { self.remove(hash, key, now) } else { None }
    }

    /// The counts so far, and the state of things.
    pub(super) fn stats(&self) -> Stats {
        Stats { entries: self.index.len() as u64, weight: self.weight, ..self.counts }
    }

    pub(super) fn reset_stats(&mut self) {
        self.counts = Stats::default();
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) const fn weight(&self) -> u64 {
        self.weight
    }

    fn find<Q>(&self, hash: u64, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let same = |slot: &u32| self.slab.get(*slot).is_some_and(|node| node.key.borrow() == key);
        self.index.find(hash, same).copied()
    }

    /// The slot of the key that comes in, unless its entry has another hash: then the key contradicts itself.
    #[inline]
    fn slot_of(&self, new: &Incoming<K, V>) -> Option<u32> {
        let same = |slot: &u32| {
            self.slab.get(*slot).is_some_and(|node| node.hash == new.hash && node.key == new.key)
        };
        self.index.find(new.hash, same).copied()
    }

    fn live(&self, slot: u32, now: Time) -> Option<&Node<K, V>> {
        let node = self.slab.get(slot)?;
        let idle = || self.idle.as_ref().is_some_and(|idle| idle.deadline(slot) <= now);
        (node.life.is_usable(now) && !idle()).then_some(node)
    }

    /// Stores the entry over the one at `present`, or as a new one.
    fn put(
        &mut self,
        present: Option<u32>,
        new: Incoming<K, V>,
        sequence: u64,
        now: Time,
        removals: &mut Removals<K, V>,
    ) {
        let weight = new.weight.filter(|weight| u64::from(weight.get()) <= self.capacity);
        let unfit = if new.life.is_usable(now) { Cause::Refused } else { Cause::Expired };
        match (present, weight.filter(|_| unfit == Cause::Refused)) {
            (Some(slot), Some(weight)) => self.replace(slot, new, weight, sequence, now, removals),
            (None, Some(weight)) => self.add(new, weight, sequence, now, removals),
            (present, None) => {
                if let Some(slot) = present {
                    self.policy.on_remove(Slot(slot));
                    self.let_go(slot, Cause::Replaced, removals);
                }
                self.writes.remember(new.hash, sequence);
                self.count(unfit);
                removals.push(new.key, new.value, unfit);
            }
        }
    }

    fn replace(
        &mut self,
        slot: u32,
        new: Incoming<K, V>,
        weight: NonZeroU32,
        sequence: u64,
        now: Time,
        removals: &mut Removals<K, V>,
    ) {
        self.counts.inserts += 1;
        let (usable, life) = (self.live(slot, now).is_some(), new.life);
        let Some(node) = self.slab.get_mut(slot) else { return };
        self.weight = self.weight - u64::from(node.weight.get()) + u64::from(weight.get());
        let value = std::mem::replace(&mut node.value, new.value);
        (node.life, node.sequence, node.weight) = (new.life, sequence, weight);
        if let Hits::Marked { max } = self.hits {
            node.mark_use(max);
        }
        let cause = if usable { Cause::Replaced } else { Cause::Expired };
        self.count(cause);
        removals.push(new.key, value, cause);
        self.start_life(slot, life, now);
        self.policy.on_update(Slot(slot), weight.get());
        self.make_room(Some(slot), now, removals);
    }

    fn add(
        &mut self,
        new: Incoming<K, V>,
        weight: NonZeroU32,
        sequence: u64,
        now: Time,
        removals: &mut Removals<K, V>,
    ) {
        let Incoming { hash, key, value, life, .. } = new;
        let node = Node { key, value, life, hash, sequence, weight, mark: Cell::new(0) };
        let slot = match self.slab.insert(node) {
            Ok(slot) => slot,
            Err(node) => {
                self.writes.remember(hash, sequence);
                self.count(Cause::Refused);
                return removals.push(node.key, node.value, Cause::Refused);
            }
        };
        let slab = &self.slab;
        self.index.insert_unique(hash, slot, |slot| slab.get(*slot).map_or(0, |node| node.hash));
        self.counts.inserts += 1;
        self.writes.grow_for(self.index.len());
        self.weight += u64::from(weight.get());
        self.start_life(slot, life, now);
        self.policy.on_insert(Slot(slot), hash, weight.get());
        self.make_room(Some(slot), now, removals);
    }

    /// Evicts until the weights fit: expired entries first, then whom the policy names, and the newest if it names none.
    fn make_room(&mut self, newest: Option<u32>, now: Time, removals: &mut Removals<K, V>) {
        while self.weight > self.capacity {
            if self.expire_one(now, removals) {
                continue;
            }
            let named = self.policy.evict(&Marks::new(&self.slab)).map(|slot| slot.0);
            let victim = named.filter(|slot| self.slab.get(*slot).is_some()).or_else(|| {
                let newest = newest.filter(|slot| self.slab.get(*slot).is_some());
                let any = newest.or_else(|| self.slab.iter().next().map(|(slot, _)| slot));
                any.inspect(|slot| self.policy.on_remove(Slot(*slot)))
            });
            let Some(victim) = victim else { return };
            self.let_go(victim, Cause::Evicted, removals);
        }
    }

    /// Removes an entry whose life is over. Costs next to nothing where no entry ever had an end.
    #[inline]
    fn expire_one(&mut self, now: Time, removals: &mut Removals<K, V>) -> bool {
        !self.wheel.is_unused() && self.expire_due(now, removals)
    }

    #[inline(never)]
    fn expire_due(&mut self, now: Time, removals: &mut Removals<K, V>) -> bool {
        let (slab, idle) = (&self.slab, &self.idle);
        let deadline_of = |slot| deadline(slab, idle.as_ref(), slot).as_nanos();
        let Some(slot) = self.wheel.pop_due(now.as_nanos(), deadline_of) else { return false };
        self.policy.on_remove(Slot(slot));
        self.let_go(slot, Cause::Expired, removals);
        true
    }

    #[inline]
    fn start_life(&mut self, slot: u32, life: Life, now: Time) {
        if life.usable_until().time().is_some() || self.idle.is_some() || !self.wheel.is_unused() {
            self.schedule(slot, now);
        }
    }

    fn schedule(&mut self, slot: u32, now: Time) {
        if let Some(idle) = &mut self.idle {
            idle.start(slot, now);
        }
        match deadline(&self.slab, self.idle.as_ref(), slot) {
            Time::MAX => self.wheel.cancel(slot),
            deadline => self.wheel.schedule(slot, deadline.as_nanos()),
        }
    }

    /// Takes an entry out that the policy has forgotten.
    fn let_go(&mut self, slot: u32, cause: Cause, removals: &mut Removals<K, V>) {
        if let Some(node) = self.take(slot) {
            self.count(cause);
            removals.push(node.key, node.value, cause);
        }
    }

    fn take(&mut self, slot: u32) -> Option<Node<K, V>> {
        let node = self.slab.remove(slot)?;
        if let Ok(place) = self.index.find_entry(node.hash, |other| *other == slot) {
            place.remove();
        }
        self.wheel.cancel(slot);
        self.weight -= u64::from(node.weight.get());
        self.writes.remember(node.hash, node.sequence);
        Some(node)
    }

    fn count(&mut self, cause: Cause) {
        let counts = &mut self.counts;
        *match cause {
            Cause::Evicted => &mut counts.evicted,
            Cause::Expired => &mut counts.expired,
            Cause::Replaced => &mut counts.replaced,
            Cause::Removed => &mut counts.removed,
            Cause::Cleared => &mut counts.cleared,
            Cause::Refused => &mut counts.refused,
        } += 1;
    }
}

impl Idle {
    fn start(&mut self, slot: u32, now: Time) {
        if self.used.len() <= slot as usize {
            self.used.resize(slot as usize + 1, Cell::new(Time::ZERO));
        }
        self.used[slot as usize].set(now);
    }

    fn deadline(&self, slot: u32) -> Time {
        self.used.get(slot as usize).map_or(Time::MAX, |used| used.get().after(self.limit))
    }
}

/// When the entry at `slot` ends: by its own life, or for not being used.
fn deadline<K, V>(slab: &Slab<K, V>, idle: Option<&Idle>, slot: u32) -> Time {
    let usable = slab.get(slot).and_then(|node| node.life.usable_until().time()).unwrap_or(Time::MAX);
    idle.map_or(usable, |idle| usable.min(idle.deadline(slot)))
}
