//! A bare engine around a policy, which keeps the books that the policy is checked against.

use std::collections::HashMap;

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use super::marks::TableMarks;
use super::script::{Op, Rng};

/// Keys, slots and weights, but no values; calls the policy in the order that the engine promises.
#[derive(Debug)]
pub(super) struct Rig<P> {
    policy: P,
    hits: Hits,
    marks: TableMarks,
    slots: HashMap<u64, Slot>,
    entries: Vec<Option<Held>>,
    free: Vec<Slot>,
    used: u64,
    capacity: u64,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    key: u64,
    weight: u32,
}

/// The promise that was broken, in words.
pub(super) type Broken = String;

impl<P: EvictionPolicy> Rig<P> {
    pub(super) fn new(policy: P, capacity: u64) -> Self {
        Self {
            hits: policy.hits(),
            policy,
            marks: TableMarks::new(),
            slots: HashMap::new(),
            entries: Vec::new(),
            free: Vec::new(),
            used: 0,
            capacity,
        }
    }

    pub(super) fn policy(&self) -> &P {
        &self.policy
    }

    /// Does `op`, and says which slots the policy evicted for it.
    pub(super) fn apply(&mut self, op: &Op) -> Result<Vec<Slot>, Broken> {
        match *op {
            Op::Ask { key, hash, weight } => self.ask(key, hash, weight),
            Op::Replace { key, hash, weight, gone } => {
                self.ask(key, hash, weight);
                self.remove_key(gone);
            }
            Op::Write { key, hash, weight } => match self.slots.get(&key) {
                Some(&slot) if u64::from(weight) <= self.capacity => self.update(slot, weight),
                Some(&slot) => self.remove(slot),
                None => self.insert(key, hash, weight),
            },
            Op::Remove { key } => self.remove_key(key),
            Op::Evict => return Ok(self.evict()?.into_iter().collect()),
            Op::Resize { capacity } => {
                self.capacity = capacity;
                self.policy.on_resize(capacity);
            }
        }
        self.fit()
    }

    /// Evicts until nothing is left.
    pub(super) fn drain(&mut self) -> Result<Vec<Slot>, Broken> {
        let mut victims = Vec::new();
        while let Some(victim) = self.evict()? {
            victims.push(victim);
        }
        Ok(victims)
    }

    /// Lets `count` keys in that were never seen before, hits some of them, and keeps no more than `most`.
    pub(super) fn pass(&mut self, count: usize, weight: u32, most: usize) -> Result<(), Broken> {
        let mut rng = Rng::new(self.used ^ count as u64);
        for _ in 0..count {
            let key = rng.next();
            for _ in 0..=rng.below(4) {
                self.apply(&Op::Ask { key, hash: key, weight })?;
            }
            if self.slots.len() > most {
                self.evict()?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, key: u64, hash: u64, weight: u32) {
        match self.slots.get(&key) {
            Some(&slot) => self.hit(slot),
            None => self.insert(key, hash, weight),
        }
    }

    fn insert(&mut self, key: u64, hash: u64, weight: u32) {
        if u64::from(weight) > self.capacity {
            return;
        }
        let slot = self.free.pop().unwrap_or(Slot(self.entries.len() as u32));
        self.entries.resize(self.entries.len().max(slot.index() + 1), None);
        self.entries[slot.index()] = Some(Held { key, weight });
        self.slots.insert(key, slot);
        self.used += u64::from(weight);
        self.marks.set_up(slot, 0);
        self.policy.on_insert(slot, hash, weight);
    }

    fn hit(&mut self, slot: Slot) {
        self.marks.hit(slot, self.hits);
        if self.hits == Hits::Noted {
            self.policy.on_hit(slot);
        }
    }

    fn update(&mut self, slot: Slot, weight: u32) {
        if let Some(held) = self.entries[slot.index()].as_mut() {
            self.used = self.used - u64::from(held.weight) + u64::from(weight);
            held.weight = weight;
        }
        self.marks.hit(slot, self.hits);
        self.policy.on_update(slot, weight);
    }

    fn remove_key(&mut self, key: u64) {
        if let Some(&slot) = self.slots.get(&key) {
            self.remove(slot);
        }
    }

    fn remove(&mut self, slot: Slot) {
        self.policy.on_remove(slot);
        self.forget(slot);
    }

    fn fit(&mut self) -> Result<Vec<Slot>, Broken> {
        let mut victims = Vec::new();
        while self.used > self.capacity {
            victims.extend(self.evict()?);
        }
        Ok(victims)
    }

    fn evict(&mut self) -> Result<Option<Slot>, Broken> {
        match self.policy.evict(&Marks::new(&self.marks)) {
            Some(slot) if self.forget(slot) => Ok(Some(slot)),
            Some(slot) => Err(format!("evict names {slot:?}, which holds nothing,")),
            None if self.slots.is_empty() => Ok(None),
            None => Err(format!("evict says None although {} entries are there", self.slots.len())),
        }
    }

    fn forget(&mut self, slot: Slot) -> bool {
        let Some(held) = self.entries.get_mut(slot.index()).and_then(Option::take) else { return false };
        self.slots.remove(&held.key);
        self.used -= u64::from(held.weight);
        self.marks.tear_down(slot);
        self.free.push(slot);
        true
    }
}
