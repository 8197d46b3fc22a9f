//! A value with its own life: when it was stored, until when it is fresh, until when it may be used.

use std::fmt;
use std::time::Duration;

use crate::time::{Deadline, Time};

/// When an entry was stored and when it ends. Three words, copied freely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    stored: Deadline,
    fresh: Deadline,
    usable: Deadline,
}

/// The lives that a store gives to entries which don't bring their own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lifetimes {
    /// How long an entry is fresh; `None`: as long as it is usable.
    pub fresh: Option<Duration>,
    /// How long an entry is usable; `None`: for ever.
    pub usable: Option<Duration>,
    /// By which part, at most, a life is shortened at random, so that entries stored together don't expire
    /// together: 0.1 takes up to a tenth. Below 0 counts as 0, above 1 as 1.
    pub jitter: f64,
}

impl Life {
    /// The life of an entry that leaves it to the store.
    pub const DEFAULT: Self =
        Self { stored: Deadline::DEFAULT, fresh: Deadline::DEFAULT, usable: Deadline::DEFAULT };

    /// A life that began at `stored`.
    pub const fn new(stored: Time, fresh: Deadline, usable: Deadline) -> Self {
        Self { stored: Deadline::at(stored), fresh, usable }
    }

    /// When a store took the value in; a copy in a nearer tier keeps the moment. `None` before any has.
    pub const fn stored(self) -> Option<Time> {
        self.stored.time()
    }

    /// The soft deadline: afterwards the value may still be served, but should be reloaded.
    pub const fn fresh_until(self) -> Deadline {
        self.fresh
    }

    /// The hard deadline: afterwards the value is gone.
    pub const fn usable_until(self) -> Deadline {
        self.usable
    }

    /// Whether the soft deadline is still ahead at `now`.
    pub const fn is_fresh(self, now: Time) -> bool {
        !self.fresh.has_passed(now)
    }

    /// Whether the hard deadline is still ahead at `now`.
    pub const fn is_usable(self, now: Time) -> bool {
        !self.usable.has_passed(now)
    }

    /// The life of a copy for a nearer tier: the same deadlines, each no later than the tier's own default.
    #[must_use]
    pub const fn promoted(self) -> Self {
        Self { stored: self.stored, fresh: self.fresh.capped(), usable: self.usable.capped() }
    }

    /// The life as a store keeps it that takes the entry at `now`: absolute, soft deadline no later than the hard one.
    ///
    /// `random` is asked only if there is jitter. Deadlines that are absolute already get none.
    #[must_use]
    #[inline]
    pub fn resolve(self, now: Time, defaults: &Lifetimes, random: impl FnOnce() -> u64) -> Self {
        if self == Self::DEFAULT && defaults.usable.is_none() && defaults.fresh.is_none() {
            return Self::new(now, Deadline::NEVER, Deadline::NEVER);
        }
        self.resolve_each(now, defaults, random)
    }

    fn resolve_each(self, now: Time, defaults: &Lifetimes, random: impl FnOnce() -> u64) -> Self {
        let usable = self.usable.resolve(now, defaults.usable);
        let fresh = self.fresh.resolve(now, defaults.fresh);
        let stored = self.stored.time().unwrap_or(now);
        let life = Self { stored: Deadline::at(stored), fresh: earlier(fresh, usable), usable };
        if defaults.jitter > 0.0 && self.stored.time().is_none() {
            life.shortened(now, defaults.jitter, random())
        } else {
            life
        }
    }

    fn shortened(self, now: Time, jitter: f64, random: u64) -> Self {
        let part = jitter.min(1.0) * (random >> 11) as f64 / (1_u64 << 53) as f64;
        let shorten = |deadline: Deadline| match deadline.time() {
            None => deadline,
            Some(time) => {
                let life = time.since(now);
                Deadline::at(now.after(life.saturating_sub(life.mul_f64(part))))
            }
        };
        Self { stored: self.stored, fresh: shorten(self.fresh), usable: shorten(self.usable) }
    }
}

fn earlier(a: Deadline, b: Deadline) -> Deadline {
    match (a.time(), b.time()) {
        (Some(one), Some(other)) if other < one => b,
        (None, Some(_)) => b,
        _ => a,
    }
}

