//! Slots in order of priority, where a hit that raises one costs next to nothing.

use larder_core::Slot;

/// Says "not in the heap" in a place.
const NIL: u32 = u32::MAX;
/// Children of a node: four of them share a cache line or two, and the heap is half as deep as with two.
const CHILDREN: usize = 4;

/// A heap over slots, the lowest key first.
///
/// A key that rises is only noted, and the slot sinks when it comes to the top: O(1), and the O(log n) that it costs
/// then is paid once for all the rises in between. Everything else costs O(log n) amortised; memory follows the
/// highest slot seen.
#[derive(Debug)]
pub(crate) struct Heap<K> {
    nodes: Vec<Node<K>>,
    entries: Vec<Entry<K>>,
}

/// A slot where it stands, under the key it had when it was put there: never more than its key now.
#[derive(Clone, Copy, Debug)]
struct Node<K> {
    key: K,
    slot: Slot,
}

#[derive(Clone, Copy, Debug)]
struct Entry<K> {
    key: K,
    place: u32,
}

impl<K: Copy + Ord + Default> Heap<K> {
    pub(crate) fn new() -> Self {
        Self { nodes: Vec::new(), entries: Vec::new() }
    }

    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.place(slot).is_some()
    }

    /// Gives `slot` this key, whether it was in the heap or not.
    pub(crate) fn set(&mut self, slot: Slot, key: K) {
        if slot.0 == NIL {
            return;
        }
        let place = self.place(slot).unwrap_or_else(|| self.add(slot, key));
        self.entries[slot.index()].key = key;
        if key < self.nodes[place].key {
            self.rise(place, Node { key, slot });
        }
    }

    /// Takes `slot` out.
    pub(crate) fn remove(&mut self, slot: Slot) {
        let Some(place) = self.place(slot) else { return };
        self.entries[slot.index()].place = NIL;
        let Some(last) = self.nodes.pop() else { return };
        if place < self.nodes.len() {
            let key = self.nodes[place].key;
            if last.key < key {
                self.rise(place, last);
            } else {
                self.sink(place, last);
            }
        }
    }

    /// Takes the slot with the lowest key out.
    pub(crate) fn pop(&mut self) -> Option<(Slot, K)> {
        let lowest = self.peek();
        if let Some((slot, _)) = lowest {
            self.remove(slot);
        }
        lowest
    }

    /// The slot with the lowest key.
    pub(crate) fn peek(&mut self) -> Option<(Slot, K)> {
        loop {
            let Node { key, slot } = *self.nodes.first()?;
            let now = self.entries[slot.index()].key;
            if now == key {
                return Some((slot, key));
            }
            self.sink(0, Node { key: now, slot });
        }
    }

    fn place(&self, slot: Slot) -> Option<usize> {
        self.entries.get(slot.index()).filter(|entry| entry.place != NIL).map(|entry| entry.place as usize)
    }

    fn add(&mut self, slot: Slot, key: K) -> usize {
        if slot.index() >= self.entries.len() {
            self.entries.resize(slot.index() + 1, Entry { key: K::default(), place: NIL });
        }
        let node = Node { key, slot };
        self.nodes.push(node);
        self.rise(self.nodes.len() - 1, node)
    }

    fn put(&mut self, place: usize, node: Node<K>) {
        self.nodes[place] = node;
        self.entries[node.slot.index()].place = place as u32;
    }

    /// Puts `node` at `place` or as far above as its key asks for, and says where.
    fn rise(&mut self, mut place: usize, node: Node<K>) -> usize {
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if self.nodes[parent].key <= node.key {
                break;
            }
            self.put(place, self.nodes[parent]);
            place = parent;
        }
        self.put(place, node);
        place
    }

    /// Puts `node` at `place` or as far below as its key asks for.
    fn sink(&mut self, mut place: usize, node: Node<K>) {
        loop {
            let first = place * CHILDREN + 1;
            let children = first..self.nodes.len().min(first + CHILDREN);
            let Some(least) = children.min_by_key(|&child| self.nodes[child].key) else { break };
            if self.nodes[least].key >= node.key {
                break;
            }
            self.put(place, self.nodes[least]);
            place = least;
        }
        self.put(place, node);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_heap_does_what_a_sorted_set_does(ops in proptest::collection::vec((0..6_u8, 0..40_u32, 0..1_000_u64), 0..400)) {
            let mut heap = Heap::<(u64, u32)>::new();
            let mut model = BTreeSet::new();
            for (op, slot, key) in ops {
                match op {
                    0..4 => {
                        model.retain(|&(_, other)| other != slot);
                        model.insert((key, slot));
                        heap.set(Slot(slot), (key, slot));
                    }
                    4 => {
                        model.retain(|&(_, other)| other != slot);
                        heap.remove(Slot(slot));
                    }
                    _ => prop_assert_eq!(heap.pop(), model.pop_first().map(|key| (Slot(key.1), key))),
                }
                for slot in 0..40 {
                    prop_assert_eq!(heap.contains(Slot(slot)), model.iter().any(|&(_, other)| other == slot));
                }
            }
            while let Some(key) = model.pop_first() {
                prop_assert_eq!(heap.pop(), Some((Slot(key.1), key)));
            }
            prop_assert_eq!(heap.pop(), None);
        }
    }

    #[test]
    fn a_rise_moves_nothing_until_the_slot_comes_to_the_top() {
        let mut heap = Heap::<u64>::new();
        (0..100).for_each(|slot| heap.set(Slot(slot), u64::from(slot)));
        let before = format!("{:?}", heap.nodes);
        (0..50).for_each(|slot| heap.set(Slot(slot), 1_000 + u64::from(slot)));
        assert_eq!(format!("{:?}", heap.nodes), before);
        assert_eq!(heap.pop(), Some((Slot(50), 50)));
    }
}
