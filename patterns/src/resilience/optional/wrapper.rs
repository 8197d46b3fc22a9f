//! A tier that may fail without failing anyone: `Optional`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Env, Error, Filled, Lease, Life, Lifetimes, Lookup, Store};

use super::distrust::Distrust;
use super::far::Far;
use super::reports::{FaultyCall, OptionalStats, Reports};

/// Upper half of the first word of a lease: what tells it from any other store's.
const OPTIONAL: u64 = 0x6f70_7469_0000_0000;

/// How many keys are distrusted one by one, unless told otherwise.
const REMEMBERED: usize = 10_000;

/// A store whose faults are misses, so that they fail nobody. Made by [`PatternExt::optional`](crate::PatternExt::optional).
///
/// It is for a tier that the application can do without: everything in it can be loaded again. It is wrong for a store that is
/// the only home of its values, since an insert that fails is acknowledged, and lost.
///
/// # What is guaranteed
///
/// To whoever reads through this store (not past it, and not in another process):
///
/// 1. No operation fails, except [`flush`](Store::flush) and [`close`](Store::close), which say what is not done yet.
/// 2. **A look-up that begins after a write has returned never gives a value older than that write**, whether the write reached
///    the tier or not: insert, removal or `clear`, failed, timed out, or dropped midway. The tier must keep the contract of
///    [`Store`], above all its fifth rule: of what it gives up, nothing is done after a later write was acknowledged.
/// 3. A fill whose key was written, removed or cleared through this store since the lease was taken is refused, also while the
///    tier is away.
///
/// # How
///
/// A write that does not come to its end leaves its key *distrusted*: a look-up is a miss without asking, and a fill is not
/// passed on. A task of the environment removes the key from the tier, at once and then with back-off, until that succeeds; then the tier
/// is asked again. The keys are remembered up to a bound ([`remembered_keys`](Self::remembered_keys)); past it the whole tier is
/// distrusted, and cleared. A `clear` that fails distrusts the whole tier, too. So where several applications share a
/// tier give each its own part ([`in_namespace`](crate::PatternExt::in_namespace), inside of this): else it clears them all.
///
/// The lease of a look-up that failed fills nothing in the tier, but it is good: the fill says
/// [`Stored`](Filled::Stored), as by a store that evicts the entry at once. So a near tier in front keeps its copy
/// while the far one is away.
///
/// A hit costs one more load of a flag; a miss allocates a lease.
///
/// # When something fails
///
/// - The tier fails at anything: it is counted, and told to the report, with what it was asked. The report runs on the caller's
///   thread; a panic in it is caught.
/// - The tier hangs: so does the caller, and so does the task. Put a time limit inside; and a circuit breaker, so that an outage
///   costs nearly nothing: `far.within(limit, &env).circuit_broken(breaker, &env)?.optional(report, &env)`.
/// - The process ends before a failed removal was made up for: it is forgotten, and the tier may answer with what was removed
///   until that entry's life ends. Other processes read it until then, too. Give entries in a shared tier a life.
///   [`flush`](Store::flush) makes up for everything, or fails.
/// - There is nothing to run a task on: keys stay distrusted, and `flush` makes up for them.
/// - A lease of another store: the fill is [`Void`](Filled::Void).
pub struct Optional<S: Store> {
    pub(super) far: Arc<Far<S>>,
    id: u64,
}

impl<S: Store> Optional<S> {
    pub(crate) fn new(
        inner: S,
        report: impl Fn(FaultyCall, &Error) + Send + Sync + 'static,
        env: &Env,
    ) -> Self {
        static STORES: AtomicU64 = AtomicU64::new(0);
        let id = OPTIONAL | (STORES.fetch_add(1, Ordering::Relaxed) & u64::from(u32::MAX));
        let distrust = Distrust::new(REMEMBERED, env.random().next());
        let far = Far::new(inner, env.clone(), distrust, Reports::new(report));
        Self { far: Arc::new(far), id }
    }

    /// At most so many keys are distrusted one by one; of more, all. Default: 10,000.
    pub fn remembered_keys(self, keys: usize) -> Self {
        self.far.distrust.bound(keys);
        self
    }

    /// The wrapped store.
    pub fn inner(&self) -> &S {
        &self.far.inner
    }

    /// What failed so far, and what is distrusted now.
    pub fn stats(&self) -> OptionalStats {
        let (distrusted_keys, distrusts_all) = self.far.distrust.extent();
        OptionalStats { distrusted_keys, distrusts_all, ..self.far.reports.stats() }
    }

    /// A lease of the tier that knows when it was taken.
    pub(super) fn dated(&self, taken: u64, lease: Lease) -> Lease {
        self.nowhere(taken).and(lease)
    }

    /// A lease that fills nothing in the tier.
    pub(super) const fn nowhere(&self, taken: u64) -> Lease {
        Lease::new([self.id, taken])
    }

    /// When the lease was taken, and the tier's own part of it; `None` if it is no lease of this store.
    pub(super) fn undated(&self, lease: Lease) -> Option<(u64, Option<Lease>)> {
        let (header, rest) = lease.split();
        let [id, taken] = header.stamp();
        (id == self.id).then_some((taken, rest))
    }

    /// What becomes of a fill that the tier can't take: as if it had taken the entry and evicted it at once.
    pub(super) fn unkept(&self, key: &S::Key, life: Life, taken: u64) -> Filled {
        if self.far.distrust.take(key, taken) {
            Filled::Stored(life.resolve(self.far.env.now(), &Lifetimes::default(), || 0))
        } else {
            Filled::Void
        }
    }

    /// What the tier answered, if it is still believed.
    pub(super) fn believed(&self, key: &S::Key, taken: u64, found: Lookup<S::Value>) -> Lookup<S::Value> {
        match found {
            Lookup::Miss(lease) => Lookup::Miss(self.dated(taken, lease)),
            Lookup::Hit(entry) if self.far.trusts(key) => Lookup::Hit(entry),
            Lookup::Hit(_) => Lookup::Miss(self.nowhere(taken)),
        }
    }
}

impl<S: Store + fmt::Debug> fmt::Debug for Optional<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Optional")
            .field("inner", &self.far.inner)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
