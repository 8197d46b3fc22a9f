//! Least frequently used, in constant time.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::{ListId, Lists};

/// Holds the newest entry while room is made for it: it has the lowest frequency, and would always be the victim.
const NEWCOMER: ListId = ListId(0);

/// LFU (K. Shah, A. Mitra, D. Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010): the
/// entry used least often leaves; among equals, the one that reached that frequency first.
///
/// Entries of one frequency share a list, and the lists stand in order of frequency, so every call costs O(1). An
/// entry's frequency starts at 1 and is forgotten when it leaves.
#[derive(Debug)]
pub struct Lfu {
    lists: Lists,
    /// Beside each list of `lists`: its frequency and its neighbours.
    groups: Vec<Group>,
    /// Lists that no frequency uses now.
    spare: Vec<ListId>,
    /// The group with the lowest frequency.
    lowest: Option<ListId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    frequency: u64,
    rarer: Option<ListId>,
    commoner: Option<ListId>,
}

impl Lfu {
    /// LFU decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { lists: Lists::new(1), groups: vec![Group::default()], spare: Vec::new(), lowest: None }
    }

    /// The entry that [`evict`](EvictionPolicy::evict) would name.
    pub(crate) fn next_victim(&self) -> Option<Slot> {
        self.lists.oldest(self.lowest.unwrap_or(NEWCOMER))
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.lists.oldest(NEWCOMER) {
            let once = self.group_after(None, 1);
            self.lists.place(once, newcomer);
        }
    }

    /// The group of `frequency`, which stands right after `rarer`; made if there is none yet.
    fn group_after(&mut self, rarer: Option<ListId>, frequency: u64) -> ListId {
        let commoner = rarer.map_or(self.lowest, |rarer| self.group(rarer).commoner);
        if let Some(next) = commoner.filter(|&next| self.group(next).frequency == frequency) {
            return next;
        }
        let group = self.spare.pop().unwrap_or_else(|| self.lists.add());
        self.groups.resize(self.groups.len().max(group.0 as usize + 1), Group::default());
        *self.group(group) = Group { frequency, rarer, commoner };
        self.join(rarer, Some(group));
        self.join(Some(group), commoner);
        group
    }

    /// Takes `group` out of the order if nothing is left in it.
    fn drop_if_empty(&mut self, group: ListId) {
        if self.lists.is_empty(group) && group != NEWCOMER {
            let Group { rarer, commoner, .. } = *self.group(group);
            self.join(rarer, commoner);
            self.spare.push(group);
        }
    }

    fn join(&mut self, rarer: Option<ListId>, commoner: Option<ListId>) {
        match rarer {
            Some(rarer) => self.group(rarer).commoner = commoner,
            None => self.lowest = commoner,
        }
        if let Some(commoner) = commoner {
            self.group(commoner).rarer = rarer;
        }
    }

    fn group(&mut self, list: ListId) -> &mut Group {
        &mut self.groups[list.0 as usize]
    }
}

impl EvictionPolicy for Lfu {
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.lists.place(NEWCOMER, slot);
    }

    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }

    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        let Some(from) = self.lists.list_of(slot) else { return };
        let Group { frequency, commoner, .. } = *self.group(from);
        let next = frequency.saturating_add(1);
        let alone = self.lists.len(from) == 1;
        if alone && commoner.is_none_or(|group| self.group(group).frequency > next) {
            self.group(from).frequency = next;
            return;
        }
        let to = self.group_after(Some(from), next);
        self.lists.place(to, slot);
        self.drop_if_empty(from);
    }

    fn on_remove(&mut self, slot: Slot) {
        if let Some(group) = self.lists.unlink(slot) {
            self.drop_if_empty(group);
        }
    }

    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let group = self.lowest.unwrap_or(NEWCOMER);
        let victim = self.lists.pop(group)?;
        self.drop_if_empty(group);
        Some(victim)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
