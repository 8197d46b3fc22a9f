//! Time-to-idle: entries that are not used end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Time;

/// How long an entry stays that is not used, in nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Idle(u64);

impl Idle {
    /// `None`: for ever.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self(limit.and_then(|limit| u64::try_from(limit.as_nanos()).ok()).unwrap_or(u64::MAX))
    }

    /// Whether it isn't for ever.
    pub(super) const fn is_limited(self) -> bool {
        self.0 < u64::MAX
    }

    /// Notes a use at `now` of an entry that was last `used` then, unless that is too long ago. Whether it isn't. Written only
    /// when the time is another: no more often than the clock moves. Who is late takes back no later use: the wheel would
    /// look for its entry too late.
    #[inline(always)]
    pub(super) fn renew(self, used: Option<&AtomicU64>, now: Time) -> bool {
        let Some(used) = used else { return true };
        let age = now.as_nanos().saturating_sub(used.load(Ordering::Relaxed));
        let is_live = age < self.0;
        if is_live && age > 0 {
            used.fetch_max(now.as_nanos(), Ordering::Relaxed);
        }
        is_live
    }

    /// When an entry ends that was last `used` then.
    #[inline]
    pub(super) fn deadline(self, used: Option<&AtomicU64>) -> Time {
        used.map_or(Time::MAX, |used| Time::from_nanos(used.load(Ordering::Relaxed).saturating_add(self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_that_is_told_late_takes_back_no_later_one() {
        let idle = Idle::new(Some(Duration::from_nanos(100)));
        let (at, used) = (Time::from_nanos, AtomicU64::new(50));
        assert!(idle.renew(Some(&used), at(20)));
        assert_eq!(idle.deadline(Some(&used)), at(150));
        assert!(idle.renew(Some(&used), at(60)));
        assert_eq!(idle.deadline(Some(&used)), at(160));
        assert!(!idle.renew(Some(&used), at(160)));
    }

    #[test]
    fn what_may_not_be_idle_at_all_is_not_usable_even_at_once() {
        assert!(!Idle::new(Some(Duration::ZERO)).renew(Some(&AtomicU64::new(50)), Time::from_nanos(50)));
    }
}
