//! What no cache can do: policies that know the future, as bounds for those that don't.

use std::collections::BinaryHeap;

use larder_core::Random;

use crate::chunk::{Chunk, NEVER};
use crate::deadlines::Deadlines;
use crate::simulator::Weighing;
use crate::tally::{Replay, Tally};

/// No place, no size: the key is not resident.
const ABSENT: u32 = u32::MAX;

/// How many residents `belady-size` looks at for a victim.
const SAMPLES: usize = 128;

/// Belady's MIN (L. A. Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal,
/// 1966): who comes back last leaves. With entries of one size that live for ever nothing misses less; with sizes or TTLs it
/// is only a mark.
///
/// Needs chunks that were [told what comes](crate::chunk::look_ahead). A request costs O(log n) amortised.
#[derive(Debug)]
pub struct Belady {
    /// When each resident key comes back, latest first; with what was true before, which is dropped where it surfaces.
    queue: BinaryHeap<(u32, u32)>,
    /// When each key comes back, and how much it weighs; `weight` is `None` where it is not resident.
    keys: Vec<Known>,
    residents: usize,
    used: u64,
    capacity: u64,
    weighing: Weighing,
    deadlines: Deadlines,
    tally: Tally,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    next: u32,
    weight: u32,
    resident: bool,
}

impl Belady {
    /// An empty cache of this capacity.
    pub fn new(capacity: u64, weighing: Weighing) -> Self {
        Self {
            queue: BinaryHeap::new(),
            keys: Vec::new(),
            residents: 0,
            used: 0,
            capacity,
            weighing,
            deadlines: Deadlines::default(),
            tally: Tally::default(),
        }
    }

    fn request(&mut self, chunk: &Chunk, index: usize) {
        let (key, size) = (chunk.keys[index], chunk.size(index));
        let next = chunk.next.get(index).copied().unwrap_or(NEVER);
        let has_expired = self.deadlines.has_passed(chunk, index) && self.keys[key as usize].resident;
        if has_expired {
            self.leave(key);
        }
        let is_new = !self.keys[key as usize].resident;
        self.deadlines.begin(chunk, index, is_new);
        if !is_new {
            self.keys[key as usize].next = next;
            self.announce(next, key);
            return;
        }
        self.tally.miss(chunk, index, has_expired);
        let weight = if self.weighing == Weighing::Sizes { size } else { 1 };
        if u64::from(weight) > self.capacity {
            return;
        }
        while self.used + u64::from(weight) > self.capacity && self.evict() {}
        self.keys[key as usize] = Known { next, weight, resident: true };
        self.used += u64::from(weight);
        self.residents += 1;
        self.announce(next, key);
    }

    fn announce(&mut self, next: u32, key: u32) {
        self.queue.push((next, key));
        if self.queue.len() > self.residents * 2 + 1024 {
            let keys = &self.keys;
            self.queue.retain(|(next, key)| keys[*key as usize].is(*next));
        }
    }

    fn evict(&mut self) -> bool {
        while let Some((next, key)) = self.queue.pop() {
            if self.keys[key as usize].is(next) {
                self.leave(key);
                return true;
            }
        }
        false
    }

    fn leave(&mut self, key: u32) {
        let known = &mut self.keys[key as usize];
        known.resident = false;
        self.used -= u64::from(known.weight);
        self.residents -= 1;
    }
}

impl Known {
    const fn is(&self, next: u32) -> bool {
        self.resident && self.next == next
    }
}

impl Replay for Belady {
    fn feed(&mut self, chunk: &Chunk) {
        self.keys.resize(chunk.reach.max(self.keys.len()), Known::default());
        (0..chunk.keys.len()).for_each(|index| self.request(chunk, index));
        self.tally.count(chunk);
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}

/// Belady's idea by sizes: of 128 residents drawn at random, the one leaves whose size times the time until it comes
/// back is the largest. With entries of many sizes it misses fewer requests than [`Belady`].
///
/// Needs chunks that were [told what comes](crate::chunk::look_ahead). A request costs O(1), an eviction 128 looks.
#[derive(Debug)]
pub struct BeladySize {
    residents: Vec<Resident>,
    /// The place of each key among the residents.
    places: Vec<u32>,
    used: u64,
    capacity: u64,
    weighing: Weighing,
    now: u32,
    random: Random,
    deadlines: Deadlines,
    tally: Tally,
}

#[derive(Clone, Copy, Debug)]
struct Resident {
    key: u32,
    weight: u32,
    next: u32,
}

impl BeladySize {
    /// An empty cache of this capacity.
    pub fn new(capacity: u64, weighing: Weighing) -> Self {
        Self {
            residents: Vec::new(),
            places: Vec::new(),
            used: 0,
            capacity,
            weighing,
            now: 0,
            random: Random::seeded(1),
            deadlines: Deadlines::default(),
            tally: Tally::default(),
        }
    }

    fn request(&mut self, chunk: &Chunk, index: usize) {
        let (key, size) = (chunk.keys[index], chunk.size(index));
        let next = chunk.next.get(index).copied().unwrap_or(NEVER);
        self.now = self.now.saturating_add(1);
        let has_expired = self.deadlines.has_passed(chunk, index) && self.places[key as usize] != ABSENT;
        if has_expired {
            self.leave(self.places[key as usize] as usize);
        }
        let place = self.places[key as usize];
        self.deadlines.begin(chunk, index, place == ABSENT);
        if place != ABSENT {
            self.residents[place as usize].next = next;
            return;
        }
        self.tally.miss(chunk, index, has_expired);
        let weight = if self.weighing == Weighing::Sizes { size } else { 1 };
        if u64::from(weight) > self.capacity {
            return;
        }
        while self.used + u64::from(weight) > self.capacity && !self.residents.is_empty() {
            self.evict();
        }
        self.places[key as usize] = self.residents.len() as u32;
        self.residents.push(Resident { key, weight, next });
        self.used += u64::from(weight);
    }

    fn evict(&mut self) {
        let count = self.residents.len() as u64;
        let drawn = |_| ((u128::from(self.random.next()) * u128::from(count)) >> 64) as usize;
        let cost = |place: &usize| self.residents[*place].cost(self.now);
        if let Some(place) = (0..SAMPLES).map(drawn).max_by_key(cost) {
            self.leave(place);
        }
    }

    fn leave(&mut self, place: usize) {
        let victim = self.residents.swap_remove(place);
        if let Some(moved) = self.residents.get(place) {
            self.places[moved.key as usize] = place as u32;
        }
        self.places[victim.key as usize] = ABSENT;
        self.used -= u64::from(victim.weight);
    }
}

impl Resident {
    const fn cost(&self, now: u32) -> u64 {
        self.weight as u64 * self.next.saturating_sub(now) as u64
    }
}

impl Replay for BeladySize {
    fn feed(&mut self, chunk: &Chunk) {
        self.places.resize(chunk.reach.max(self.places.len()), ABSENT);
        (0..chunk.keys.len()).for_each(|index| self.request(chunk, index));
        self.tally.count(chunk);
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}
