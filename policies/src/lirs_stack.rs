//! The stack of LIRS: entries by their last use, and what it remembers of some that left.

use larder_core::Slot;

use crate::index::Index;
use crate::lists::{ListId, Lists};
use crate::queues::{Entry, Queues};

/// Resident, and used again after few others.
pub(crate) const LIR: ListId = ListId(0);
/// Resident, the next to leave first.
pub(crate) const HIR: ListId = ListId(1);
/// Not resident any more, but on the stack; the one that left first is the oldest.
pub(crate) const GHOST: ListId = ListId(2);
/// Resident on sufferance: without a claim to room, but on the stack.
pub(crate) const STRAY: ListId = ListId(3);

/// The one list of `order`.
const STACK: ListId = ListId(0);

/// The number of an entry here, which it keeps as a ghost when its slot is another's. Small and dense like a slot.
pub(crate) type Place = Slot;

/// The place of a slot that holds no resident.
const NOWHERE: Place = Slot(u32::MAX);

/// Every entry and ghost is on one of four lists, and may be on the stack as well. Every operation costs O(1)
/// amortised; memory follows the entries and the ghosts.
#[derive(Debug)]
pub(crate) struct Stack {
    /// The stack, its top the newest.
    order: Lists,
    /// The weight of everything on the stack.
    weight: u64,
    kinds: Queues<4>,
    /// The slot of the resident at each place.
    slots: Vec<Slot>,
    /// The place of the resident at each slot.
    places: Vec<Place>,
    ghosts: Index,
    spare: Vec<Place>,
}

impl Stack {
    pub(crate) fn new() -> Self {
        Self {
            order: Lists::new(1),
            weight: 0,
            kinds: Queues::new(),
            slots: Vec::new(),
            places: Vec::new(),
            ghosts: Index::new(),
            spare: Vec::new(),
        }
    }

    /// The place of the entry at `slot`.
    pub(crate) fn place(&self, slot: Slot) -> Option<Place> {
        self.places.get(slot.index()).copied().filter(|&place| place != NOWHERE)
    }

    /// The slot of the resident at `place`.
    pub(crate) fn slot(&self, place: Place) -> Slot {
        self.slots[place.index()]
    }

    pub(crate) fn kind(&self, place: Place) -> Option<ListId> {
        self.kinds.list_of(place)
    }

    pub(crate) fn entry(&self, place: Place) -> Entry {
        self.kinds.entry(place)
    }

    /// The weight of all entries of `kind`.
    pub(crate) fn weight(&self, kind: ListId) -> u64 {
        self.kinds.weight(kind)
    }

    pub(crate) fn oldest(&self, kind: ListId) -> Option<Place> {
        self.kinds.oldest(kind)
    }

    /// Whether `place` is on the stack.
    pub(crate) fn recalls(&self, place: Place) -> bool {
        self.order.contains(place)
    }

    /// The lowest place on the stack.
    pub(crate) fn bottom(&self) -> Option<Place> {
        self.order.oldest(STACK)
    }

    /// Gives a new entry a place, which is not on the stack yet.
    pub(crate) fn add(&mut self, kind: ListId, slot: Slot, entry: Entry) -> Place {
        let place = self.spare.pop().unwrap_or(Slot(self.kinds.reach() as u32));
        self.kinds.insert(kind, place, entry);
        self.seat(place, slot);
        place
    }

    /// Gives a new entry the place of its key's ghost, if there is one.
    pub(crate) fn wake(&mut self, kind: ListId, slot: Slot, entry: Entry) -> Option<Place> {
        let place = Slot(self.ghosts.take(entry.hash, |place| self.kinds.entry(Slot(place)).hash)?);
        self.reweigh(place, entry.weight);
        self.kinds.place(kind, place);
        self.seat(place, slot);
        Some(place)
    }

    fn seat(&mut self, place: Place, slot: Slot) {
        self.slots.resize(self.slots.len().max(place.index() + 1), slot);
        self.slots[place.index()] = slot;
        self.places.resize(self.places.len().max(slot.index() + 1), NOWHERE);
        self.places[slot.index()] = place;
    }

