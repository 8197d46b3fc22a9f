//! Who left of late, by a print of each key.

use std::num::NonZeroU32;

use crate::rng::SPREAD;

/// Prints in a bucket: half a cache line.
const WAYS: usize = 16;

/// What is remembered of a key: enough to tell it from most others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print(NonZeroU32);

impl Print {
    /// The print of a key with this hash, whose bits need not be spread.
    #[inline]
    pub(crate) fn of(hash: u64) -> Self {
        let spread = hash.wrapping_mul(SPREAD);
        Self(NonZeroU32::new((spread >> 32) as u32).unwrap_or(NonZeroU32::MAX))
    }
}

/// The prints of the keys that left last, in buckets: a new one pushes the oldest of its bucket out.
///
/// Remembering and forgetting cost half a cache line each, whether there is anything to forget or not. It takes two
/// bytes a print. One in 4,000 of the keys that never left is taken for one that did.
#[derive(Debug, Default)]
pub(crate) struct Prints {
    buckets: Vec<Bucket>,
}

/// The lower half of each print, the newest first; the upper one says which bucket.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
struct Bucket([u16; WAYS]);

impl Prints {
    /// Remembers `print`, of about `limit` altogether; at least of as many as a bucket has. When the limit has grown by
    /// more than a quarter, it forgets all others first.
    #[inline]
    pub(crate) fn remember(&mut self, print: Print, limit: usize) {
        if limit / WAYS >= self.buckets.len() + self.buckets.len().div_ceil(4) {
            self.make_room(limit);
        }
        let (bucket, half) = self.place(print);
        let Some(Bucket(halves)) = self.buckets.get_mut(bucket) else { return };
        halves.copy_within(..WAYS - 1, 1);
        halves[0] = half;
    }

    /// Forgets `print`, and says whether it was remembered.
    #[inline]
    pub(crate) fn forget(&mut self, print: Print) -> bool {
        let (bucket, half) = self.place(print);
        let Some(Bucket(halves)) = self.buckets.get_mut(bucket) else { return false };
        // All are looked at, at once: where there is none, which is most of the time, that is the least work.
        let known = halves.iter().map(|other| u8::from(*other == half)).max() > Some(0);
        if known && let Some(found) = halves.iter_mut().find(|other| **other == half) {
            *found = 0;
        }
        known
    }

    #[cold]
    fn make_room(&mut self, limit: usize) {
        self.buckets.clear();
        self.buckets.resize((limit / WAYS).max(1), Bucket::default());
    }

    /// The bucket of a print, and what is kept there: never 0, which is no print's.
    #[inline]
    fn place(&self, Print(print): Print) -> (usize, u16) {
        let print = print.get();
        let bucket = (u64::from(print) * self.buckets.len() as u64) >> 32;
        (bucket as usize, (print as u16).max(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng::scramble;

    /// Hashes whose prints are all different: a product of an odd number.
    const fn print(key: u64) -> Print {
        Print(NonZeroU32::new((key as u32 + 1).wrapping_mul(0x9E37_79B9)).expect("no multiple of 2^32"))
    }

    proptest! {
        #[test]
        fn each_bucket_is_a_queue(keys in proptest::collection::vec((0..200_u64, any::<bool>()), 0..600), limit in 0..100_usize) {
            let mut prints = Prints::default();
            prints.make_room(limit);
            let mut model: Vec<Vec<(u16, Print)>> = vec![Vec::new(); prints.buckets.len()];
            for (key, is_asked) in keys {
                let (bucket, half) = prints.place(print(key));
                let queue = &mut model[bucket];
                if is_asked {
                    let place = queue.iter().position(|&(other, _)| other == half);
                    let known = place.map(|place| std::mem::replace(&mut queue[place].0, 0)).is_some();
                    prop_assert_eq!(prints.forget(print(key)), known);
                } else {
                    queue.insert(0, (half, print(key)));
                    queue.truncate(WAYS);
                    prints.remember(print(key), limit);
                }
            }
        }
    }

    #[test]
    fn as_many_are_remembered_as_the_limit_says() {
        for limit in [0, 16, 100, 1_000, 100_000] {
            let mut prints = Prints::default();
            (0..10 * limit.max(16) as u64).for_each(|hash| prints.remember(Print::of(hash), limit));
            let known = (0..10 * limit.max(16) as u64).filter(|&hash| prints.forget(Print::of(hash))).count();
            assert!(known <= limit.max(16) && known * 10 >= limit * 9, "{known} of {limit}");
        }
    }

    #[test]
    fn a_limit_that_grows_much_begins_anew_and_one_that_grows_little_does_not() {
        let mut prints = Prints::default();
        prints.remember(Print::of(1), 1_000);
        prints.remember(Print::of(2), 1_200);
        prints.remember(Print::of(3), 100);
        assert!([1, 2, 3].into_iter().all(|hash| prints.forget(Print::of(hash))));
        prints.remember(Print::of(1), 1_000);
        prints.remember(Print::of(2), 2_000);
        assert_eq!([1, 2].map(|hash| prints.forget(Print::of(hash))), [false, true]);
    }

    #[test]
    fn hardly_any_stranger_is_known() {
        let mut prints = Prints::default();
        (0..100_000).for_each(|key| prints.remember(Print::of(scramble(key)), 50_000));
        let is_known = |key: &u64| {
            let (bucket, half) = prints.place(Print::of(scramble(*key)));
            prints.buckets[bucket].0.contains(&half)
        };
        let known = (100_000..1_100_000).filter(is_known).count();
        assert!((150..350).contains(&known), "{known} of a million");
    }

    #[test]
    fn what_was_never_there_is_not_known_and_no_room_is_no_trouble() {
        let mut prints = Prints::default();
        assert!(!prints.forget(Print::of(0)));
        prints.remember(Print::of(0), 0);
        assert!(prints.forget(Print::of(0)) && !prints.forget(Print::of(0)));
    }
}
