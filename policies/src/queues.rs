//! Lists that know what their entries weigh and which key's hash each has.

use larder_core::Slot;

use crate::lists::{ListId, Lists};

/// `N` lists over slots, with each slot's hash and weight, and each list's total weight. Every operation costs O(1).
#[derive(Debug)]
pub(crate) struct Queues<const N: usize> {
    lists: Lists<Entry>,
    weights: [u64; N],
}

/// What the engine told of an entry.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) hash: u64,
    pub(crate) weight: u32,
}

impl<const N: usize> Queues<N> {
    pub(crate) fn new() -> Self {
        Self { lists: Lists::new(N), weights: [0; N] }
    }

    /// The links, to read.
    pub(crate) fn lists(&self) -> &Lists<Entry> {
        &self.lists
    }

    /// The weight of everything on `list`.
    pub(crate) fn weight(&self, list: ListId) -> u64 {
        self.weights[list.0 as usize]
    }

    /// What was told of the entry at `slot`; nothing at all of a slot on no list.
    pub(crate) fn entry(&self, slot: Slot) -> Entry {
        self.lists.note(slot).copied().unwrap_or_default()
    }

    /// Puts a new entry at the newest end of `list`.
    pub(crate) fn insert(&mut self, list: ListId, slot: Slot, entry: Entry) {
        self.remove(slot);
        self.lists.place(list, slot);
        if let Some(note) = self.lists.note_mut(slot) {
            *note = entry;
            self.weights[list.0 as usize] += u64::from(entry.weight);
        }
    }

    /// Changes what the entry at `slot` weighs.
    pub(crate) fn reweigh(&mut self, slot: Slot, weight: u32) {
        let Some(list) = self.lists.list_of(slot) else { return };
        let Some(entry) = self.lists.note_mut(slot) else { return };
        let total = &mut self.weights[list.0 as usize];
        *total = *total - u64::from(entry.weight) + u64::from(weight);
        entry.weight = weight;
    }

    /// Makes `slot` the newest of `list`, if it is on any.
    pub(crate) fn place(&mut self, list: ListId, slot: Slot) {
        if let Some(from) = self.lists.list_of(slot) {
            if from == list {
                return self.lists.refresh(slot);
            }
            let weight = u64::from(self.entry(slot).weight);
            self.weights[from.0 as usize] -= weight;
            self.weights[list.0 as usize] += weight;
            self.lists.place(list, slot);
        }
    }

    /// Forgets the entry at `slot`, and says what was told of it.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Entry> {
        let entry = self.entry(slot);
        let list = self.lists.unlink(slot)?;
        self.weights[list.0 as usize] -= u64::from(entry.weight);
        Some(entry)
    }
}
