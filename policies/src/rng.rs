//! A small deterministic generator, so that a simulation can be repeated.

/// Spreads a hash by one product, into its upper bits: keys' hashes may come from a hasher that doesn't.
pub(crate) const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// `SplitMix64` (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub(crate) struct SplitMix64(u64);

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(SPREAD);
        scramble(self.0)
    }

    /// A number under `bound`, or 0 if that is 0.
    #[inline]
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

/// Spreads the bits of `x` over the whole word: keys' hashes may come from a hasher that doesn't.
#[inline]
pub(crate) fn scramble(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
