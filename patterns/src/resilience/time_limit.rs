//! A time limit for each call: what takes longer is dropped.

use std::fmt;
use std::time::Duration;

use larder_core::{Env, Error, ErrorKind, Result};

use super::counter::Counter;
use super::guarded::Guard;
use crate::within::within;

/// The guard that lets a call take only so long. Made by [`PatternExt::within`](crate::PatternExt::within).
///
/// The time runs from the first wait: a call that is answered at once needs no timer. A batch has one limit for all of it.
///
/// # When something fails
///
/// - The time is over: the call is dropped, and the error is a [`Timeout`](ErrorKind::Timeout). Of a write nobody knows then
///   whether it was made; see the fifth rule of [`Store`](larder_core::Store).
/// - The environment has nothing to wait with: the call takes as long as it likes.
pub struct TimeLimit {
    limit: Duration,
    env: Env,
    exceeded: Counter,
}

impl TimeLimit {
    pub(crate) fn new(limit: Duration, env: &Env) -> Self {
        Self { limit, env: env.clone(), exceeded: Counter::default() }
    }

    /// How many calls were dropped because their time was over.
    pub fn exceeded(&self) -> u64 {
        self.exceeded.get()
    }
}

impl Guard for TimeLimit {
    async fn guard<T: Send>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let (env, limit) = (self.env.clone(), self.limit);
        let end = Box::pin(async move { env.sleep(limit).await });
        within(work, Some(end)).await.unwrap_or_else(|| {
            self.exceeded.add_one();
            Err(Error::new(ErrorKind::Timeout, "asking a store within a time limit"))
        })
    }
}

impl fmt::Debug for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeLimit").field("limit", &self.limit).finish_non_exhaustive()
    }
}
