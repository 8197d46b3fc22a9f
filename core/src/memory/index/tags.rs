//! The tags of a group of the table, a byte for each of its numbers, and counts of those who went on from it, in two words:
//! one look tells which numbers may be the one, without a branch that depends on where it is. (A branch that is guessed
//! wrong costs more than all the rest of a hit.)

use std::num::NonZeroU32;
use std::sync::atomic::Ordering;

use crate::sync::AtomicU64;

/// How many numbers a group has.
pub(super) const WIDTH: usize = 12;

/// Eight tags; four tags, and four counts. A tag is 0 where there is no number.
#[derive(Default)]
pub(super) struct Tags([AtomicU64; 2]);

/// Some places of a group, a bit each: told one by one, the first one first.
pub(super) struct Bits(u32);

/// A bit for each place.
const ALL: u32 = (1 << WIDTH) - 1;

/// The word of the counts.
const COUNTS: usize = 1;

/// A count that can't grow stays as it is for ever.
const MOST: u64 = 0xff;

impl Tags {
    /// The places whose tag is that of `hash`.
    #[inline]
    pub(super) fn alike(&self, hash: u32) -> Bits {
        Bits(equal(&self.0, tag(hash)) & ALL)
    }

    /// The places without a number.
    #[inline]
    pub(super) fn free(&self) -> Bits {
        Bits(equal(&self.0, 0) & ALL)
    }

    /// Whether any went on with `hash`, as far as the counts tell. To be asked after [`alike`](Self::alike): what comes here in
    /// between was nowhere for a moment, for nothing moves.
    #[inline]
    pub(super) fn any_went_on(&self, hash: u32) -> bool {
        self.0[COUNTS].load(Ordering::SeqCst) & count(hash, MOST) != 0
    }

    /// Counts one more, or one fewer, who went on with `hash`.
    pub(super) fn count(&self, hash: u32, change: fn(u64, u64) -> u64) {
        let is_full = |word| word & count(hash, MOST) == count(hash, MOST);
        self.change(COUNTS, |word| if is_full(word) { word } else { change(word, count(hash, 1)) });
    }

    /// Whether `place` has a number.
    #[inline]
    pub(super) fn is_taken(&self, place: usize) -> bool {
        let (word, shift) = word_of(place);
        self.0[word].load(Ordering::Relaxed) >> shift & 0xff != 0
    }

    /// `place`, which is free, has a number.
    #[inline]
    pub(super) fn take(&self, place: usize, hash: u32) {
        let (word, shift) = word_of(place);
        self.change(word, |tags| tags | u64::from(tag(hash)) << shift);
    }

    /// `place` is free.
    #[inline]
    pub(super) fn clear(&self, place: usize) {
        let (word, shift) = word_of(place);
        self.change(word, |tags| tags & !(0xff << shift));
    }

    #[inline]
    fn change(&self, word: usize, change: impl FnOnce(u64) -> u64) {
        let word = &self.0[word];
        word.store(change(word.load(Ordering::Relaxed)), Ordering::Release);
    }
}

impl Bits {
    /// The first place, which is less than [`WIDTH`].
    #[inline]
    pub(super) fn first(&self) -> Option<usize> {
        NonZeroU32::new(self.0).map(|bits| bits.trailing_zeros() as usize)
    }
}

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let first = self.first();
        self.0 &= self.0.wrapping_sub(1);
        first
    }
}

/// The tag of a hash, from bits that don't decide where its search begins.
#[inline]
const fn tag(hash: u32) -> u8 {
    let tag = hash as u8;
    if tag == 0 { 1 } else { tag }
}

/// The word of a place's tag, and how far up in it that is.
#[inline]
const fn word_of(place: usize) -> (usize, usize) {
    (place / 8, place % 8 * 8)
}

/// As many in the count of those who went on with `hash`.
#[inline]
const fn count(hash: u32, many: u64) -> u64 {
    many << (32 + (hash >> 8 & 3) * 8)
}

