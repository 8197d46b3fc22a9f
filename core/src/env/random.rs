//! A shared, seeded source of random numbers. Not for secrets.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Random numbers from a seed: `SplitMix64` (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014). Cloned freely; the clones draw from one sequence. For jitter and sampling, not for secrets.
#[derive(Clone)]
pub struct Random(Arc<AtomicU64>);

impl Random {
    /// The sequence that `seed` gives, the same each time.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// A sequence that differs from run to run.
    pub fn from_entropy() -> Self {
        Self::seeded(RandomState::new().build_hasher().finish())
    }

    /// The next number, any of the 2^64 equally likely.
    pub fn next(&self) -> u64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(GOLDEN, Ordering::Relaxed).wrapping_add(GOLDEN);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next number between 0 and 1, 1 excluded.
    pub fn next_f64(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let (one, other) = (Random::seeded(7), Random::seeded(7));
        let draws = |random: &Random| [random.next(), random.next(), random.next()];
        assert_eq!(draws(&one), draws(&other));
        assert_ne!(draws(&one), draws(&Random::seeded(8)));
    }

    #[test]
    fn fractions_stay_below_one() {
        let random = Random::seeded(1);
        assert!((0..1_000).map(|_| random.next_f64()).all(|x| (0.0..1.0).contains(&x)));
    }
}
