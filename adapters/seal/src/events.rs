//! What was not opened, and why: `SecurityEvents`, counted by `Reason` and told at a bounded rate.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use larder_core::Clock;

/// Why a value was not opened; or what else of a seal somebody should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Not sealed, by another cipher or version, cut short, or too long.
    Malformed,
    /// Sealed under a key that the ring doesn't have, or may not use.
    UnknownKey,
    /// Neither the bytes nor what they are bound to is what was sealed; or they commit to another key.
    Forged,
    /// Sealed for another key or namespace of the store. (A forger can make one look like the other: see both as attacks.)
    WrongPlace,
    /// Older than it may become; or the store says that it may become older than was sealed.
    Expired,
    /// A key has sealed 2³¹ messages, and this process has taken another by itself. Nothing is lost.
    Worn,
}

/// How many reasons there are.
const REASONS: usize = 6;

/// Something that happened, as told to who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityEvent {
    /// What it is.
    pub reason: Reason,
    /// How often it happened since it was last told.
    pub count: u64,
}

/// Reads the counts of a [`Sealed`](crate::Sealed), wherever that is. Cloned cheaply.
#[derive(Clone)]
pub struct SecurityEvents(Arc<Inner>);

struct Inner {
    counts: [AtomicU64; REASONS],
    /// How many of them were told.
    told: [AtomicU64; REASONS],
    /// Until when nothing is told, in nanoseconds of the clock.
    quiet_until: [AtomicU64; REASONS],
    listener: Option<Listener>,
}

struct Listener {
    clock: Clock,
    every: Duration,
    tell: Box<dyn Fn(SecurityEvent) + Send + Sync>,
}

impl SecurityEvents {
    pub(crate) fn silent() -> Self {
        Self::with(None)
    }

    /// Tells `tell` of each reason at most once in `every`.
    pub(crate) fn told_to(
        tell: impl Fn(SecurityEvent) + Send + Sync + 'static,
        every: Duration,
        clock: &Clock,
    ) -> Self {
        Self::with(Some(Listener { clock: clock.clone(), every, tell: Box::new(tell) }))
    }

    fn with(listener: Option<Listener>) -> Self {
        let zeros = || std::array::from_fn(|_| AtomicU64::new(0));
        Self(Arc::new(Inner { counts: zeros(), told: zeros(), quiet_until: zeros(), listener }))
    }

    /// How often this has happened.
    pub fn count(&self, reason: Reason) -> u64 {
        self.0.counts[reason as usize].load(Relaxed)
    }

    /// How many values were not opened, for whatever reason.
    pub fn refused(&self) -> u64 {
        let all: u64 = self.0.counts.iter().map(|count| count.load(Relaxed)).sum();
        all - self.count(Reason::Worn)
    }

    /// Counts one, and tells if it is time. A listener that panics is none of the store's business.
    pub(crate) fn add(&self, reason: Reason) {
        let at = reason as usize;
        let count = self.0.counts[at].fetch_add(1, Relaxed) + 1;
        let Some(listener) = &self.0.listener else { return };
        let now = listener.clock.now();
        let quiet_until = self.0.quiet_until[at].load(Relaxed);
        if now.as_nanos() < quiet_until {
            return;
        }
        let next = now.after(listener.every).as_nanos();
        if self.0.quiet_until[at].compare_exchange(quiet_until, next, Relaxed, Relaxed).is_ok() {
            let told = self.0.told[at].swap(count, Relaxed);
            let event = SecurityEvent { reason, count: count.saturating_sub(told) };
            let _ = catch_unwind(AssertUnwindSafe(|| (listener.tell)(event)));
        }
    }
}

impl fmt::Debug for SecurityEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecurityEvents").field(&self.0.counts).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn each_reason_is_told_at_most_once_in_a_while_with_what_was_not_told() {
        let (clock, ticker) = Clock::stepped();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let minute = Duration::from_mins(1);
        let tell = move |event: SecurityEvent| hears.lock().unwrap().push((event.reason, event.count));
        let events = SecurityEvents::told_to(tell, minute, &clock);
        (0..5).for_each(|_| events.add(Reason::Forged));
        events.add(Reason::Expired);
        ticker.advance(minute);
        events.add(Reason::Forged);
        events.add(Reason::Forged);
        assert_eq!(*heard.lock().unwrap(), [(Reason::Forged, 1), (Reason::Expired, 1), (Reason::Forged, 5)]);
        assert_eq!((events.count(Reason::Forged), events.refused()), (7, 8));
    }

    #[test]
    fn a_listener_that_panics_hurts_nobody() {
        let (clock, _ticker) = Clock::stepped();
        let events = SecurityEvents::told_to(|_| panic!("out of paper"), Duration::ZERO, &clock);
        events.add(Reason::Worn);
        assert_eq!((events.count(Reason::Worn), events.refused()), (1, 0));
    }
}
