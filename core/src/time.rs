//! Monotonic time and deadlines. No wall clock decides anything within a process.

use std::time::Duration;

/// A moment: nanoseconds since the origin of the clock that told it. Arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The origin of the clock.
    pub const ZERO: Self = Self(0);
    /// Later than any moment a clock tells.
    pub const MAX: Self = Self(Deadline::TIME);

    /// The moment `nanos` after the origin; beyond 146 years it is [`Time::MAX`].
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(if nanos < Deadline::TIME { nanos } else { Deadline::TIME })
    }

    /// What a clock tells, which never comes to more than [`Time::MAX`].
    pub(crate) const fn told(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The moment `duration` later; [`Time::MAX`] if that is too far to tell.
    pub fn after(self, duration: Duration) -> Self {
        Self::from_nanos(self.0.saturating_add(nanos(duration)))
    }

    /// How long it is from `earlier` to this moment; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in nanoseconds, saturated at what a [`Time`] can tell.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).min(Deadline::TIME)
}

/// When an entry stops being fresh, or usable: as the application says it, and as a store resolved it.
///
/// It is one word: a time of 62 bits (146 years of nanoseconds) and two flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deadline(u64);

impl Deadline {
    const TIME: u64 = (1 << 62) - 1;
    const CAPPED: u64 = 1 << 62;
    const RELATIVE: u64 = 1 << 63;

    /// What the store that takes the entry has as its default.
    pub const DEFAULT: Self = Self(Self::TIME | Self::CAPPED);
    /// Never, even where the store has a default.
    pub const NEVER: Self = Self(Self::TIME);

    /// At `time`; at [`Time::MAX`] means never.
    pub const fn at(time: Time) -> Self {
        Self(time.0)
    }

    /// `duration` after a store takes the entry. Zero: expired at once. `Duration::MAX`: never.
    pub fn after(duration: Duration) -> Self {
        match nanos(duration) {
            Self::TIME => Self::NEVER,
            nanos => Self(nanos | Self::RELATIVE),
        }
    }

    /// The same deadline, but no later than the default of the store that takes the entry: how a copy travels from
    /// a far tier to a near one without outliving either.
    #[must_use]
    pub const fn capped(self) -> Self {
        Self(self.0 | Self::CAPPED)
    }

    /// The absolute deadline of an entry taken at `now` by a store whose default life is `default`.
    #[must_use]
    #[inline]
    pub fn resolve(self, now: Time, default: Option<Duration>) -> Self {
        let time = self.0 & Self::TIME;
        let own = match self.0 & Self::RELATIVE {
            0 => time,
            _ => now.0.saturating_add(time),
        };
        let cap = match (self.0 & Self::CAPPED, default) {
            (0, _) | (_, None) => Self::TIME,
            (_, Some(default)) => now.after(default).0,
        };
        Self(own.min(cap).min(Self::TIME))
    }

    /// The moment, once resolved; `None` for never, and for a deadline that no store has resolved yet.
    pub const fn time(self) -> Option<Time> {
        if self.0 >= Self::TIME { None } else { Some(Time(self.0)) }
    }

    /// The duration, of a deadline that is still relative.
    pub const fn duration(self) -> Option<Duration> {
        match self.0 & Self::RELATIVE {
            0 => None,
            _ => Some(Duration::from_nanos(self.0 & Self::TIME)),
        }
    }

    /// Whether it has passed at `now`. A deadline that no store has resolved never has.
    pub const fn has_passed(self, now: Time) -> bool {
        self.0 <= now.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_000);

    #[test]
    fn a_deadline_of_its_own_overrides_the_default() {
        let default = Some(Duration::from_nanos(50));
        assert_eq!(Deadline::DEFAULT.resolve(NOW, default).time(), Some(Time(1_050)));
        assert_eq!(Deadline::after(Duration::from_nanos(70)).resolve(NOW, default).time(), Some(Time(1_070)));
        assert_eq!(Deadline::NEVER.resolve(NOW, default), Deadline::NEVER);
        assert_eq!(Deadline::DEFAULT.resolve(NOW, None), Deadline::NEVER);
    }

    #[test]
    fn a_capped_deadline_is_the_earlier_of_its_own_and_the_default() {
        let default = Some(Duration::from_nanos(50));
        let at = |nanos| Deadline::at(Time(nanos)).capped().resolve(NOW, default).time();
        assert_eq!(at(1_020), Some(Time(1_020)));
        assert_eq!(at(9_000), Some(Time(1_050)));
    }

    #[test]
    fn durations_saturate_instead_of_wrapping() {
        assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
        let nearly = Duration::from_nanos(Deadline::TIME - 1);
        assert_eq!(Deadline::after(nearly).resolve(NOW, None), Deadline::NEVER);
        assert_eq!(Time(u64::MAX >> 2).after(Duration::MAX), Time::MAX);
        assert_eq!(Time(5).since(Time(9)), Duration::ZERO);
    }

    #[test]
    fn zero_has_passed_at_once_and_one_nanosecond_a_nanosecond_later() {
        let after = |nanos| Deadline::after(Duration::from_nanos(nanos)).resolve(NOW, None);
        assert!(after(0).has_passed(NOW));
        assert!(!after(1).has_passed(NOW));
        assert!(after(1).has_passed(Time(1_001)));
        assert!(!Deadline::NEVER.has_passed(Time(Deadline::TIME - 1)));
    }
}
