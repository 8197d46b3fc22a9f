//! Two tiers as one store: a near one that is asked first, a far one behind it.

mod counts;
mod demand;
mod lease;
mod store;

use std::fmt;

use larder_core::{BoxFuture, Entry, Error, ErrorKind, Lease, Lookup, Result, Store};

use counts::Counts;
pub use counts::{LevelStats, TierStats};
use demand::Demand;
use lease::join;

use crate::source::follow_on;
use crate::stripes::Stripes;

/// A near store in front of a far one. Made by [`PatternExt::fronted_by`](crate::PatternExt::fronted_by).
///
/// Multi-level caching is as old as the memory hierarchy (Wilkes, "Slave Memories and Dynamic Storage Allocation", IEEE
/// Transactions on Electronic Computers, 1965). A far hit is copied near: a fill under the lease of the near miss, so
/// that it can't undo a write. The copy keeps its deadlines; the near tier's default life counts from the copying, never
/// past the entry's own end. A value that is written or loaded through here gets in each tier that tier's own default life.
/// One that brings its own life keeps it in the far tier; near it lives no longer than the near tier's default, as any copy:
/// that is how long a write past this store can go unseen.
///
/// Either tier may be of tiers itself: `disk.fronted_by(redis).fronted_by(memory)` has three levels. A hit on disk is
/// copied to both others, each with its own default life. [`get_with_source`](crate::PatternExt::get_with_source) says which
/// level answered, [`LevelStats::of`] what each did.
///
/// Writes go to the far tier first, then to the near one, one at a time for each key, so that the tiers can't end apart.
///
/// # When something fails
///
/// - The far tier fails to look up, to fill or to write: the error is passed on. After a failed write nobody knows what the
///   far tier has, so the near copy is removed.
/// - The near tier fails to look up or to take a copy: the far tier answers alone, and [`TierStats::near_errors`] counts it.
///   It fails to write or to remove: the error is passed on, since its copy may be an old one.
/// - The future of a write is dropped midway: the near copy is removed then and there. That is certain for a near tier in
///   memory, which never waits; one that does wait is only asked to begin.
/// - A lease of another store: the fill is [`Void`](larder_core::Filled::Void).
pub struct Tiered<N, F> {
    near: N,
    far: F,
    stripes: Stripes,
    counts: Counts,
    demand: Demand,
}

/// What was just filled in the far tier, and the lease to fill it near, if there is one.
type NearCopy<F> = (<F as Store>::Key, Entry<<F as Store>::Value>, Option<Lease>);

impl<F: Store, N: Store<Key = F::Key, Value = F::Value>> Tiered<N, F> {
    /// `near` in front of `far`.
    pub fn new(near: N, far: F) -> Self {
        let (stripes, counts, demand) = (Stripes::new(), Counts::default(), Demand::new(1));
        Self { near, far, stripes, counts, demand }
    }

    /// Copies to the near tier only what was found in the far one this often, lately: 1 unless said otherwise. Keeps a
    /// small near tier from what is asked for once. Keys are counted in a table of 4 KiB; a few may be copied too soon.
    pub fn promote_after(mut self, far_hits: u8) -> Self {
        self.demand = Demand::new(far_hits);
        self
    }

    /// The near tier.
    pub const fn near(&self) -> &N {
        &self.near
    }

    /// The far tier.
    pub const fn far(&self) -> &F {
        &self.far
    }

    /// What the tiers answered so far.
    pub fn stats(&self) -> TierStats {
        self.counts.snapshot()
    }

    /// Counts from zero again.
    pub fn reset_stats(&self) {
        self.counts.reset();
    }

    /// Looks up what the near tier could not answer at once. Behind a pointer, so that a near hit carries no more than that.
    #[cold]
    fn get_waiting<'a>(&'a self, key: &'a F::Key) -> BoxFuture<'a, Result<Lookup<F::Value>>> {
        Box::pin(async move {
            let (near, trail) = follow_on(self.near.get(key)).await;
            let near_lease = match self.counts.near_said(near) {
                Some(Lookup::Hit(entry)) => {
                    self.counts.near_hit();
                    trail.leave();
                    return Ok(Lookup::Hit(entry));
                }
                Some(Lookup::Miss(lease)) => Some(lease),
                None => None,
            };
            let (far, beyond) = follow_on(self.far.get(key)).await;
            beyond.beyond(trail.reached + 1).leave();
            self.answer_far(key, far?, near_lease).await
        })
    }

