//! A token bucket that calls fill in parts, and extra calls empty one by one.

use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Error, ErrorKind, Result};

/// A token, in the parts that are counted.
const TOKEN: u64 = 1_000_000;

/// How many extra calls there may be: a part of the calls, and a few at once. Starts full.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub(super) part: f64,
    pub(super) burst: u32,
}

impl Allowance {
    /// The bucket, if the part is from 0 to 1.
    pub(super) fn bucket(self, doing: &'static str) -> Result<Bucket> {
        if !(0.0..=1.0).contains(&self.part) {
            return Err(Error::new(ErrorKind::Invalid, doing));
        }
        let most = u64::from(self.burst) * TOKEN;
        let earned = (self.part * TOKEN as f64).round() as u64;
        Ok(Bucket { earned, most, tokens: AtomicU64::new(most) })
    }
}

/// In any run of calls it grants at most `burst` plus `part` times as many tokens as were earned for.
#[derive(Debug)]
pub(super) struct Bucket {
    earned: u64,
    most: u64,
    tokens: AtomicU64,
}

impl Bucket {
    /// A call has earned its part of a token.
    pub(super) fn earn(&self) {
        self.put(self.earned);
    }

    /// A whole token, if there is one. It goes back unless it is spent.
    pub(super) fn take(&self) -> Option<Token<'_>> {
        let take = |tokens: u64| tokens.checked_sub(TOKEN);
        let taken = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.is_ok().then(|| Token(self))
    }

    fn put(&self, tokens: u64) {
        let put = |kept: u64| Some(kept.saturating_add(tokens).min(self.most));
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, put);
    }
}

/// The right to one extra call.
#[must_use]
pub(super) struct Token<'a>(&'a Bucket);

impl Token<'_> {
    /// The extra call begins.
    pub(super) fn spend(self) {
        std::mem::forget(self);
    }
}

impl Drop for Token<'_> {
    fn drop(&mut self) {
        self.0.put(TOKEN);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bucket(part: f64, burst: u32) -> Bucket {
        Allowance { part, burst }.bucket("testing").unwrap()
    }

    #[test]
    fn ten_tenths_are_a_token() {
        let bucket = bucket(0.1, 1);
        bucket.take().unwrap().spend();
        (0..9).for_each(|_| bucket.earn());
        assert!(bucket.take().is_none());
        bucket.earn();
        assert!(bucket.take().is_some());
    }

    #[test]
    fn a_token_that_is_not_spent_goes_back() {
        let bucket = bucket(0.0, 1);
        drop(bucket.take().unwrap());
        bucket.take().unwrap().spend();
        assert!(bucket.take().is_none());
    }

    #[test]
    fn a_part_that_is_none_is_refused() {
        for part in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Allowance { part, burst: 1 }.bucket("testing").is_err(), "{part}");
        }
    }

    proptest! {
        /// Whatever the order of calls, the extra ones stay within the burst and their part.
        #[test]
        fn the_extra_calls_stay_within_the_bound(
            part in 0.0..=1.0_f64,
            burst in 0..20_u32,
            takes in prop::collection::vec(any::<bool>(), 0..400),
        ) {
            let bucket = bucket(part, burst);
            let (mut earned, mut spent) = (0, 0);
            for take in takes {
                if take {
                    spent += u32::from(bucket.take().map(Token::spend).is_some());
                } else {
                    bucket.earn();
                    earned += 1;
                }
                prop_assert!(f64::from(spent) <= f64::from(burst) + part * f64::from(earned) + 1e-3);
            }
        }
    }
}
