//! CAR from its paper, T1, T2, B1 and B2 as there; all run from their head, which is the oldest.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

#[derive(Clone, Copy, PartialEq)]
struct Object {
    slot: Slot,
    hash: u64,
    weight: u64,
}

pub(crate) struct Car {
    t1: Vec<Object>,
    t2: Vec<Object>,
    b1: Vec<Object>,
    b2: Vec<Object>,
    newest: Option<Object>,
    p: f64,
    c: u64,
    slots: usize,
}

impl Car {
    pub(crate) fn new(c: u64) -> Self {
        let empty = Vec::new;
        Self { t1: empty(), t2: empty(), b1: empty(), b2: empty(), newest: None, p: 0.0, c, slots: 0 }
    }

    fn settle(&mut self) {
        let Some(x) = self.newest.take() else { return };
        let (b1, b2) = (weigh(&self.b1), weigh(&self.b2));
        let ratio = |a: u64, b: u64| (a as f64 / b.max(1) as f64).max(1.0) * x.weight as f64;
        if forget(&mut self.b1, x.hash) {
            self.p = (self.p + ratio(b2, b1)).min(self.c as f64);
            self.t2.push(x);
        } else if forget(&mut self.b2, x.hash) {
            self.p = (self.p - ratio(b1, b2)).max(0.0);
            self.t2.push(x);
        } else {
            self.t1.push(x);
        }
        self.discard();
    }

    fn discard(&mut self) {
        while !self.b1.is_empty() && weigh(&self.b1) > 0 && weigh(&self.t1) + weigh(&self.b1) > self.c {
            self.b1.remove(0);
        }
        let cached = weigh(&self.t1) + weigh(&self.t2);
        while u128::from(cached + weigh(&self.b1) + weigh(&self.b2)) > 2 * u128::from(self.c) {
            match (weigh(&self.b1), weigh(&self.b2)) {
                (0, 0) => return,
                (_, 0) => drop(self.b1.remove(0)),
                _ => drop(self.b2.remove(0)),
            }
        }
    }
}

fn weigh(list: &[Object]) -> u64 {
    list.iter().map(|object| object.weight).sum()
}

fn forget(ghosts: &mut Vec<Object>, hash: u64) -> bool {
    let before = ghosts.len();
    ghosts.retain(|ghost| ghost.hash != hash);
    ghosts.len() < before
}

impl EvictionPolicy for Car {
    fn hits(&self) -> Hits {
        Hits::Marked { max: 1 }
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        self.slots = self.slots.max(slot.index() + 1);
        self.newest = Some(Object { slot, hash, weight: u64::from(weight) });
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        let all = self.t1.iter_mut().chain(&mut self.t2);
        all.filter(|o| o.slot == slot).for_each(|o| o.weight = u64::from(weight));
    }
    fn on_remove(&mut self, slot: Slot) {
        self.t1.retain(|o| o.slot != slot);
        self.t2.retain(|o| o.slot != slot);
        self.newest = self.newest.filter(|o| o.slot != slot);
    }
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        loop {
            let from_t1 =
                weigh(&self.t1) as f64 >= self.p.max(1.0) && !self.t1.is_empty() || self.t2.is_empty();
            let (clock, ghosts) =
                if from_t1 { (&mut self.t1, &mut self.b1) } else { (&mut self.t2, &mut self.b2) };
            if clock.is_empty() {
                return self.newest.take().map(|o| o.slot);
            }
            let head = clock.remove(0);
            if marks.take(head.slot) == 0 {
                if head.weight <= self.c {
                    forget(ghosts, head.hash);
                    ghosts.push(head);
                    while weigh(ghosts) > self.c || ghosts.len() > self.slots * 2 {
                        ghosts.remove(0);
                    }
                }
                return Some(head.slot);
            }
            self.t2.push(head);
        }
    }
    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.c = capacity;
        self.p = self.p.min(capacity as f64);
        self.discard();
    }
}
