//! Doubly linked lists threaded through one table of slots, so that moving an entry allocates nothing.

use larder_core::{Marks, Slot};

/// The number of a list within its [`Lists`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListId(pub(crate) u32);

/// Lists that run from their oldest slot to their newest. A slot is on one of them at most.
///
/// Each slot may have a note beside its links, in the same cache line. Every operation costs O(1); memory, 8 bytes and
/// the note, follows the highest slot seen.
#[derive(Debug)]
pub(crate) struct Lists<T = ()> {
    /// First a head for each list, then the slots. A list is a ring: from the head to the oldest, and from the newest
    /// to the head. A slot that is on no list is a ring of its own, so that linking never asks who is there.
    nodes: Vec<Node<T>>,
    heads: u32,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Node<T> {
    newer: u32,
    older: u32,
    note: T,
}

impl<T: Copy + Default> Lists<T> {
    /// `count` empty lists, numbered from 0.
    pub(crate) fn new(count: u32) -> Self {
        Self { nodes: (0..count).map(Node::alone).collect(), heads: count, len: 0 }
    }

    /// One more than the highest slot ever seen: how far tables beside this one need to reach.
    pub(crate) fn reach(&self) -> usize {
        self.nodes.len() - self.heads as usize
    }

    /// How many slots there are on all lists together.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether `slot` is on a list.
    pub(crate) fn contains(&self, slot: Slot) -> bool {
        let node = self.node(slot);
        self.nodes.get(node as usize).is_some_and(|links| links.newer != node)
    }

    /// What was noted of `slot`, whether it is on a list or not.
    pub(crate) fn note(&self, slot: Slot) -> Option<&T> {
        self.nodes.get(self.node(slot) as usize).map(|node| &node.note)
    }

    /// What was noted of `slot`, to change.
    pub(crate) fn note_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let node = self.node(slot) as usize;
        self.nodes.get_mut(node).map(|node| &mut node.note)
    }

    /// Notes something of `slot`, which need not be on a list.
    pub(crate) fn set_note(&mut self, slot: Slot, note: T) {
        let node = self.reach_to(slot);
        self.nodes[node as usize].note = note;
    }

    pub(crate) fn is_empty(&self, list: ListId) -> bool {
        self.nodes[list.0 as usize].newer == list.0
    }

    pub(crate) fn oldest(&self, list: ListId) -> Option<Slot> {
        self.slot(self.nodes[list.0 as usize].newer)
    }

    pub(crate) fn newest(&self, list: ListId) -> Option<Slot> {
        self.slot(self.nodes[list.0 as usize].older)
    }

    /// The neighbour of `slot` on the newest's side.
    pub(crate) fn newer(&self, slot: Slot) -> Option<Slot> {
        let node = self.node(slot);
        self.nodes
            .get(node as usize)
            .map(|links| links.newer)
            .filter(|&newer| newer != node)
            .and_then(|newer| self.slot(newer))
    }

    /// The neighbour of `slot` on the oldest's side.
    pub(crate) fn older(&self, slot: Slot) -> Option<Slot> {
        let node = self.node(slot);
        self.nodes
            .get(node as usize)
            .map(|links| links.older)
            .filter(|&older| older != node)
            .and_then(|older| self.slot(older))
    }

    /// Makes `slot` the newest of `list`, wherever it was before.
    #[inline]
    pub(crate) fn push(&mut self, list: ListId, slot: Slot) {
        let node = self.reach_to(slot);
        self.join(self.nodes[list.0 as usize].older, node);
    }

    /// Makes `slot` the newer neighbour of `older`, or the oldest of the first list if that is none, wherever it was
    /// before.
    #[inline]
    pub(crate) fn push_after(&mut self, older: Option<Slot>, slot: Slot) {
        let node = self.reach_to(slot);
        self.join(older.map_or(0, |older| self.node(older)), node);
    }

    /// Takes `slot` off the list it is on, and says whether it was on one.
    #[inline]
    pub(crate) fn unlink(&mut self, slot: Slot) -> bool {
        let node = self.node(slot);
        let Some(links) = self.nodes.get_mut(node as usize) else { return false };
        let (newer, older) = (links.newer, links.older);
        (links.newer, links.older) = (node, node);
        self.nodes[newer as usize].older = older;
        self.nodes[older as usize].newer = newer;
        self.len -= usize::from(newer != node);
        newer != node
    }

    /// Takes the oldest slot off `list`.
    #[inline]
    pub(crate) fn pop(&mut self, list: ListId) -> Option<Slot> {
        let slot = self.oldest(list)?;
        self.unlink(slot);
        Some(slot)
    }

