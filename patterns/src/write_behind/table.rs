//! The queue as plain data: one slot a key, and whose turn it is. Used under one lock; nothing here waits.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use foldhash::quality::RandomState;
use larder_core::{Key, Time};

use super::slot::{Op, Slot, Turn};

/// After how many failures in a row a key is written alone, so that it no longer holds up others.
const ALONE: u32 = 2;

pub(super) struct Table<K, V> {
    slots: HashMap<K, Slot<V>, RandomState>,
    /// The keys whose turn is with the next batch, by their oldest operation that the origin has not.
    queued: BTreeMap<(u64, u64), K>,
    /// The keys that are tried again, by the moment.
    later: BTreeMap<(Time, u64), K>,
    /// The operations that `flush` would wait for, and when each was acknowledged.
    unwritten: BTreeMap<u64, Time>,
    /// Operations up to this one leave without waiting for company.
    pub(super) wanted: u64,
    /// Whether the task is there that writes.
    pub(super) running: bool,
    pub(super) closed: bool,
    numbers: u64,
    was_later: bool,
}

/// What is to be done with a key.
pub(super) struct Item<K, V> {
    pub(super) key: K,
    /// What to write; `None`: the origin has it, only the cache is to be cleared of the key.
    pub(super) op: Option<Arc<Op<V>>>,
}

/// What the writing task does next.
pub(super) enum Next<K, V> {
    Write(Vec<Item<K, V>>),
    /// Wait until there is news, at most until this moment.
    Wait(Option<Time>),
    /// End: there is nothing in the queue. It is noted that the task runs no more.
    End,
}

/// What became of a write that failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Again,
    GivenUp,
}

