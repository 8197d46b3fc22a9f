//! What to do with an entry that was found: one pure function of its life and the moment.

use std::time::Duration;

use larder_core::{Life, Time};

/// What to do with an entry that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Answer.
    Serve,
    /// Answer, and reload behind.
    ServeAndReload,
    /// Reload; answer with the entry if that fails or takes too long.
    WaitOrServeStale,
    /// Reload; the entry is no answer any more.
    Load,
}

/// A part of a whole, rounded down to 32 bits: integers, because every hit is measured by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// What is left of one, of 64 bits: so that measuring is half a multiplication.
    rest: u64,
}

impl Part {
    /// No less than all of it.
    pub(super) const WHOLE: Self = Self { rest: 0 };

    /// From 0 to 1.
    pub(super) const fn new(part: f64) -> Self {
        let one = 1_u64 << 32;
        Self { rest: one.saturating_sub((part * one as f64) as u64).saturating_mul(one) }
    }

    /// Whether this part of `whole` is over when `left` is left.
    #[inline]
    fn is_over(self, left: u64, whole: u64) -> bool {
        left <= ((u128::from(whole) * u128::from(self.rest)) >> 64) as u64
    }
}

/// Where one decision ends and the next begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Thresholds {
    /// After which part of its fresh life an entry is reloaded ahead.
    pub(super) ahead: Part,
    /// The factor of probabilistic early expiration.
    pub(super) early: Option<f64>,
    /// How long past the soft deadline an entry is an answer that needs no waiting.
    pub(super) revalidate: Duration,
    /// How long past the soft deadline an entry is an answer where there is no better one.
    pub(super) tolerate: Duration,
}

/// No draw of 53 random bits makes an entry expire earlier than by this many costs of a load (times the factor).
const MOST_EARLY: f64 = 37.0;

impl Thresholds {
    /// What to do at `now` with an entry of this `life`, where a load takes `cost`. `random`, from 0 to 1, is drawn only
    /// near the soft deadline, and only if early expiration is on.
    pub(super) fn decide(
        &self,
        life: Life,
        now: Time,
        cost: Duration,
        random: impl FnOnce() -> f64,
    ) -> Decision {
        if !life.is_usable(now) {
            return Decision::Load;
        }
        let Some(end) = life.fresh_until().time() else { return Decision::Serve };
        if now < end {
            let due = self.is_ahead(life, now, end) || self.is_early(now, end, cost, random);
            return if due { Decision::ServeAndReload } else { Decision::Serve };
        }
        let overdue = now.since(end);
        if overdue < self.revalidate {
            Decision::ServeAndReload
        } else if overdue < self.tolerate {
            Decision::WaitOrServeStale
        } else {
            Decision::Load
        }
    }

    /// Whether the decision is to serve, seen at a glance: true of nearly all hits. Of the others some are served, too.
    #[inline]
    pub(super) fn is_plainly_fresh(&self, life: Life, now: Time) -> bool {
        let Some(end) = life.fresh_until().time() else { return life.is_usable(now) };
        now < end && life.is_usable(now) && self.early.is_none() && !self.is_ahead(life, now, end)
    }

    /// Whether the entry is still an answer at `now` where there is no better one.
    pub(super) fn tolerates(&self, life: Life, now: Time) -> bool {
        let overdue = life.fresh_until().time().map_or(Duration::ZERO, |end| now.since(end));
        life.is_usable(now) && (life.is_fresh(now) || overdue < self.tolerate.max(self.revalidate))
    }

    fn is_ahead(&self, life: Life, now: Time, end: Time) -> bool {
        life.stored().is_some_and(|stored| self.ahead.is_over(nanos(now, end), nanos(stored, end)))
    }

    fn is_early(&self, now: Time, end: Time, cost: Duration, random: impl FnOnce() -> f64) -> bool {
        let Some(factor) = self.early else { return false };
        let (left, reach) = (nanos(now, end) as f64, cost.as_nanos() as f64 * factor);
        left < reach * MOST_EARLY && left <= reach * -(1.0 - random()).ln()
    }
}

fn nanos(from: Time, to: Time) -> u64 {
    to.as_nanos().saturating_sub(from.as_nanos())
}

#[cfg(test)]
mod tests;