/// A value on its way into a store or out of one.
///
/// Going in, it says how long it wants to live, or leaves that to the store. Coming out, its deadlines are absolute.
///
/// ```
/// use std::time::Duration;
/// use larder_core::Entry;
///
/// let plain: Entry<&str> = "as long as the store says".into();
/// let short = Entry::new("a minute").ttl(Duration::from_secs(60));
/// let soft = Entry::new("stale after 10 s, gone after 60").fresh_for(Duration::from_secs(10)).ttl(Duration::from_secs(60));
/// let pinned = Entry::new("until evicted").never_expires();
/// # let _ = (plain, short, soft, pinned);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Entry<V> {
    value: V,
    life: Life,
}

impl<V> Entry<V> {
    /// An entry that lives as long as the store's default.
    pub const fn new(value: V) -> Self {
        Self { value, life: Life::DEFAULT }
    }

    /// An entry with a life that is already known: what a store hands out.
    pub const fn with_life(value: V, life: Life) -> Self {
        Self { value, life }
    }

    /// Gone `duration` after it is stored, whatever the store's default. Zero: stored expired.
    pub fn ttl(mut self, duration: Duration) -> Self {
        self.life.usable = Deadline::after(duration);
        self
    }

    /// Stale `duration` after it is stored: still served, but reloaded by patterns that look at freshness.
    pub fn fresh_for(mut self, duration: Duration) -> Self {
        self.life.fresh = Deadline::after(duration);
        self
    }

    /// Never expires, even where the store has a default. (It can still be evicted.)
    pub fn never_expires(mut self) -> Self {
        self.life.fresh = Deadline::NEVER;
        self.life.usable = Deadline::NEVER;
        self
    }

    /// The value.
    pub const fn value(&self) -> &V {
        &self.value
    }

    /// The value, without its life.
    pub fn into_value(self) -> V {
        self.value
    }

    /// The value and its life.
    pub fn into_parts(self) -> (V, Life) {
        (self.value, self.life)
    }

    /// When it was stored and when it ends.
    pub const fn life(&self) -> Life {
        self.life
    }

    /// Another value with the same life.
    pub fn map<U>(self, change: impl FnOnce(V) -> U) -> Entry<U> {
        Entry { value: change(self.value), life: self.life }
    }

    /// The copy of this entry for a nearer tier: see [`Life::promoted`].
    pub fn promoted(self) -> Self {
        Self { life: self.life.promoted(), value: self.value }
    }
}

impl<V> From<V> for Entry<V> {
    fn from(value: V) -> Self {
        Self::new(value)
    }
}

impl<V> fmt::Debug for Entry<V> {
    /// Shows the life only: values don't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("life", &self.life).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_nanos(1_000);

    #[test]
    fn a_promoted_copy_keeps_its_age_and_ends_with_the_earlier_deadline() {
        let far = Life::DEFAULT.resolve(NOW, &lifetimes(60), || 0);
        let near = far.promoted().resolve(Time::from_nanos(1_055), &lifetimes(10), || 0);
        assert_eq!(near.stored(), Some(NOW));
        assert_eq!(near.usable_until().time(), Some(Time::from_nanos(1_060)));
    }

    #[test]
    fn the_soft_deadline_is_never_later_than_the_hard_one() {
        let entry = Entry::new(()).fresh_for(Duration::from_secs(9)).ttl(Duration::from_nanos(5));
        let life = entry.life().resolve(NOW, &Lifetimes::default(), || 0);
        assert_eq!(life.fresh_until(), life.usable_until());
    }

    #[test]
    fn jitter_only_ever_shortens_and_within_its_part() {
        let defaults = Lifetimes { jitter: 0.25, ..lifetimes(1_000) };
        for random in [0, 1, u64::MAX / 2, u64::MAX] {
            let end = Life::DEFAULT.resolve(NOW, &defaults, || random).usable_until().time().unwrap();
            assert!((1_750..=2_000).contains(&end.as_nanos()), "{end:?}");
        }
        let shortest = Life::DEFAULT.resolve(NOW, &defaults, || u64::MAX).usable_until().time().unwrap();
        assert!(shortest.as_nanos() < 1_760, "a full draw takes nearly the whole part: {shortest:?}");
    }

    fn lifetimes(nanos: u64) -> Lifetimes {
        Lifetimes { usable: Some(Duration::from_nanos(nanos)), ..Lifetimes::default() }
    }
}
