//! Time-to-idle: entries that are not used end.
//!
//! A use is not noted if another was a moment before, a thousandth of the limit or less: then a hit needs a look at one
//! word, as without time-to-idle, which it hardly ever changes. So an entry ends by that much too early at most, and never
//! too late.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::resident::Resident;
use crate::Time;

/// How long an entry stays that is not used, in nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Idle {
    limit: u64,
    /// How long after one use others are not noted.
    pause: u64,
}

impl Idle {
    /// `None`: for ever.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        let limit = limit.and_then(|limit| u64::try_from(limit.as_nanos()).ok()).unwrap_or(u64::MAX);
        Self { limit, pause: limit / 1_024 }
    }

    /// Whether it isn't for ever.
    pub(super) const fn is_limited(self) -> bool {
        self.limit < u64::MAX
    }

    /// Until when an entry that is used `now` is usable whatever happens, if its life ends at `end`.
    #[inline]
    pub(super) fn until(self, now: Time, end: u64) -> u64 {
        if self.is_limited() { end.min(now.as_nanos().saturating_add(self.pause)) } else { end }
    }

    /// Whether `entry` is usable at `now`.
    #[inline]
    pub(super) fn is_live<K, V>(self, entry: Resident<'_, K, V>, now: Time) -> bool {
        entry.node.is_usable(|| Some(now)) || now.as_nanos() < self.end(entry)
    }

    /// Notes a use at `now`, if `entry` is usable; whether it is. Who is late takes back no later use: the wheel would look
    /// for its entry too late.
    #[inline]
    pub(super) fn renew<K, V>(self, entry: Resident<'_, K, V>, now: Time) -> bool {
        entry.node.is_usable(|| Some(now)) || self.renew_later(entry, now)
    }

    #[inline(never)]
    fn renew_later<K, V>(self, entry: Resident<'_, K, V>, now: Time) -> bool {
        let is_live = now.as_nanos() < self.end(entry);
        if is_live {
            entry.node.until.fetch_max(self.until(now, entry.end_of_life()), Ordering::Relaxed);
        }
        is_live
    }

    /// When `entry` ends: by its own life, or for not being used.
    #[inline]
    pub(super) fn end<K, V>(self, entry: Resident<'_, K, V>) -> u64 {
        let until = entry.node.until.load(Ordering::Relaxed);
        if self.is_limited() {
            entry.end_of_life().min(until.saturating_sub(self.pause).saturating_add(self.limit))
        } else {
            until
        }
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::super::index::Index;
    use super::super::node::{FOR_EVER, Mark, Node};
    use super::super::readers::Readers;
    use super::*;
    use crate::{Deadline, Hits};

    const IDLE: Idle = Idle { limit: 10_240, pause: 10 };

    /// An entry that was used at 100.
    fn check(end: u64, check: impl FnOnce(Resident<'_, u8, u8>)) {
        let (_index, mut writer) = Index::new(Arc::new(Readers::new(false)), 1, Hits::Ignored, true);
        let until = AtomicU64::new(IDLE.until(Time::from_nanos(100), end));
        let (stored, fresh, weight) = (Time::ZERO, Deadline::NEVER, NonZeroU32::MIN);
        let (key, value, mark) = (1, 1, Mark::default());
        let node = Node { key, value, until, stored, fresh, sequence: 0, hash: 0, weight, slot: 0, mark };
        let slot = writer.insert(node, end).map_err(|_| "full");
        check(writer.place_at(slot.unwrap()).unwrap());
    }

    #[test]
    fn a_use_that_is_told_late_takes_back_no_later_one() {
        check(FOR_EVER, |entry| {
            let [early, late] = [120, 200].map(Time::from_nanos);
            assert!(IDLE.renew(entry, late) && IDLE.renew(entry, early));
            assert_eq!(IDLE.end(entry), 200 + 10_240);
        });
    }

    #[test]
    fn a_use_right_after_another_is_not_noted() {
        check(FOR_EVER, |entry| {
            assert!(IDLE.renew(entry, Time::from_nanos(109)));
            assert_eq!(IDLE.end(entry), 100 + 10_240);
            assert!(IDLE.renew(entry, Time::from_nanos(110)));
            assert_eq!(IDLE.end(entry), 110 + 10_240);
        });
    }

    #[test]
    fn a_life_that_ends_soon_ends_then() {
        check(105, |entry| {
            let [before, then] = [104, 105].map(Time::from_nanos);
            assert!(IDLE.renew(entry, before) && !IDLE.renew(entry, then) && !IDLE.is_live(entry, then));
            assert_eq!((IDLE.end(entry), entry.end_of_life()), (105, 105));
        });
    }
}
