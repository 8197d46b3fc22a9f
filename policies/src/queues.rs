//! Lists that know what their entries weigh and which key's hash each has.

use larder_core::Slot;

use crate::lists::{ListId, Lists};

/// `N` lists over slots, with each slot's hash and weight, and each list's total weight. Every operation costs O(1).
#[derive(Debug)]
pub(crate) struct Queues<const N: usize> {
    lists: Lists,
    entries: Vec<Entry>,
    weights: [u64; N],
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    hash: u64,
    weight: u32,
}

impl<const N: usize> Queues<N> {
    pub(crate) fn new() -> Self {
        Self { lists: Lists::new(N), entries: Vec::new(), weights: [0; N] }
    }

    /// The links, to read.
    pub(crate) fn lists(&self) -> &Lists {
        &self.lists
    }

    /// The weight of everything on `list`.
    pub(crate) fn weight(&self, list: ListId) -> u64 {
        self.weights[list.0 as usize]
    }

    /// The hash and weight that `slot` was told with.
    pub(crate) fn entry(&self, slot: Slot) -> (u64, u32) {
        self.entries.get(slot.index()).map_or((0, 0), |entry| (entry.hash, entry.weight))
    }

    /// Puts a new entry at the newest end of `list`.
    pub(crate) fn insert(&mut self, list: ListId, slot: Slot, hash: u64, weight: u32) {
        self.remove(slot);
        self.lists.place(list, slot);
        self.entries.resize(self.lists.reach().max(self.entries.len()), Entry::default());
        if let Some(entry) = self.entries.get_mut(slot.index()) {
            *entry = Entry { hash, weight };
            self.weights[list.0 as usize] += u64::from(weight);
        }
    }

    /// Changes what the entry at `slot` weighs.
    pub(crate) fn reweigh(&mut self, slot: Slot, weight: u32) {
        if let Some(list) = self.lists.list_of(slot) {
            let old = std::mem::replace(&mut self.entries[slot.index()].weight, weight);
            let total = &mut self.weights[list.0 as usize];
            *total = *total - u64::from(old) + u64::from(weight);
        }
    }

    /// Makes `slot` the newest of `list`, if it is on any.
    pub(crate) fn place(&mut self, list: ListId, slot: Slot) {
        if let Some(from) = self.lists.list_of(slot) {
            let weight = u64::from(self.entries[slot.index()].weight);
            self.weights[from.0 as usize] -= weight;
            self.weights[list.0 as usize] += weight;
            self.lists.place(list, slot);
        }
    }

    /// Forgets the entry at `slot`, and says which list it was on.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<ListId> {
        let list = self.lists.unlink(slot)?;
        self.weights[list.0 as usize] -= u64::from(self.entries[slot.index()].weight);
        Some(list)
    }
}
