//! What the tiers answered, and the rates that follow.

use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Filled, Lookup, Result};

/// What the tiers answered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TierStats {
    /// Look-ups that the near tier answered.
    pub near_hits: u64,
    /// Look-ups that the far tier answered.
    pub far_hits: u64,
    /// Look-ups that neither did.
    pub misses: u64,
    /// Failures of the near tier that the far one made up for.
    pub near_errors: u64,
    /// Far hits that the near tier took a copy of.
    pub promotions: u64,
}

impl TierStats {
    /// All look-ups.
    pub const fn requests(&self) -> u64 {
        self.near_hits + self.far_hits + self.misses
    }

    /// Near hits by look-ups, from 0 to 1.
    pub fn near_hit_rate(&self) -> f64 {
        self.share(self.near_hits)
    }

    /// Far hits by all look-ups, from 0 to 1.
    pub fn far_hit_rate(&self) -> f64 {
        self.share(self.far_hits)
    }

    /// Hits in either tier by look-ups, from 0 to 1.
    pub fn total_hit_rate(&self) -> f64 {
        self.share(self.near_hits + self.far_hits)
    }

    fn share(&self, part: u64) -> f64 {
        if self.requests() == 0 { 0.0 } else { part as f64 / self.requests() as f64 }
    }
}

/// What one of several levels did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LevelStats {
    /// Look-ups that reached it: those that no nearer level answered.
    pub asked: u64,
    /// Look-ups that it answered.
    pub hits: u64,
    /// Copies that it took of what a farther level had.
    pub promotions: u64,
    /// Failures that a farther level made up for.
    pub errors: u64,
}

impl LevelStats {
    /// Each level of a chain of tiers, the nearest first: of three, from the statistics of the outer pair and of the inner.
    ///
    /// ```
    /// # use larder_core::{Memory, StoreExt};
    /// # use larder_patterns::{LevelStats, PatternExt};
    /// # use larder_policies::Lru;
    /// # let (_, manual) = larder_core::Env::manual();
    /// # let store = |capacity| Memory::<u64, u64, _>::new(capacity, Lru::new);
    /// # let (disk, redis, memory) = (store(10_000), store(1_000), store(100));
    /// let tiers = disk.fronted_by(redis).fronted_by(memory);
    /// # manual.block_on(async {
    /// tiers.far().far().put(7, 49).await?;
    /// for _ in 0..2 {
    ///     assert_eq!(tiers.value(&7).await?, Some(49));
    /// }
    /// let [memory, redis, disk] = LevelStats::of([tiers.stats(), tiers.far().stats()])[..] else { unreachable!() };
    /// assert_eq!((memory.asked, memory.hits, memory.promotions), (2, 1, 1));
    /// assert_eq!((redis.asked, redis.hits, redis.promotions), (1, 0, 1));
    /// assert_eq!((disk.asked, disk.hits), (1, 1));
    /// # Ok::<(), larder_core::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn of(pairs: impl IntoIterator<Item = TierStats>) -> Vec<Self> {
        let mut levels = Vec::new();
        let mut last = TierStats::default();
        for pair in pairs {
            let (asked, hits) = (pair.requests(), pair.near_hits);
            levels.push(Self { asked, hits, promotions: pair.promotions, errors: pair.near_errors });
            last = pair;
        }
        levels.push(Self { asked: last.far_hits + last.misses, hits: last.far_hits, ..Self::default() });
        levels
    }

    /// Hits by look-ups that reached it, from 0 to 1.
    pub fn hit_rate(&self) -> f64 {
        if self.asked == 0 { 0.0 } else { self.hits as f64 / self.asked as f64 }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    near_hits: AtomicU64,
    far_hits: AtomicU64,
    misses: AtomicU64,
    near_errors: AtomicU64,
    promotions: AtomicU64,
}

impl Counts {
    /// Counts a look-up that the near tier answered.
    #[inline]
    pub(super) fn near_hit(&self) {
        self.near_hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add(&self, near_hits: u64, far_hits: u64, misses: u64) {
        for (count, more) in
            [(&self.near_hits, near_hits), (&self.far_hits, far_hits), (&self.misses, misses)]
        {
            if more > 0 {
                count.fetch_add(more, Ordering::Relaxed);
            }
        }
    }

    /// Counts a batch that the near tier answered `near_hits` of.
    pub(super) fn add_batch<V>(&self, near_hits: usize, answers: &[Lookup<V>]) {
        let hits = answers.iter().filter(|answer| answer.is_hit()).count();
        self.add(near_hits as u64, hits.saturating_sub(near_hits) as u64, (answers.len() - hits) as u64);
    }

    /// What the near tier said, unless it failed: that is counted.
    pub(super) fn near_said<T>(&self, said: Result<T>) -> Option<T> {
        if said.is_err() {
            self.near_errors.fetch_add(1, Ordering::Relaxed);
        }
        said.ok()
    }

    /// Counts a copy to the near tier by what became of it.
    pub(super) fn promoted(&self, copy: Result<Filled>) {
        self.promoted_many(copy.map(std::iter::once));
    }

    pub(super) fn promoted_many(&self, copies: Result<impl IntoIterator<Item = Filled>>) {
        let taken = self.near_said(copies).into_iter().flatten().filter(|filled| filled.is_stored()).count();
        self.promotions.fetch_add(taken as u64, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> TierStats {
        TierStats {
            near_hits: self.near_hits.load(Ordering::Relaxed),
            far_hits: self.far_hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            near_errors: self.near_errors.load(Ordering::Relaxed),
            promotions: self.promotions.load(Ordering::Relaxed),
        }
    }

    pub(super) fn reset(&self) {
        for count in [&self.near_hits, &self.far_hits, &self.misses, &self.near_errors, &self.promotions] {
            count.store(0, Ordering::Relaxed);
        }
    }
}
