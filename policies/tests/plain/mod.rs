//! Policies written from their papers over a `Vec`, with no thought for speed.
//!
//! In each, the newest entry stays apart while room is made for it, as in the papers, which evict before they insert.

mod arc;
mod cacheus;
mod car;
mod clock_pro;
mod greedy_dual;
mod history;
mod hyperbolic;
mod lecar;
mod lhd;
mod lirs;
mod lru_k;
mod mru;
mod object;
mod qd_clock;
mod qd_lp_fifo;
mod s3_fifo;
mod shedding;
mod slru;
mod two_q;
mod w_tiny_lfu;

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

pub(crate) use arc::Arc;
pub(crate) use cacheus::Cacheus;
pub(crate) use car::Car;
pub(crate) use clock_pro::ClockPro;
pub(crate) use greedy_dual::GreedyDual;
pub(crate) use history::History;
pub(crate) use hyperbolic::Hyperbolic;
pub(crate) use lecar::LeCaR;
pub(crate) use lhd::Lhd;
pub(crate) use lirs::Lirs;
pub(crate) use lru_k::LruK;
pub(crate) use mru::Mru;
pub(crate) use qd_clock::QdClock;
pub(crate) use qd_lp_fifo::QdLpFifo;
pub(crate) use s3_fifo::S3Fifo;
pub(crate) use shedding::sheds_like_model;
pub(crate) use slru::Slru;
pub(crate) use two_q::TwoQ;
pub(crate) use w_tiny_lfu::WTinyLfu;

/// The queue is in order of arrival, the oldest first.
#[derive(Default)]
pub(crate) struct Fifo(Vec<Slot>);

impl EvictionPolicy for Fifo {
    fn hits(&self) -> Hits {
        Hits::Ignored
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.0.push(slot);
    }
    fn on_update(&mut self, _slot: Slot, _weight: u32) {}
    fn on_remove(&mut self, slot: Slot) {
        self.0.retain(|&other| other != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }
}

/// Each entry has the time of its last use.
#[derive(Default)]
pub(crate) struct Lru {
    entries: Vec<(Slot, u64)>,
    now: u64,
}

impl EvictionPolicy for Lru {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.now += 1;
        self.entries.push((slot, self.now));
    }
    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.on_remove(slot);
        self.on_insert(slot, 0, 0);
    }
    fn on_remove(&mut self, slot: Slot) {
        self.entries.retain(|entry| entry.0 != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let (victim, _) = *self.entries.iter().min_by_key(|entry| entry.1)?;
        self.on_remove(victim);
        Some(victim)
    }
}

/// Each entry has its frequency and the time it reached that.
#[derive(Default)]
pub(crate) struct Lfu {
    entries: Vec<(Slot, u64, u64)>,
    newest: Option<Slot>,
    now: u64,
}

impl EvictionPolicy for Lfu {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.now += 1;
        self.entries.push((slot, 1, self.now));
        self.newest = Some(slot);
    }
    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.now += 1;
        self.newest = None;
        for entry in self.entries.iter_mut().filter(|entry| entry.0 == slot) {
            *entry = (slot, entry.1 + 1, self.now);
        }
    }
    fn on_remove(&mut self, slot: Slot) {
        self.entries.retain(|entry| entry.0 != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let order = |entry: &&(Slot, u64, u64)| (self.newest == Some(entry.0), entry.1, entry.2);
        let (victim, ..) = *self.entries.iter().min_by_key(order)?;
        self.on_remove(victim);
        Some(victim)
    }
    fn on_resize(&mut self, _capacity: u64) {
        self.newest = None;
    }
}

/// The queue runs from its head, which is first, to its tail.
#[derive(Default)]
pub(crate) struct Clock {
    queue: Vec<Slot>,
    newest: Option<Slot>,
}

impl EvictionPolicy for Clock {
    fn hits(&self) -> Hits {
        Hits::Marked { max: 1 }
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_resize(0);
        self.newest = Some(slot);
    }
    fn on_update(&mut self, _slot: Slot, _weight: u32) {
        self.on_resize(0);
    }
    fn on_remove(&mut self, slot: Slot) {
        self.queue.retain(|&other| other != slot);
        self.newest = self.newest.filter(|&newest| newest != slot);
    }
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        while let Some(tail) = self.queue.pop() {
            if marks.get(tail) == 0 {
                return Some(tail);
            }
            marks.set(tail, 0);
            self.queue.insert(0, tail);
        }
        self.newest.take()
    }
    fn on_resize(&mut self, _capacity: u64) {
        if let Some(newest) = self.newest.take() {
            self.queue.insert(0, newest);
        }
    }
}

/// The queue runs from its head, which is first, to its tail; the hand is a place in it.
#[derive(Default)]
pub(crate) struct Sieve {
    queue: Vec<Slot>,
    hand: Option<usize>,
    newest: Option<Slot>,
}

impl EvictionPolicy for Sieve {
    fn hits(&self) -> Hits {
        Hits::Marked { max: 1 }
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_resize(0);
        self.newest = Some(slot);
    }
    fn on_update(&mut self, _slot: Slot, _weight: u32) {
        self.on_resize(0);
    }
    fn on_remove(&mut self, slot: Slot) {
        self.newest = self.newest.filter(|&newest| newest != slot);
        if let Some(place) = self.queue.iter().position(|&other| other == slot) {
            self.queue.remove(place);
            // What the hand pointed at is one place nearer to the head now; a hand on the one that left goes on to
            // its neighbour on the head's side.
            self.hand =
                self.hand.and_then(|hand| if hand >= place { hand.checked_sub(1) } else { Some(hand) });
        }
    }
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        if self.queue.is_empty() {
            return self.newest.take();
        }
        let mut place = self.hand.unwrap_or(self.queue.len() - 1);
        while marks.take(self.queue[place]) != 0 {
            place = place.checked_sub(1).unwrap_or(self.queue.len() - 1);
        }
        self.hand = place.checked_sub(1);
        Some(self.queue.remove(place))
    }
    fn on_resize(&mut self, _capacity: u64) {
        if let Some(newest) = self.newest.take() {
            self.queue.insert(0, newest);
            self.hand = self.hand.map(|hand| hand + 1);
        }
    }
}
