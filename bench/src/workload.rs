//! Keys and the order in which they are asked for.

use std::sync::Arc;

use larder::Random;
use larder::lab::generate::Zipf;

/// How uneven the requests are: the exponent of Zipf's law.
const EXPONENT: f64 = 0.99;

/// One client alone, two together, and who warms up: each has its own place in the requests, far from the others'.
pub const CLIENTS: usize = 4;

/// The number of the client that warms up.
pub const WARMER: usize = 3;

/// Requests in their order, which all contestants go through in a circle.
#[derive(Debug)]
pub struct Requests<K> {
    /// The keys, in the order in which they are asked for.
    pub keys: Arc<[K]>,
}

impl<K> Clone for Requests<K> {
    fn clone(&self) -> Self {
        Self { keys: Arc::clone(&self.keys) }
    }
}

impl<K> Requests<K> {
    /// `count` requests for `ranks` keys, which `name` makes.
    pub fn zipf(ranks: u64, count: usize, name: impl Fn(u64) -> K) -> Self {
        Self::skewed(ranks, EXPONENT, count, name)
    }

    /// The same with another exponent of Zipf's law.
    pub fn skewed(ranks: u64, exponent: f64, count: usize, name: impl Fn(u64) -> K) -> Self {
        Self { keys: Zipf::new(ranks, exponent, 1).take(count).map(name).collect() }
    }

    /// Where `client` starts.
    pub fn start(&self, client: usize) -> usize {
        (self.keys.len() / CLIENTS * client) % self.keys.len()
    }
}

/// The ranks below `ranks` in a random order, so that the popular ones don't lie side by side in memory.
pub fn shuffled(ranks: u64) -> Vec<u64> {
    let random = Random::seeded(2);
    let mut order: Vec<u64> = (0..ranks).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, (random.next() % (last as u64 + 1)) as usize);
    }
    order
}

/// The number that stands for `rank`: near ranks have far numbers, different ranks different ones.
pub const fn number(rank: u64) -> u64 {
    rank.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The same as a string of 24 bytes.
pub fn string(rank: u64) -> String {
    format!("user:{:019}", number(rank) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_key_has_24_bytes() {
        assert!((0..1_000).all(|rank| string(rank).len() == 24));
    }

    #[test]
    fn shuffling_loses_no_rank() {
        let mut order = shuffled(1_000);
        assert_ne!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        order.sort_unstable();
        assert!(order.iter().copied().eq(0..1_000));
    }
}
