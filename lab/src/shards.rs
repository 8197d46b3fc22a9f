//! Miss-ratio curves of LRU from a sample of the keys, in bounded memory.

use std::collections::{BTreeMap, BinaryHeap, HashMap};

use foldhash::fast::FixedState;

use crate::stack::Stack;

/// SHARDS (C. A. Waldspurger, N. Park, A. Garthwaite, I. Ahmad, "Efficient MRC construction with SHARDS", FAST, 2015):
/// only keys whose hash is below a threshold are looked at, and their distances are scaled up. With a fixed number of
/// keys the threshold falls whenever there are more.
///
/// A request for a key outside the sample costs a hash, any other O(log n) of the sample.
#[derive(Debug)]
pub struct Shards {
    stack: Stack,
    /// The sample's keys.
    numbers: HashMap<u64, u32, FixedState>,
    /// The same by hash, the largest first; empty where the rate is fixed.
    hashes: BinaryHeap<(u64, u64)>,
    free: Vec<u32>,
    threshold: u64,
    most: Option<usize>,
    seed: u64,
    requests: u64,
    /// How many requests have which distance, both scaled up; distances have 10 significant bits.
    returns: BTreeMap<u64, f64>,
    /// The requests for keys that were new, scaled up.
    cold: f64,
}

impl Shards {
    /// Samples this part of the keys, 0 to 1.
    pub fn fixed_rate(rate: f64, seed: u64) -> Self {
        let threshold = if rate >= 1.0 { u64::MAX } else { (rate.max(0.0) * u64::MAX as f64) as u64 };
        Self {
            stack: Stack::default(),
            numbers: HashMap::default(),
            hashes: BinaryHeap::new(),
            free: Vec::new(),
            threshold,
            most: None,
            seed,
            requests: 0,
            returns: BTreeMap::new(),
            cold: 0.0,
        }
    }

    /// Samples all keys until there are more than `most`, and then as many as leave no more.
    pub fn fixed_size(most: usize, seed: u64) -> Self {
        Self { most: Some(most.max(1)), ..Self::fixed_rate(1.0, seed) }
    }

    /// The next request.
    pub fn touch(&mut self, key: u64) {
        self.requests += 1;
        let hash = sample_hash(key, self.seed);
        if hash > self.threshold {
            return;
        }
        let scale = 1.0 / self.rate();
        let next = self.free.last().copied().unwrap_or(self.numbers.len() as u32);
        let number = *self.numbers.entry(key).or_insert(next);
        match self.stack.touch(number) {
            Some(distance) => {
                let scaled = rounded((distance as f64 * scale) as u64);
                *self.returns.entry(scaled).or_default() += scale;
            }
            None => self.enter(key, hash, scale),
        }
    }

    fn enter(&mut self, key: u64, hash: u64, scale: f64) {
        self.free.pop();
        self.cold += scale;
        let Some(most) = self.most else { return };
        self.hashes.push((hash, key));
        while self.numbers.len() > most {
            let Some((largest, key)) = self.hashes.pop() else { return };
            self.threshold = largest.saturating_sub(1);
            if let Some(number) = self.numbers.remove(&key) {
                self.stack.remove(number);
                self.free.push(number);
            }
        }
    }

    /// The part of the keys that is sampled at present.
    pub fn rate(&self) -> f64 {
        (self.threshold as f64 / u64::MAX as f64).max(f64::MIN_POSITIVE)
    }

    /// How many keys are in the sample.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether nothing is in the sample.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// How many keys all requests ask for, by the sample.
    pub const fn unique(&self) -> f64 {
        self.cold
    }

    /// The part of the requests that an LRU cache of so many objects misses, by the sample. How many requests should
    /// have been sampled is known, so what is missing are hits on popular keys outside it (the paper's SHARDS-adj).
    pub fn miss_ratio(&self, capacity: u64) -> f64 {
        if self.requests == 0 {
            return 0.0;
        }
        let beyond: f64 = self.returns.range(capacity..).map(|(_, count)| count).sum();
        ((beyond + self.cold) / self.requests as f64).clamp(0.0, 1.0)
    }
}

/// The hash by which a key is in a sample or not.
pub(crate) fn sample_hash(key: u64, seed: u64) -> u64 {
    let mixed = (key ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The number with all but its ten highest bits cleared.
const fn rounded(number: u64) -> u64 {
    let low = (64 - number.leading_zeros()).saturating_sub(10);
    number >> low << low
}
