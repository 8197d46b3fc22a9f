//! The tags of a group of the table, a byte for each of its numbers, and counts of those who went on from it, in two words:
//! one look tells which numbers may be the one, without a branch that depends on where it is. (A branch that is guessed
//! wrong costs more than all the rest of a hit.)

/// How many numbers a group has.
pub(super) const WIDTH: usize = 12;

/// Eight tags; four tags, and four counts. A tag is 0 where there is no number.
#[derive(Clone, Copy)]
pub(super) struct Tags(pub(super) [u64; 2]);

/// Some places of a group, a bit each: told one by one, the first one first.
pub(super) struct Bits(u32);

/// A bit for each place.
const ALL: u32 = (1 << WIDTH) - 1;

/// A count that can't grow stays as it is for ever.
const MOST: u64 = 0xff;

impl Tags {
    /// The places whose tag is that of `hash`.
    #[inline]
    pub(super) fn alike(self, hash: u32) -> Bits {
        Bits(equal(self.0, tag(hash)) & ALL)
    }

    /// The places without a number.
    #[inline]
    pub(super) fn free(self) -> Bits {
        Bits(equal(self.0, 0) & ALL)
    }

    /// Whether any went on with `hash`, as far as the counts tell.
    #[inline]
    pub(super) const fn any_went_on(self, hash: u32) -> bool {
        self.0[1] & count(hash, MOST) != 0
    }
}

/// The word of a place's tag, and how far up in it that is.
#[inline]
pub(super) const fn word_of(place: usize) -> (usize, usize) {
    (place / 8, place % 8 * 8)
}

/// The word of the counts.
pub(super) const COUNTS: usize = 1;

/// The counts where one more, or one fewer, went on with `hash`.
pub(super) fn counted(word: u64, hash: u32, change: fn(u64, u64) -> u64) -> u64 {
    if word & count(hash, MOST) == count(hash, MOST) { word } else { change(word, count(hash, 1)) }
}

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let place = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (place < WIDTH).then_some(place)
    }
}

/// The tag of a hash, from bits that don't decide where its search begins.
#[inline]
pub(super) const fn tag(hash: u32) -> u8 {
    let tag = hash as u8;
    if tag == 0 { 1 } else { tag }
}

/// As many in the count of those who went on with `hash`.
#[inline]
const fn count(hash: u32, many: u64) -> u64 {
    many << (32 + (hash >> 8 & 3) * 8)
}

/// A bit for each byte that is `byte`.
#[cfg(target_arch = "x86_64")]
#[inline]
fn equal([low, high]: [u64; 2], byte: u8) -> u32 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi32};
    let four = u32::from(byte) * 0x0101_0101;
    // SAFETY: each x86-64 has these instructions.
    #[allow(unsafe_code)]
    let bits = unsafe {
        let tags = _mm_set_epi64x(high.cast_signed(), low.cast_signed());
        _mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi32(four.cast_signed())))
    };
    bits.cast_unsigned()
}

#[cfg(not(target_arch = "x86_64"))]
fn equal(words: [u64; 2], byte: u8) -> u32 {
    one_by_one(words, byte)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn one_by_one(words: [u64; 2], byte: u8) -> u32 {
    let bytes = words.into_iter().flat_map(u64::to_le_bytes);
    bytes.rev().fold(0, |bits, other| bits << 1 | u32::from(other == byte))
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn one_look_tells_what_looking_one_by_one_does(words in any::<[u64; 2]>(), byte in any::<u8>()) {
            let few = words.map(|word| word & 0x8181_8181_8181_8181);
            prop_assert_eq!(equal(words, byte), one_by_one(words, byte));
            prop_assert_eq!(equal(few, byte & 0x81), one_by_one(few, byte & 0x81));
        }
    }

    #[test]
    fn places_are_named_in_order_and_only_those_of_a_group() {
        let full = Tags([u64::MAX; 2]);
        assert!(
            full.alike(0xff).eq(0..WIDTH) && full.alike(8).next().is_none() && full.free().next().is_none()
        );
        let (word, shift) = word_of(11);
        assert!((word, shift) == (1, 24) && Tags([!0xff, !(0xff << shift)]).free().eq([0, 11]));
    }

    #[test]
    fn no_hash_has_the_tag_of_none() {
        assert!((0..=0xff_u32).all(|hash| tag(hash) != 0));
    }

    #[test]
    fn those_who_went_on_are_counted_apart_and_never_forgotten() {
        let any = |counts, hash| Tags([0, counts]).any_went_on(hash);
        let many = (0..300).fold(0, |counts, _| counted(counts, 0x100, u64::wrapping_add));
        assert!(any(many, 0x100) && !any(many, 0) && !any(many, 0x200) && many.trailing_zeros() >= 32);
        let fewer = (0..300).fold(many, |counts, _| counted(counts, 0x100, u64::wrapping_sub));
        assert!(any(fewer, 0x100), "too many to be counted");
        let one = counted(0, 0x300, u64::wrapping_add);
        assert!(any(one, 0x300) && !any(counted(one, 0x300, u64::wrapping_sub), 0x300));
    }
}
