//! Hedged look-ups: a second one is sent after a slow one, and the first answer counts.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use larder_core::{Entry, Env, Filled, Lease, Lookup, Result, Store};

use super::bucket::Bucket;
use super::counter::Counter;
use super::hedge::{After, Hedge};
use super::latencies::Latencies;
use crate::hits::hit_now;
use crate::within::within;

/// A store whose slow look-ups are sent twice. Made by [`PatternExt::hedged`](crate::PatternExt::hedged).
///
/// Dean and Barroso, "The Tail at Scale", Communications of the ACM, 2013. Where a few look-ups are much slower than most
/// (a connection that stalls, a replica that collects garbage), the second one is likely to be fast, and the slow one is dropped.
/// Only look-ups and leases are hedged: writes go through once.
///
/// # When something fails
///
/// - The first look-up fails before the second is due: its error is passed on. Trying again is for
///   [`retried`](crate::PatternExt::retried).
/// - One of the two fails: the other one is the answer. Both fail: the first one's error.
/// - The budget is spent: the first look-up is waited for, however long it takes.
/// - A caller gives up: both are dropped.
pub struct Hedged<S> {
    inner: S,
    after: After,
    env: Env,
    bucket: Bucket,
    single: Latencies,
    batch: Latencies,
    hedges: Counter,
    won: Counter,
    out_of_budget: Counter,
}

/// How often a second look-up was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HedgeStats {
    /// Second look-ups.
    pub hedges: u64,
    /// Those that answered first.
    pub won: u64,
    /// Those that were due, but not sent because the budget was spent.
    pub out_of_budget: u64,
}

impl<S: Store> Hedged<S> {
    pub(crate) fn new(inner: S, settings: Hedge, env: &Env) -> Result<Self> {
        let settings = settings.checked()?;
        let bucket = settings.allowance.bucket("hedged look-ups: the setting `budget`")?;
        let part = if let After::Percentile(part) = settings.after { part } else { 0.5 };
        let (single, batch) = (Latencies::new(part), Latencies::new(part));
        let (hedges, won, out_of_budget) = Default::default();
        let after = settings.after;
        Ok(Self { inner, after, env: env.clone(), bucket, single, batch, hedges, won, out_of_budget })
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// How often a second look-up was sent so far.
    pub fn stats(&self) -> HedgeStats {
        HedgeStats { hedges: self.hedges.get(), won: self.won.get(), out_of_budget: self.out_of_budget.get() }
    }

    /// Makes `call`, and makes it again if the first is slow.
    async fn hedge<T, F>(&self, latencies: &Latencies, call: impl Fn() -> F + Send) -> Result<T>
    where
        T: Send,
        F: Future<Output = Result<T>> + Send,
    {
        self.bucket.earn();
        match self.after {
            After::Fixed(wait) => self.race(wait, call).await,
            After::Percentile(_) => {
                let clock = self.env.clock();
                let began = clock.now_precise();
                let answer = match latencies.percentile() {
                    Some(wait) => self.race(wait, call).await,
                    None => call().await,
                };
                if answer.is_ok() {
                    latencies.add(clock.now_precise().since(began));
                }
                answer
            }
        }
    }

    async fn race<T, F>(&self, wait: Duration, call: impl Fn() -> F + Send) -> Result<T>
    where
        T: Send,
        F: Future<Output = Result<T>> + Send,
    {
        let env = self.env.clone();
        let slow = Box::pin(async move { env.sleep(wait).await });
        let mut first = pin!(call());
        if let Some(answer) = within(first.as_mut(), Some(slow)).await {
            return answer;
        }
        let Some(token) = self.bucket.take() else {
            self.out_of_budget.add_one();
            return first.await;
        };
        token.spend();
        self.hedges.add_one();
        // On the heap, so that the rare second look-up doesn't double what every look-up takes.
        let mut second = Box::pin(call());
        let (answer, by_second) = earlier(first, second.as_mut()).await;
        if by_second {
            self.won.add_one();
        }
        answer
    }
}

/// The first answer of two that is no error, or else the first one's error; and whether the second gave it.
async fn earlier<T, F, G>(mut first: Pin<&mut F>, mut second: Pin<&mut G>) -> (Result<T>, bool)
where
    F: Future<Output = Result<T>>,
    G: Future<Output = Result<T>>,
{
    let (mut first_error, mut second_failed) = (None, false);
    poll_fn(|context| {
        if first_error.is_none() {
            match first.as_mut().poll(context) {
                Poll::Ready(Err(error)) => first_error = Some(error),
                Poll::Ready(answer) => return Poll::Ready((answer, false)),
                Poll::Pending => {}
            }
        }
        if !second_failed {
            match second.as_mut().poll(context) {
                Poll::Ready(Err(_)) => second_failed = true,
                Poll::Ready(answer) => return Poll::Ready((answer, true)),
                Poll::Pending => {}
            }
        }
        match first_error.take() {
            Some(error) if second_failed => Poll::Ready((Err(error), false)),
            error => {
                first_error = error;
                Poll::Pending
            }
        }
    })
    .await
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Hedged<S> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        match hit_now(&self.inner, key) {
            Some(hit) => Ok(hit),
            None => self.hedge(&self.single, || self.inner.get(key)).await,
        }
    }

    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.inner.get_now(key)
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.hedge(&self.single, || self.inner.lease(key)).await
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.inner.fill(key, entry, lease).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        self.inner.insert(key, entry).await
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.inner.remove(key).await
    }

    async fn clear(&self) -> Result<()> {
        self.inner.clear().await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        self.hedge(&self.batch, || self.inner.get_many(keys)).await
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        self.inner.fill_many(entries).await
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        self.inner.insert_many(entries).await
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        self.inner.remove_many(keys).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

impl<S: fmt::Debug> fmt::Debug for Hedged<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedged")
            .field("inner", &self.inner)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}
