//! QD-LP-FIFO: demote quickly what nobody asks for again, promote lazily what somebody does.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::ghosts::{Ghosts, Limit};
use crate::lists::ListId;
use crate::queues::{Entry, Queues};

const SMALL: ListId = ListId(0);
const MAIN: ListId = ListId(1);
/// What must leave, though nobody may have asked for its room yet.
const LEAVING: ListId = ListId(2);

/// Marks stop here: main's counters have two bits.
const MAX_MARK: u8 = 3;
/// Ghosts for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 4;

/// QD-LP-FIFO (J. Yang, Z. Qiu, Y. Zhang, Y. Yue, K. V. Rashmi, "FIFO can be better than LRU: the power of lazy
/// promotion and quick demotion", `HotOS`, 2023): new entries pass a small FIFO, a tenth of the room, and go on into a
/// CLOCK with two-bit counters if they were hit there, or when they come back soon after they left.
///
/// Follows the authors' own simulator: what makes room is always the small FIFO while anything is in it, and the CLOCK
/// makes room for what enters it within its own share. [`S3Fifo`](crate::S3Fifo), the successor, has neither rule.
///
/// Every call costs O(1), `evict` amortised: each entry it passes over was paid for by an insertion or a hit. It
/// takes 24 bytes an entry, and 24 to 59 a ghost.
#[derive(Debug)]
pub struct QdLpFifo {
    queues: Queues<3>,
    ghosts: Ghosts,
    /// Where the newcomer goes when it is settled.
    destination: ListId,
    capacity: u64,
    strict: bool,
}

impl QdLpFifo {
    /// QD-LP-FIFO whose queues share `capacity`: a tenth of it (1 at least) small, the rest the CLOCK.
    pub fn new(capacity: u64) -> Self {
        Self { queues: Queues::new(), ghosts: Ghosts::new(), destination: SMALL, capacity, strict: false }
    }

    /// The same with the CLOCK strictly within its share, as libCacheSim counts.
    ///
    /// An entry that comes back then pushes another out of the CLOCK although the small FIFO, which paid for its room
    /// as well, has some to lend; and entries as large as the small FIFO's share are refused. [`new`](Self::new) lets
    /// the CLOCK overflow until room is needed, and refuses nothing. On the traces we tried the two were within 0.15
    /// percentage points of misses, mostly in favour of `new`; in a pure loop the reference missed 0.8 points less.
    pub fn reference(capacity: u64) -> Self {
        Self { strict: true, ..Self::new(capacity) }
    }

    /// Whether an entry should leave. Only for [`reference`](Self::reference) may that be so where there is room:
    /// who wants its exact counts goes on asking for victims while it says so, after every call.
    pub fn overflows(&self, used: u64, capacity: u64) -> bool {
        let sheds = !self.queues.is_empty(LEAVING) || self.crowds_main() || self.refuses();
        used > capacity || self.strict && sheds
    }

    fn small_share(&self) -> u64 {
        (self.capacity / 10).max(1)
    }

    fn main_share(&self) -> u64 {
        self.capacity.saturating_sub(self.small_share())
    }

    fn ghost_limit(&self) -> Limit {
        let weight = self.capacity / 10 * 9 + self.capacity % 10 * 9 / 10;
        Limit { weight, count: self.queues.reach() * GHOSTS_PER_SLOT }
    }

    fn oldest(&self, list: ListId) -> Option<Slot> {
        self.queues.oldest(list)
    }

    /// Whether the newcomer needs an entry of main out to be within main's share.
    fn crowds_main(&self) -> bool {
        let main = self.queues.weight(MAIN) + self.queues.incoming();
        self.destination == MAIN
            && self.queues.newcomer().is_some()
            && !self.queues.is_empty(MAIN)
            && main > self.main_share()
    }

    /// Whether the newcomer is refused after room was made for it, which is what happens when it fits small exactly.
    fn refuses(&self) -> bool {
        let weight = self.queues.incoming();
        self.destination == SMALL && weight > 1 && weight == self.small_share()
    }

    fn settle(&mut self) {
        self.queues.settle(self.destination);
    }

    fn leave(&mut self, slot: Slot) -> Option<Slot> {
        self.queues.remove(slot).map(|_| slot)
    }

    /// What leaves because of the shares alone, where there is room.
    fn shed(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        let used = self.queues.weight(SMALL) + self.queues.weight(MAIN) + self.queues.incoming();
        if !self.strict || used > self.capacity {
            None
        } else if self.crowds_main() {
            self.turn_main(marks).and_then(|victim| self.leave(victim))
        } else if self.refuses() {
            self.queues.refuse()
        } else {
            None
        }
    }

    /// Turns the CLOCK to its next victim.
    fn turn_main(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.queues.turn(MAIN, marks, MAX_MARK);
        self.oldest(MAIN)
    }

    fn evict_from_small(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        while let Some(oldest) = self.oldest(SMALL) {
            if marks.take(oldest) == 0 {
                self.ghosts.remember(SMALL, self.queues.remove(oldest)?, self.ghost_limit());
                return Some(oldest);
            }
            self.promote(oldest, marks);
            if let Some(victim) = self.oldest(LEAVING) {
                return self.leave(victim);
            }
        }
        None
    }

    /// Moves the entry at `slot` to main, which makes room for it first.
    fn promote(&mut self, slot: Slot, marks: &Marks<'_>) {
        let weight = u64::from(self.queues.entry(slot).weight);
        while self.queues.weight(MAIN) + weight > self.main_share() {
            let Some(victim) = self.turn_main(marks) else { break };
            self.queues.place(LEAVING, victim);
        }
        self.queues.place(MAIN, slot);
    }
}

impl EvictionPolicy for QdLpFifo {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Marked { max: MAX_MARK }
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        self.destination = if self.ghosts.forget(hash).is_some() { MAIN } else { SMALL };
        let refused = self.strict && u64::from(weight) > self.small_share();
        self.queues.arrive(slot, Entry { hash, weight });
        if refused {
            self.queues.settle(LEAVING);
        }
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        self.queues.reweigh(slot, weight);
    }

    fn on_remove(&mut self, slot: Slot) {
        self.queues.remove(slot);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        if let Some(victim) = self.oldest(LEAVING) {
            return self.leave(victim);
        }
        if let Some(victim) = self.shed(marks) {
            return Some(victim);
        }
        let main_first = self.queues.weight(MAIN) > self.main_share() || self.queues.is_empty(SMALL);
        if !main_first && let Some(victim) = self.evict_from_small(marks) {
            return Some(victim);
        }
        let victim = self.turn_main(marks).or_else(|| self.oldest(SMALL));
        victim.and_then(|victim| self.leave(victim)).or_else(|| self.queues.refuse())
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.ghosts.trim(SMALL, self.ghost_limit());
    }
}
