//! What is left of a life: `Times`.

use std::time::Duration;

use crate::{Deadline, Life, Time};

/// "Never."
pub(super) const NONE: u64 = u64::MAX;

/// A life as durations in nanoseconds, by no process's clock.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) age: u64,
    pub(super) fresh: u64,
    pub(super) usable: u64,
}

impl Times {
    /// What is left of `life` at `now`.
    pub(super) fn left(life: Life, now: Time) -> Self {
        let remaining = |deadline: Deadline| deadline.time().map_or(NONE, |end| nanos(end.since(now)));
        Self {
            age: life.stored().map_or(0, |stored| nanos(now.since(stored))),
            fresh: remaining(life.fresh_until()),
            usable: remaining(life.usable_until()),
        }
    }

    /// The life again, `elapsed` later, when a clock says `now`.
    #[inline]
    pub(super) fn life(self, now: Time, elapsed: Duration) -> Life {
        let end = |left: u64| match left {
            NONE => Deadline::NEVER,
            left => Deadline::at(now.after(Duration::from_nanos(left).saturating_sub(elapsed))),
        };
        let age = self.age.saturating_add(nanos(elapsed));
        let stored = Time::from_nanos(now.as_nanos().saturating_sub(age));
        Life::new(stored, end(self.fresh), end(self.usable))
    }
}

#[inline]
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NONE - 1).min(NONE - 1)
}
