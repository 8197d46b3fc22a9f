//! Doubly linked lists threaded through one table of slots, so that moving an entry allocates nothing.

use larder_core::Slot;

/// Says "no node" in a link, and "on no list" in a node.
const NIL: u32 = u32::MAX;

/// The number of a list within its [`Lists`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListId(pub(crate) u32);

/// Lists that run from their newest slot to their oldest. A slot is on one of them at most.
///
/// Each slot may have a note beside its links, in the same cache line. Every operation costs O(1); memory follows the
/// highest slot seen.
#[derive(Debug)]
pub(crate) struct Lists<T = ()> {
    nodes: Vec<Node<T>>,
    ends: Vec<Ends>,
}

#[derive(Clone, Copy, Debug)]
struct Node<T> {
    newer: u32,
    older: u32,
    list: u32,
    note: T,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    newest: u32,
    oldest: u32,
    len: u32,
}

const EMPTY: Ends = Ends { newest: NIL, oldest: NIL, len: 0 };

impl<T: Copy + Default> Lists<T> {
    /// `count` empty lists, numbered from 0.
    pub(crate) fn new(count: usize) -> Self {
        Self { nodes: Vec::new(), ends: vec![EMPTY; count] }
    }

    /// One more empty list.
    pub(crate) fn add(&mut self) -> ListId {
        self.ends.push(EMPTY);
        ListId(self.ends.len() as u32 - 1)
    }

    /// One more than the highest slot ever seen: how far tables beside this one need to reach.
    pub(crate) fn reach(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn len(&self, list: ListId) -> usize {
        self.ends[list.0 as usize].len as usize
    }

    pub(crate) fn is_empty(&self, list: ListId) -> bool {
        self.len(list) == 0
    }

    /// The list that `slot` is on.
    pub(crate) fn list_of(&self, slot: Slot) -> Option<ListId> {
        self.nodes.get(slot.index()).filter(|node| node.list != NIL).map(|node| ListId(node.list))
    }

    /// What was noted of `slot`, if it is on a list.
    pub(crate) fn note(&self, slot: Slot) -> Option<&T> {
        self.nodes.get(slot.index()).filter(|node| node.list != NIL).map(|node| &node.note)
    }

    /// What was noted of `slot`, to change.
    pub(crate) fn note_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.nodes.get_mut(slot.index()).filter(|node| node.list != NIL).map(|node| &mut node.note)
    }

    pub(crate) fn oldest(&self, list: ListId) -> Option<Slot> {
        some(self.ends[list.0 as usize].oldest)
    }

    pub(crate) fn newest(&self, list: ListId) -> Option<Slot> {
        some(self.ends[list.0 as usize].newest)
    }

    /// The neighbour of `slot` on the newest's side.
    pub(crate) fn newer(&self, slot: Slot) -> Option<Slot> {
        self.nodes.get(slot.index()).and_then(|node| some(node.newer))
    }

    /// Makes `slot` the newest of `list`, wherever it was before.
    pub(crate) fn place(&mut self, list: ListId, slot: Slot) {
        if self.ends[list.0 as usize].newest == slot.0 || slot.0 == NIL {
            return;
        }
        self.unlink(slot);
        if slot.index() >= self.nodes.len() {
            let loose = Node { newer: NIL, older: NIL, list: NIL, note: T::default() };
            self.nodes.resize(slot.index() + 1, loose);
        }
        let ends = &mut self.ends[list.0 as usize];
        let node = &mut self.nodes[slot.index()];
        (node.newer, node.older, node.list) = (NIL, ends.newest, list.0);
        match some(ends.newest) {
            Some(older) => self.nodes[older.index()].newer = slot.0,
            None => ends.oldest = slot.0,
        }
        ends.newest = slot.0;
        ends.len += 1;
    }

    /// Makes `slot` the newest of the list it is on. Does nothing for one on no list.
    pub(crate) fn refresh(&mut self, slot: Slot) {
        let Some(&Node { newer, older, list, .. }) = self.nodes.get(slot.index()) else { return };
        // Without a newer one it is the newest already, or on no list.
        let (Some(newer), false) = (some(newer), list == NIL) else { return };
        self.nodes[newer.index()].older = older;
        let ends = &mut self.ends[list as usize];
        let second = std::mem::replace(&mut ends.newest, slot.0);
        match some(older) {
            Some(older) => self.nodes[older.index()].newer = newer.0,
            None => ends.oldest = newer.0,
        }
        self.nodes[second as usize].newer = slot.0;
        let node = &mut self.nodes[slot.index()];
        (node.newer, node.older) = (NIL, second);
    }

    /// Takes `slot` off the list it is on, and says which that was.
    pub(crate) fn unlink(&mut self, slot: Slot) -> Option<ListId> {
        let node = self.nodes.get_mut(slot.index()).filter(|node| node.list != NIL)?;
        let Node { newer, older, .. } = *node;
        let list = ListId(std::mem::replace(&mut node.list, NIL));
        let ends = &mut self.ends[list.0 as usize];
        match some(newer) {
            Some(newer) => self.nodes[newer.index()].older = older,
            None => ends.newest = older,
        }
        match some(older) {
            Some(older) => self.nodes[older.index()].newer = newer,
            None => ends.oldest = newer,
        }
        ends.len -= 1;
        Some(list)
    }

    /// Takes the oldest slot off `list`.
    pub(crate) fn pop(&mut self, list: ListId) -> Option<Slot> {
        let slot = self.oldest(list)?;
        self.unlink(slot);
        Some(slot)
    }
}

fn some(link: u32) -> Option<Slot> {
    (link != NIL).then_some(Slot(link))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn contents(lists: &Lists<u8>, list: ListId) -> Vec<Slot> {
        std::iter::successors(lists.oldest(list), |&slot| lists.newer(slot)).collect()
    }

    proptest! {
        #[test]
        fn lists_do_what_vectors_do(ops in proptest::collection::vec((0..3_u8, 0..2_u32, 0..12_u32), 0..200)) {
            let mut lists = Lists::<u8>::new(2);
            let mut model = [Vec::new(), Vec::new()];
            for (op, list, slot) in ops {
                let slot = Slot(slot);
                let popped = model[list as usize].first().copied();
                let gone = if op == 2 { popped } else { Some(slot) };
                for list in &mut model {
                    list.retain(|&other| Some(other) != gone);
                }
                match op {
                    0 if lists.list_of(slot) == Some(ListId(list)) => {
                        lists.refresh(slot);
                        model[list as usize].push(slot);
                    }
                    0 => {
                        lists.place(ListId(list), slot);
                        model[list as usize].push(slot);
                    }
                    1 => drop(lists.unlink(slot)),
                    _ => prop_assert_eq!(lists.pop(ListId(list)), popped),
                }
                for (list, model) in (0..).map(ListId).zip(&model) {
                    prop_assert_eq!(&contents(&lists, list), model);
                    prop_assert_eq!(lists.len(list), model.len());
                    prop_assert!(model.iter().all(|&slot| lists.list_of(slot) == Some(list)));
                }
            }
        }
    }
}