impl<K: Key, V> Table<K, V> {
    pub(super) fn new() -> Self {
        Self {
            slots: HashMap::default(),
            queued: BTreeMap::new(),
            later: BTreeMap::new(),
            unwritten: BTreeMap::new(),
            wanted: 0,
            running: false,
            closed: false,
            numbers: 0,
            was_later: false,
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.slots.len()
    }

    /// How many operations the origin has not.
    pub(super) fn unwritten(&self) -> usize {
        self.slots.values().filter(|slot| slot.unwritten).count()
    }

    /// The oldest operation that the origin has not, and when it was acknowledged.
    pub(super) fn oldest(&self) -> Option<(u64, Time)> {
        self.unwritten.first_key_value().map(|(first, since)| (*first, *since))
    }

    /// Holds room for a write of each of `keys`, which are distinct; for all or for none.
    pub(super) fn hold(&mut self, keys: &[K], capacity: usize) -> bool {
        let more = keys.iter().filter(|key| !self.slots.contains_key(*key)).count();
        if more > 0 && self.slots.len() + more > capacity {
            return false;
        }
        keys.iter().for_each(|key| self.slot(key).held += 1);
        true
    }

    /// Gives the room up again. The slot, if that was all it was for.
    pub(super) fn let_go(&mut self, key: &K) -> Option<Slot<V>> {
        let slot = self.slots.get_mut(key)?;
        slot.held = slot.held.saturating_sub(1);
        self.take_done(key)
    }

    /// Makes `op` the last operation on `key`. The one before.
    pub(super) fn queue(&mut self, key: &K, op: Arc<Op<V>>, now: Time) -> Option<Arc<Op<V>>> {
        let sequence = op.sequence;
        let slot = self.slots.entry(key.clone()).or_insert_with(Slot::new);
        let before = slot.op.replace(op);
        slot.attempts = 0;
        if !slot.unwritten {
            slot.unwritten = true;
            slot.first = sequence;
            self.unwritten.insert(sequence, now);
            match slot.turn {
                Turn::Idle => self.append(key),
                Turn::At(time, number) => {
                    self.later.remove(&(time, number));
                    self.append(key);
                }
                Turn::Queued | Turn::Now => {}
            }
        } else if slot.turn == Turn::Now && slot.next.is_none() {
            slot.next = Some(sequence);
            self.unwritten.insert(sequence, now);
        }
        before
    }

    /// What readers are to see instead of the cache, and whether the origin is still to get it.
    pub(super) fn look(&self, key: &K) -> Option<(Arc<Op<V>>, bool)> {
        let slot = self.slots.get(key)?;
        slot.op.as_ref().map(|op| (Arc::clone(op), slot.unwritten))
    }

    /// The cache may have another value than the last operation says.
    pub(super) fn doubt(&mut self, key: &K) {
        self.numbers += 1;
        if let Some(slot) = self.slots.get_mut(key) {
            slot.doubt = self.numbers;
            if slot.turn == Turn::Idle && !slot.unwritten {
                self.append(key);
            }
        }
    }

    /// The doubt about a key that the origin has and the cache must lose; `None` if there is none.
    pub(super) fn doubted(&self, key: &K) -> Option<u64> {
        self.slots.get(key).filter(|slot| !slot.unwritten && slot.doubt > 0).map(|slot| slot.doubt)
    }

    /// The cache has lost what was doubtful.
    pub(super) fn trust(&mut self, key: &K, doubt: u64) {
        if let Some(slot) = self.slots.get_mut(key)
            && slot.doubt == doubt
        {
            slot.doubt = 0;
        }
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self, now: Time, size: usize, interval: Duration) -> Next<K, V> {
        let again = self.later.first_key_value().map(|((time, _), _)| *time);
        let due = self.due(size, interval);
        let is_again = again.is_some_and(|time| time <= now);
        let is_due = due.is_some_and(|time| time <= now);
        if is_again && !(is_due && self.was_later) {
            self.was_later = true;
            return Next::Write(self.take_later(now, size));
        }
        self.was_later = false;
        if is_due {
            return Next::Write(self.take_queued(size));
        }
        if self.slots.is_empty() {
            self.running = false;
            return Next::End;
        }
        Next::Wait(again.into_iter().chain(due).min())
    }

    /// The origin has this operation. Whether it is still the last one.
    pub(super) fn written(&mut self, key: &K, sequence: u64) -> bool {
        let Some(slot) = self.slots.get_mut(key) else { return false };
        self.unwritten.remove(&slot.first);
        slot.attempts = 0;
        slot.failures = 0;
        let is_last = slot.is_last(sequence);
        match slot.next.take() {
            Some(next) => slot.first = next,
            None => slot.unwritten = !is_last,
        }
        is_last
    }

    /// The origin may not have this operation. It is given up after `attempts`, unless there is a newer one.
    pub(super) fn failed(&mut self, key: &K, sequence: u64, attempts: Option<u32>) -> Verdict {
        let Some(slot) = self.slots.get_mut(key) else { return Verdict::Again };
        slot.failures = slot.failures.saturating_add(1);
        if let Some(next) = slot.next.take() {
            self.unwritten.remove(&next);
        }
        if !slot.is_last(sequence) {
            return Verdict::Again;
        }
        slot.attempts = slot.attempts.saturating_add(1);
        if attempts.is_none_or(|attempts| slot.attempts < attempts) {
            return Verdict::Again;
        }
        slot.unwritten = false;
        slot.op = Some(Arc::new(Op { sequence, entry: None }));
        self.unwritten.remove(&slot.first);
        self.doubt(key);
        Verdict::GivenUp
    }

    /// The cache did not lose what was doubtful.
    pub(super) fn stumbled(&mut self, key: &K) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.failures = slot.failures.saturating_add(1);
        }
    }

    /// How often in a row this key failed.
    pub(super) fn failures(&self, key: &K) -> u32 {
        self.slots.get(key).map_or(0, |slot| slot.failures)
    }

    /// The key's turn is over; it comes again at `again` if there is something to do over, with the next batch if
    /// there is something new. The slot, if there is neither.
    pub(super) fn end_turn(&mut self, key: &K, again: Option<Time>) -> Option<Slot<V>> {
        let slot = self.slots.get_mut(key)?;
        slot.turn = Turn::Idle;
        if slot.unwritten || slot.doubt > 0 {
            match again {
                Some(time) => self.postpone(key, time),
                None => self.append(key),
            }
        }
        self.take_done(key)
    }

    fn slot(&mut self, key: &K) -> &mut Slot<V> {
        self.slots.entry(key.clone()).or_insert_with(Slot::new)
    }

    fn append(&mut self, key: &K) {
        self.numbers += 1;
        let number = self.numbers;
        let slot = self.slot(key);
        slot.turn = Turn::Queued;
        let oldest = if slot.unwritten { slot.first } else { 0 };
        self.queued.insert((oldest, number), key.clone());
    }

    fn postpone(&mut self, key: &K, time: Time) {
        self.numbers += 1;
        let number = self.numbers;
        self.slot(key).turn = Turn::At(time, number);
        self.later.insert((time, number), key.clone());
    }

    /// When the next batch leaves.
    fn due(&self, size: usize, interval: Duration) -> Option<Time> {
        let ((oldest, _), _) = self.queued.first_key_value()?;
        if self.queued.len() >= size || *oldest <= self.wanted {
            return Some(Time::ZERO);
        }
        self.unwritten.get(oldest).map(|since| since.after(interval))
    }

    fn take_queued(&mut self, size: usize) -> Vec<Item<K, V>> {
        let taken: Vec<_> = std::iter::from_fn(|| self.queued.pop_first()).take(size).collect();
        taken.into_iter().map(|(_, key)| self.begin(key)).collect()
    }

    fn take_later(&mut self, now: Time, size: usize) -> Vec<Item<K, V>> {
        let mut items = Vec::new();
        while items.len() < size
            && let Some(first) = self.later.first_entry()
            && first.key().0 <= now
        {
            let is_alone = self.slots.get(first.get()).is_none_or(|slot| slot.failures >= ALONE);
            if is_alone && !items.is_empty() {
                break;
            }
            let key = first.remove();
            items.push(self.begin(key));
            if is_alone {
                break;
            }
        }
        items
    }

    fn begin(&mut self, key: K) -> Item<K, V> {
        let slot = self.slot(&key);
        slot.turn = Turn::Now;
        let op = slot.op.clone().filter(|_| slot.unwritten);
        Item { key, op }
    }

    fn take_done(&mut self, key: &K) -> Option<Slot<V>> {
        if self.slots.get(key)?.is_done() { self.slots.remove(key) } else { None }
    }
}
