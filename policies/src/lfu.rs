//! Least frequently used, in constant time.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::{ListId, Lists};

const QUEUE: ListId = ListId(0);

/// LFU (K. Shah, A. Mitra, D. Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010): the
/// entry used least often leaves; among equals, the one that reached that frequency first.
///
/// All entries stand in one queue, in order of frequency; those of one frequency are a group, which knows where it
/// ends, so every call costs O(1). An entry's frequency starts at 1 and is forgotten when it leaves. It takes 12 bytes an
/// entry, and 16 a group.
#[derive(Debug)]
pub struct Lfu {
    /// With the group of each.
    queue: Lists<GroupId>,
    groups: Vec<Group>,
    /// Groups that no frequency uses now.
    spare: Vec<GroupId>,
    /// The newest entry, while room is made for it: it has the lowest frequency, and would always be the victim.
    newcomer: Option<Slot>,
}

/// Entries of one frequency, which are neighbours.
#[derive(Clone, Copy, Debug)]
struct Group {
    frequency: u64,
    newest: Slot,
}

type GroupId = u32;

impl Lfu {
    /// LFU decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { queue: Lists::new(1), groups: Vec::new(), spare: Vec::new(), newcomer: None }
    }

    /// The entry that [`evict`](EvictionPolicy::evict) would name.
    pub(crate) fn next_victim(&self) -> Option<Slot> {
        self.queue.oldest(QUEUE).or(self.newcomer)
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            let once = self.group_from(self.queue.oldest(QUEUE), 1);
            self.join(newcomer, once, None, 1);
        }
    }

    /// The group that starts at `first`, if it is that of `frequency`.
    fn group_from(&self, first: Option<Slot>, frequency: u64) -> Option<GroupId> {
        first.map(|first| self.group(first)).filter(|&id| self.groups[id as usize].frequency == frequency)
    }

    fn group(&self, slot: Slot) -> GroupId {
        self.queue.note(slot).copied().unwrap_or_default()
    }

    /// Makes `slot` the newest of group `id`, or the only one of a new group right after `rarer`.
    fn join(&mut self, slot: Slot, id: Option<GroupId>, rarer: Option<Slot>, frequency: u64) {
        let rarer = id.map_or(rarer, |id| Some(self.groups[id as usize].newest));
        self.queue.push_after(rarer, slot);
        let id = id.or_else(|| self.spare.pop()).unwrap_or(self.groups.len() as GroupId);
        let group = Group { frequency, newest: slot };
        match self.groups.get_mut(id as usize) {
            Some(place) => *place = group,
            None => self.groups.push(group),
        }
        self.queue.set_note(slot, id);
    }

    /// Ends group `id` before `slot`, if it ended with that, and says whether nothing is left of it.
    fn shorten(&mut self, id: GroupId, slot: Slot) -> bool {
        if self.groups[id as usize].newest != slot {
            return false;
        }
        let older = self.queue.older(slot).filter(|&older| self.group(older) == id);
        older.inspect(|&older| self.groups[id as usize].newest = older).is_none()
    }
}

impl EvictionPolicy for Lfu {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.newcomer = Some(slot);
    }

    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        if !self.queue.contains(slot) {
            return;
        }
        let id = self.group(slot);
        let Group { frequency, newest } = self.groups[id as usize];
        let next = frequency.saturating_add(1);
        let above = self.group_from(self.queue.newer(newest), next);
        let emptied = self.shorten(id, slot);
        if emptied && above.is_none() {
            self.groups[id as usize].frequency = next;
            return;
        }
        self.join(slot, above, Some(newest), next);
        if emptied {
            self.spare.push(id);
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        if self.queue.contains(slot) {
            let id = self.group(slot);
            if self.shorten(id, slot) {
                self.spare.push(id);
            }
            self.queue.unlink(slot);
        }
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let Some(victim) = self.queue.pop(QUEUE) else { return self.newcomer.take() };
        let id = self.group(victim);
        if self.groups[id as usize].newest == victim {
            self.spare.push(id);
        }
        Some(victim)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