    /// The answer that the far tier gave, and the copy to the near one.
    async fn answer_far(
        &self,
        key: &F::Key,
        far: Lookup<F::Value>,
        near_lease: Option<Lease>,
    ) -> Result<Lookup<F::Value>> {
        let entry = match far {
            Lookup::Hit(entry) => entry,
            Lookup::Miss(far_lease) => {
                self.counts.add(0, 0, 1);
                return Ok(Lookup::Miss(join(near_lease, far_lease)));
            }
        };
        self.counts.add(0, 1, 0);
        if let Some(lease) = near_lease.filter(|_| self.demand.is_met(key)) {
            self.counts.promoted(self.near.fill(key.clone(), entry.clone().promoted(), lease).await);
        }
        Ok(Lookup::Hit(entry))
    }

    /// Copies to the near tier what was just filled in the far one. Where it is refused, the near tier may have a copy of what
    /// was there before, and that goes: the tiers must not end apart.
    async fn copy_near(&self, copies: Vec<NearCopy<F>>) {
        let (mut fills, mut old) = (Vec::with_capacity(copies.len()), Vec::new());
        for (key, copy, lease) in copies {
            match lease {
                Some(lease) => fills.push((key, copy, lease)),
                None => old.push(key),
            }
        }
        let keys: Vec<_> = fills.iter().map(|(key, ..)| key.clone()).collect();
        let filled = if fills.is_empty() {
            Vec::new()
        } else {
            self.counts.near_said(self.near.fill_many(fills).await).unwrap_or_default()
        };
        let is_stored = |at: usize| filled.get(at).is_some_and(|filled| filled.is_stored());
        old.extend(keys.into_iter().enumerate().filter(|(at, _)| !is_stored(*at)).map(|(_, key)| key));
        if !old.is_empty() {
            let _ = self.counts.near_said(self.near.remove_many(&old).await);
        }
    }

    /// The same for many; `near` has what the near tier said, where it said anything.
    async fn get_many_far(
        &self,
        keys: &[F::Key],
        near: Vec<Option<Lookup<F::Value>>>,
    ) -> Result<Vec<Lookup<F::Value>>> {
        let is_hit = |lookup: &Option<_>| lookup.as_ref().is_some_and(Lookup::is_hit);
        let missing: Vec<_> =
            keys.iter().zip(&near).filter(|(_, near)| !is_hit(near)).map(|(key, _)| key.clone()).collect();
        let mut far = self.far.get_many(&missing).await?.into_iter();
        let near_hits = keys.len() - missing.len();
        let (mut answers, mut copies) = (Vec::with_capacity(keys.len()), Vec::new());
        for (key, near) in keys.iter().zip(near) {
            let near_lease = match near {
                Some(Lookup::Hit(entry)) => {
                    answers.push(Lookup::Hit(entry));
                    continue;
                }
                Some(Lookup::Miss(lease)) => Some(lease),
                None => None,
            };
            answers.push(match far.next().ok_or_else(short_answer)? {
                Lookup::Miss(far_lease) => Lookup::Miss(join(near_lease, far_lease)),
                Lookup::Hit(entry) => {
                    let lease = near_lease.filter(|_| self.demand.is_met(key));
                    copies.extend(lease.map(|lease| (key.clone(), entry.clone().promoted(), lease)));
                    Lookup::Hit(entry)
                }
            });
        }
        self.counts.add_batch(near_hits, &answers);
        if !copies.is_empty() {
            self.counts.promoted_many(self.near.fill_many(copies).await);
        }
        Ok(answers)
    }
}

fn short_answer() -> Error {
    Error::new(ErrorKind::Store, "looking up many keys, for which there are too few answers")
}

impl<N: fmt::Debug, F: fmt::Debug> fmt::Debug for Tiered<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tiered").field("near", &self.near).field("far", &self.far).finish_non_exhaustive()
    }
}
