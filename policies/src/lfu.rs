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
    /// The group of the next higher frequency there is; [`NONE`] above the highest.
    above: GroupId,
}

type GroupId = u32;

/// No group.
const NONE: GroupId = GroupId::MAX;

impl Lfu {
    /// LFU decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { queue: Lists::new(1), groups: Vec::new(), spare: Vec::new(), newcomer: None }
    }

    /// The entry that [`evict`](EvictionPolicy::evict) would name.
    pub(crate) fn next_victim(&self) -> Option<Slot> {
        self.queue.oldest(QUEUE).or(self.newcomer)
    }

    #[inline]
    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.enter(newcomer);
        }
    }

    /// Puts the newcomer among those of frequency 1.
    #[inline]
    fn enter(&mut self, newcomer: Slot) {
        let lowest = self.queue.oldest(QUEUE).map_or(NONE, |oldest| self.group(oldest));
        if self.frequency(lowest) == Some(1) {
            self.join(newcomer, lowest);
        } else {
            self.found(newcomer, None, Group { frequency: 1, newest: newcomer, above: lowest });
        }
    }

    fn frequency(&self, id: GroupId) -> Option<u64> {
        self.groups.get(id as usize).map(|group| group.frequency)
    }

    fn group(&self, slot: Slot) -> GroupId {
        self.queue.note(slot).copied().unwrap_or(NONE)
    }

    /// Makes `slot` the newest of group `id`.
    #[inline]
    fn join(&mut self, slot: Slot, id: GroupId) {
        let newest = std::mem::replace(&mut self.groups[id as usize].newest, slot);
        self.queue.push_after(Some(newest), slot);
        self.queue.set_note(slot, id);
    }

    /// Makes `slot` the only one of a new group, right after `rarer`. Says how the group is called.
    #[inline]
    fn found(&mut self, slot: Slot, rarer: Option<Slot>, group: Group) -> GroupId {
        self.queue.push_after(rarer, slot);
        let id = self.spare.pop().unwrap_or(self.groups.len() as GroupId);
        match self.groups.get_mut(id as usize) {
            Some(place) => *place = group,
            None => self.groups.push(group),
        }
        self.queue.set_note(slot, id);
        id
    }

    /// Ends group `id` before `slot`, if it ended with that, and says whether nothing is left of it.
    #[inline]
    fn shorten(&mut self, id: GroupId, slot: Slot) -> bool {
        if self.groups[id as usize].newest != slot {
            return false;
        }
        let older = self.queue.older(slot).filter(|&older| self.group(older) == id);
        older.inspect(|&older| self.groups[id as usize].newest = older).is_none()
    }

    /// Takes group `id`, whose only entry is `slot`, out of the order of groups.
    #[inline]
    fn dissolve(&mut self, id: GroupId, slot: Slot) {
        if let Some(rarer) = self.queue.older(slot) {
            let below = self.group(rarer);
            self.groups[below as usize].above = self.groups[id as usize].above;
        }
        self.spare.push(id);
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
        let Group { frequency, newest, above } = self.groups[id as usize];
        let next = frequency.saturating_add(1);
        let joins = self.frequency(above) == Some(next);
        match (self.shorten(id, slot), joins) {
            (true, true) => {
                self.dissolve(id, slot);
                self.join(slot, above);
            }
            (true, false) => self.groups[id as usize].frequency = next,
            (false, true) => self.join(slot, above),
            (false, false) => {
                let group = Group { frequency: next, newest: slot, above };
                self.groups[id as usize].above = self.found(slot, Some(newest), group);
            }
        }
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        if self.queue.contains(slot) {
            let id = self.group(slot);
            if self.shorten(id, slot) {
                self.dissolve(id, slot);
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