    /// Makes `place` the newest of `kind`.
    pub(crate) fn turn(&mut self, place: Place, kind: ListId) {
        self.kinds.place(kind, place);
    }

    /// Puts `place` on the top of the stack.
    pub(crate) fn raise(&mut self, place: Place) {
        if !self.recalls(place) {
            self.weight += u64::from(self.entry(place).weight);
        }
        self.order.push(STACK, place);
    }

    /// Takes `place` off the stack.
    pub(crate) fn sink(&mut self, place: Place) {
        if self.order.unlink(place) {
            self.weight -= u64::from(self.entry(place).weight);
        }
    }

    pub(crate) fn reweigh(&mut self, place: Place, weight: u32) {
        if self.recalls(place) {
            self.weight = self.weight - u64::from(self.entry(place).weight) + u64::from(weight);
        }
        self.kinds.reweigh(place, weight);
    }

    /// The resident at `place` leaves: a ghost is left of it if it is on the stack.
    pub(crate) fn leave(&mut self, place: Place) {
        if !self.recalls(place) {
            return self.drop_resident(place);
        }
        self.places[self.slots[place.index()].index()] = NOWHERE;
        self.kinds.place(GHOST, place);
        let hash_of = |place| self.kinds.entry(Slot(place)).hash;
        if let Some(older) = self.ghosts.insert(hash_of(place.0), place.0, hash_of) {
            self.free(Slot(older));
        }
    }

    /// The resident at `place` leaves without a trace.
    pub(crate) fn drop_resident(&mut self, place: Place) {
        self.places[self.slots[place.index()].index()] = NOWHERE;
        self.free(place);
    }

    fn drop_ghost(&mut self, place: Place) {
        self.ghosts.remove(self.entry(place).hash, place.0);
        self.free(place);
    }

    fn free(&mut self, place: Place) {
        self.sink(place);
        self.kinds.remove(place);
        self.spare.push(place);
    }

    /// Takes everything below the lowest LIR entry off the stack. Strays that fall off have nothing to hold on to:
    /// they are given to `fallen`.
    pub(crate) fn prune(&mut self, mut fallen: impl FnMut(Slot, Entry)) {
        while let Some(bottom) = self.bottom() {
            match self.kind(bottom) {
                Some(LIR) => return,
                Some(GHOST) => self.drop_ghost(bottom),
                Some(STRAY) => {
                    fallen(self.slot(bottom), self.entry(bottom));
                    self.drop_resident(bottom);
                }
                _ => self.sink(bottom),
            }
        }
    }

    /// Drops the oldest ghosts until the stack weighs no more than `weight`, and there are no more than `count`.
    pub(crate) fn limit(&mut self, weight: u64, count: usize) {
        while self.weight > weight || self.ghosts.len() > count {
            let Some(oldest) = self.oldest(GHOST) else { return };
            self.drop_ghost(oldest);
        }
    }

    /// One more than the highest slot ever seated.
    pub(crate) fn reach(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ghosts_of_any_weight_are_bounded_by_their_number() {
        let mut stack = Stack::new();
        for hash in 0..1_000 {
            let place = stack.add(HIR, Slot(0), Entry { hash, weight: 0 });
            stack.raise(place);
            stack.leave(place);
            stack.limit(u64::MAX, 10);
        }
        assert_eq!(stack.kinds.reach(), 11);
        let known = (0..1_000).filter(|&hash| stack.wake(HIR, Slot(0), Entry { hash, weight: 0 }).is_some());
        assert_eq!(known.collect::<Vec<_>>(), (990..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn keys_that_share_a_hash_share_a_ghost() {
        let mut stack = Stack::new();
        for slot in [Slot(0), Slot(1)] {
            let place = stack.add(HIR, slot, Entry { hash: 7, weight: 3 });
            stack.raise(place);
        }
        [Slot(0), Slot(1)]
            .into_iter()
            .filter_map(|slot| stack.place(slot))
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|place| stack.leave(place));
        assert_eq!((stack.weight, stack.weight(GHOST), stack.ghosts.len()), (3, 3, 1));
    }
}
