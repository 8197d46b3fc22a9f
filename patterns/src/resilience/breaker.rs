//! When a circuit breaker opens and closes: `Breaker`, checked when the store is made.

use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};

use super::fault::is_fault;

/// When to stop asking a store that fails, and when to try again. The settings of
/// [`circuit_broken`](crate::PatternExt::circuit_broken).
///
/// ```
/// use std::time::Duration;
/// use larder_core::{Env, Memory};
/// use larder_patterns::{Breaker, CircuitState, PatternExt};
/// use larder_policies::Lru;
///
/// let (env, _manual) = Env::manual();
/// let breaker = Breaker::new(0.5, 10).window(Duration::from_secs(10)).open_for(Duration::from_secs(5)).probes(2);
/// let store = Memory::<u64, u64, _>::new(10, Lru::new).circuit_broken(breaker, &env)?;
/// assert_eq!(store.guard().state(), CircuitState::Closed);
/// # Ok::<(), larder_core::Error>(())
/// ```
///
/// # When something fails
///
/// A setting that can't work is an [`ErrorKind::Invalid`] when the store is made, and the message names it.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    pub(super) rate: f64,
    pub(super) minimum: u32,
    pub(super) window: Duration,
    pub(super) open_for: Duration,
    pub(super) probes: u32,
    pub(super) slow: Option<Duration>,
    pub(super) is_failure: fn(&Error) -> bool,
}

impl Breaker {
    /// Opens when `failure_rate` of the calls in the window failed (above 0, up to 1), of at least `minimum` calls. The window
    /// is 10 s, the breaker stays open for 5 s, and one probe decides then.
    pub fn new(failure_rate: f64, minimum: u32) -> Self {
        Self {
            rate: failure_rate,
            minimum,
            window: Duration::from_secs(10),
            open_for: Duration::from_secs(5),
            probes: 1,
            slow: None,
            is_failure: is_fault,
        }
    }

    /// How far back calls count, exact to a tenth of it.
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How long it turns all calls away before it probes.
    pub const fn open_for(mut self, duration: Duration) -> Self {
        self.open_for = duration;
        self
    }

    /// How many probes must pass before it closes; no more are under way at once. The first that fails opens it again.
    pub const fn probes(mut self, probes: u32) -> Self {
        self.probes = probes;
        self
    }

    /// A call that takes this long has failed, also if it succeeds or its caller gives up. Default: only errors are failures, and
    /// a call that is given up says nothing.
    pub const fn slow_after(mut self, duration: Duration) -> Self {
        self.slow = Some(duration);
        self
    }

    /// Which errors are failures. Others say nothing of the store's health. Default: [`Store`](ErrorKind::Store),
    /// [`Timeout`](ErrorKind::Timeout), [`Cancelled`](ErrorKind::Cancelled), [`Load`](ErrorKind::Load) and
    /// [`Write`](ErrorKind::Write).
    pub const fn on(mut self, is_failure: fn(&Error) -> bool) -> Self {
        self.is_failure = is_failure;
        self
    }

    /// The same settings, if they can work.
    pub(super) fn checked(self) -> Result<Self> {
        let broken = [
            (!(self.rate > 0.0 && self.rate <= 1.0), "failure_rate"),
            (self.minimum == 0, "minimum"),
            (self.window.is_zero(), "window"),
            (self.open_for.is_zero(), "open_for"),
            (self.probes == 0, "probes"),
            (self.slow == Some(Duration::ZERO), "slow_after"),
        ];
        match broken.into_iter().find(|(is_broken, _)| *is_broken) {
            None => Ok(self),
            Some((_, name)) => {
                Err(Error::new(ErrorKind::Invalid, format!("a circuit breaker: the setting `{name}`")))
            }
        }
    }
}
