//! QD-LP-FIFO from its paper, with the choices of its authors' simulator.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use super::object::{Ghosts, Object, reweigh, take, take_first, weigh};

/// The queues run from their oldest, which is first.
pub(crate) struct QdLpFifo {
    small: Vec<Object>,
    main: Vec<Object>,
    ghosts: Ghosts,
    leaving: Vec<Object>,
    newest: Option<Object>,
    known: bool,
    capacity: u64,
    strict: bool,
}

impl QdLpFifo {
    pub(crate) fn new(capacity: u64, strict: bool) -> Self {
        let (small, main, leaving) = Default::default();
        let (ghosts, newest) = (Ghosts::default(), None);
        Self { small, main, ghosts, leaving, newest, known: false, capacity, strict }
    }

    pub(crate) fn overflows(&self, used: u64) -> bool {
        used > self.capacity || !self.leaving.is_empty() || self.main_is_full() || self.is_refused()
    }

    fn small_share(&self) -> u64 {
        (self.capacity / 10).max(1)
    }

    fn main_share(&self) -> u64 {
        self.capacity.saturating_sub(self.small_share())
    }

    fn ghost_limit(&self) -> u64 {
        (u128::from(self.capacity) * 9 / 10) as u64
    }

    fn main_is_full(&self) -> bool {
        let full = self.newest.is_some_and(|newest| weigh(&self.main) + newest.weight > self.main_share());
        self.strict && self.known && full && !self.main.is_empty()
    }

    fn is_refused(&self) -> bool {
        let fits_exactly = |newest: Object| newest.weight > 1 && newest.weight == self.small_share();
        self.strict && !self.known && self.newest.is_some_and(fits_exactly)
    }

    fn settle(&mut self) {
        if self.known { &mut self.main } else { &mut self.small }.extend(self.newest.take());
    }

    fn clock(&mut self, marks: &Marks<'_>) -> Option<Object> {
        loop {
            let object = take_first(&mut self.main)?;
            let mark = marks.get(object.slot);
            if mark == 0 {
                return Some(object);
            }
            marks.set(object.slot, mark - 1);
            self.main.push(object);
        }
    }

    /// Empties small until somebody left.
    fn demote(&mut self, marks: &Marks<'_>) -> Option<Object> {
        while let Some(object) = take_first(&mut self.small) {
            if marks.get(object.slot) == 0 {
                self.ghosts.remember(object, self.ghost_limit());
                return Some(object);
            }
            marks.set(object.slot, 0);
            while weigh(&self.main) + object.weight > self.main_share() && !self.main.is_empty() {
                let victim = self.clock(marks);
                self.leaving.extend(victim);
            }
            self.main.push(object);
            if !self.leaving.is_empty() {
                return take_first(&mut self.leaving);
            }
        }
        None
    }

    fn choose(&mut self, marks: &Marks<'_>) -> Option<Object> {
        if !self.leaving.is_empty() {
            return take_first(&mut self.leaving);
        }
        let newest = self.newest.map_or(0, |newest| newest.weight);
        if weigh(&self.small) + weigh(&self.main) + newest <= self.capacity {
            if self.main_is_full() {
                return self.clock(marks);
            }
            if self.is_refused() {
                return self.newest.take();
            }
        }
        let demoted = if weigh(&self.main) <= self.main_share() { self.demote(marks) } else { None };
        demoted.or_else(|| self.clock(marks)).or_else(|| self.newest.take())
    }
}

impl EvictionPolicy for QdLpFifo {
    fn hits(&self) -> Hits {
        Hits::Marked { max: 3 }
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        let object = Object::new(slot, hash, weight);
        self.known = self.ghosts.forget(object);
        if self.strict && object.weight > self.small_share() {
            self.leaving.push(object);
        } else {
            self.newest = Some(object);
        }
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        reweigh([&mut self.small, &mut self.main, &mut self.leaving], slot, weight);
    }
    fn on_remove(&mut self, slot: Slot) {
        for queue in [&mut self.small, &mut self.main, &mut self.leaving] {
            take(queue, slot);
        }
        self.newest = self.newest.filter(|newest| newest.slot != slot);
    }
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.choose(marks).map(|object| object.slot)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.ghosts.trim(self.ghost_limit());
    }
}
