//! What the suite must know of a store before it can judge it.

use std::fmt;
use std::time::Duration;

use larder_core::{BoxFuture, Manual, Time};

/// How the suite makes keys and values, how time passes, and what the store claims. Strict unless told otherwise.
pub struct Options<K, V> {
    key: fn(u64) -> K,
    value: fn(u64) -> V,
    turn: Turn,
    pub(super) tick: Duration,
    pub(super) default_ttl: Option<Duration>,
    pub(super) lossy: bool,
    pub(super) coarse: bool,
    pub(super) seed: u64,
    pub(super) operations: usize,
}

enum Turn {
    Manual(Manual),
    Wait(Box<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>),
}

impl<K, V> Options<K, V> {
    /// For stores whose clock `manual` moves. `key` and `value` must give different ones for different numbers.
    pub fn manual(key: fn(u64) -> K, value: fn(u64) -> V, manual: &Manual) -> Self {
        Self::new(key, value, Turn::Manual(manual.clone()))
    }

    /// For stores whose time passes by itself: `wait` completes once the duration has passed for them.
    pub fn waiting(
        key: fn(u64) -> K,
        value: fn(u64) -> V,
        wait: impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self::new(key, value, Turn::Wait(Box::new(wait))).tick(Duration::from_millis(1))
    }

    fn new(key: fn(u64) -> K, value: fn(u64) -> V, turn: Turn) -> Self {
        let tick = Duration::from_nanos(1);
        Self {
            key,
            value,
            turn,
            tick,
            default_ttl: None,
            lossy: false,
            coarse: false,
            seed: 0,
            operations: 4_000,
        }
    }

    /// The store tells time only this exactly: an entry may end up to a tick sooner or later than said.
    pub fn tick(mut self, tick: Duration) -> Self {
        self.tick = tick.max(Duration::from_nanos(1));
        self
    }

    /// The stores that are made give this life to entries which don't bring their own. Without it: for ever.
    pub const fn default_ttl(mut self, ttl: Duration) -> Self {
        self.default_ttl = Some(ttl);
        self
    }

    /// The store may let go of any entry at any time: one of fewer than 16 entries, or one that refuses admission.
    /// No hit is demanded then, but none may be wrong.
    pub const fn lossy(mut self) -> Self {
        self.lossy = true;
        self
    }

    /// A write may void leases of other keys, too.
    pub const fn coarse_leases(mut self) -> Self {
        self.coarse = true;
        self
    }

    /// The seed of the random run. Without it: 0.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The length of the random run. Without it: 4,000.
    pub const fn operations(mut self, operations: usize) -> Self {
        self.operations = operations;
        self
    }

    pub(super) fn key(&self, n: u64) -> K {
        (self.key)(n)
    }

    pub(super) fn value(&self, n: u64) -> V {
        (self.value)(n)
    }

    /// The time, where it stands still between two looks.
    pub(super) fn now(&self) -> Option<Time> {
        match &self.turn {
            Turn::Manual(manual) => Some(manual.clock().now()),
            Turn::Wait(_) => None,
        }
    }

    /// Lets `duration` pass.
    pub(super) async fn pass(&self, duration: Duration) {
        match &self.turn {
            Turn::Manual(manual) => manual.advance(duration),
            Turn::Wait(wait) => wait(duration).await,
        }
    }

    /// A life that is short, but long enough to be seen.
    pub(super) fn short(&self) -> Duration {
        match self.turn {
            Turn::Manual(_) => self.tick.saturating_mul(20),
            Turn::Wait(_) => self.tick.saturating_mul(20).max(Duration::from_millis(200)),
        }
    }

    /// The last moment of a life of `ttl` at which its entry must still be there.
    pub(super) fn before(&self, ttl: Duration) -> Duration {
        match self.turn {
            Turn::Manual(_) => ttl.saturating_sub(self.tick),
            Turn::Wait(_) => ttl / 4,
        }
    }

    /// How long after [`before`](Self::before) an entry that lives for `ttl` must be gone.
    pub(super) fn rest(&self, ttl: Duration) -> Duration {
        let slack = match self.turn {
            Turn::Manual(_) => self.tick.saturating_sub(Duration::from_nanos(1)),
            Turn::Wait(_) => self.tick + Duration::from_millis(50),
        };
        ttl.saturating_sub(self.before(ttl)).saturating_add(slack)
    }
}

impl<K, V> fmt::Debug for Options<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("tick", &self.tick)
            .field("default_ttl", &self.default_ttl)
            .field("lossy", &self.lossy)
            .field("coarse", &self.coarse)
            .field("seed", &self.seed)
            .field("operations", &self.operations)
            .finish_non_exhaustive()
    }
}
