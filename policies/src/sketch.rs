//! How often keys were asked for of late, in a few bits each.

use crate::rng::scramble;

/// Words in a block.
const WORDS: usize = 8;
/// Counters of a key, each in another pair of its block's words.
const COUNTERS: usize = 4;
const COUNTER_MAX: u64 = 15;
/// The lower three bits of every counter in a word.
const LOWER_BITS: u64 = 0x7777_7777_7777_7777;
/// The counters are halved when they have counted so many uses an entry.
const USES_PER_ENTRY: usize = 10;

/// A count-min sketch of 4-bit counters that ages: when it has counted ten uses an entry, every count is halved.
///
/// Counting and asking cost one cache line each, halving and growing O(1) amortised. It takes 8 to 16 bytes an
/// entry, and grows with their number; what it knew it still knows afterwards.
#[derive(Debug)]
pub(crate) struct Sketch {
    blocks: Vec<Block>,
    counted: usize,
}

/// All counters of a key, and of the others that share the block: one cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Block([u64; WORDS]);

impl Sketch {
    pub(crate) fn new() -> Self {
        Self { blocks: vec![Block::default()], counted: 0 }
    }

    /// Makes room to tell `entries` apart.
    #[inline]
    pub(crate) fn reserve(&mut self, entries: usize) {
        while self.blocks.len() * WORDS < entries {
            // A block's number has one bit more from now on: both blocks it may mean start as what the old one was.
            self.blocks.extend_from_within(..);
        }
    }

    /// Counts one use of `hash`, in a cache of `entries`.
    #[inline]
    pub(crate) fn count(&mut self, hash: u64, entries: usize) {
        let hash = scramble(hash);
        let block = self.block(hash);
        let Block(words) = &mut self.blocks[block];
        let mut added = 0;
        for (i, (word, shift)) in counters(hash).into_iter().enumerate() {
            let word = &mut words[2 * i + word];
            let more = u64::from(*word >> shift & COUNTER_MAX < COUNTER_MAX);
            *word += more << shift;
            added |= more;
        }
        self.counted += added as usize;
        if self.counted >= entries.max(WORDS).saturating_mul(USES_PER_ENTRY) {
            self.age();
        }
    }

    /// How often `hash` was used of late: rarely more than it was, never less, 15 at most.
    #[inline]
    pub(crate) fn frequency(&self, hash: u64) -> u8 {
        let hash = scramble(hash);
        let Block(words) = self.blocks[self.block(hash)];
        let mut least = COUNTER_MAX;
        for (i, (word, shift)) in counters(hash).into_iter().enumerate() {
            least = least.min(words[2 * i + word] >> shift & COUNTER_MAX);
        }
        least as u8
    }

    fn age(&mut self) {
        for word in self.blocks.iter_mut().flat_map(|block| &mut block.0) {
            *word = (*word >> 1) & LOWER_BITS;
        }
        self.counted /= 2;
    }

    /// The block of a key: the low half of its hash says which. There are always a power of two.
    #[inline]
    fn block(&self, hash: u64) -> usize {
        hash as usize & (self.blocks.len() - 1)
    }
}

/// Which word of each pair has the key's counter, and its shift there: the high half of its hash says so.
#[inline]
fn counters(hash: u64) -> [(usize, u32); COUNTERS] {
    std::array::from_fn(|i| {
        let bits = (hash >> (32 + 8 * i)) as usize;
        (bits & 1, 4 * ((bits >> 1) & 15) as u32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_at_least_the_true_one_up_to_fifteen() {
        let mut sketch = Sketch::new();
        sketch.reserve(1_000);
        for round in 1..=20_u8 {
            for hash in 0..100 {
                sketch.count(hash, 1_000);
                assert!(sketch.frequency(hash) >= round.min(15));
            }
        }
        assert_eq!(sketch.frequency(7), 15);
    }

    #[test]
    fn growing_forgets_nothing() {
        let mut sketch = Sketch::new();
        (0..8).for_each(|hash| (0..=hash).for_each(|_| sketch.count(hash, 1_000)));
        let before: Vec<u8> = (0..100).map(|hash| sketch.frequency(hash)).collect();
        sketch.reserve(10_000);
        let after: Vec<u8> = (0..100).map(|hash| sketch.frequency(hash)).collect();
        assert_eq!(before, after);
        assert_eq!(sketch.blocks.len() * WORDS, 16_384);
    }

    #[test]
    fn ten_uses_an_entry_halve_every_count() {
        let mut sketch = Sketch::new();
        sketch.reserve(8);
        (0..12).for_each(|_| sketch.count(1, 8));
        (100..167).for_each(|hash| sketch.count(hash, 1_000));
        let before = sketch.frequency(1);
        sketch.count(167, 8);
        assert_eq!(sketch.frequency(1), before / 2);
    }

    #[test]
    fn half_as_many_uses_bring_the_next_halving() {
        let mut sketch = Sketch::new();
        sketch.reserve(1_000);
        (0..10_000).for_each(|hash| sketch.count(hash, 1_000));
        assert_eq!(sketch.counted, 5_000);
        (0..5_000).for_each(|hash| sketch.count(hash, 1_000));
        assert_eq!(sketch.counted, 5_000);
    }

    #[test]
    fn one_hash_in_twenty_at_most_is_counted_too_high() {
        let mut sketch = Sketch::new();
        sketch.reserve(1_000);
        (0..3).for_each(|_| (0..1_000).for_each(|hash| sketch.count(hash, 1_000)));
        let too_high = (0..1_000).filter(|&hash| sketch.frequency(hash) > 3).count();
        assert!(too_high <= 50, "{too_high} of 1,000");
    }
}
