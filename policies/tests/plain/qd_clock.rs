//! QD-CLOCK: a FIFO of few, a CLOCK, and ghosts. The prints are the real ones, which have tests of their own: with plain
//! hashes a stranger would never be taken for one who is back.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::prints::{Print, Prints};

/// Both queues run from their oldest, which is first.
#[derive(Default)]
pub(crate) struct QdClock {
    probation: Vec<(Slot, u64)>,
    main: Vec<Slot>,
    ghosts: Prints,
    newest: Option<(Slot, u64, bool)>,
    slots: usize,
}

impl QdClock {
    fn evict_from_probation(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        while self.probation.len() * 24 > self.probation.len() + self.main.len() {
            let (slot, hash) = self.probation.remove(0);
            if marks.get(slot) == 0 {
                self.ghosts.remember(Print::of(hash), self.slots / 2);
                return Some(slot);
            }
            marks.set(slot, 0);
            self.main.push(slot);
        }
        None
    }

    fn evict_from_main(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        while !self.main.is_empty() {
            let slot = self.main.remove(0);
            match marks.get(slot).min(3) {
                0 => return Some(slot),
                mark => marks.set(slot, mark - 1),
            }
            self.main.push(slot);
        }
        None
    }

    fn settle(&mut self) {
        match self.newest.take() {
            Some((slot, _, true)) => self.main.push(slot),
            Some((slot, hash, false)) => self.probation.push((slot, hash)),
            None => {}
        }
    }
}

impl EvictionPolicy for QdClock {
    fn hits(&self) -> Hits {
        Hits::Marked { max: 3 }
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, _weight: u32) {
        self.settle();
        self.newest = Some((slot, hash, self.ghosts.forget(Print::of(hash))));
        self.slots = self.slots.max(slot.index() + 1);
    }
    fn on_update(&mut self, _slot: Slot, _weight: u32) {
        self.settle();
    }
    fn on_remove(&mut self, slot: Slot) {
        self.probation.retain(|&(other, _)| other != slot);
        self.main.retain(|&other| other != slot);
        self.newest = self.newest.filter(|&(newest, ..)| newest != slot);
    }
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.evict_from_probation(marks)
            .or_else(|| self.evict_from_main(marks))
            .or_else(|| self.newest.take().map(|(slot, ..)| slot))
    }
    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
