//! Monotonic clocks: a coarse one that costs a load, a precise one, and one that is moved by hand.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use std::time::{Duration, Instant};

use crate::sync::plain::Mutex;

use crate::Time;

/// How often the coarse clock is moved on.
const TICK: Duration = Duration::from_millis(1);

/// What the real clocks tell when the process first asks one: what comes from elsewhere may be older than the process, and its
/// age is told from when it was stored.
const HEAD_START: Duration = Duration::from_hours(24 * 3_650);

/// When the process first asked a real clock.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The cell that all coarse clocks of the process read, while there are any.
static COARSE: Mutex<Weak<AtomicU64>> = Mutex::new(Weak::new());

/// Tells monotonic time. Cloned freely; the clones tell the same time.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    /// A cell that somebody else moves: a thread, or a test.
    Cell {
        now: Arc<AtomicU64>,
        real: bool,
    },
    Precise,
}

impl Clock {
    /// The default: reads a cell that a background thread moves on every millisecond, so telling the time costs one
    /// load. An entry may be served up to a tick (and the scheduler's delay) past its deadline, never by more.
    ///
    /// All coarse clocks of a process share the one thread; it ends with the last of them. Where no thread can be
    /// started the clock is a [`precise`](Self::precise) one.
    pub fn coarse() -> Self {
        let mut shared = COARSE.lock();
        if let Some(now) = shared.upgrade() {
            return Self(Source::Cell { now, real: true });
        }
        let now = Arc::new(AtomicU64::new(precise_now().as_nanos()));
        let cell = Arc::downgrade(&now);
        match std::thread::Builder::new().name("larder-clock".into()).spawn(move || keep_moving(&cell)) {
            Ok(_) => {
                *shared = Arc::downgrade(&now);
                Self(Source::Cell { now, real: true })
            }
            Err(_) => Self::precise(),
        }
    }

    /// Asks the operating system each time: exact, at some 25 ns a question.
    pub fn precise() -> Self {
        LazyLock::force(&ORIGIN);
        Self(Source::Precise)
    }

    /// A clock that stands still at its origin until its ticker moves it.
    pub fn stepped() -> (Self, Ticker) {
        let now = Arc::new(AtomicU64::new(0));
        (Self(Source::Cell { now: Arc::clone(&now), real: false }), Ticker(now))
    }

    /// The time. Never goes back.
    #[inline]
    pub fn now(&self) -> Time {
        self.now_at_once().unwrap_or_else(precise_now)
    }

    /// The time, if telling it takes no call.
    #[inline]
    pub(crate) fn now_at_once(&self) -> Option<Time> {
        match &self.0 {
            Source::Cell { now, .. } => Some(Time::told(now.load(Ordering::Relaxed))),
            Source::Precise => None,
        }
    }

    /// The time as exactly as this clock can tell it, for measuring how long something took.
    pub fn now_precise(&self) -> Time {
        match &self.0 {
            Source::Cell { now, real: false } => Time::from_nanos(now.load(Ordering::Relaxed)),
            Source::Cell { .. } | Source::Precise => precise_now(),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::coarse()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// Moves a clock made by [`Clock::stepped`].
#[derive(Clone, Debug)]
pub struct Ticker(Arc<AtomicU64>);

impl Ticker {
    /// Moves the clock on by `step`. Saturates a nanosecond before [`Time::MAX`], which is never reached.
    pub fn advance(&self, step: Duration) {
        self.move_to(Time::from_nanos(self.0.load(Ordering::Relaxed)).after(step));
    }

    /// Moves the clock on to `time`; does nothing if that has passed.
    pub fn move_to(&self, time: Time) {
        let last = Time::MAX.as_nanos() - 1;
        self.0.fetch_max(time.as_nanos().min(last), Ordering::Relaxed);
    }
}

#[inline(never)]
fn precise_now() -> Time {
    Time::ZERO.after(HEAD_START + ORIGIN.elapsed())
}

fn keep_moving(cell: &Weak<AtomicU64>) {
    while let Some(now) = cell.upgrade() {
        now.fetch_max(precise_now().as_nanos(), Ordering::Relaxed);
        drop(now);
        std::thread::sleep(TICK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stepped_clock_stands_still_until_it_is_moved_and_never_goes_back() {
        let (clock, ticker) = Clock::stepped();
        assert_eq!(clock.now(), Time::ZERO);
        ticker.advance(Duration::from_secs(1));
        ticker.move_to(Time::from_nanos(5));
        assert_eq!(clock.now(), Time::ZERO.after(Duration::from_secs(1)));
        ticker.advance(Duration::MAX);
        assert_eq!(clock.now().as_nanos(), Time::MAX.as_nanos() - 1);
    }

    #[test]
    fn a_precise_clock_moves_by_itself() {
        let clock = Clock::precise();
        let before = clock.now();
        while clock.now() == before {
            std::hint::spin_loop();
        }
        assert!(clock.now() > before);
    }

    #[test]
    fn the_real_clocks_know_moments_from_before_the_process() {
        let years = Duration::from_hours(24 * 365);
        for clock in [Clock::coarse(), Clock::precise()] {
            let stored = Time::from_nanos(clock.now().as_nanos() - years.as_nanos() as u64);
            assert!(clock.now().since(stored) >= years && clock.now().after(100 * years) < Time::MAX);
        }
    }

    #[test]
    fn all_coarse_clocks_tell_the_same_time_and_are_moved_on() {
        let (one, other) = (Clock::coarse(), Clock::coarse());
        let before = one.now();
        while one.now() == before {
            std::thread::yield_now();
        }
        assert!(other.now() > before);
    }
}
