//! A circuit breaker at work: closed, open, half open.

use std::fmt;

use larder_core::{Env, Error, ErrorKind, Result, Time};
use parking_lot::Mutex;

use super::breaker::Breaker;
use super::counter::Counter;
use super::guarded::Guard;
use super::window::Window;

/// The guard that stops asking a store which fails. Made by
/// [`PatternExt::circuit_broken`](crate::PatternExt::circuit_broken).
///
/// Nygard, "Release It!", 2007. Closed, it lets calls through and counts how they end. When too many of them failed it opens, and
/// turns all away at once. After a while it is half open: a few probes are let through; if they pass, it closes, and the first
/// that fails opens it again. A call that began before the last change of state counts no more when it ends.
///
/// # When something fails
///
/// - It is open: [`Overloaded`](ErrorKind::Overloaded) at once, and nothing was done.
/// - A call hangs: until it ends it counts nowhere. Put a time limit inside, so that it ends:
///   `store.within(limit, &env).circuit_broken(breaker, &env)?`.
/// - A caller gives up: that says nothing, unless it waited as long as [`Breaker::slow_after`]. A probe's place is free at once.
/// - A probe hangs for as long as the breaker stays open: the next call is a probe in its stead.
pub struct Circuit {
    settings: Breaker,
    env: Env,
    switch: Mutex<Switch>,
    passed: Counter,
    failed: Counter,
    refused: Counter,
}

/// What a circuit breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitState {
    /// It lets them through.
    Closed,
    /// It turns them away.
    Open,
    /// It lets a few through, to see.
    HalfOpen,
}

/// What a circuit breaker did so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitStats {
    /// What it does with the next call.
    pub state: CircuitState,
    /// Calls that passed.
    pub passed: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Calls that were turned away.
    pub refused: u64,
    /// How often it opened.
    pub opened: u64,
}

struct Switch {
    phase: Phase,
    /// Grows with each change of phase, so that late outcomes are known as such.
    era: u64,
    opened: u64,
    window: Window,
}

#[derive(Clone, Copy)]
enum Phase {
    Closed,
    Open { since: Time },
    HalfOpen { since: Time, running: u32, passed: u32 },
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// It says nothing of the store.
    Unknown,
}

impl Circuit {
    pub(crate) fn new(settings: Breaker, env: &Env) -> Result<Self> {
        let settings = settings.checked()?;
        let window = Window::new(settings.window);
        let switch = Mutex::new(Switch { phase: Phase::Closed, era: 0, opened: 0, window });
        let (passed, failed, refused) = Default::default();
        Ok(Self { settings, env: env.clone(), switch, passed, failed, refused })
    }

    /// What it does with the next call.
    pub fn state(&self) -> CircuitState {
        let now = self.env.now();
        match self.switch.lock().phase {
            Phase::Closed => CircuitState::Closed,
            Phase::Open { since } if now.since(since) < self.settings.open_for => CircuitState::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => CircuitState::HalfOpen,
        }
    }

    /// What it did so far.
    pub fn stats(&self) -> CircuitStats {
        CircuitStats {
            state: self.state(),
            passed: self.passed.get(),
            failed: self.failed.get(),
            refused: self.refused.get(),
            opened: self.switch.lock().opened,
        }
    }

    fn enter(&self) -> Option<Call<'_>> {
        let now = self.env.now();
        let era = self.switch.lock().enter(now, &self.settings);
        if era.is_none() {
            self.refused.add_one();
        }
        era.map(|era| Call { circuit: self, era, began: now, ended: false })
    }

    fn leave(&self, era: u64, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed.add_one(),
            Outcome::Failed => self.failed.add_one(),
            Outcome::Unknown => {}
        }
        let now = self.env.now();
        let mut switch = self.switch.lock();
        if switch.era == era {
            switch.leave(now, outcome, &self.settings);
        }
    }
}

impl Switch {
    /// The era that the call belongs to, if it may be made.
    fn enter(&mut self, now: Time, settings: &Breaker) -> Option<u64> {
        match &mut self.phase {
            Phase::Closed => {}
            Phase::HalfOpen { running, passed, .. } if *running + *passed < settings.probes => *running += 1,
            Phase::Open { since } | Phase::HalfOpen { since, .. } => {
                if now.since(*since) < settings.open_for {
                    return None;
                }
                self.change(Phase::HalfOpen { since: now, running: 1, passed: 0 });
            }
        }
        Some(self.era)
    }

    fn leave(&mut self, now: Time, outcome: Outcome, settings: &Breaker) {
        match (&mut self.phase, outcome) {
            (Phase::Closed, Outcome::Unknown) | (Phase::Open { .. }, _) => {}
            (Phase::Closed, _) => {
                self.window.add(now, outcome == Outcome::Failed);
                if outcome == Outcome::Failed && self.is_too_much(now, settings) {
                    self.open(now);
                }
            }
            (Phase::HalfOpen { .. }, Outcome::Failed) => self.open(now),
            (Phase::HalfOpen { running, .. }, Outcome::Unknown) => *running -= 1,
            (Phase::HalfOpen { running, passed, .. }, Outcome::Passed) => {
                *running -= 1;
                *passed += 1;
                if *passed >= settings.probes {
                    self.change(Phase::Closed);
                }
            }
        }
    }

    fn is_too_much(&self, now: Time, settings: &Breaker) -> bool {
        let (all, failed) = self.window.totals(now);
        all >= u64::from(settings.minimum) && failed as f64 >= settings.rate * all as f64
    }

    fn open(&mut self, now: Time) {
        self.opened += 1;
        self.change(Phase::Open { since: now });
    }

    fn change(&mut self, phase: Phase) {
        self.phase = phase;
        self.era += 1;
        self.window.clear();
    }
}

impl Guard for Circuit {
    async fn guard<T: Send>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let Some(call) = self.enter() else {
            return Err(Error::new(ErrorKind::Overloaded, "asking past an open circuit breaker"));
        };
        let outcome = work.await;
        call.end(&outcome);
        outcome
    }
}

impl fmt::Debug for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Circuit").field(&self.stats()).finish()
    }
}

/// A call under way.
struct Call<'a> {
    circuit: &'a Circuit,
    era: u64,
    began: Time,
    ended: bool,
}

impl Call<'_> {
    fn end<T>(mut self, outcome: &Result<T>) {
        let said = match outcome {
            Ok(_) => Outcome::Passed,
            Err(error) if (self.circuit.settings.is_failure)(error) => Outcome::Failed,
            Err(_) => Outcome::Unknown,
        };
        self.ended = true;
        self.circuit.leave(self.era, if self.is_slow() { Outcome::Failed } else { said });
    }

    fn is_slow(&self) -> bool {
        let took = self.circuit.env.now().since(self.began);
        self.circuit.settings.slow.is_some_and(|slow| took >= slow)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let outcome = if self.is_slow() { Outcome::Failed } else { Outcome::Unknown };
            self.circuit.leave(self.era, outcome);
        }
    }
}
