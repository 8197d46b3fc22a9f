//! What goes wrong, and when: drawn from the seed.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder_core::{Env, Error, Random, Result};

use crate::latch::Latch;

/// The faults of one run, until they end.
pub(super) struct Chance {
    env: Env,
    random: Random,
    percent: u64,
    calm: AtomicBool,
    released: Latch,
}

/// What happens to one call that is upset, apart from delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upset {
    /// It is done and answered; the delays are all.
    Delay,
    /// Nothing is done.
    Fail,
    /// It is done, and fails.
    LoseReply,
    /// It begins when the faults end.
    Hang,
    /// Nothing is done, and the caller is torn down.
    Panic,
}

/// Who is called: a store may be trusted not to panic, and not to hang.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callee {
    Origin,
    Store,
}

/// What an upset call panics with.
struct SimulatedPanic;

/// Whether a panic is one that was meant to happen.
pub(super) fn is_simulated(payload: &dyn Any) -> bool {
    payload.is::<SimulatedPanic>()
}

impl Chance {
    pub(super) fn new(env: &Env, seed: u64, percent: u8) -> Self {
        Self {
            env: env.clone(),
            random: Random::seeded(seed),
            percent: u64::from(percent),
            calm: AtomicBool::new(false),
            released: Latch::default(),
        }
    }

    /// Ends the faults, and releases who hangs.
    pub(super) fn end(&self) {
        self.calm.store(true, Ordering::Relaxed);
        self.released.open();
    }

    /// Whether faults go on.
    pub(super) fn goes_on(&self) -> bool {
        self.percent > 0 && !self.calm.load(Ordering::Relaxed)
    }

    /// A number below `bound`.
    pub(super) fn below(&self, bound: u64) -> u64 {
        self.random.next() % bound.max(1)
    }

    /// Makes `call`, or does what happens instead; `fault` is the error then.
    pub(super) async fn upset<T>(
        &self,
        callee: Callee,
        fault: fn() -> Error,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Some(upset) = self.draw(callee) else { return call.await };
        self.perhaps_pause().await;
        let outcome = match upset {
            Upset::Delay => call.await,
            Upset::Fail => Err(fault()),
            Upset::LoseReply => call.await.and(Err(fault())),
            Upset::Hang => {
                self.released.wait().await;
                call.await
            }
            // Unlike `panic!`, it tells nobody: it is meant to happen.
            Upset::Panic => resume_unwind(Box::new(SimulatedPanic)),
        };
        self.perhaps_pause().await;
        outcome
    }

    /// Half of the time, waits from 1 to 20 ms.
    async fn perhaps_pause(&self) {
        if self.below(2) == 0 {
            self.env.sleep(Duration::from_millis(1 + self.below(20))).await;
        }
    }

    fn draw(&self, callee: Callee) -> Option<Upset> {
        if !self.goes_on() || self.below(100) >= self.percent {
            return None;
        }
        Some(match (self.below(12), callee) {
            (0..=6, _) => Upset::Delay,
            (7 | 8, _) => Upset::Fail,
            (10, Callee::Origin) => Upset::Hang,
            (11, Callee::Origin) => Upset::Panic,
            _ => Upset::LoseReply,
        })
    }
}
