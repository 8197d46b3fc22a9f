//! The settings of a cache, and the default policy: the one place that names a policy.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use larder_core::{Cause, Env, Error, ErrorKind, EvictionPolicy, Key, MemoryOptions, Result, Value};
use larder_policies::{Fifo, WTinyLfu};

use super::handle::{Cache, Shared};
use super::monitor::{Event, Monitor};
use super::{registry, upkeep};
use crate::TokioEnv;
use crate::flight::Flights;
use crate::loads::Loads;

type Setting<K, V> = Box<dyn FnOnce(MemoryOptions<K, V>) -> MemoryOptions<K, V> + Send>;
type MakePolicy = Box<dyn Fn(u64) -> Box<dyn EvictionPolicy> + Send>;

/// The settings of a [`Cache`]. Each has a default; a later call replaces an earlier one.
///
/// ```
/// use std::time::Duration;
/// use larder_patterns::{Cache, Event};
/// use larder_policies::Lru;
///
/// let pages: Cache<String, Vec<u8>> = Cache::builder()
///     .name("pages")
///     .capacity(64 << 20)
///     .weigh(|url: &String, page: &Vec<u8>| (url.len() + page.len()) as u32)
///     .ttl(Duration::from_secs(300))
///     .policy(Lru::new)
///     .warn_below_hit_rate(0.7, 100)
///     .warn_above_utilisation(0.9)
///     .on_event(|event| eprintln!("{event}"))
///     .build()?;
/// assert!(Cache::<String, Vec<u8>>::find("pages").is_some());
/// # Ok::<(), larder_core::Error>(())
/// ```
pub struct CacheBuilder<K, V> {
    capacity: u64,
    settings: Vec<Setting<K, V>>,
    policy: Option<MakePolicy>,
    env: Option<Env>,
    name: Option<Arc<str>>,
    load_deadline: Option<Duration>,
    prune_every: Option<Duration>,
    monitor: Monitor,
}

impl<K: Key, V: Value> Cache<K, V> {
    /// A cache without a bound, in which nothing expires by default.
    pub fn new() -> Self {
        CacheBuilder::new().unregistered()
    }

    /// A cache with settings.
    pub fn builder() -> CacheBuilder<K, V> {
        CacheBuilder::new()
    }
}

impl<K: Key, V: Value> Default for Cache<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Key, V: Value> CacheBuilder<K, V> {
    pub(super) fn new() -> Self {
        Self {
            capacity: u64::MAX,
            settings: Vec::new(),
            policy: None,
            env: None,
            name: None,
            load_deadline: None,
            prune_every: None,
            monitor: Monitor::default(),
        }
    }

    /// Room for this many entries, or units of weight if there is a [weigher](Self::weigh). Default: no bound.
    pub const fn capacity(mut self, capacity: u64) -> Self {
        self.capacity = capacity;
        self
    }

    /// How long entries live that don't say so themselves. Default: for ever.
    pub fn ttl(self, ttl: Duration) -> Self {
        self.with(move |options| options.ttl(ttl))
    }

    /// How long such entries are fresh. Default: as long as they live.
    pub fn fresh_for(self, fresh: Duration) -> Self {
        self.with(move |options| options.fresh_for(fresh))
    }

    /// How long an entry may stay unused. Default: for ever.
    pub fn idle(self, idle: Duration) -> Self {
        self.with(move |options| options.idle(idle))
    }

    /// By which part, at most, lives are shortened at random, so that entries stored together don't expire together.
    /// Default: 0.
    pub fn jitter(self, jitter: f64) -> Self {
        self.with(move |options| options.jitter(jitter))
    }

    /// What an entry weighs. Default: 1.
    pub fn weigh(self, weigher: impl Fn(&K, &V) -> u32 + Send + Sync + 'static) -> Self {
        self.with(move |options| options.weigh(weigher))
    }

    /// Is told of every entry that left, and why.
    pub fn on_removal(self, listener: impl Fn(&K, &V, Cause) + Send + Sync + 'static) -> Self {
        self.with(move |options| options.on_removal(listener))
    }

    /// Into how many parts the cache is cut, each with its own lock and policy. Default: by capacity and processors.
    pub fn shards(self, shards: usize) -> Self {
        self.with(move |options| options.shards(shards))
    }

