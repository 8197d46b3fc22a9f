//! Retries: a call that failed is made again, after a while, as long as there is a budget.

use std::fmt;
use std::time::Duration;

use larder_core::{Entry, Env, Error, ErrorKind, Filled, Lease, Lookup, Result, Store};

use super::bucket::{Allowance, Bucket};
use super::counter::Counter;
use super::fault::is_fault;
use crate::back_off::BackOff;
use crate::hits::hit_now;

/// What is tried again, how often, after which wait, and how much of it there may be in all. The settings of
/// [`retried`](crate::PatternExt::retried).
///
/// ```
/// use std::time::Duration;
/// use larder_core::{Env, Memory};
/// use larder_patterns::{PatternExt, Retry};
/// use larder_policies::Lru;
///
/// let (env, _manual) = Env::manual();
/// let retry = Retry::attempts(3).back_off(Duration::from_millis(5), Duration::from_millis(100)).budget(0.1, 10);
/// let store = Memory::<u64, u64, _>::new(10, Lru::new).retried(retry, &env)?;
/// # Ok::<(), larder_core::Error>(())
/// ```
///
/// # When something fails
///
/// A setting that can't work is an [`ErrorKind::Invalid`] when the store is made, and the message names it.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    attempts: u32,
    back_off: BackOff,
    allowance: Allowance,
    is_retried: fn(&Error) -> bool,
    inserts: bool,
}

impl Retry {
    /// At most so many attempts, the first included. Before the second it waits 10 ms, then twice as long each time, up to a
    /// second; the budget is a tenth of the calls that succeed, and 10 at once.
    pub const fn attempts(attempts: u32) -> Self {
        let back_off = BackOff { first: Duration::from_millis(10), longest: Duration::from_secs(1) };
        let allowance = Allowance { part: 0.1, burst: 10 };
        Self { attempts, back_off, allowance, is_retried: is_fault, inserts: false }
    }

    /// Waits for `first` before the second attempt, then twice as long each time, never longer than `longest`; each wait is
    /// shortened at random by up to half.
    pub const fn back_off(mut self, first: Duration, longest: Duration) -> Self {
        self.back_off = BackOff { first, longest };
        self
    }

    /// Each call that succeeds earns `part` of a retry, from 0 to 1; up to `burst` are kept, and there from the beginning.
    ///
    /// So there are never more retries than `burst` and `part` times the calls that succeeded. When the store is away, nothing
    /// succeeds: after `burst` retries it gets each call once, and no retry adds to the outage.
    pub const fn budget(mut self, part: f64, burst: u32) -> Self {
        self.allowance = Allowance { part, burst };
        self
    }

    /// Which errors are worth another attempt. Default: [`Store`](ErrorKind::Store), [`Timeout`](ErrorKind::Timeout),
    /// [`Cancelled`](ErrorKind::Cancelled), [`Load`](ErrorKind::Load) and [`Write`](ErrorKind::Write). Not
    /// [`Overloaded`](ErrorKind::Overloaded): who is turned away should stay away.
    pub const fn on(mut self, is_retried: fn(&Error) -> bool) -> Self {
        self.is_retried = is_retried;
        self
    }

    /// Tries inserts again, too: where nobody else writes the same keys at the same time, or whose value comes last doesn't
    /// matter. A second attempt whose first one was made after all puts its value over what was written between the two.
    pub const fn inserts(mut self) -> Self {
        self.inserts = true;
        self
    }

    fn checked(self) -> Result<Self> {
        let broken = [
            (self.attempts == 0, "attempts"),
            (self.back_off.first.is_zero(), "back_off"),
            (self.back_off.longest < self.back_off.first, "back_off"),
        ];
        match broken.into_iter().find(|(is_broken, _)| *is_broken) {
            None => Ok(self),
            Some((_, name)) => Err(Error::new(ErrorKind::Invalid, format!("retries: the setting `{name}`"))),
        }
    }
}

/// A store that is asked again when it fails. Made by [`PatternExt::retried`](crate::PatternExt::retried).
///
/// Tried again is what can be done twice without harm: look-ups, leases, removals and `clear`. A fill is not, since it uses up
/// its lease; nor an insert, unless [`Retry::inserts`] says so; nor `flush` and `close`. A removal whose first attempt was made but
/// whose reply was lost answers that there was nothing.
///
/// # When something fails
///
/// - The last attempt fails, or the budget is spent: its error is passed on, at once.
/// - The caller gives up: no further attempt is made, and a retry that had not begun goes back to the budget.
pub struct Retried<S> {
    inner: S,
    settings: Retry,
    env: Env,
    bucket: Bucket,
    retries: Counter,
    out_of_budget: Counter,
}

/// How often a store was asked again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryStats {
    /// Attempts after the first.
    pub retries: u64,
    /// Failures that were passed on because the budget was spent.
    pub out_of_budget: u64,
}

impl<S: Store> Retried<S> {
    pub(crate) fn new(inner: S, settings: Retry, env: &Env) -> Result<Self> {
        let settings = settings.checked()?;
        let bucket = settings.allowance.bucket("retries: the setting `budget`")?;
        let (retries, out_of_budget) = Default::default();
        Ok(Self { inner, settings, env: env.clone(), bucket, retries, out_of_budget })
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// How often it was asked again so far.
    pub fn stats(&self) -> RetryStats {
        RetryStats { retries: self.retries.get(), out_of_budget: self.out_of_budget.get() }
    }

    /// Makes `call` until it succeeds, or nothing speaks for another attempt.
    async fn again<T, F>(&self, call: impl Fn() -> F + Send) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let mut attempt = 1;
        loop {
            let error = match call().await {
                Ok(done) => {
                    self.bucket.earn();
                    return Ok(done);
                }
                Err(error) => error,
            };
            if attempt >= self.settings.attempts || !(self.settings.is_retried)(&error) {
                return Err(error);
            }
            let Some(token) = self.bucket.take() else {
                self.out_of_budget.add_one();
                return Err(error);
            };
            let random = self.env.random().next_f64();
            self.env.sleep(self.settings.back_off.wait(attempt, random)).await;
            token.spend();
            self.retries.add_one();
            attempt += 1;
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Retried<S> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        match hit_now(&self.inner, key) {
            Some(hit) => Ok(hit),
            None => self.again(|| self.inner.get(key)).await,
        }
    }

    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.inner.get_now(key)
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.again(|| self.inner.lease(key)).await
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.inner.fill(key, entry, lease).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        if !self.settings.inserts {
            return self.inner.insert(key, entry).await;
        }
        self.again(|| self.inner.insert(key.clone(), entry.clone())).await
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.again(|| self.inner.remove(key)).await
    }

    async fn clear(&self) -> Result<()> {
        self.again(|| self.inner.clear()).await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        self.again(|| self.inner.get_many(keys)).await
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        self.inner.fill_many(entries).await
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        if !self.settings.inserts {
            return self.inner.insert_many(entries).await;
        }
        self.again(|| self.inner.insert_many(entries.clone())).await
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        self.again(|| self.inner.remove_many(keys)).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

impl<S: fmt::Debug> fmt::Debug for Retried<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retried")
            .field("inner", &self.inner)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
