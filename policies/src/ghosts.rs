//! Memories of entries that left.

use crate::index::{Cell, Index};
use crate::queues::Entry;

/// The fewest places there are.
const FEWEST: usize = 8;
/// The cell of a place without a ghost.
const EMPTY: Cell = Cell::MAX;

/// A FIFO of the hashes of entries that left, each with the weight it had, and with a note if there is more to
/// remember. Every operation costs O(1) amortised.
///
/// It takes 25 to 63 bytes (and up to three notes) for each of the most ghosts there ever were, and allocates nothing
/// unless there are more of them. Keys that share a hash share a ghost.
#[derive(Debug)]
pub(crate) struct Ghosts<T = ()> {
    /// A ring, a power of two of places. Ghosts that are forgotten before their time leave theirs empty.
    places: Vec<Ghost<T>>,
    index: Index,
    /// The number of the oldest ghost, and of the next. A number's place is what is left of it modulo the ring.
    oldest: usize,
    next: usize,
    len: usize,
    weight: u64,
}

#[derive(Clone, Copy, Debug)]
struct Ghost<T> {
    hash: u64,
    weight: u32,
    /// Where in the index it is.
    cell: Cell,
    note: T,
}

impl<T: Default> Default for Ghost<T> {
    fn default() -> Self {
        Self { hash: 0, weight: 0, cell: EMPTY, note: T::default() }
    }
}

impl Ghosts {
    /// Remembers an entry that left, unless it alone would be over `limit`.
    #[inline]
    pub(crate) fn remember(&mut self, entry: Entry, limit: Limit) {
        self.remember_with(entry, (), limit);
    }
}

impl<T: Copy + Default> Ghosts<T> {
    pub(crate) fn new() -> Self {
        let places = vec![Ghost::default(); FEWEST];
        Self { places, index: Index::new(), oldest: 0, next: 0, len: 0, weight: 0 }
    }

    /// Remembers an entry that left, and `note` with it, unless it alone would be over `limit`.
    #[inline]
    pub(crate) fn remember_with(&mut self, Entry { hash, weight }: Entry, note: T, limit: Limit) {
        if u64::from(weight) > limit.weight || limit.count == 0 {
            return;
        }
        if self.next - self.oldest == self.places.len() {
            self.close_up();
        }
        if self.index.is_full() {
            self.index.grow();
            self.enter_all();
        }
        let place = self.place(self.next);
        let (cell, older) = self.index.enter(hash, place as u32, |place| self.places[place as usize].hash);
        if let Some(older) = older {
            self.empty(older as usize);
        }
        self.places[place] = Ghost { hash, weight, cell, note };
        self.next += 1;
        self.len += 1;
        self.weight += u64::from(weight);
        self.skip_empty();
        self.trim(limit);
    }

    /// Forgets `hash`, and says whether it was known.
    #[inline]
    pub(crate) fn forget(&mut self, hash: u64) -> bool {
        self.recall(hash).is_some()
    }

    /// Forgets `hash`, and says what was noted of it.
    #[inline]
    pub(crate) fn recall(&mut self, hash: u64) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        let place = self.index.take(hash, |place| self.places[place as usize].hash)?;
        let note = self.empty(place as usize);
        self.skip_empty();
        Some(note)
    }

    /// The weight of all ghosts.
    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }

    /// Forgets the oldest ghost, and says whether there was one.
    #[inline]
    pub(crate) fn forget_oldest(&mut self) -> bool {
        if self.len == 0 {
            return false;
        }
        let place = self.place(self.oldest);
        let Ghost { hash, cell, .. } = self.places[place];
        self.index.leave(hash, cell);
        self.empty(place);
        self.skip_empty();
        true
    }

    /// Forgets the oldest until what is left is within `limit`.
    #[inline]
    pub(crate) fn trim(&mut self, limit: Limit) {
        while self.weight > limit.weight || self.len > limit.count {
            self.forget_oldest();
        }
    }

    #[inline]
    fn place(&self, number: usize) -> usize {
        number & (self.places.len() - 1)
    }

    #[inline]
    fn empty(&mut self, place: usize) -> T {
        let ghost = &mut self.places[place];
        ghost.cell = EMPTY;
        self.len -= 1;
        self.weight -= u64::from(ghost.weight);
        ghost.note
    }

    /// The oldest is a ghost, if there is any.
    #[inline]
    fn skip_empty(&mut self) {
        while self.oldest != self.next && self.places[self.place(self.oldest)].cell == EMPTY {
            self.oldest += 1;
        }
    }

    /// Puts all ghosts into the index, which is empty.
    fn enter_all(&mut self) {
        for (place, ghost) in (0..).zip(&mut self.places).filter(|(_, ghost)| ghost.cell != EMPTY) {
            ghost.cell = self.index.put(ghost.hash, place);
        }
    }

    /// Makes room by moving all ghosts to the front of the ring: one twice as large, if there are many.
    #[cold]
    fn close_up(&mut self) {
        let first = self.place(self.oldest);
        self.places.rotate_left(first);
        self.places.retain(|ghost| ghost.cell != EMPTY);
        self.index.clear();
        self.enter_all();
        let before = self.next - self.oldest;
        let is_full = self.len > before / 4 * 3;
        (self.oldest, self.next) = (0, self.len);
        self.places.resize(if is_full { before * 2 } else { before }, Ghost::default());
    }
}

