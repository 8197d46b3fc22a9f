//! A store whose every call passes a guard: a time limit, a circuit breaker, a bulkhead, or one of your own.

use larder_core::{Entry, Filled, Lease, Lookup, Result, Store};

use crate::hits::hit_now;

/// What every call of a [`Guarded`] store passes: it lets the work go on, bounds it, or turns it away.
///
/// Dropping the future that it gives must take back whatever the call holds: a place, a permit.
///
/// ```
/// use larder_core::{Error, ErrorKind, Memory, Result, Store};
/// use larder_patterns::{Guard, Guarded};
/// use larder_policies::Lru;
///
/// /// Turns every call away.
/// struct Shut;
///
/// impl Guard for Shut {
///     async fn guard<T: Send>(&self, _: impl Future<Output = Result<T>> + Send) -> Result<T> {
///         Err(Error::new(ErrorKind::Overloaded, "asking a store that is shut"))
///     }
/// }
///
/// # let (_, manual) = larder_core::Env::manual();
/// let store = Guarded::new(Memory::<u64, u64, _>::new(10, Lru::new), Shut);
/// assert_eq!(manual.block_on(store.get(&1)).unwrap_err().kind(), ErrorKind::Overloaded);
/// ```
pub trait Guard: Send + Sync + 'static {
    /// What becomes of `work`, which has not begun.
    fn guard<T: Send>(
        &self,
        work: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send;
}

/// A store whose every call passes a guard. Made by [`within`](crate::PatternExt::within),
/// [`circuit_broken`](crate::PatternExt::circuit_broken) and [`bulkheaded`](crate::PatternExt::bulkheaded).
///
/// A hit that the wrapped store answers without waiting passes no guard: it costs what it cost before, and counts nowhere.
/// Nor do [`flush`](Store::flush) and [`close`](Store::close), which may take as long as what is queued takes, and must
/// be possible when all else is refused. A batch is one call.
///
/// # When something fails
///
/// The guard says what its errors are. Errors of the wrapped store are passed on. A write that is turned away before it
/// began was not made; one that is cut off midway has an unknown outcome, as when its future is dropped.
#[derive(Debug)]
pub struct Guarded<S, G> {
    inner: S,
    guard: G,
}

impl<S: Store, G: Guard> Guarded<S, G> {
    /// `inner` behind `guard`.
    pub const fn new(inner: S, guard: G) -> Self {
        Self { inner, guard }
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The guard, with what it counted.
    pub const fn guard(&self) -> &G {
        &self.guard
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store, G: Guard> Store for Guarded<S, G> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        match hit_now(&self.inner, key) {
            Some(hit) => Ok(hit),
            None => self.guard.guard(self.inner.get(key)).await,
        }
    }

    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.inner.get_now(key)
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.guard.guard(self.inner.lease(key)).await
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.guard.guard(self.inner.fill(key, entry, lease)).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        self.guard.guard(self.inner.insert(key, entry)).await
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.guard.guard(self.inner.remove(key)).await
    }

    async fn clear(&self) -> Result<()> {
        self.guard.guard(self.inner.clear()).await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        self.guard.guard(self.inner.get_many(keys)).await
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        self.guard.guard(self.inner.fill_many(entries)).await
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        self.guard.guard(self.inner.insert_many(entries)).await
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        self.guard.guard(self.inner.remove_many(keys)).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}
