//! What the lock of a shard guards: who writes its entries, a policy, a wheel and the counts.

use std::borrow::Borrow;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;

use super::idle::Idle;
use super::index::{At, Gone, Writer};
use super::node::{FOR_EVER, Mark, Node};
use super::readers::Moment;
use super::removals::Removals;
use super::resident::{Resident, end_of};
use super::wheel::Wheel;
use super::writes::Writes;
use crate::{Cause, EvictionPolicy, Filled, Hits, Key, Life, MarkTable, Marks, Slot, Stats, Time, Value};

/// How many expired entries a write sweeps in passing.
const SWEEP: usize = 2;

/// First what each write changes.
#[repr(C)]
pub(super) struct Guarded<K, V, P> {
    weight: u64,
    capacity: u64,
    pub(super) writes: Writes,
    idle: Idle,
    hits: Hits,
    nodes: Writer<K, V>,
    counts: Stats,
    policy: P,
    wheel: Wheel,
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

/// What was removed, as far as it is wanted: the key for a listener, the value for the caller.
pub(super) struct Taken<K, V> {
    pub(super) key: Option<K>,
    pub(super) value: Option<V>,
    pub(super) cause: Cause,
}

impl<K: Key, V: Value, P: EvictionPolicy> Guarded<K, V, P> {
    pub(super) fn new(nodes: Writer<K, V>, capacity: u64, policy: P, idle: Idle) -> Self {
        Self {
            capacity,
            weight: 0,
            idle,
            hits: policy.hits(),
            writes: Writes::new(),
            nodes,
            policy,
            counts: Stats::default(),
            wheel: Wheel::default(),
        }
    }

    /// Looks `key` up, lets `read` take what it needs of the entry, tells the policy, and counts a hit (not a miss).
    pub(super) fn get<Q, T>(
        &mut self,
        hash: u64,
        key: &Q,
        now: Time,
        read: impl FnOnce(Resident<'_, K, V>) -> T,
    ) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let resident = self.usable(hash, key, now)?;
        let (slot, found) = (resident.node.slot, read(resident));
        self.idle.renew(resident, now);
        match self.hits {
            Hits::Ignored => {}
            Hits::Marked { max } => resident.node.mark.add(max),
            Hits::Noted => self.policy.on_hit(Slot(slot)),
        }
        self.counts.hits += 1;
        Some(found)
    }

    /// The number of the last write, which from now on may be a lease.
    pub(super) fn watch(&mut self) -> u64 {
        self.writes.watch(self.nodes.len());
        self.writes.now()
    }

    /// Counts a look-up that found nothing.
    pub(super) const fn count_miss(&mut self) {
        self.counts.misses += 1;
    }

    /// Tells the policy of a hit, unless the slot has changed hands.
    pub(super) fn hit(&mut self, slot: u32, sequence: u32) {
        if self.nodes.get(slot).is_some_and(|node| node.sequence as u32 == sequence) {
            self.policy.on_hit(Slot(slot));
        }
    }

    /// Looks `key` up without counting or telling anyone.
    pub(super) fn peek<Q, T>(
        &self,
        hash: u64,
        key: &Q,
        now: Time,
        read: impl FnOnce(Resident<'_, K, V>) -> T,
    ) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.usable(hash, key, now).map(read)
    }

    /// The application's own write.
    #[inline(always)]
    pub(super) fn insert(&mut self, new: Incoming<K, V>, now: Time, removals: &mut Removals<K, V>) {
        self.sweep(now, SWEEP, removals);
        // Apart, only the key has to be in memory, not all that comes with it.
        let Incoming { hash, key, value, life, weight } = new;
        let present = self.find(hash, &key);
        let sequence = self.writes.void(hash as u32);
        self.put(present, Incoming { hash, key, value, life, weight }, sequence, now, removals);
        self.collect(removals);
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
        let present = self.find(new.hash, &new.key);
        let newer = |(_, slot)| self.nodes.get(slot).is_some_and(|node| node.sequence > lease);
        if self.writes.since(lease, new.hash as u32) || present.is_some_and(newer) {
            self.counts.void_fills += 1;
            return (Filled::Void, Some(new));
        }
        let (sequence, life) = (self.writes.next(), new.life);
        self.put(present, new, sequence, now, removals);
        self.collect(removals);
        (Filled::Stored(life), None)
    }

