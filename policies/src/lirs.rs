//! LIRS: what matters is the time between two uses, not the time since the last.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lirs_stack::{HIR, LIR, Place, STRAY, Stack};
use crate::lists::ListId;
use crate::queues::{Entry, Queues};

/// The one list of `leaving`.
const LEAVING: ListId = ListId(0);

/// Ghosts for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 4;

/// LIRS (S. Jiang, X. Zhang, "LIRS: an efficient low inter-reference recency set replacement policy to improve buffer
/// cache performance", SIGMETRICS, 2002): entries used again after few others (LIR) have 99 % of the room; the rest
/// (HIR) pass the remaining 1 % (1 at least), and become LIR if they are used again while a stack remembers them.
///
/// The stack has the LIR entries, and the HIR ones used since the least recent of them, ghosts of some that left
/// included. The paper does not bound it; here it is twice the capacity, as in libCacheSim, and what left first is
/// forgotten first.
///
/// Every call costs O(1) amortised: what is pruned from the stack was put there by a use. It takes 40 bytes an
/// entry, and 49 to 60 a ghost.
#[derive(Debug)]
pub struct Lirs {
    stack: Stack,
    /// Entries that have no room in their part any more, though nobody may have asked for it yet.
    leaving: Queues<1>,
    newcomer: Option<Slot>,
    capacity: u64,
    strict: bool,
}

impl Lirs {
    /// LIRS as the paper has it.
    pub fn new(capacity: u64) -> Self {
        Self { stack: Stack::new(), leaving: Queues::new(), newcomer: None, capacity, strict: false }
    }

    /// LIRS as libCacheSim counts.
    ///
    /// A hit on an HIR entry that the stack has forgotten demotes an LIR one first if these are full, although it will
    /// not become LIR: another HIR entry has to go, and the cache is one short until the next miss. Where that other
    /// is the very entry that was hit, as in an HIR part of 1, libCacheSim goes on serving it although it counts it as
    /// gone: its cache then holds one more than its capacity, until the stack forgets that one, too. With weights,
    /// both parts are strictly within their shares, and what is larger than the HIR part is refused unless the stack
    /// remembers it. [`new`](Self::new) does none of this; on the traces we tried the two were within 0.04 percentage
    /// points of misses, but for a cache of 2 MB with entries of up to 70 kB, where the reference missed 1.0 less.
    pub fn reference(capacity: u64) -> Self {
        Self { strict: true, ..Self::new(capacity) }
    }

    /// Whether an entry should leave. Only for [`reference`](Self::reference) may that be so where there is room, or
    /// not be so where there is none: who wants its exact counts asks for victims just while it says so, after every
    /// call.
    pub fn overflows(&self, used: u64, capacity: u64) -> bool {
        used - self.stack.weight(STRAY).min(used) > capacity || !self.leaving.is_empty(LEAVING)
    }

    fn hir_share(&self) -> u64 {
        (self.capacity / 100).max(1)
    }

    fn lir_share(&self) -> u64 {
        self.capacity.saturating_sub(self.hir_share())
    }

    fn weight(&self, place: Place) -> u64 {
        u64::from(self.stack.entry(place).weight)
    }

    fn admit(&mut self, slot: Slot, entry: Entry) {
        let weight = u64::from(entry.weight);
        if let Some(ghost) = self.stack.wake(STRAY, slot, entry) {
            self.promote(ghost);
        } else if self.strict && weight > self.hir_share() {
            self.leaving.insert(LEAVING, slot, entry);
        } else {
            let fits = self.stack.weight(LIR) + weight <= self.lir_share();
            if !fits {
                self.make_room_in_hir(weight);
            }
            let place = self.stack.add(if fits { LIR } else { HIR }, slot, entry);
            self.stack.raise(place);
        }
        self.tidy();
    }

    /// Makes `place` LIR if it fits there at all, and others HIR until it does.
    fn promote(&mut self, place: Place) {
        self.stack.raise(place);
        if self.weight(place) > self.lir_share() {
            return self.stack.turn(place, HIR);
        }
        self.stack.turn(place, LIR);
        self.demote_for(0);
    }

