//! QD-CLOCK: quick demotion before a CLOCK.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::{ListId, Lists};
use crate::prints::{Print, Prints};

const PROBATION: ListId = ListId(0);
const MAIN: ListId = ListId(1);

/// Marks stop here: main's counters have two bits.
const MAX_MARK: u8 = 3;
/// One entry of so many is on probation. With fewer popularity is served better, with more what is asked for again soon.
/// (Between 20 and 32 it is a tenth of a point of Zipf's law, and a point of OLTP where there is little room.)
const ENTRIES_PER_PROBATIONER: usize = 24;
/// One ghost for so many slots ever used.
const SLOTS_PER_GHOST: usize = 2;

/// QD-CLOCK: quick demotion (J. Yang, Z. Qiu, Y. Zhang, Y. Yue, K. V. Rashmi, "FIFO can be better than LRU: the power of
/// lazy promotion and quick demotion", `HotOS`, 2023) before a CLOCK with two-bit counters. New entries pass a FIFO of one
/// entry in 24, and go on into the CLOCK if they were hit there, or when they come back soon after they left.
///
/// The paper's own such policy is [`QdLpFifo`](crate::QdLpFifo), whose FIFO has a tenth of the room and whose ghosts are as
/// many as entries. This one is made for stores that are asked by many: the parts are shares of the *number* of entries,
/// whatever they weigh; what passes its FIFO takes little of the processor's cache; and a ghost, of which there are half as
/// many as entries, is a print of two bytes, found in half a cache line. (A key in 4,000 is thus taken for one that was
/// there before.) Where popularity lasts it keeps more than SIEVE and S3-FIFO, for a mark a hit.
///
/// Every call costs O(1), `evict` amortised: each entry it passes over was paid for by an insertion or a hit. It takes 13
/// bytes an entry.
#[derive(Debug)]
pub struct QdClock {
    /// Each entry has its key's print while it is on probation.
    queues: Lists<Option<Print>>,
    probationers: usize,
    ghosts: Prints,
    /// The newest entry, while room is made for it. It is on no list.
    newcomer: Option<Slot>,
}

impl QdClock {
    /// QD-CLOCK decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { queues: Lists::new(2), probationers: 0, ghosts: Prints::default(), newcomer: None }
    }

    #[inline]
    fn settle(&mut self) {
        let Some(newcomer) = self.newcomer.take() else { return };
        let on_probation = self.print(newcomer).is_some();
        self.probationers += usize::from(on_probation);
        self.queues.push(if on_probation { PROBATION } else { MAIN }, newcomer);
    }

    fn print(&self, slot: Slot) -> Option<Print> {
        self.queues.note(slot).copied().flatten()
    }

    /// Whether there are more on probation than their share, with so many who `come`.
    fn are_too_many(&self, come: usize) -> bool {
        (self.probationers + come) * ENTRIES_PER_PROBATIONER > self.queues.len() + come
    }

    /// The oldest entry on probation leaves, unless it was hit.
    #[inline]
    fn evict_from_probation(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        while self.are_too_many(0) {
            let oldest = self.queues.oldest(PROBATION)?;
            self.probationers -= 1;
            if marks.take(oldest) == 0 {
                self.queues.unlink(oldest);
                self.remember(oldest);
                return Some(oldest);
            }
            self.queues.set_note(oldest, None);
            self.queues.push(MAIN, oldest);
        }
        None
    }

    fn remember(&mut self, slot: Slot) {
        if let Some(print) = self.print(slot) {
            self.ghosts.remember(print, self.queues.reach() / SLOTS_PER_GHOST);
        }
    }

    #[inline]
    fn evict_from_main(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.queues.turn(MAIN, marks, MAX_MARK);
        self.queues.pop(MAIN)
    }
}

impl EvictionPolicy for QdClock {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Marked { max: MAX_MARK }
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, _weight: u32) {
        if self.newcomer == Some(slot) || self.queues.contains(slot) {
            self.on_remove(slot);
        }
        self.settle();
        let print = Print::of(hash);
        let is_back = self.ghosts.forget(print);
        self.queues.set_note(slot, (!is_back).then_some(print));
        self.newcomer = Some(slot);
    }

    #[inline]
    fn on_update(&mut self, _slot: Slot, _weight: u32) {
        self.settle();
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        let on_probation = self.print(slot).is_some();
        let was_there = self.queues.unlink(slot);
        self.probationers -= usize::from(was_there && on_probation);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        let victim = self
            .evict_from_probation(marks)
            .or_else(|| self.evict_from_main(marks))
            .or_else(|| self.newcomer.take());
        // The newcomer is not on its list yet, and is on probation as a rule.
        let next = if self.are_too_many(1) { PROBATION } else { MAIN };
        marks.foresee(self.queues.oldest(next));
        victim
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
