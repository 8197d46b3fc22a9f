//! ARC from its paper, whose names these are.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use super::object::{Ghosts, Object, reweigh, take, take_first, weigh};

/// The lists run from their least recently used, which is first.
#[derive(Default)]
pub(crate) struct Arc {
    t1: Vec<Object>,
    t2: Vec<Object>,
    b1: Ghosts,
    b2: Ghosts,
    p: f64,
    c: u64,
    newest: Option<Object>,
    case: Case,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Case {
    InB1,
    InB2,
    #[default]
    Nowhere,
}

impl Arc {
    pub(crate) fn new(c: u64) -> Self {
        Self { c, ..Self::default() }
    }

    fn settle(&mut self) {
        if let Some(newest) = self.newest.take() {
            if self.case == Case::Nowhere { &mut self.t1 } else { &mut self.t2 }.push(newest);
        }
        self.case = Case::Nowhere;
    }

    fn replace(&mut self) -> Option<Object> {
        let t1 = weigh(&self.t1) as f64;
        let from_t1 = t1 > self.p || self.case == Case::InB2 && t1 == self.p;
        if !self.t1.is_empty() && (from_t1 || self.t2.is_empty()) {
            let object = self.t1.remove(0);
            self.b1.remember(object, u64::MAX);
            return Some(object);
        }
        let object = take_first(&mut self.t2)?;
        self.b2.remember(object, u64::MAX);
        Some(object)
    }

    fn case_iv(&mut self, incoming: u64) -> Option<Object> {
        let l1 = weigh(&self.t1) + self.b1.weigh();
        if l1 + incoming > self.c {
            if self.b1.left.is_empty() && !self.t1.is_empty() {
                return take_first(&mut self.t1);
            }
            self.b1.left.drain(..1.min(self.b1.left.len()));
        } else if l1 + weigh(&self.t2) + self.b2.weigh() >= self.c.saturating_mul(2) {
            self.b2.left.drain(..1.min(self.b2.left.len()));
        }
        self.replace()
    }
}

impl EvictionPolicy for Arc {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        let object = Object::new(slot, hash, weight);
        let [b1, b2] = [self.b1.weigh().max(1) as f64, self.b2.weigh().max(1) as f64];
        self.b1.see(object);
        self.b2.see(object);
        self.case = if self.b1.forget(object) {
            Case::InB1
        } else if self.b2.forget(object) {
            Case::InB2
        } else {
            Case::Nowhere
        };
        self.p = match self.case {
            Case::InB1 => (self.p + (b2 / b1).max(1.0)).min(self.c as f64),
            Case::InB2 => (self.p - (b1 / b2).max(1.0)).max(0.0),
            Case::Nowhere => self.p,
        };
        self.newest = Some(object);
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        reweigh([&mut self.t1, &mut self.t2], slot, weight);
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        let object = take(&mut self.t1, slot).or_else(|| take(&mut self.t2, slot));
        self.t2.extend(object);
    }
    fn on_remove(&mut self, slot: Slot) {
        take(&mut self.t1, slot);
        take(&mut self.t2, slot);
        self.newest = self.newest.filter(|newest| newest.slot != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let victim = match self.newest {
            Some(newest) if self.case == Case::Nowhere => self.case_iv(newest.weight),
            _ => self.replace(),
        };
        victim.or_else(|| self.newest.take()).map(|object| object.slot)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.c = capacity;
        self.p = self.p.min(capacity as f64);
        self.b1.trim(u64::MAX);
        self.b2.trim(u64::MAX);
    }
}
