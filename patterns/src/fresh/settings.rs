//! What freshness means for one store: `Freshness`, checked when the store is made.

use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};

use super::budget::Budget;
use super::decision::{Part, Thresholds};
use super::verdicts::Terms;
use crate::back_off::BackOff;

/// When to reload, how long to wait for it, what to answer meanwhile, and what the origin may be asked. The settings of
/// a [`Fresh`](crate::Fresh) store.
///
/// Each entry has a soft deadline (`fresh_for`) and a hard one (`ttl`). Until the soft one it is fresh; between the two it is
/// stale, and these settings say what it is good for; after the hard one it is gone. Where they are the same there are no
/// stale answers.
///
/// ```
/// use std::time::Duration;
/// use larder_core::{Entry, Env, Memory, Store};
/// use larder_patterns::{Budget, Freshness, PatternExt};
/// use larder_policies::Lru;
///
/// # let (env, manual) = Env::manual();
/// # manual.block_on(async {
/// let minute = Duration::from_secs(60);
/// let freshness = Freshness::new()
///     .refresh_ahead(0.8)
///     .stale_while_revalidate(Duration::from_secs(10))
///     .soft_timeout(Duration::from_millis(50))
///     .hard_timeout(Duration::from_secs(2))
///     .negative_ttl(Duration::from_secs(5))
///     .budget(Budget::new(32)?.rate(100.0, 20)?);
/// let origin = move |id: u64| async move { Ok(Some(Entry::new(id * 10).fresh_for(minute).ttl(60 * minute))) };
/// let store = Memory::new(1_000, Lru::new).keep_fresh(origin, freshness, &env)?;
/// assert_eq!(store.get(&7).await?.value(), Some(70));
/// # Ok::<(), larder_core::Error>(())
/// # }).unwrap();
/// ```
///
/// # When something fails
///
/// A setting that can't work is an [`ErrorKind::Invalid`] when the store is made, and the message names it: a threshold that
/// is zero, negative, above 1 or no number, a duration of zero where zero means nothing, a soft timeout that is not
/// shorter than the hard one.
#[derive(Clone, Debug)]
pub struct Freshness {
    ahead: Option<f64>,
    pub(super) thresholds: Thresholds,
    pub(super) terms: Terms,
    pub(super) soft_timeout: Option<Duration>,
    pub(super) hard_timeout: Option<Duration>,
    pub(super) budget: Option<Budget>,
}

impl Freshness {
    /// Nothing is reloaded ahead; a stale entry is reloaded while its reader waits, who gets it if that fails; a failed
    /// load is tried again after 100 ms, then 200 ms, up to 30 s.
    pub const fn new() -> Self {
        let thresholds = Thresholds {
            ahead: Part::WHOLE,
            early: None,
            revalidate: Duration::ZERO,
            tolerate: Duration::MAX,
        };
        let back_off = BackOff { first: Duration::from_millis(100), longest: Duration::from_secs(30) };
        let terms = Terms { absent: None, error: None, back_off: Some(back_off), keys: 8_192 };
        Self { ahead: None, thresholds, terms, soft_timeout: None, hard_timeout: None, budget: None }
    }

    /// A read after this part of the fresh life answers at once, and reloads behind. Above 0, up to 1: 0.8 means in the
    /// last fifth.
    ///
    /// "Refresh-Ahead Caching" in Oracle Coherence's documentation. A key that nobody reads in that part is not reloaded.
    pub const fn refresh_ahead(mut self, part: f64) -> Self {
        self.ahead = Some(part);
        self
    }

    /// A read near the soft deadline answers at once and reloads behind with a probability that grows towards the deadline,
    /// so that machines which share an origin don't reload together. Above 0; 1 is the optimum of the paper, more is earlier.
    ///
    /// XFetch: Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015. The cost of
    /// a load is measured: a moving average over this store's loads (each new one counts an eighth), not one for each key, for
    /// which entries have no room. All reads of a key at the same moment of the clock make the same draw.
    pub const fn early_expiration(mut self, factor: f64) -> Self {
        self.thresholds.early = Some(factor);
        self
    }

