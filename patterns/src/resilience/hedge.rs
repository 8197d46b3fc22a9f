//! When a second look-up is sent after a slow one: `Hedge`, checked when the store is made.

use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};

use super::bucket::Allowance;

/// After which wait a second look-up is sent, and how many there may be. The settings of
/// [`hedged`](crate::PatternExt::hedged).
///
/// ```
/// use larder_core::{Env, Memory};
/// use larder_patterns::{Hedge, PatternExt};
/// use larder_policies::Lru;
///
/// let (env, _manual) = Env::manual();
/// let store = Memory::<u64, u64, _>::new(10, Lru::new).hedged(Hedge::percentile(0.95).budget(0.05, 5), &env)?;
/// # Ok::<(), larder_core::Error>(())
/// ```
///
/// # When something fails
///
/// A setting that can't work is an [`ErrorKind::Invalid`] when the store is made, and the message names it.
#[derive(Clone, Copy, Debug)]
pub struct Hedge {
    pub(super) after: After,
    pub(super) allowance: Allowance,
}

/// After which wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    Fixed(Duration),
    Percentile(f64),
}

impl Hedge {
    /// A second look-up after `wait`. The budget is a tenth of the look-ups, and 10 at once.
    pub const fn after(wait: Duration) -> Self {
        Self { after: After::Fixed(wait), allowance: Allowance { part: 0.1, burst: 10 } }
    }

    /// A second look-up after the time in which this part of the last 128 look-ups ended, above 0 and below 1: 0.95 hedges the
    /// slowest twentieth. The first 32 are not hedged; batches are measured for themselves.
    pub const fn percentile(part: f64) -> Self {
        Self { after: After::Percentile(part), ..Self::after(Duration::ZERO) }
    }

    /// Each look-up earns `part` of a hedge, from 0 to 1; up to `burst` are kept, and there from the beginning.
    ///
    /// So a store gets never more look-ups than `1 + part` times as many, and `burst`, however slow it is.
    pub const fn budget(mut self, part: f64, burst: u32) -> Self {
        self.allowance = Allowance { part, burst };
        self
    }

    /// The same settings, if they can work.
    pub(super) fn checked(self) -> Result<Self> {
        match self.after {
            After::Percentile(part) if !(part > 0.0 && part < 1.0) => {
                Err(Error::new(ErrorKind::Invalid, "hedged look-ups: the setting `percentile`"))
            }
            _ => Ok(self),
        }
    }
}
