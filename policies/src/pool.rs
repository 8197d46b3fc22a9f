//! A set of slots to draw samples from.

use larder_core::Slot;

use crate::rng::SplitMix64;

/// Slots in no order, each with a note beside it. Every operation costs O(1); memory follows the highest slot seen.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    members: Vec<(Slot, T)>,
    /// Where each slot stands in `members`.
    places: Vec<u32>,
}

/// The place of a slot that is not there.
const NOWHERE: u32 = u32::MAX;

impl<T> Pool<T> {
    pub(crate) fn new() -> Self {
        Self { members: Vec::new(), places: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Adds `slot`, or notes something else of it.
    pub(crate) fn insert(&mut self, slot: Slot, note: T) {
        self.remove(slot);
        if slot.index() >= self.places.len() {
            self.places.resize(slot.index() + 1, NOWHERE);
        }
        self.places[slot.index()] = self.members.len() as u32;
        self.members.push((slot, note));
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<T> {
        let place = self.place(slot)?;
        self.places[slot.index()] = NOWHERE;
        let (_, note) = self.members.swap_remove(place);
        if let Some((moved, _)) = self.members.get(place) {
            self.places[moved.index()] = place as u32;
        }
        Some(note)
    }

    /// What was noted of `slot`.
    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        self.place(slot).map(|place| &self.members[place].1)
    }

    /// What was noted of `slot`, to change.
    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.place(slot).map(|place| &mut self.members[place].1)
    }

    /// Any member, all with equal chance.
    pub(crate) fn draw(&self, rng: &mut SplitMix64) -> Option<(Slot, &T)> {
        if self.members.is_empty() {
            return None;
        }
        let (slot, note) = &self.members[rng.below(self.members.len())];
        Some((*slot, note))
    }

    fn place(&self, slot: Slot) -> Option<usize> {
        self.places.get(slot.index()).filter(|&&place| place != NOWHERE).map(|&place| place as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_pool_does_what_a_map_does(ops in proptest::collection::vec((any::<bool>(), 0..12_u32, any::<u8>()), 0..200)) {
            let mut pool = Pool::new();
            let mut model = BTreeMap::new();
            for (insert, slot, note) in ops {
                let slot = Slot(slot);
                if insert {
                    pool.insert(slot, note);
                    model.insert(slot, note);
                } else {
                    prop_assert_eq!(pool.remove(slot), model.remove(&slot));
                }
                prop_assert_eq!(pool.len(), model.len());
                prop_assert!((0..12).map(Slot).all(|slot| pool.get(slot) == model.get(&slot)));
            }
        }
    }

    #[test]
    fn every_member_is_drawn_at_times() {
        let mut pool = Pool::new();
        (0..10).for_each(|slot| pool.insert(Slot(slot), ()));
        pool.remove(Slot(3));
        let mut rng = SplitMix64::new(0);
        let mut drawn = [0; 10];
        (0..900).filter_map(|_| pool.draw(&mut rng)).for_each(|(slot, ())| drawn[slot.index()] += 1);
        assert_eq!(drawn[3], 0);
        assert_eq!(drawn.iter().filter(|&&times| times > 50).count(), 9, "{drawn:?}");
    }
}
