//! Entries by slot: a table whose places are numbered and used again.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;

use super::removals::drop_guarded;
use crate::{Life, MarkTable, Slot};

/// One entry as the engine keeps it.
pub(super) struct Node<K, V> {
    pub(super) key: K,
    pub(super) value: V,
    pub(super) life: Life,
    pub(super) hash: u64,
    /// The shard's sequence number when the value came in.
    pub(super) sequence: u64,
    pub(super) weight: NonZeroU32,
    pub(super) mark: Cell<u8>,
}

impl<K, V> Node<K, V> {
    /// Leaves the mark of a use, up to `max`. Only looked at once it is saturated: what nobody writes stays clean in every
    /// core's cache.
    pub(super) fn mark_use(&self, max: u8) {
        if self.mark.get() < max {
            self.mark.set(self.mark.get() + 1);
        }
    }
}

/// Nodes by slot. Every operation is O(1).
pub(super) struct Slab<K, V> {
    slots: Vec<Option<Node<K, V>>>,
    free: Vec<u32>,
}

impl<K, V> Slab<K, V> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// Puts `node` into a free slot; gives it back if all 2^32 - 1 are taken.
    pub(super) fn insert(&mut self, node: Node<K, V>) -> Result<u32, Node<K, V>> {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(node);
            return Ok(slot);
        }
        match u32::try_from(self.slots.len()) {
            Ok(slot) if slot < u32::MAX => {
                self.slots.push(Some(node));
                Ok(slot)
            }
            _ => Err(node),
        }
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Node<K, V>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Node<K, V>> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<Node<K, V>> {
        let node = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(node)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Node<K, V>)> {
        (0..).zip(&self.slots).filter_map(|(slot, node)| node.as_ref().map(|node| (slot, node)))
    }

    /// Takes all nodes out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (u32, Node<K, V>)> + use<K, V> {
        self.free.clear();
        let slots = std::mem::take(&mut self.slots);
        (0..).zip(slots).filter_map(|(slot, node)| node.map(|node| (slot, node)))
    }
}

impl<K, V> Drop for Slab<K, V> {
    /// Destructors of the application that panic do so one by one, and are caught: two at once would end the process.
    fn drop(&mut self) {
        if !std::mem::needs_drop::<(K, V)>() {
            return;
        }
        let panics = AtomicU64::new(0);
        for (_, node) in self.drain() {
            drop_guarded(node.key, &panics);
            drop_guarded(node.value, &panics);
        }
    }
}

impl<K, V> MarkTable for Slab<K, V> {
    fn get(&self, slot: Slot) -> u8 {
        self.get(slot.0).map_or(0, |node| node.mark.get())
    }

    fn set(&self, slot: Slot, mark: u8) {
        if let Some(node) = self.get(slot.0) {
            node.mark.set(mark);
        }
    }
}