/// How many ghosts there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// Their weight together.
    pub(crate) weight: u64,
    /// Their number: entries may weigh nothing, and a capacity may be endless.
    pub(crate) count: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ghosts_do_what_a_vector_does(
            ops in proptest::collection::vec((0..8_u8, 0..60_u64, 0..4_u32), 0..600), weight in 0..80_u64, count in 0..70_usize,
        ) {
            let limit = Limit { weight, count };
            let mut ghosts = Ghosts::new();
            let mut model: Vec<(Entry, usize)> = Vec::new();
            for (note, (op, hash, weight)) in ops.into_iter().enumerate() {
                let known = model.iter().position(|(entry, _)| entry.hash == hash);
                match op {
                    0 => prop_assert_eq!(ghosts.forget_oldest(), !model.is_empty()),
                    1 | 2 => prop_assert_eq!(ghosts.recall(hash), known.map(|place| model[place].1)),
                    _ => ghosts.remember_with(Entry { hash, weight }, note, limit),
                }
                match (op, known) {
                    (0, _) => drop(model.drain(..model.len().min(1))),
                    (1 | 2, Some(place)) => drop(model.remove(place)),
                    (1 | 2, None) => {}
                    _ if u64::from(weight) > limit.weight || limit.count == 0 => {}
                    (_, known) => {
                        known.map(|place| model.remove(place));
                        model.push((Entry { hash, weight }, note));
                        while model.len() > count || model.iter().map(|(entry, _)| u64::from(entry.weight)).sum::<u64>() > limit.weight {
                            model.remove(0);
                        }
                    }
                }
                prop_assert_eq!(ghosts.len, model.len());
                prop_assert_eq!(ghosts.weight(), model.iter().map(|(entry, _)| u64::from(entry.weight)).sum::<u64>());
            }
            for (entry, note) in model {
                prop_assert_eq!(ghosts.recall(entry.hash), Some(note));
            }
        }
    }

    #[test]
    fn ghosts_that_weigh_nothing_are_bounded_by_their_number() {
        let mut ghosts = Ghosts::new();
        let limit = Limit { weight: u64::MAX, count: 10 };
        for hash in 0..1_000 {
            ghosts.remember(Entry { hash, weight: 0 }, limit);
            assert!(ghosts.len <= 10);
        }
        assert!(ghosts.forget(990) && !ghosts.forget(989));
    }

    #[test]
    fn coming_and_going_uses_the_same_places() {
        let mut ghosts = Ghosts::new();
        for hash in 0..10_000 {
            ghosts.remember(Entry { hash, weight: 1 }, Limit { weight: 100, count: 100 });
            assert!(!hash.is_multiple_of(3) || ghosts.forget(hash));
        }
        assert_eq!((ghosts.len, ghosts.places.len()), (99, 256));
    }

    #[test]
    fn one_hash_has_one_ghost() {
        let mut ghosts = Ghosts::new();
        for _ in 0..1_000 {
            ghosts.remember(Entry { hash: 1, weight: 1 }, Limit { weight: 100, count: 100 });
        }
        assert_eq!((ghosts.len, ghosts.weight(), ghosts.places.len()), (1, 1, FEWEST));
    }

    #[test]
    fn the_oldest_ghost_fades_first() {
        let mut ghosts = Ghosts::new();
        let limit = Limit { weight: 5, count: 100 };
        for hash in 1..=3 {
            ghosts.remember(Entry { hash, weight: 2 }, limit);
        }
        ghosts.remember(Entry { hash: 4, weight: 6 }, limit);
        assert_eq!([1, 2, 3, 4].map(|hash| ghosts.forget(hash)), [false, true, true, false]);
    }
}