    /// Turns `list`, as a clock, to the first slot without a mark: each that it passes loses one of `max` marks at most.
    #[inline]
    pub(crate) fn turn(&mut self, list: ListId, marks: &Marks<'_>, max: u8) {
        // So many steps bring every mark to 0; hits that come in meanwhile must not keep the list turning for ever.
        for _ in 0..self.len * usize::from(max) {
            let Some(oldest) = self.oldest(list) else { break };
            let mark = marks.get(oldest).min(max);
            if mark == 0 {
                break;
            }
            marks.set(oldest, mark - 1);
            self.push(list, oldest);
        }
    }

    /// Takes the oldest slot off `list`, to be evicted, and says who is the oldest then.
    #[inline]
    pub(crate) fn evict(&mut self, list: ListId, marks: &Marks<'_>) -> Option<Slot> {
        let victim = self.pop(list);
        marks.foresee(self.oldest(list));
        victim
    }

    /// Moves `node` between `older` and what was newer than that.
    #[inline]
    fn join(&mut self, older: u32, node: u32) {
        let Node { newer: right, older: left, .. } = self.nodes[node as usize];
        if older == node || older == left {
            return;
        }
        if right == node {
            self.len += 1;
        } else {
            self.nodes[left as usize].newer = right;
            self.nodes[right as usize].older = left;
        }
        let newer = std::mem::replace(&mut self.nodes[older as usize].newer, node);
        self.nodes[newer as usize].older = node;
        let links = &mut self.nodes[node as usize];
        (links.newer, links.older) = (newer, older);
    }

    #[inline]
    fn reach_to(&mut self, slot: Slot) -> u32 {
        let node = self.node(slot);
        if node as usize >= self.nodes.len() {
            self.grow(node);
        }
        node
    }

    /// Makes room up to `node`, by a quarter at least: twice as much would be more than the links take.
    #[cold]
    fn grow(&mut self, node: u32) {
        let missing = node as usize + 1 - self.nodes.len();
        if missing > self.nodes.capacity() - self.nodes.len() {
            self.nodes.reserve_exact(missing.max(self.nodes.len() / 4));
        }
        self.nodes.extend((self.nodes.len() as u32..=node).map(Node::alone));
    }

    fn node(&self, slot: Slot) -> u32 {
        slot.0.saturating_add(self.heads)
    }

    fn slot(&self, node: u32) -> Option<Slot> {
        node.checked_sub(self.heads).map(Slot)
    }
}

impl<T: Default> Node<T> {
    fn alone(node: u32) -> Self {
        Self { newer: node, older: node, note: T::default() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn contents(lists: &Lists<u8>, list: ListId) -> Vec<Slot> {
        std::iter::successors(lists.oldest(list), |&slot| lists.newer(slot)).collect()
    }

    fn backwards(lists: &Lists<u8>, list: ListId) -> Vec<Slot> {
        std::iter::successors(lists.newest(list), |&slot| lists.older(slot)).collect()
    }

    proptest! {
        #[test]
        fn lists_do_what_vectors_do(ops in proptest::collection::vec((0..4_u8, 0..2_u32, 0..12_u32, 0..12_u32), 0..200)) {
            let mut lists = Lists::<u8>::new(2);
            let mut model = [Vec::new(), Vec::new()];
            for (op, list, slot, other) in ops {
                let (slot, other) = (Slot(slot), Slot(other));
                let popped = model[list as usize].first().copied();
                let anchored = model.iter().position(|list| list.contains(&other)).filter(|_| slot != other);
                let gone = match op {
                    3 if anchored.is_none() => None,
                    2 => popped,
                    _ => Some(slot),
                };
                let known = model.iter().flatten().any(|&known| Some(known) == gone);
                for list in &mut model {
                    list.retain(|&other| Some(other) != gone);
                }
                match op {
                    0 => {
                        lists.push(ListId(list), slot);
                        model[list as usize].push(slot);
                    }
                    1 => prop_assert_eq!(lists.unlink(slot), known),
                    2 => prop_assert_eq!(lists.pop(ListId(list)), popped),
                    _ => if let Some(list) = anchored {
                        lists.push_after(Some(other), slot);
                        let place = model[list].iter().position(|&slot| slot == other).unwrap();
                        model[list].insert(place + 1, slot);
                    }
                }
                for (list, model) in (0..).map(ListId).zip(&model) {
                    prop_assert_eq!(&contents(&lists, list), model);
                    prop_assert_eq!(backwards(&lists, list), model.iter().rev().copied().collect::<Vec<_>>());
                    prop_assert_eq!(lists.is_empty(list), model.is_empty());
                }
                prop_assert_eq!(lists.len(), model[0].len() + model[1].len());
                prop_assert!((0..12).map(Slot).all(|slot| lists.contains(slot) == model.iter().flatten().any(|&known| known == slot)));
            }
        }
    }

    #[test]
    fn whoever_comes_after_nobody_is_the_oldest() {
        let mut lists = Lists::<u8>::new(1);
        lists.push_after(None, Slot(3));
        lists.push_after(None, Slot(1));
        assert_eq!(contents(&lists, ListId(0)), [Slot(1), Slot(3)]);
    }
}