    /// For this long past its soft deadline an entry is answered at once, and reloaded behind. (RFC 5861.) Default: not at
    /// all. `Duration::MAX`: up to the hard deadline.
    pub const fn stale_while_revalidate(mut self, past: Duration) -> Self {
        self.thresholds.revalidate = past;
        self
    }

    /// For this long past its soft deadline an entry is the answer if its load fails, is slow, or may not be made. (RFC
    /// 5861.) Default: up to the hard deadline, past which nothing goes. Zero: not at all.
    pub const fn stale_if_error(mut self, past: Duration) -> Self {
        self.thresholds.tolerate = past;
        self
    }

    /// Who waits for a load and has a stale entry waits this long, then takes the entry; the load goes on behind. Default:
    /// waits for the load. ("Soft timeouts" of FusionCache.)
    pub const fn soft_timeout(mut self, timeout: Duration) -> Self {
        self.soft_timeout = Some(timeout);
        self
    }

    /// A load that takes this long is dropped, and has failed. Default: it may take as long as it likes.
    pub const fn hard_timeout(mut self, timeout: Duration) -> Self {
        self.hard_timeout = Some(timeout);
        self
    }

    /// After a failed load its key is not loaded for `first`, then twice as long each time, never longer than `longest`; each
    /// wait is shortened at random by up to half. Who asks meanwhile gets a stale entry, or
    /// [`Overloaded`](ErrorKind::Overloaded).
    pub const fn back_off(mut self, first: Duration, longest: Duration) -> Self {
        self.terms.back_off = Some(BackOff { first, longest });
        self
    }

    /// A failed load is tried again by the next who asks.
    pub const fn no_back_off(mut self) -> Self {
        self.terms.back_off = None;
        self
    }

    /// "There is no such thing" is remembered for this long, unless the key is written first. Default: not at all.
    ///
    /// (Negative caching; RFC 2308 has it for DNS.)
    pub const fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.terms.absent = Some(ttl);
        self
    }

    /// An error is the answer to all who ask for its key for this long, unless they have a stale entry or the key is
    /// written first. Default: an error is for those who waited for it.
    pub const fn error_ttl(mut self, ttl: Duration) -> Self {
        self.terms.error = Some(ttl);
        self
    }

    /// For how many keys failures and absences are remembered, at least 1; of more, those that end first are
    /// forgotten. Default: 8,192.
    pub const fn remembered_keys(mut self, keys: usize) -> Self {
        self.terms.keys = keys;
        self
    }

    /// What the origin may be asked; over it, who asks gets a stale entry, or [`Overloaded`](ErrorKind::Overloaded).
    /// Default: no bound.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The same settings, if they can work.
    pub(super) fn checked(mut self) -> Result<Self> {
        let back_off = self.terms.back_off;
        let zero = |duration: Option<Duration>| duration == Some(Duration::ZERO);
        let broken = [
            (self.ahead.is_some_and(|part| !(part > 0.0 && part <= 1.0)), "refresh_ahead"),
            (
                self.thresholds.early.is_some_and(|factor| !(factor > 0.0 && factor.is_finite())),
                "early_expiration",
            ),
            (zero(self.soft_timeout), "soft_timeout"),
            (zero(self.hard_timeout), "hard_timeout"),
            (
                self.soft_timeout.zip(self.hard_timeout).is_some_and(|(soft, hard)| soft >= hard),
                "soft_timeout",
            ),
            (zero(back_off.map(|back_off| back_off.first)), "back_off"),
            (back_off.is_some_and(|back_off| back_off.longest < back_off.first), "back_off"),
            (zero(self.terms.absent), "negative_ttl"),
            (zero(self.terms.error), "error_ttl"),
            (self.terms.keys == 0, "remembered_keys"),
        ];
        match broken.into_iter().find(|(is_broken, _)| *is_broken) {
            None => {
                self.thresholds.ahead = self.ahead.map_or(Part::WHOLE, Part::new);
                Ok(self)
            }
            Some((_, name)) => {
                Err(Error::new(ErrorKind::Invalid, format!("keeping entries fresh: the setting `{name}`")))
            }
        }
    }
}

impl Default for Freshness {
    fn default() -> Self {
        Self::new()
    }
}
