//! Outcomes of the last while, in slices that age out.

use std::time::Duration;

use larder_core::Time;

const SLICES: usize = 10;

/// How many calls passed and failed within the window, exact to a tenth of it.
#[derive(Debug)]
pub(super) struct Window {
    slice: u64,
    slices: [Slice; SLICES],
}

#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    number: u64,
    passed: u64,
    failed: u64,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        let nanos = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
        Self { slice: (nanos / SLICES as u64).max(1), slices: [Slice::default(); SLICES] }
    }

    /// Counts an outcome at `now`.
    pub(super) fn add(&mut self, now: Time, failed: bool) {
        let number = self.number(now);
        let slice = &mut self.slices[(number % SLICES as u64) as usize];
        if slice.number != number {
            *slice = Slice { number, ..Slice::default() };
        }
        if failed { slice.failed += 1 } else { slice.passed += 1 }
    }

    /// How many outcomes there were up to `now`, and how many of them were failures.
    pub(super) fn totals(&self, now: Time) -> (u64, u64) {
        let number = self.number(now);
        let recent = self.slices.iter().filter(|slice| slice.number + SLICES as u64 > number);
        recent.fold((0, 0), |(all, failed), slice| (all + slice.passed + slice.failed, failed + slice.failed))
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.slices = [Slice::default(); SLICES];
    }

    const fn number(&self, now: Time) -> u64 {
        now.as_nanos() / self.slice
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The window knows what the last nine to ten tenths of it brought, and nothing older.
        #[test]
        fn it_counts_what_is_recent(steps in prop::collection::vec((0..30_u64, any::<bool>()), 1..200)) {
            let mut window = Window::new(Duration::from_nanos(100));
            let (mut now, mut seen) = (0, Vec::new());
            for (step, failed) in steps {
                now += step;
                window.add(Time::from_nanos(now), failed);
                seen.push((now, failed));
                let recent = |at: u64| at / 10 + 10 > now / 10;
                let all = seen.iter().filter(|(at, _)| recent(*at)).count() as u64;
                let bad = seen.iter().filter(|(at, failed)| recent(*at) && *failed).count() as u64;
                prop_assert_eq!(window.totals(Time::from_nanos(now)), (all, bad));
            }
        }
    }
}
