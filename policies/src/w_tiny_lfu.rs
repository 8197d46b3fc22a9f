//! W-TinyLFU: the frequent stay, and a window gives the new a chance to become so.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::climber::Climber;
use crate::lists::ListId;
use crate::queues::{Entry, Queues};
use crate::rng::SplitMix64;
use crate::sketch::Sketch;

const WINDOW: ListId = ListId(0);
const PROBATION: ListId = ListId(1);
const PROTECTED: ListId = ListId(2);

/// The part of main that is for entries hit there.
const PROTECTED_SHARE: f64 = 0.8;
/// A candidate at least so frequent may be admitted although it lost...
const WARM: u8 = 6;
/// ...once in so many times.
const JITTER: usize = 128;

/// W-TinyLFU (G. Einziger, R. Friedman, B. Manes, "`TinyLFU`: a highly efficient cache admission policy", ACM TOS,
/// 2017; G. Einziger, O. Eytan, R. Friedman, B. Manes, "Adaptive software cache management", Middleware, 2018): new
/// entries pass a window, and what leaves it must have been asked for more often than the victim it would replace.
///
/// The window is an LRU with 5 % of the room at first; the rest, *main*, is an LRU in two segments, a fifth of it
/// *probation* and four fifths *protected*, for what was hit there. A count-min sketch of 4-bit counters knows how
/// often keys were asked for of late. The window's share climbs to where the hit rate is best, a step every ten
/// requests an entry. A tie goes to the victim; a candidate with six uses or more that loses is admitted all the same
/// once in 128 times, so that keys chosen to collide with the victim's counters can't lock others out.
///
/// Every call costs O(1) amortised: counters are halved all at once, every ten uses an entry. It takes 24 bytes
/// an entry, and the sketch 8 to 16 for each of the most entries there ever were.
#[derive(Debug)]
pub struct WTinyLfu {
    queues: Queues<3>,
    sketch: Sketch,
    climber: Climber,
    capacity: u64,
    window_share: u64,
    protected_share: u64,
    /// What the last insertion pushed out of the window and nobody has compared yet: this one and all newer in probation.
    candidate: Option<Slot>,
    rng: SplitMix64,
}

impl WTinyLfu {
    /// W-TinyLFU whose queues share `capacity`.
    pub fn new(capacity: u64) -> Self {
        let mut policy = Self {
            queues: Queues::new(),
            sketch: Sketch::new(),
            climber: Climber::new(),
            capacity,
            window_share: 0,
            protected_share: 0,
            candidate: None,
            rng: SplitMix64::new(0),
        };
        policy.divide();
        policy
    }

    /// Divides the capacity as the climber says.
    fn divide(&mut self) {
        let window = (self.capacity as f64 * self.climber.share()) as u64;
        self.window_share = window.clamp(1, self.capacity.max(1));
        let main = self.capacity - self.window_share.min(self.capacity);
        self.protected_share = (main as f64 * PROTECTED_SHARE) as u64;
    }

    fn entries(&self) -> usize {
        self.queues.len()
    }

    fn oldest(&self, list: ListId) -> Option<Slot> {
        self.queues.oldest(list)
    }

    fn count(&mut self, hash: u64) {
        let entries = self.entries();
        self.sketch.count(hash, entries);
        if self.climber.climb(entries) {
            self.divide();
        }
    }

    /// Moves what is over protected's share back to probation.
    fn demote(&mut self) {
        while self.queues.weight(PROTECTED) > self.protected_share {
            let Some(oldest) = self.oldest(PROTECTED) else { return };
            self.queues.place(PROBATION, oldest);
        }
    }

    /// Moves what is over the window's share to probation, as candidates for its place in main.
    fn slide(&mut self) {
        while self.queues.weight(WINDOW) > self.window_share {
            let Some(oldest) = self.oldest(WINDOW) else { return };
            self.queues.place(PROBATION, oldest);
            self.candidate.get_or_insert(oldest);
        }
    }

    /// Whether `candidate` may stay in main at the cost of `victim`.
    fn admits(&mut self, candidate: Slot, victim: Slot) -> bool {
        let frequency = |slot| self.sketch.frequency(self.queues.entry(slot).hash);
        let (candidate, victim) = (frequency(candidate), frequency(victim));
        candidate > victim || candidate >= WARM && self.rng.below(JITTER) == 0
    }

    fn victim(&mut self) -> Option<Slot> {
        let oldest =
            self.oldest(PROBATION).or_else(|| self.oldest(PROTECTED)).or_else(|| self.oldest(WINDOW))?;
        let Some(candidate) = self.candidate else { return Some(oldest) };
        self.candidate = self.queues.newer(candidate);
        let admitted = candidate != oldest && self.admits(candidate, oldest);
        Some(if admitted { oldest } else { candidate })
    }
}

impl EvictionPolicy for WTinyLfu {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.candidate = None;
        self.queues.insert(WINDOW, slot, Entry { hash, weight });
        self.climber.on_miss();
        self.sketch.reserve(self.entries());
        self.count(hash);
        self.demote();
        self.slide();
    }

    #[inline]
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.queues.reweigh(slot, weight);
        self.on_hit(slot);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        let Some(list) = self.queues.list_of(slot) else { return };
        self.candidate = None;
        self.climber.on_hit();
        self.count(self.queues.entry(slot).hash);
        self.queues.place(if list == WINDOW { WINDOW } else { PROTECTED }, slot);
        self.demote();
    }

    fn on_remove(&mut self, slot: Slot) {
        if self.candidate == Some(slot) {
            self.candidate = self.queues.newer(slot);
        }
        self.queues.remove(slot);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        let victim = self.victim()?;
        self.queues.remove(victim);
        marks.foresee(self.oldest(PROBATION));
        Some(victim)
    }

    fn on_resize(&mut self, capacity: u64) {
        self.candidate = None;
        self.capacity = capacity;
        self.divide();
        self.demote();
        self.slide();
    }
}
