//! The settings of a memory store.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::removals::Listener;
use crate::{Cause, Clock, Env, Key, Lifetimes, Random, Value};

/// Tells what an entry weighs.
pub(super) type Weigher<K, V> = Arc<dyn Fn(&K, &V) -> u32 + Send + Sync>;

/// Fewest entries (or units of weight) a shard holds by default: below, sharding would cost hits.
const SHARD_CAPACITY: u64 = 1024;
const MOST_SHARDS: usize = 1 << 9;

/// The settings of a [`Memory`](crate::Memory), with the policy as the last word.
///
/// ```
/// use std::time::Duration;
/// use larder_core::MemoryOptions;
/// use larder_policies::S3Fifo;
///
/// let pages = MemoryOptions::<String, Vec<u8>>::new(64 << 20)
///     .weigh(|url, body| (url.len() + body.len()) as u32)
///     .ttl(Duration::from_secs(300))
///     .jitter(0.1)
///     .build(S3Fifo::new);
/// pages.insert("/".to_owned(), b"<html>".to_vec());
/// assert_eq!(pages.weight(), 7);
/// ```
pub struct MemoryOptions<K, V> {
    pub(super) capacity: u64,
    pub(super) lifetimes: Lifetimes,
    pub(super) idle: Option<Duration>,
    pub(super) weigher: Option<Weigher<K, V>>,
    pub(super) listener: Option<Listener<K, V>>,
    pub(super) shards: Option<usize>,
    pub(super) clock: Option<Clock>,
    pub(super) random: Option<Random>,
    entries: PhantomData<(K, V)>,
}

impl<K: Key, V: Value> MemoryOptions<K, V> {
    /// Room for `capacity` entries, or units of weight if there is a [weigher](Self::weigh). `u64::MAX`: no bound.
    /// 0: keeps nothing.
    pub fn new(capacity: u64) -> Self {
        Self {
            capacity,
            lifetimes: Lifetimes::default(),
            idle: None,
            weigher: None,
            listener: None,
            shards: None,
            clock: None,
            random: None,
            entries: PhantomData,
        }
    }

    /// Entries without a life of their own are gone after `ttl`. Default: never.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.lifetimes.usable = Some(ttl);
        self
    }

    /// Entries without a life of their own are stale after `fresh`. Default: when they are gone.
    pub fn fresh_for(mut self, fresh: Duration) -> Self {
        self.lifetimes.fresh = Some(fresh);
        self
    }

    /// Entries not used for `idle` are gone, whatever their own life. Default: they stay. As a use within a thousandth of
    /// `idle` after another is not noted, they may be gone by that much earlier; never later.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// Shortens each life at random by up to this part, so that entries stored together don't expire together: the
    /// cure for avalanches. From 0, the default, to 1; what is no number counts as 0.
    pub fn jitter(mut self, jitter: f64) -> Self {
        self.lifetimes.jitter = if jitter.is_nan() { 0.0 } else { jitter.clamp(0.0, 1.0) };
        self
    }

    /// Bounds the sum of what `weigher` says instead of the number of entries.
    ///
    /// It is called once for each insert and fill, outside locks. A weight of 0 counts as 1, so that nothing is free.
    /// An entry that weighs more than a shard's share of the capacity is refused, and so is one whose weigher panics.
    pub fn weigh(mut self, weigher: impl Fn(&K, &V) -> u32 + Send + Sync + 'static) -> Self {
        self.weigher = Some(Arc::new(weigher));
        self
    }

    /// Tells `listener` of each entry that leaves, and why: on the thread whose call made it leave, outside locks, so
    /// it may use the cache. A panic is caught and counted.
    pub fn on_removal(mut self, listener: impl Fn(&K, &V, Cause) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// The number of shards, rounded up to a power of two. Default: four for each processor, but none smaller than 1,024
    /// entries. With 1 the policy sees every entry, and orders them all exactly.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = Some(shards);
        self
    }

    /// Takes clock and randomness from `env`. Default: the [coarse](Clock::coarse) clock, and entropy.
    pub fn env(mut self, env: &Env) -> Self {
        self.clock = Some(env.clock().clone());
        self.random = Some(env.random().clone());
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    pub(super) fn shard_count(&self) -> usize {
        let by_default = || {
            let processors = std::thread::available_parallelism().map_or(1, usize::from);
            let useful = usize::try_from(self.capacity / SHARD_CAPACITY).unwrap_or(usize::MAX);
            // Rounded down, so that no shard is smaller than it should be.
            let most = (4 * processors).min(useful).clamp(1, MOST_SHARDS);
            1 << most.ilog2()
        };
        self.shards.map_or_else(by_default, |shards| shards.clamp(1, MOST_SHARDS).next_power_of_two())
    }
}

impl<K, V> fmt::Debug for MemoryOptions<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryOptions")
            .field("capacity", &self.capacity)
            .field("lifetimes", &self.lifetimes)
            .field("idle", &self.idle)
            .field("shards", &self.shards)
            .finish_non_exhaustive()
    }
}

/// What shard `index` of `shards` may hold of `capacity`. The shares add up; no bound stays no bound.
pub(super) fn share(capacity: u64, shards: usize, index: usize) -> u64 {
    let (shards, index) = (shards as u64, index as u64);
    match capacity {
        u64::MAX => u64::MAX,
        bounded => bounded / shards + u64::from(index < bounded % shards),
    }
}
