//! Cacheus from its paper, and as libCacheSim has it. The learning rate is the real one.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use super::History;
use crate::learning_rate::LearningRate;
use crate::rng::SplitMix64;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Reused,
    New,
    Demoted,
}

#[derive(Clone, Copy)]
struct Object {
    slot: Slot,
    hash: u64,
    weight: u64,
    state: State,
    uses: u64,
    last: u64,
}

/// SR, R and what is spare run from their oldest.
pub(crate) struct Cacheus {
    sr: Vec<Object>,
    r: Vec<Object>,
    spare: Vec<Object>,
    /// Uses, and whether it was new.
    history: History<(u64, bool)>,
    regrets: [History<()>; 2],
    newest: Option<(Slot, u64, u64)>,
    sr_share: u64,
    new: u64,
    trust: f64,
    rate: LearningRate,
    published: bool,
    capacity: u64,
    slots: usize,
    now: u64,
    hits: u64,
    rng: SplitMix64,
}

impl Cacheus {
    pub(crate) fn new(capacity: u64, published: bool) -> Self {
        let mut rng = SplitMix64::new(2);
        Self {
            sr: Vec::new(),
            r: Vec::new(),
            spare: Vec::new(),
            history: History::new(),
            regrets: [History::new(), History::new()],
            newest: None,
            sr_share: capacity / 2,
            new: 0,
            trust: 0.5,
            rate: LearningRate::new(&mut rng),
            published,
            capacity,
            slots: 0,
            now: 0,
            hits: 0,
            rng,
        }
    }

    pub(crate) fn overflows(&self, used: u64) -> bool {
        used > self.capacity || !self.spare.is_empty()
    }

    fn demoted(&self) -> u64 {
        self.sr.iter().filter(|o| o.state == State::Demoted).count() as u64
    }

    fn tick(&mut self) {
        self.now += 1;
        let round = self.capacity.max(1);
        if self.now.is_multiple_of(round) {
            let exact = self.hits as f64 / round as f64;
            self.rate.adapt(if self.published { exact } else { exact.floor() }, &mut self.rng);
            self.hits = 0;
        }
    }

    fn regret(&mut self, hash: u64) {
        let left = (-self.rate.rate()).exp();
        let known = [0, 1].map(|expert| self.regrets[expert].recall(hash).is_some());
        let lru = if known[0] { self.trust * left } else { self.trust };
        let lfu = if known[1] && !known[0] { (1.0 - self.trust) * left } else { 1.0 - self.trust };
        self.trust = lru / (lru + lfu);
    }

    /// To the newest end of R, from where the oldest go to SR while R is too heavy.
    fn reuse(&mut self, object: Object) {
        self.r.push(Object { state: State::Reused, ..object });
        let rest = self.capacity - self.sr_share.min(self.capacity);
        let share = if self.published { rest } else { self.capacity / 2 };
        while self.r.iter().map(|o| o.weight).sum::<u64>() > share && self.r.len() > 1 {
            let oldest = self.r.remove(0);
            self.sr.push(Object { state: State::Demoted, ..oldest });
        }
    }

    fn insert(&mut self, slot: Slot, hash: u64, weight: u64) {
        let mut object = Object { slot, hash, weight, state: State::New, uses: 1, last: self.now };
        self.slots = self.slots.max(slot.index() + 1);
        if let Some((uses, was_new)) = self.history.recall(hash) {
            object.uses = uses + 1;
            if was_new {
                self.new = self.new.saturating_sub(1);
                if self.published {
                    let step = (self.demoted() / self.new.max(1)).max(1);
                    self.sr_share = self.sr_share.saturating_add(step).min(self.capacity.saturating_sub(1));
                }
            }
            self.reuse(object);
        } else {
            self.sr.push(object);
        }
        while !self.published && self.sr.iter().map(|o| o.weight).sum::<u64>() > self.sr_share {
            let oldest = self.sr.remove(0);
            self.bury(oldest);
            self.spare.push(oldest);
        }
        self.tick();
    }

    fn bury(&mut self, object: Object) {
        let was_new = object.state == State::New;
        self.new += u64::from(was_new);
        let limit = (self.capacity.saturating_sub(1), self.slots * 4);
        self.history.remember(object.hash, object.weight, (object.uses, was_new), limit);
    }

    fn settle(&mut self) {
        if let Some((slot, hash, weight)) = self.newest.take() {
            self.insert(slot, hash, weight);
        }
    }
}

fn take(list: &mut Vec<Object>, slot: Slot) -> Option<Object> {
    let place = list.iter().position(|o| o.slot == slot)?;
    Some(list.remove(place))
}

impl EvictionPolicy for Cacheus {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        self.regret(hash);
        self.newest = Some((slot, hash, u64::from(weight)));
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        let all = self.sr.iter_mut().chain(&mut self.r).chain(&mut self.spare);
        all.filter(|o| o.slot == slot).for_each(|o| o.weight = u64::from(weight));
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        if let Some(object) = take(&mut self.spare, slot) {
            self.regret(object.hash);
            self.insert(slot, object.hash, object.weight);
            return;
        }
        let demoted = self.demoted();
        let Some(mut object) = take(&mut self.sr, slot).or_else(|| take(&mut self.r, slot)) else { return };
        (object.uses, object.last) = (object.uses + 1, self.now);
        if object.state == State::Demoted && self.published {
            self.sr_share = self.sr_share.saturating_sub((self.new / demoted.max(1)).max(1)).max(1);
        }
        self.reuse(object);
        self.hits += 1;
        self.tick();
    }
    fn on_remove(&mut self, slot: Slot) {
        for list in [&mut self.sr, &mut self.r, &mut self.spare] {
            take(list, slot);
        }
        self.newest = self.newest.filter(|newest| newest.0 != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        if !self.spare.is_empty() {
            return Some(self.spare.remove(0).slot);
        }
        let Some(&lru) = self.sr.first().or(self.r.first()) else {
            return self.newest.take().map(|newest| newest.0);
        };
        let all = self.sr.iter().chain(&self.r);
        let lfu = *all.min_by_key(|o| (o.uses, std::cmp::Reverse(o.last)))?;
        let expert = usize::from(self.rng.below(100) as f64 >= self.trust * 100.0);
        let victim = [lru, lfu][expert];
        if lru.slot != lfu.slot {
            let limit = (self.capacity / 2, self.slots * 2);
            self.regrets[expert].remember(victim.hash, victim.weight, (), limit);
        }
        self.on_remove(victim.slot);
        self.bury(victim);
        Some(victim.slot)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.sr_share = if self.published { self.sr_share.min(capacity) } else { capacity / 2 };
        self.history.trim((capacity.saturating_sub(1), self.slots * 4));
        self.regrets.iter_mut().for_each(|history| history.trim((capacity / 2, self.slots * 2)));
    }
}
