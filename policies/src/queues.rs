//! Lists that know what their entries weigh and which key's hash each has, and that keep the newest entry apart.

use larder_core::{Marks, Slot};

use crate::lists::{ListId, Lists};

/// The list of an entry that is on none.
const NOWHERE: ListId = ListId(u32::MAX);

/// `N` lists over slots, with each slot's hash and weight, and each list's total weight. Every operation costs O(1);
/// memory, 24 bytes, follows the highest slot seen.
///
/// Where a paper makes room before it inserts, the newest entry [arrives](Self::arrive) without being on a list, and is
/// put on one when room was made.
#[derive(Debug)]
pub(crate) struct Queues<const N: usize> {
    lists: Lists<Held>,
    weights: [u64; N],
    newcomer: Option<Slot>,
}

/// What the engine told of an entry.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) hash: u64,
    pub(crate) weight: u32,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    hash: u64,
    weight: u32,
    list: ListId,
}

impl Default for Held {
    fn default() -> Self {
        Self { hash: 0, weight: 0, list: NOWHERE }
    }
}

impl<const N: usize> Queues<N> {
    pub(crate) fn new() -> Self {
        Self { lists: Lists::new(N as u32), weights: [0; N], newcomer: None }
    }

    /// One more than the highest slot ever seen.
    pub(crate) fn reach(&self) -> usize {
        self.lists.reach()
    }

    /// How many entries there are on all lists together.
    pub(crate) fn len(&self) -> usize {
        self.lists.len()
    }

    /// The weight of everything on `list`.
    pub(crate) fn weight(&self, list: ListId) -> u64 {
        self.weights[list.0 as usize]
    }

    pub(crate) fn is_empty(&self, list: ListId) -> bool {
        self.lists.is_empty(list)
    }

    pub(crate) fn oldest(&self, list: ListId) -> Option<Slot> {
        self.lists.oldest(list)
    }

    /// The neighbour of `slot` on the newest's side.
    pub(crate) fn newer(&self, slot: Slot) -> Option<Slot> {
        self.lists.newer(slot)
    }

    /// The list that `slot` is on.
    pub(crate) fn list_of(&self, slot: Slot) -> Option<ListId> {
        self.lists.note(slot).map(|held| held.list).filter(|&list| list != NOWHERE)
    }

    /// The entry that arrived last, if it is on no list yet.
    pub(crate) fn newcomer(&self) -> Option<Slot> {
        self.newcomer
    }

    /// What was told of the entry at `slot`.
    pub(crate) fn entry(&self, slot: Slot) -> Entry {
        self.lists
            .note(slot)
            .map_or_else(Entry::default, |held| Entry { hash: held.hash, weight: held.weight })
    }

    /// A new entry is there, which is on no list yet.
    #[inline]
    pub(crate) fn arrive(&mut self, slot: Slot, Entry { hash, weight }: Entry) {
        self.remove(slot);
        self.lists.set_note(slot, Held { hash, weight, list: NOWHERE });
        self.newcomer = Some(slot);
    }

    /// Forgets the newcomer.
    pub(crate) fn refuse(&mut self) -> Option<Slot> {
        self.newcomer.take()
    }

    /// What the newcomer weighs; 0 if there is none.
    pub(crate) fn incoming(&self) -> u64 {
        self.newcomer.map_or(0, |newcomer| u64::from(self.entry(newcomer).weight))
    }

    /// Puts the newcomer at the newest end of `list`.
    #[inline]
    pub(crate) fn settle(&mut self, list: ListId) {
        let Some(newcomer) = self.newcomer.take() else { return };
        self.lists.push(list, newcomer);
        if let Some(held) = self.lists.note_mut(newcomer) {
            held.list = list;
            self.weights[list.0 as usize] += u64::from(held.weight);
        }
    }

    /// Puts a new entry at the newest end of `list` at once.
    pub(crate) fn insert(&mut self, list: ListId, slot: Slot, entry: Entry) {
        let newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        self.arrive(slot, entry);
        self.settle(list);
        self.newcomer = newcomer;
    }

    /// Changes what the entry at `slot` weighs.
    pub(crate) fn reweigh(&mut self, slot: Slot, weight: u32) {
        let Some(held) = self.lists.note_mut(slot) else { return };
        let before = std::mem::replace(&mut held.weight, weight);
        if let Some(total) = self.weights.get_mut(held.list.0 as usize) {
            *total = *total - u64::from(before) + u64::from(weight);
        }
    }

    /// Makes `slot` the newest of `list`, if it is on any.
    #[inline]
    pub(crate) fn place(&mut self, list: ListId, slot: Slot) {
        let Some(held) = self.lists.note_mut(slot) else { return };
        let from = std::mem::replace(&mut held.list, list);
        if from == NOWHERE {
            held.list = NOWHERE;
            return;
        }
        if from != list {
            let weight = u64::from(held.weight);
            self.weights[from.0 as usize] -= weight;
            self.weights[list.0 as usize] += weight;
        }
        self.lists.push(list, slot);
    }

    /// Turns `list` to the first entry without a mark: see [`Lists::turn`].
    #[inline]
    pub(crate) fn turn(&mut self, list: ListId, marks: &Marks<'_>, max: u8) {
        self.lists.turn(list, marks, max);
    }

    /// Forgets the entry at `slot`, and says what was told of it.
    #[inline]
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Entry> {
        if self.newcomer == Some(slot) {
            self.newcomer = None;
            return Some(self.entry(slot));
        }
        let held = self.lists.note_mut(slot)?;
        let list = std::mem::replace(&mut held.list, NOWHERE);
        let entry = Entry { hash: held.hash, weight: held.weight };
        let total = self.weights.get_mut(list.0 as usize)?;
        *total -= u64::from(entry.weight);
        self.lists.unlink(slot);
        Some(entry)
    }

    /// Forgets the oldest entry of `list`, and says what was told of it.
    #[inline]
    pub(crate) fn pop(&mut self, list: ListId) -> Option<(Slot, Entry)> {
        let oldest = self.oldest(list)?;
        self.remove(oldest).map(|entry| (oldest, entry))
    }
}