    /// Who leaves when room is needed. Default: W-TinyLFU.
    pub fn policy<P: EvictionPolicy>(mut self, policy: impl Fn(u64) -> P + Send + 'static) -> Self {
        self.policy = Some(Box::new(move |capacity| Box::new(policy(capacity))));
        self
    }

    /// The name under which [`Cache::find`] finds it, until it is [stopped](Cache::stop): a named cache lives even
    /// without a handle. Default: none; the cache ends with its last handle.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The world it lives in. Default: [`Env::tokio`](TokioEnv::tokio).
    pub fn env(mut self, env: &Env) -> Self {
        self.env = Some(env.clone());
        self
    }

    /// How long a load may take; then it is dropped. Default: as long as it likes.
    pub const fn load_deadline(mut self, deadline: Duration) -> Self {
        self.load_deadline = Some(deadline);
        self
    }

    /// Removes expired entries, and [checks](Cache::check) the thresholds, in the background on this period; ends with
    /// the cache, at the next period at the latest. Default: never.
    pub const fn prune_every(mut self, period: Duration) -> Self {
        self.prune_every = Some(period);
        self
    }

    /// Reports a hit rate below `rate` (0 to 1), once there were more than `after` requests.
    pub fn warn_below_hit_rate(mut self, rate: f64, after: u64) -> Self {
        self.monitor.hit_rate = Some((rate, after));
        self
    }

    /// Reports a weight above this part (0 to 1) of the capacity.
    pub fn warn_above_utilisation(mut self, part: f64) -> Self {
        self.monitor.utilisation = Some(part);
        self
    }

    /// Hears the reports: once when a threshold is crossed, and again only after it has been uncrossed.
    pub fn on_event(mut self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.monitor.handler = Some(Box::new(handler));
        self
    }

    /// The cache. An error if its name is taken, a threshold is not from 0 to 1, or the period is zero
    /// ([`ErrorKind::Invalid`]); or if there is nothing to run the background work on.
    pub fn build(self) -> Result<Cache<K, V>> {
        let invalid = |doing| Err(Error::new(ErrorKind::Invalid, doing));
        if !self.monitor.is_valid() {
            return invalid("setting a threshold that is not from 0 to 1");
        }
        if self.prune_every == Some(Duration::ZERO) {
            return invalid("pruning without a pause");
        }
        let period = self.prune_every;
        let cache = self.unregistered();
        if let Some(period) = period {
            upkeep::start(&cache.0, period)?;
        }
        if let Some(name) = &cache.0.name
            && !registry::enter(name, &cache.0)
        {
            return invalid("starting a cache under a name that is taken");
        }
        Ok(cache)
    }

    pub(super) fn unregistered(self) -> Cache<K, V> {
        let env = self.env.unwrap_or_else(Env::tokio);
        let options = MemoryOptions::new(self.capacity).env(&env);
        let options = self.settings.into_iter().fold(options, |options, setting| setting(options));
        let policy = self.policy.unwrap_or_else(|| default_policy(self.capacity));
        Cache(Arc::new(Shared {
            memory: options.build(policy),
            flights: Flights::new(env.random()),
            loads: Loads::default(),
            env,
            load_deadline: self.load_deadline,
            name: self.name,
            stopped: AtomicBool::new(false),
            monitor: self.monitor,
        }))
    }

    fn with(
        mut self,
        setting: impl FnOnce(MemoryOptions<K, V>) -> MemoryOptions<K, V> + Send + 'static,
    ) -> Self {
        self.settings.push(Box::new(setting));
        self
    }
}

/// W-TinyLFU; where nothing is ever evicted, the policy that costs nothing.
fn default_policy(capacity: u64) -> MakePolicy {
    if capacity == u64::MAX {
        Box::new(|capacity| Box::new(Fifo::new(capacity)))
    } else {
        Box::new(|capacity| Box::new(WTinyLfu::new(capacity)))
    }
}

impl<K, V> fmt::Debug for CacheBuilder<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("capacity", &self.capacity)
            .field("name", &self.name)
            .field("load_deadline", &self.load_deadline)
            .field("prune_every", &self.prune_every)
            .finish_non_exhaustive()
    }
}
