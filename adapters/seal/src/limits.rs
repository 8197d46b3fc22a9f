//! Until when a sealed value may be opened, by the time of day: `Limits`.

use std::time::Duration;

use larder_core::{Clock, Deadline, Life};

/// "Never."
const NEVER: u64 = u64::MAX;

/// Whoever keeps the value knows of a later end, or of none.
const EARLY: u64 = 1 << 63;

/// The last moment that can be told: with `EARLY`, too, it is not `NEVER`.
const LAST: u64 = EARLY - 2;

/// What a deadline in a process becomes outside of it.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) clock: Clock,
    pub(crate) lives_at_most: Option<Duration>,
    pub(crate) leeway: Duration,
}

impl Limits {
    /// The last millisecond of a value with this life, and whether the store will keep it longer. Asks `wall` what time of day
    /// it is only if it ends.
    pub(crate) fn not_after(&self, life: Life, wall: impl FnOnce() -> u64) -> u64 {
        let now = self.clock.now();
        let told = life.usable_until().resolve(now, None);
        let end = told.capped().resolve(now, self.lives_at_most);
        let flag = if end == told { 0 } else { EARLY };
        end.time().map_or(NEVER, |end| wall().saturating_add(millis(end.since(now))).min(LAST) | flag)
    }

    /// Whether a value with this end may be opened at the time of day that `wall` says, by a store that says it has this life.
    ///
    /// A store that says longer than it was told has been told so by somebody else: a nearer tier would believe it.
    pub(crate) fn allow(&self, not_after: u64, life: Life, wall: impl FnOnce() -> u64) -> bool {
        if not_after == NEVER {
            return true;
        }
        let wall = wall();
        let end = (not_after & !EARLY).saturating_add(millis(self.leeway));
        let claimed = match life.usable_until() {
            _ if not_after & EARLY != 0 => wall,
            Deadline::NEVER => NEVER,
            until => {
                until.time().map_or(wall, |time| wall.saturating_add(millis(time.since(self.clock.now()))))
            }
        };
        wall <= end && claimed <= end
    }
}

/// Whole milliseconds, a begun one counted.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use larder_core::{Entry, Time};

    const WALL: u64 = 1_000_000;
    const SECOND: Duration = Duration::from_secs(1);

    fn limits() -> (Limits, larder_core::Ticker) {
        let (clock, ticker) = Clock::stepped();
        (Limits { clock, lives_at_most: None, leeway: Duration::ZERO }, ticker)
    }

    #[test]
    fn a_life_relative_absolute_or_none_becomes_a_time_of_day() {
        let (mut limits, ticker) = limits();
        ticker.advance(5 * SECOND);
        let minute = Entry::new(()).ttl(60 * SECOND).life();
        let until = |time| Life::new(Time::ZERO, Deadline::NEVER, Deadline::at(time));
        assert_eq!(limits.not_after(minute, || WALL), WALL + 60_000);
        assert_eq!(limits.not_after(until(Time::from_nanos(7_000_000_001)), || WALL), WALL + 2_001);
        assert_eq!(limits.not_after(until(Time::ZERO), || WALL), WALL);
        assert_eq!(limits.not_after(Life::DEFAULT, || WALL), NEVER);
        limits.lives_at_most = Some(10 * SECOND);
        for longer in [minute, Life::DEFAULT, Entry::new(()).never_expires().life()] {
            assert_eq!(limits.not_after(longer, || WALL), EARLY | (WALL + 10_000));
        }
        assert_eq!(limits.not_after(Entry::new(()).ttl(SECOND).life(), || WALL), WALL + 1_000);
        assert_eq!(limits.not_after(minute, || NEVER), EARLY | LAST);
    }

    #[test]
    fn a_value_is_allowed_up_to_its_last_millisecond_and_the_leeway() {
        let (mut limits, _) = limits();
        assert!(limits.allow(WALL, Life::DEFAULT, || WALL));
        assert!(!limits.allow(WALL, Life::DEFAULT, || WALL + 1));
        assert!(limits.allow(NEVER, Life::DEFAULT, || panic!("nobody needs to know the time")));
        limits.leeway = SECOND;
        assert!(limits.allow(WALL, Life::DEFAULT, || WALL + 1_000));
        assert!(!limits.allow(WALL, Life::DEFAULT, || WALL + 1_001));
    }

    #[test]
    fn a_store_that_promises_more_than_was_sealed_is_not_believed() {
        let (limits, _) = limits();
        let until = |nanos| Life::new(Time::ZERO, Deadline::NEVER, Deadline::at(Time::from_nanos(nanos)));
        assert!(limits.allow(WALL + 10, until(10_000_000), || WALL));
        assert!(!limits.allow(WALL + 10, until(10_000_001), || WALL));
        let endless = Entry::new(()).never_expires().life();
        assert!(!limits.allow(WALL + 10, endless, || WALL));
        assert!(limits.allow(EARLY | (WALL + 10), endless, || WALL), "it was never told");
        assert!(!limits.allow(EARLY | WALL, endless, || WALL + 1));
    }
}
