//! Doubly linked lists threaded through one table of slots, so that moving an entry allocates nothing.

use larder_core::Slot;

/// Says "no node" in a link, and "on no list" in a node.
const NIL: u32 = u32::MAX;

/// The number of a list within its [`Lists`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListId(pub(crate) u32);

/// Lists that run from their newest slot to their oldest. A slot is on one of them at most.
///
/// Every operation costs O(1); memory follows the highest slot seen.
#[derive(Debug)]
pub(crate) struct Lists {
    nodes: Vec<Node>,
    ends: Vec<Ends>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    newer: u32,
    older: u32,
    list: u32,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    newest: u32,
    oldest: u32,
    len: u32,
}

const LOOSE: Node = Node { newer: NIL, older: NIL, list: NIL };
const EMPTY: Ends = Ends { newest: NIL, oldest: NIL, len: 0 };

impl Lists {
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

    pub(crate) fn oldest(&self, list: ListId) -> Option<Slot> {
        some(self.ends[list.0 as usize].oldest)
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
            self.nodes.resize(slot.index() + 1, LOOSE);
        }
        let ends = &mut self.ends[list.0 as usize];
        self.nodes[slot.index()] = Node { newer: NIL, older: ends.newest, list: list.0 };
        match some(ends.newest) {
            Some(older) => self.nodes[older.index()].newer = slot.0,
            None => ends.oldest = slot.0,
        }
        ends.newest = slot.0;
        ends.len += 1;
    }

    /// Takes `slot` off the list it is on, and says which that was.
    pub(crate) fn unlink(&mut self, slot: Slot) -> Option<ListId> {
        let list = self.list_of(slot)?;
        let Node { newer, older, .. } = std::mem::replace(&mut self.nodes[slot.index()], LOOSE);
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
