//! The world a cache lives in: clock, spawner and randomness as one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;
use super::random::Random;
use crate::{BoxFuture, Result, Time};

/// Runs tasks and waits: what a runtime does for the patterns.
pub trait Spawner: Send + Sync + 'static {
    /// Runs `task` to its end, whoever waits for it. An error says that there is nothing to run it on.
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()>;

    /// Completes once `duration` has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The world a cache lives in. Cloned freely; the clones share clock, spawner and randomness.
///
/// The real one is `Env::tokio()`, from `larder-patterns`; [`Manual`](crate::Manual) makes one that is turned by hand.
#[derive(Clone)]
pub struct Env {
    clock: Clock,
    spawner: Arc<dyn Spawner>,
    random: Random,
}

impl Env {
    /// An environment of these parts.
    pub fn new(clock: Clock, spawner: impl Spawner, random: Random) -> Self {
        Self { clock, spawner: Arc::new(spawner), random }
    }

    /// The clock.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The time by the clock.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The randomness.
    pub const fn random(&self) -> &Random {
        &self.random
    }

    /// Runs `task` to its end, whoever waits for it.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        self.spawner.spawn(Box::pin(task))
    }

    /// Completes once `duration` has passed.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.spawner.sleep(duration)
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("clock", &self.clock).finish_non_exhaustive()
    }
}
