//! Random operations that are the same each time.

use std::fmt;

/// What an application or an operator may do to a cache.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// Gets a key, and inserts it if it is missing.
    Ask { key: u64, hash: u64, weight: u32 },
    /// The same, but an insertion finds that `gone` has expired, which leaves before any victim is sought.
    Replace { key: u64, hash: u64, weight: u32, gone: u64 },
    /// Writes a key, whether it is there or not.
    Write { key: u64, hash: u64, weight: u32 },
    /// Removes a key.
    Remove { key: u64 },
    /// Wants one entry out.
    Evict,
    /// Changes the capacity.
    Resize { capacity: u64 },
}

/// What the entries of a script weigh.
#[derive(Clone, Copy, Debug)]
pub(super) enum Weights {
    /// 1 each.
    One,
    /// Anything from 0 to `u32::MAX`, light ones more often.
    Mixed,
}

/// A reproducible run.
#[derive(Debug)]
pub(super) struct Script {
    seed: u64,
    capacity: u64,
    weights: Weights,
    collide: bool,
    steps: usize,
}

impl Script {
    pub(super) fn new(seed: u64, capacity: u64, weights: Weights, collide: bool, steps: usize) -> Self {
        Self { seed, capacity, weights, collide, steps }
    }

    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The operations, from the start.
    pub(super) fn ops(&self) -> impl Iterator<Item = Op> {
        let mut rng = Rng::new(self.seed ^ self.capacity.rotate_left(32));
        (0..self.steps).map(move |_| self.op(&mut rng))
    }

    fn op(&self, rng: &mut Rng) -> Op {
        let key = self.key(rng);
        let hash = if self.collide { key % 4 } else { Rng::new(key).next() };
        match rng.below(200) {
            0..152 => Op::Ask { key, hash, weight: self.weight(rng) },
            152..160 => Op::Replace { key, hash, weight: self.weight(rng), gone: self.key(rng) },
            160..180 => Op::Write { key, hash, weight: self.weight(rng) },
            180..190 => Op::Remove { key },
            190..198 => Op::Evict,
            _ => Op::Resize { capacity: self.new_capacity(rng) },
        }
    }

    /// Three times as many keys as fit (but not endlessly many), the low ones asked for more often.
    fn key(&self, rng: &mut Rng) -> u64 {
        let keys = self.capacity.min(100) * 3 + 5;
        rng.below(keys) * rng.below(keys) / keys
    }

    fn weight(&self, rng: &mut Rng) -> u32 {
        let capacity = u32::try_from(self.capacity).unwrap_or(u32::MAX);
        match (self.weights, rng.below(16)) {
            (Weights::Mixed, 0..2) => 0,
            (Weights::One, _) | (Weights::Mixed, 2..10) => 1,
            (Weights::Mixed, 10..13) => 2 + rng.below(4) as u32,
            (Weights::Mixed, 13) => capacity / 5,
            (Weights::Mixed, 14) => capacity,
            (Weights::Mixed, _) => u32::MAX,
        }
    }

    fn new_capacity(&self, rng: &mut Rng) -> u64 {
        match rng.below(5) {
            0 => 0,
            1 => self.capacity / 2,
            2 => self.capacity.saturating_mul(2),
            _ => self.capacity,
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, capacity, weights, collide, .. } = self;
        let hashes = if *collide { "colliding" } else { "good" };
        write!(
            f,
            "the run of seed {seed} at capacity {capacity} with weights {weights:?} and {hashes} hashes"
        )
    }
}

/// `SplitMix64`: small, and the same everywhere.
#[derive(Debug)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// A number under `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}
