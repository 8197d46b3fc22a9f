//! A bulkhead: at most so many calls at once, a bounded queue before them, and no more.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use larder_core::{Error, ErrorKind, Result};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::counter::Counter;
use super::guarded::Guard;

/// The guard that bounds the calls under way and those that wait, first come, first served. Made by
/// [`PatternExt::bulkheaded`](crate::PatternExt::bulkheaded).
///
/// One slow store can then not use up everything that all stores share: memory, connections, tasks. (Nygard, "Release It!",
/// 2007.)
///
/// # When something fails
///
/// - All places are taken and the queue is full: [`Overloaded`](ErrorKind::Overloaded) at once, and nothing was done.
/// - A call never ends: it keeps its place. Put a time limit inside: `store.within(limit, &env).bulkheaded(64, 128)?`. To bound
///   the waiting too, put another one around.
/// - A caller gives up: its place, in the queue or past it, is free at once.
pub struct Bulkhead {
    limit: usize,
    places: Semaphore,
    queue: usize,
    waiting: AtomicUsize,
    refused: Counter,
}

/// What goes on at a bulkhead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadStats {
    /// Calls under way now.
    pub running: usize,
    /// Calls that wait for a place now.
    pub waiting: usize,
    /// Calls that were turned away so far.
    pub refused: u64,
}

impl Bulkhead {
    pub(crate) fn new(limit: usize, queue: usize) -> Result<Self> {
        if limit == 0 {
            return Err(Error::new(ErrorKind::Invalid, "a bulkhead without places"));
        }
        let limit = limit.min(Semaphore::MAX_PERMITS);
        let places = Semaphore::new(limit);
        Ok(Self { limit, places, queue, waiting: AtomicUsize::new(0), refused: Counter::default() })
    }

    /// What goes on now, and was turned away so far.
    pub fn stats(&self) -> BulkheadStats {
        BulkheadStats {
            running: self.limit - self.places.available_permits(),
            waiting: self.waiting.load(Ordering::Relaxed),
            refused: self.refused.get(),
        }
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let Some(_waiting) = self.queue_up() else {
            self.refused.add_one();
            return Err(Error::new(ErrorKind::Overloaded, "waiting for a place at a bulkhead"));
        };
        let closed =
            |error| Error::new(ErrorKind::Closed, "waiting for a place at a bulkhead").because(error);
        self.places.acquire().await.map_err(closed)
    }

    fn queue_up(&self) -> Option<Waiting<'_>> {
        let join = |waiting: usize| (waiting < self.queue).then_some(waiting + 1);
        let joined = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, join);
        joined.is_ok().then(|| Waiting(&self.waiting))
    }
}

impl Guard for Bulkhead {
    async fn guard<T: Send>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let _place = self.place().await?;
        work.await
    }
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead")
            .field("limit", &self.limit)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

/// A place in the queue.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
