//! LHD from its paper. What it learns is the real thing, which has tests of its own.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::hit_density::{HitDensity, OLDEST};
use crate::rng::SplitMix64;

#[derive(Clone, Copy)]
struct Object {
    slot: Slot,
    weight: u32,
    used: u64,
    ages: [u32; 2],
    explores: bool,
}

/// The objects stand where those that left made room, as the draws count on.
pub(crate) struct Lhd {
    objects: Vec<Object>,
    newest: Option<(Slot, u32)>,
    model: HitDensity,
    /// The last eight doubtful admissions, each in its turn.
    admitted: Vec<Option<Slot>>,
    turn: usize,
    victim_rank: f32,
    capacity: u64,
    interval: u64,
    now: u64,
    rng: SplitMix64,
}

impl Lhd {
    pub(crate) fn new(capacity: u64, interval: u64) -> Self {
        Self {
            objects: Vec::new(),
            newest: None,
            model: HitDensity::new(),
            admitted: vec![None; 8],
            turn: 0,
            victim_rank: 0.0,
            capacity,
            interval,
            now: 0,
            rng: SplitMix64::new(0),
        }
    }

    fn place(&self, slot: Slot) -> Option<usize> {
        self.objects.iter().position(|o| o.slot == slot)
    }

    fn may_explore(&self) -> bool {
        let exploring: u64 = self.objects.iter().filter(|o| o.explores).map(|o| u64::from(o.weight)).sum();
        exploring < (self.capacity as f64 * 0.01) as u64 && self.model.rounds() < 50
    }

    fn rank(&self, o: &Object) -> f32 {
        match self.model.age(self.now - o.used) {
            age if age + 1 == OLDEST => f32::MIN,
            age => {
                let bonus = if o.explores { 1.0 } else { 0.0 };
                self.model.density(o.ages[0] + o.ages[1], age) / o.weight.max(1) as f32 + bonus
            }
        }
    }

    fn tick(&mut self) {
        self.now += 1;
        if self.now.is_multiple_of(self.interval) {
            self.model.learn(self.objects.len());
        }
    }

    fn settle(&mut self) {
        let Some((slot, weight)) = self.newest.take() else { return };
        let lucky = self.rng.below(32) == 0;
        let mut object = Object { slot, weight, used: self.now, ages: [0, OLDEST], explores: false };
        object.explores = lucky && self.may_explore();
        if !lucky && self.rank(&object) < self.victim_rank {
            self.admitted[self.turn % 8] = Some(slot);
            self.turn += 1;
        }
        self.objects.push(object);
        self.tick();
    }

    fn remove(&mut self, slot: Slot) -> Option<Object> {
        self.newest = self.newest.filter(|newest| newest.0 != slot);
        let place = self.place(slot)?;
        self.admitted.iter_mut().filter(|other| **other == Some(slot)).for_each(|gone| *gone = None);
        Some(self.objects.swap_remove(place))
    }
}

impl EvictionPolicy for Lhd {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, weight: u32) {
        self.settle();
        self.newest = Some((slot, weight));
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        let Some(place) = self.place(slot) else { return };
        let object = self.objects[place];
        let age = self.model.age(self.now - object.used);
        self.model.on_hit(object.ages[0] + object.ages[1], age);
        self.objects[place].explores = false;
        let explores = self.rng.below(32) == 0 && self.may_explore();
        self.objects[place] = Object { slot, weight, used: self.now, ages: [age, object.ages[0]], explores };
        self.tick();
    }
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        if let Some(place) = self.place(slot) {
            self.on_update(slot, self.objects[place].weight);
        }
    }
    fn on_remove(&mut self, slot: Slot) {
        self.remove(slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        if self.objects.is_empty() {
            return self.newest.take().map(|newest| newest.0);
        }
        let samples = if self.model.rounds() > 50 { 32 } else { 8 };
        let mut candidates: Vec<Object> =
            (0..samples).map(|_| self.objects[self.rng.below(self.objects.len())]).collect();
        candidates.extend(
            self.admitted.iter().flatten().filter_map(|&slot| self.place(slot)).map(|at| self.objects[at]),
        );
        let victim = *candidates.iter().min_by(|a, b| self.rank(a).total_cmp(&self.rank(b)))?;
        self.victim_rank = 0.9 * self.victim_rank + (1.0 - 0.9) * self.rank(&victim);
        self.model.on_evict(victim.ages[0] + victim.ages[1], self.model.age(self.now - victim.used));
        self.remove(victim.slot).map(|o| o.slot)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
    }
}
