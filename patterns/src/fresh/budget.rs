//! How much an origin may be asked: loads at once, and loads a second.

use std::fmt;
use std::sync::Arc;

use larder_core::{Error, ErrorKind, Result, Time};
use parking_lot::Mutex;

/// A bound on the loads that an origin gets: at most so many at once, at most so many a second. Cloned freely; the clones
/// are one budget, so several stores before one origin can share it.
///
/// The rate is a token bucket (Turner, "New Directions in Communications (or Which Way to the Information Age?)", IEEE
/// Communications Magazine, 1986): it fills with `per_second` tokens up to `burst`, and a load takes one. A batch is one load.
///
/// ```
/// use larder_core::ErrorKind;
/// use larder_patterns::Budget;
///
/// let budget = Budget::new(32)?.rate(100.0, 20)?;
/// assert_eq!(budget.in_flight(), 0);
/// assert_eq!(Budget::new(0).unwrap_err().kind(), ErrorKind::Invalid);
/// # Ok::<(), larder_core::Error>(())
/// ```
///
/// # When something fails
///
/// - There is no room for a load: it is not made, nobody waits, and [`refused`](Self::refused) counts it. What the
///   caller gets is for the pattern to say that asked.
/// - A load that never ends keeps its place: give it a hard timeout.
/// - A bound of zero, or a rate that is no positive number: [`ErrorKind::Invalid`].
#[derive(Clone)]
pub struct Budget(Arc<Bounds>);

struct Bounds {
    most_in_flight: usize,
    rate: Option<Rate>,
    spent: Mutex<Spent>,
}

#[derive(Clone, Copy)]
struct Rate {
    per_second: f64,
    burst: f64,
}

struct Spent {
    in_flight: usize,
    refused: u64,
    tokens: f64,
    at: Time,
}

impl Budget {
    /// At most `most_in_flight` loads at once; `usize::MAX`: any number.
    pub fn new(most_in_flight: usize) -> Result<Self> {
        if most_in_flight == 0 {
            return Err(Error::new(ErrorKind::Invalid, "a budget of no loads"));
        }
        Ok(Self::with(most_in_flight, None))
    }

    /// The same bound on loads at once, and at most `burst` loads in a moment, `per_second` in the long run. A budget of
    /// its own: earlier clones don't get the rate.
    pub fn rate(self, per_second: f64, burst: u32) -> Result<Self> {
        if per_second.is_finite() && per_second > 0.0 && burst > 0 {
            return Ok(Self::with(self.0.most_in_flight, Some(Rate { per_second, burst: f64::from(burst) })));
        }
        Err(Error::new(ErrorKind::Invalid, "a rate of no loads"))
    }

    fn with(most_in_flight: usize, rate: Option<Rate>) -> Self {
        let tokens = rate.map_or(0.0, |rate| rate.burst);
        let spent = Spent { in_flight: 0, refused: 0, tokens, at: Time::ZERO };
        Self(Arc::new(Bounds { most_in_flight, rate, spent: Mutex::new(spent) }))
    }

    /// How many loads run now.
    pub fn in_flight(&self) -> usize {
        self.0.spent.lock().in_flight
    }

    /// How many loads found no room so far.
    pub fn refused(&self) -> u64 {
        self.0.spent.lock().refused
    }

    /// Room for one load from `now` on, if there is any.
    pub(super) fn permit(&self, now: Time) -> Option<Permit> {
        let mut spent = self.0.spent.lock();
        if let Some(rate) = self.0.rate {
            let filled = spent.tokens + now.since(spent.at).as_secs_f64() * rate.per_second;
            spent.tokens = filled.min(rate.burst);
            spent.at = spent.at.max(now);
        }
        if spent.in_flight >= self.0.most_in_flight || (self.0.rate.is_some() && spent.tokens < 1.0) {
            spent.refused += 1;
            return None;
        }
        spent.in_flight += 1;
        spent.tokens -= 1.0;
        Some(Permit { budget: self.clone(), used: false })
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("most_in_flight", &self.0.most_in_flight)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// Room for one load, until it is dropped.
pub(super) struct Permit {
    budget: Budget,
    used: bool,
}

impl Permit {
    /// The load begins. Without, the token goes back.
    pub(super) const fn begin(&mut self) {
        self.used = true;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut spent = self.budget.0.spent.lock();
        spent.in_flight -= 1;
        if !self.used {
            let burst = self.budget.0.rate.map_or(0.0, |rate| rate.burst);
            spent.tokens = (spent.tokens + 1.0).min(burst);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(millis: u64) -> Time {
        Time::ZERO.after(Duration::from_millis(millis))
    }

    /// As many loads as there is room for at `now`, each ended at once.
    fn loads(budget: &Budget, now: Time) -> usize {
        let load = || budget.permit(now).map(|mut permit| permit.begin());
        std::iter::from_fn(load).take(1_000).count()
    }

    #[test]
    fn no_more_loads_run_at_once_than_it_allows_whoever_asks() {
        let budget = Budget::new(2).unwrap();
        let (one, two) = (budget.permit(at(0)), budget.clone().permit(at(0)));
        assert!(one.is_some() && two.is_some() && budget.permit(at(0)).is_none());
        assert_eq!((budget.in_flight(), budget.refused()), (2, 1));
        drop(one);
        assert_eq!(budget.in_flight(), 1);
        assert!(budget.permit(at(0)).is_some());
    }

    #[test]
    fn tokens_come_at_the_rate_and_no_more_than_the_burst_are_kept() {
        let budget = Budget::new(9).unwrap().rate(10.0, 3).unwrap();
        assert_eq!(loads(&budget, at(0)), 3);
        assert_eq!(loads(&budget, at(99)), 0);
        assert_eq!(loads(&budget, at(100)), 1);
        assert_eq!(loads(&budget, at(3_600_000)), 3);
    }

    #[test]
    fn a_permit_that_no_load_used_gives_its_token_back() {
        let budget = Budget::new(9).unwrap().rate(1.0, 1).unwrap();
        drop(budget.permit(at(0)).unwrap());
        assert_eq!(loads(&budget, at(0)), 1);
    }

    #[test]
    fn a_clock_that_seems_to_go_back_mints_nothing() {
        let budget = Budget::new(9).unwrap().rate(1.0, 1).unwrap();
        assert_eq!(loads(&budget, at(5_000)), 1);
        assert_eq!(loads(&budget, at(0)), 0);
        assert_eq!(loads(&budget, at(5_500)), 0, "half a token since the last");
        assert_eq!(loads(&budget, at(6_000)), 1);
    }

    #[test]
    fn what_can_not_work_is_refused() {
        let rates = [(0.0, 1), (-1.0, 1), (f64::NAN, 1), (f64::INFINITY, 1), (1.0, 0)];
        for (per_second, burst) in rates {
            let refused = Budget::new(1).unwrap().rate(per_second, burst);
            assert_eq!(refused.map(drop).map_err(|error| error.kind()), Err(ErrorKind::Invalid));
        }
    }
}