    /// Removes `key`. Its entry, and whether it was usable or had expired.
    pub(super) fn remove<Q>(
        &mut self,
        hash: u64,
        key: &Q,
        now: Time,
        removals: &mut Removals<K, V>,
    ) -> Option<Taken<K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let present = self.nodes.find(hash as u32, key).map(|(_, place)| place.node.slot);
        self.writes.void(hash as u32);
        let slot = present?;
        let cause = if self.live(slot, now).is_some() { Cause::Removed } else { Cause::Expired };
        self.policy.on_remove(Slot(slot));
        self.count(cause);
        let (told, wanted) = (removals.are_told(), removals.are_told() || cause == Cause::Removed);
        let taken = match self.take(slot)? {
            Gone::Owned(key, value) => Taken { key: Some(key), value: Some(value), cause },
            Gone::Seen(node) => {
                let key = told.then(|| node.key.clone());
                Taken { key, value: wanted.then(|| node.value.clone()), cause }
            }
        };
        self.collect(removals);
        Some(taken)
    }

    /// Removes everything.
    pub(super) fn clear(&mut self, removals: &mut Removals<K, V>) {
        self.writes.void_all();
        self.wheel.clear();
        self.weight = 0;
        for (slot, _) in self.nodes.iter() {
            self.counts.cleared += 1;
            self.policy.on_remove(Slot(slot));
        }
        self.nodes.clear(|gone| removals.push_gone(gone, Cause::Cleared));
        self.collect(removals);
    }

    /// Removes up to `most` expired entries. How many.
    pub(super) fn sweep(&mut self, now: Time, most: usize, removals: &mut Removals<K, V>) -> usize {
        if self.wheel.is_unused() {
            return 0;
        }
        let swept = (0..most).take_while(|_| self.expire_one(now, removals)).count();
        self.collect(removals);
        swept
    }

    /// Changes the capacity, and evicts what no longer fits.
    pub(super) fn resize(&mut self, capacity: u64, now: Time, removals: &mut Removals<K, V>) {
        self.capacity = capacity;
        self.nodes.resize(capacity);
        self.policy.on_resize(capacity);
        self.make_room(None, now, removals);
        self.collect(removals);
    }

    /// The usable entries, with the sequence number by which [`remove_if_unchanged`](Self::remove_if_unchanged) knows them.
    pub(super) fn iter(&self, now: Time) -> impl Iterator<Item = (&K, &V, Life, u64)> {
        self.nodes
            .iter()
            .filter_map(move |(slot, node)| Some((node, self.live(slot, now)?.life())))
            .map(|(node, life)| (&node.key, &node.value, life, node.sequence))
    }

    /// Removes `key` if its value is still the one that came in with `sequence`.
    pub(super) fn remove_if_unchanged(
        &mut self,
        hash: u64,
        key: &K,
        sequence: u64,
        now: Time,
        removals: &mut Removals<K, V>,
    ) -> Option<Taken<K, V>> {
        let unchanged = self.nodes.find(hash as u32, key)?.1.node.sequence == sequence;
        if unchanged { self.remove(hash, key, now, removals) } else { None }
    }

    /// Drops what readers have let go of in the meantime.
    pub(super) fn collect(&mut self, removals: &mut Removals<K, V>) {
        self.nodes.collect(|node| removals.bury(node));
    }

    /// What readers have to pass before what they saw can be dropped, if it is time for that.
    #[inline]
    pub(super) fn late(&self) -> Option<Moment> {
        self.nodes.late()
    }

    /// The counts so far, and the state of things.
    pub(super) fn stats(&self) -> Stats {
        Stats { entries: self.nodes.len() as u64, weight: self.weight, ..self.counts }
    }

    pub(super) fn reset_stats(&mut self) {
        self.counts = Stats::default();
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) const fn weight(&self) -> u64 {
        self.weight
    }