    /// Makes LIR entries HIR until another of `weight` fits.
    fn demote_for(&mut self, weight: u64) {
        while self.stack.weight(LIR) + weight > self.lir_share() {
            self.prune();
            let Some(bottom) = self.stack.bottom() else { return };
            self.stack.sink(bottom);
            self.make_room_in_hir(self.weight(bottom));
            self.stack.turn(bottom, HIR);
        }
    }

    /// Sends HIR entries away until another of `weight` fits. Only the reference does so before room is needed.
    fn make_room_in_hir(&mut self, weight: u64) {
        while self.strict && self.stack.weight(HIR) + weight > self.hir_share() {
            let Some(oldest) = self.stack.oldest(HIR) else { return };
            self.leaving.insert(LEAVING, self.stack.slot(oldest), self.stack.entry(oldest));
            self.stack.leave(oldest);
        }
    }

    /// A hit on an HIR entry that is not on the stack.
    fn raise_hir(&mut self, slot: Slot, place: Place) {
        self.stack.turn(place, HIR);
        if self.strict {
            self.demote_for(self.weight(place));
        }
        // Where the HIR part is that small, the entry itself had to make room there. The reference goes on serving it
        // from the stack.
        let place = match self.leaving.remove(slot) {
            Some(entry) => self.stack.add(STRAY, slot, entry),
            None => place,
        };
        self.stack.raise(place);
    }

    fn prune(&mut self) {
        self.stack.prune(|slot, entry| self.leaving.insert(LEAVING, slot, entry));
    }

    /// Brings the stack into order: its bottom is LIR, and it is not too large.
    fn tidy(&mut self) {
        self.prune();
        self.stack.limit(self.capacity.saturating_mul(2), self.stack.reach() * GHOSTS_PER_SLOT);
    }

    /// The next to leave of those that have room.
    fn victim(&self) -> Option<Place> {
        let newcomer = self.newcomer.and_then(|slot| self.stack.place(slot));
        let hir = self.stack.oldest(HIR);
        let lir = self.stack.bottom().filter(|&bottom| self.stack.kind(bottom) == Some(LIR));
        let others = [self.stack.oldest(STRAY), hir, lir].into_iter().flatten();
        others.filter(|&place| Some(place) != newcomer).chain(newcomer).next()
    }
}

impl EvictionPolicy for Lirs {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.on_remove(slot);
        self.admit(slot, Entry { hash, weight });
        self.newcomer = Some(slot);
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.leaving.reweigh(slot, weight);
        if let Some(place) = self.stack.place(slot) {
            self.stack.reweigh(place, weight);
        }
        self.on_hit(slot);
        self.demote_for(0);
        self.tidy();
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.newcomer = None;
        let Some(place) = self.stack.place(slot) else {
            if let Some(entry) = self.leaving.remove(slot) {
                self.admit(slot, entry);
            }
            return;
        };
        if self.stack.kind(place) == Some(LIR) {
            self.stack.raise(place);
        } else if self.stack.recalls(place) {
            self.promote(place);
        } else {
            self.raise_hir(slot, place);
        }
        self.tidy();
    }

    fn on_remove(&mut self, slot: Slot) {
        self.leaving.remove(slot);
        if let Some(place) = self.stack.place(slot) {
            self.stack.drop_resident(place);
            self.prune();
        }
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        if let Some(slot) = self.leaving.oldest(LEAVING) {
            self.leaving.remove(slot);
            return Some(slot);
        }
        let place = self.victim()?;
        let slot = self.stack.slot(place);
        if self.stack.kind(place) == Some(HIR) {
            self.stack.leave(place);
        } else {
            self.stack.drop_resident(place);
            self.prune();
        }
        Some(slot)
    }

    fn on_resize(&mut self, capacity: u64) {
        self.newcomer = None;
        self.capacity = capacity;
        self.demote_for(0);
        self.tidy();
    }
}