/// A bit for each byte that is `byte`.
#[cfg(all(target_arch = "x86_64", not(any(miri, shuttle, tsan))))]
#[inline]
fn equal(words: &[AtomicU64; 2], byte: u8) -> u32 {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set1_epi32};
    let four = u32::from(byte) * 0x0101_0101;
    // SAFETY: the two instructions read a word each, as loads of atomics do on this processor, to where they are compared.
    // (By way of other registers that takes three more.) Each x86-64 has them all.
    #[allow(unsafe_code)]
    let bits = unsafe {
        let tags: __m128i;
        std::arch::asm!(
            "movq {tags}, [{words}]",
            "movhps {tags}, [{words} + 8]",
            words = in(reg) words,
            tags = out(xmm_reg) tags,
            options(nostack, preserves_flags),
        );
        _mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi32(four.cast_signed())))
    };
    bits.cast_unsigned()
}

#[cfg(not(all(target_arch = "x86_64", not(any(miri, shuttle, tsan)))))]
fn equal(words: &[AtomicU64; 2], byte: u8) -> u32 {
    one_by_one(words, byte)
}

#[cfg(any(test, miri, shuttle, tsan, not(target_arch = "x86_64")))]
fn one_by_one(words: &[AtomicU64; 2], byte: u8) -> u32 {
    let bytes = words.iter().flat_map(|word| word.load(Ordering::SeqCst).to_le_bytes());
    bytes.zip(0..).fold(0, |bits, (other, place)| bits | u32::from(other == byte) << place)
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tags(words: [u64; 2]) -> Tags {
        Tags(words.map(AtomicU64::new))
    }

    impl Tags {
        /// Whether there is no number, and none went on.
        pub(in super::super) fn is_unused(&self) -> bool {
            self.0.iter().all(|word| word.load(Ordering::Relaxed) == 0)
        }
    }

    proptest! {
        #[test]
        fn one_look_tells_what_looking_one_by_one_does(words in any::<[u64; 2]>(), byte in any::<u8>()) {
            let few = tags(words.map(|word| word & 0x8181_8181_8181_8181));
            prop_assert_eq!(equal(&tags(words).0, byte), one_by_one(&tags(words).0, byte));
            prop_assert_eq!(equal(&few.0, byte & 0x81), one_by_one(&few.0, byte & 0x81));
        }
    }

    #[test]
    fn places_are_named_in_order_and_only_those_of_a_group() {
        let full = tags([u64::MAX; 2]);
        assert!(
            full.alike(0xff).eq(0..WIDTH) && full.alike(8).next().is_none() && full.free().next().is_none()
        );
        full.clear(11);
        full.clear(0);
        assert!(full.free().eq([0, 11]) && !full.is_taken(11) && full.is_taken(10));
        full.take(11, 0x107);
        assert!(full.free().eq([0]) && full.alike(7).eq([11]) && full.alike(7).first() == Some(11));
    }

    #[test]
    fn no_hash_has_the_tag_of_none() {
        assert!((0..=0xff_u32).all(|hash| tag(hash) != 0));
    }

    #[test]
    fn those_who_went_on_are_counted_apart_and_never_forgotten() {
        let (many, one) = (Tags::default(), Tags::default());
        (0..300).for_each(|_| many.count(0x100, u64::wrapping_add));
        assert!(many.any_went_on(0x100) && !many.any_went_on(0) && !many.any_went_on(0x200));
        assert!(many.free().eq(0..WIDTH));
        (0..300).for_each(|_| many.count(0x100, u64::wrapping_sub));
        assert!(many.any_went_on(0x100), "too many to be counted");
        one.count(0x300, u64::wrapping_add);
        assert!(one.any_went_on(0x300));
        one.count(0x300, u64::wrapping_sub);
        assert!(!one.any_went_on(0x300));
    }
}