    /// Where the key that comes in is, and its slot; unless it is there with another hash: then it contradicts itself.
    #[inline]
    fn find(&self, hash: u64, key: &K) -> Option<(At, u32)> {
        let hash = hash as u32;
        let found = self.nodes.find(hash, key).filter(|(_, place)| place.node.hash == hash);
        found.map(|(at, place)| (at, place.node.slot))
    }

    /// Where the node of `key` is, if it is usable.
    #[inline]
    fn usable<Q>(&self, hash: u64, key: &Q, now: Time) -> Option<Resident<'_, K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let (_, resident) = self.nodes.find(hash as u32, key)?;
        self.idle.is_live(resident, now).then_some(resident)
    }

    fn live(&self, slot: u32, now: Time) -> Option<Resident<'_, K, V>> {
        self.nodes.place_at(slot).filter(|resident| self.idle.is_live(*resident, now))
    }

    /// Stores the entry over the one that is `present`, or as a new one.
    #[inline(always)]
    fn put(
        &mut self,
        present: Option<(At, u32)>,
        new: Incoming<K, V>,
        sequence: u64,
        now: Time,
        removals: &mut Removals<K, V>,
    ) {
        let weight = new.weight.filter(|weight| u64::from(weight.get()) <= self.capacity);
        let (hash, end) = (new.hash, end_of(new.life));
        let until = self.idle.until(now, end);
        match (present, weight.filter(|_| new.life.is_usable(now))) {
            (Some((at, _)), Some(weight)) => {
                self.replace(at, node(new, weight, sequence, until), end, now, removals);
            }
            (None, Some(weight)) => {
                self.add(hash, node(new, weight, sequence, until), end, now, removals);
            }
            (present, None) => {
                let cause = if new.life.is_usable(now) { Cause::Refused } else { Cause::Expired };
                self.refuse(present.map(|(_, slot)| slot), (hash as u32, sequence), cause, removals);
                removals.push(new.key, new.value, cause);
            }
        }
    }

    /// What comes in can't be kept; nor can what was there before.
    #[cold]
    fn refuse(
        &mut self,
        present: Option<u32>,
        (hash, sequence): (u32, u64),
        cause: Cause,
        removals: &mut Removals<K, V>,
    ) {
        if let Some(slot) = present {
            self.policy.on_remove(Slot(slot));
            self.let_go(slot, Cause::Replaced, removals);
        }
        self.writes.remember(hash, sequence);
        self.count(cause);
    }

    #[inline(always)]
    fn replace(&mut self, at: At, new: Node<K, V>, end: u64, now: Time, removals: &mut Removals<K, V>) {
        let (hits, idle, weight) = (self.hits, self.idle, new.weight.get());
        let (mut slot, mut cause, mut before) = (0, Cause::Replaced, 0);
        let gone = self.nodes.replace(at, end, |old| {
            if !idle.is_live(old, now) {
                cause = Cause::Expired;
            }
            let old = old.node;
            (slot, before) = (old.slot, old.weight.get());
            new.mark.set(old.mark.get());
            if let Hits::Marked { max } = hits {
                new.mark.add(max);
            }
            new
        });
        let Some(gone) = gone else { return };
        removals.push_gone(gone, cause);
        self.weight = self.weight - u64::from(before) + u64::from(weight);
        self.counts.inserts += 1;
        self.count(cause);
        self.start_life(slot, end);
        self.policy.on_update(Slot(slot), weight);
        self.make_room(Some(slot), now, removals);
    }

    #[inline(always)]
    fn add(&mut self, hash: u64, new: Node<K, V>, end: u64, now: Time, removals: &mut Removals<K, V>) {
        let weight = new.weight.get();
        self.nodes.fetch_foreseen();
        let slot = match self.nodes.insert(new, end) {
            Ok(slot) => slot,
            Err(node) => {
                self.refuse(None, (node.hash, node.sequence), Cause::Refused, removals);
                return removals.push(node.key, node.value, Cause::Refused);
            }
        };
        self.counts.inserts += 1;
        self.writes.grow_for(self.nodes.len());
        self.weight += u64::from(weight);
        self.start_life(slot, end);
        self.policy.on_insert(Slot(slot), hash, weight);
        self.make_room(Some(slot), now, removals);
    }

    /// Evicts until the weights fit.
    #[inline]
    fn make_room(&mut self, newest: Option<u32>, now: Time, removals: &mut Removals<K, V>) {
        if self.weight > self.capacity {
            self.evict(newest, now, removals);
        }
    }

    /// Evicts until the weights fit: expired entries first, then whom the policy names, and the newest if it names none.
    fn evict(&mut self, newest: Option<u32>, now: Time, removals: &mut Removals<K, V>) {
        while self.weight > self.capacity {
            if self.expire_one(now, removals) {
                continue;
            }
            let named = self.policy.evict(&Marks::new(&self.nodes)).map(|slot| slot.0);
            let victim = named.filter(|slot| self.nodes.has(*slot)).or_else(|| {
                let newest = newest.filter(|slot| self.nodes.has(*slot));
                let any = newest.or_else(|| self.nodes.iter().next().map(|(slot, _)| slot));
                any.inspect(|slot| self.policy.on_remove(Slot(*slot)))
            });
            let Some(victim) = victim else { return };
            self.let_go(victim, Cause::Evicted, removals);
        }
    }

    fn expire_one(&mut self, now: Time, removals: &mut Removals<K, V>) -> bool {
        !self.wheel.is_unused() && self.expire_due(now, removals)
    }

    #[inline(never)]
    fn expire_due(&mut self, now: Time, removals: &mut Removals<K, V>) -> bool {
        let (nodes, idle) = (&self.nodes, self.idle);
        let deadline_of = |slot| deadline(nodes, idle, slot);
        let Some(slot) = self.wheel.pop_due(now.as_nanos(), deadline_of) else { return false };
        self.policy.on_remove(Slot(slot));
        self.let_go(slot, Cause::Expired, removals);
        true
    }

    #[inline]
    fn start_life(&mut self, slot: u32, end: u64) {
        if end < FOR_EVER || self.idle.is_limited() || !self.wheel.is_unused() {
            self.schedule(slot);
        }
    }

    #[inline(never)]
    fn schedule(&mut self, slot: u32) {
        match deadline(&self.nodes, self.idle, slot) {
            FOR_EVER => self.wheel.cancel(slot),
            deadline => self.wheel.schedule(slot, deadline),
        }
    }

    /// Takes an entry out that the policy has forgotten.
    #[inline(always)]
    fn let_go(&mut self, slot: u32, cause: Cause, removals: &mut Removals<K, V>) {
        self.count(cause);
        if let Some(gone) = self.take(slot) {
            removals.push_gone(gone, cause);
        }
    }

    #[inline]
    fn take(&mut self, slot: u32) -> Option<Gone<'_, K, V>> {
        if !self.wheel.is_unused() {
            self.wheel.cancel(slot);
        }
        self.nodes.remove(slot, |node| {
            self.weight -= u64::from(node.weight.get());
            self.writes.remember(node.hash, node.sequence);
        })
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

/// The node of an entry that comes in.
#[inline(always)]
fn node<K, V>(new: Incoming<K, V>, weight: NonZeroU32, sequence: u64, until: u64) -> Node<K, V> {
    let Incoming { hash, key, value, life, .. } = new;
    let (stored, fresh) = (life.stored().unwrap_or(Time::MAX), life.fresh_until());
    let (until, hash, mark) = (AtomicU64::new(until), hash as u32, Mark::default());
    Node { key, value, until, stored, fresh, sequence, hash, weight, slot: 0, mark }
}

/// When the entry at `slot` ends: by its own life, or for not being used.
fn deadline<K, V>(nodes: &Writer<K, V>, idle: Idle, slot: u32) -> u64 {
    nodes.place_at(slot).map_or(FOR_EVER, |resident| idle.end(resident))
}

impl<K, V> MarkTable for Writer<K, V> {
    fn get(&self, slot: Slot) -> u8 {
        self.get(slot.0).map_or(0, |node| node.mark.get())
    }

    fn set(&self, slot: Slot, mark: u8) {
        if let Some(node) = self.get(slot.0) {
            node.mark.set(mark);
        }
    }

    fn foresee(&self, slot: Slot) {
        Self::foresee(self, slot.0);
    }
}
