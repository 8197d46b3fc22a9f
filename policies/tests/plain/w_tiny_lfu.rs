//! W-TinyLFU from its papers. The sketch is the real one, which has tests of its own: a plain count would not collide.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::rng::SplitMix64;
use crate::sketch::Sketch;

#[derive(Clone, Copy, PartialEq)]
struct Object {
    slot: Slot,
    hash: u64,
    weight: u64,
}

/// The segments run from their oldest, which is first.
pub(crate) struct WTinyLfu {
    window: Vec<Object>,
    probation: Vec<Object>,
    protected: Vec<Object>,
    candidates: Vec<Slot>,
    sketch: Sketch,
    capacity: u64,
    climb: Climb,
    rng: SplitMix64,
}

struct Climb {
    share: f64,
    step: f64,
    last_rate: f64,
    hits: usize,
    requests: usize,
}

impl WTinyLfu {
    pub(crate) fn new(capacity: u64) -> Self {
        Self {
            window: Vec::new(),
            probation: Vec::new(),
            protected: Vec::new(),
            candidates: Vec::new(),
            sketch: Sketch::new(),
            capacity,
            climb: Climb { share: 0.05, step: 0.03, last_rate: 0.0, hits: 0, requests: 0 },
            rng: SplitMix64::new(0),
        }
    }

    fn len(&self) -> usize {
        self.window.len() + self.probation.len() + self.protected.len()
    }

    fn window_share(&self) -> u64 {
        ((self.capacity as f64 * self.climb.share) as u64).clamp(1, self.capacity.max(1))
    }

    fn protected_share(&self) -> u64 {
        ((self.capacity - self.window_share().min(self.capacity)) as f64 * 0.8) as u64
    }

    fn count(&mut self, hash: u64) {
        self.sketch.reserve(self.len());
        self.sketch.count(hash, self.len());
    }

    fn climb(&mut self) {
        let Climb { share, step, last_rate, hits, requests } = &mut self.climb;
        if *requests < (self.window.len() + self.probation.len() + self.protected.len()).max(1) * 10 {
            return;
        }
        let rate = *hits as f64 / *requests as f64;
        let direction = if rate >= *last_rate { 1.0 } else { -1.0 };
        let amount = direction * *step;
        let changed = (rate - *last_rate).abs() >= 0.05;
        *share = (*share + amount).clamp(0.01, 0.8);
        *step = if changed { 0.03_f64.copysign(amount) } else { amount * 0.98 };
        (*last_rate, *hits, *requests) = (rate, 0, 0);
    }

    fn balance(&mut self) {
        while weigh(&self.protected) > self.protected_share() {
            self.probation.push(self.protected.remove(0));
        }
    }

    fn slide(&mut self) {
        while weigh(&self.window) > self.window_share() {
            let object = self.window.remove(0);
            self.candidates.push(object.slot);
            self.probation.push(object);
        }
    }

    fn frequency(&self, object: Object) -> u8 {
        self.sketch.frequency(object.hash)
    }

    /// One comparison in 128 is decided for a warm loser.
    fn chance(&mut self) -> bool {
        self.rng.below(128) == 0
    }

    fn choose(&mut self) -> Option<Object> {
        let victim = *self.probation.iter().chain(&self.protected).chain(&self.window).next()?;
        if self.candidates.is_empty() {
            return Some(victim);
        }
        let slot = self.candidates.remove(0);
        let candidate = *self.probation.iter().find(|object| object.slot == slot)?;
        let (new, old) = (self.frequency(candidate), self.frequency(victim));
        let admitted = candidate != victim && (new > old || new >= 6 && self.chance());
        Some(if admitted { victim } else { candidate })
    }
}

fn weigh(segment: &[Object]) -> u64 {
    segment.iter().map(|object| object.weight).sum()
}

fn take(segment: &mut Vec<Object>, slot: Slot) -> Option<Object> {
    let place = segment.iter().position(|object| object.slot == slot)?;
    Some(segment.remove(place))
}

impl EvictionPolicy for WTinyLfu {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.candidates.clear();
        self.window.push(Object { slot, hash, weight: u64::from(weight) });
        self.climb.requests += 1;
        self.count(hash);
        self.climb();
        self.balance();
        self.slide();
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        for segment in [&mut self.window, &mut self.probation, &mut self.protected] {
            segment
                .iter_mut()
                .filter(|object| object.slot == slot)
                .for_each(|o| o.weight = u64::from(weight));
        }
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.candidates.clear();
        self.climb.requests += 1;
        self.climb.hits += 1;
        let all = [&self.window, &self.probation, &self.protected];
        let hash = all.into_iter().flatten().find(|object| object.slot == slot).map(|object| object.hash);
        self.count(hash.unwrap_or_default());
        self.climb();
        if let Some(object) = take(&mut self.window, slot) {
            self.window.push(object);
        } else {
            let object = take(&mut self.probation, slot).or_else(|| take(&mut self.protected, slot));
            self.protected.extend(object);
        }
        self.balance();
    }
    fn on_remove(&mut self, slot: Slot) {
        self.candidates.retain(|&candidate| candidate != slot);
        for segment in [&mut self.window, &mut self.probation, &mut self.protected] {
            take(segment, slot);
        }
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let victim = self.choose()?.slot;
        self.on_remove(victim);
        Some(victim)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.candidates.clear();
        self.capacity = capacity;
        self.balance();
        self.slide();
    }
}
