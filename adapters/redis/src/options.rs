//! What is said of a namespace before it is connected.

use std::time::Duration;

use larder_core::{Clock, Env, Lifetimes, Random, Result};

use crate::failure::failed;
use crate::guard::Bounds;
use crate::link::Link;
use crate::names::Names;
use crate::server::{Server, Terms};
use crate::store::{Redis, Settings};
use crate::way::Way;

/// The settings of a [`Redis`] store. All who use a namespace should agree on them.
///
/// ```no_run
/// use std::time::Duration;
/// use larder_core::Lifetimes;
/// use larder_redis::{Redis, RedisOptions};
///
/// # async fn connect() -> larder_core::Result<()> {
/// let hour = Some(Duration::from_secs(3_600));
/// let users: Redis = RedisOptions::new()
///     .namespace("users")
///     .lifetimes(Lifetimes { usable: hour, ..Lifetimes::default() })
///     .timeout(Duration::from_millis(250))
///     .connect("redis://10.0.0.7")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisOptions {
    namespace: String,
    settings: Settings,
    timeout: Duration,
    terms: Terms,
    clock: Clock,
}

impl RedisOptions {
    /// The namespace `default`, entries that never end, an answer within a second, 512 keys a command, values of up to
    /// 16 MiB, leases of a minute; what never ends is kept for 30 days, and no longer than the server runs.
    pub fn new() -> Self {
        let terms = Terms {
            lease: Duration::from_mins(1),
            keep: Duration::from_hours(30 * 24),
            warm_restarts: false,
        };
        Self {
            namespace: "default".to_owned(),
            settings: Settings {
                lifetimes: Lifetimes::default(),
                random: Random::from_entropy(),
                chunk: 512,
                max_value: 16 << 20,
            },
            timeout: Duration::from_secs(1),
            terms,
            clock: Clock::coarse(),
        }
    }

    /// Whose keys these are. Any text; namespaces don't see each other, and `clear` clears one.
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = name.into();
        self
    }

    /// The lives of entries that don't bring their own.
    pub fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.settings.lifetimes = lifetimes;
        self
    }

    /// How long one operation may take, connecting included; a batch, for each of its chunks.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many keys of a batch go into one command, at least 1. While a command runs the server does nothing else.
    pub fn chunk(mut self, keys: usize) -> Self {
        self.settings.chunk = keys.max(1);
        self
    }

    /// How long a lease is good: longer than the longest load. To the millisecond.
    pub const fn lease(mut self, duration: Duration) -> Self {
        self.terms.lease = duration;
        self
    }

    /// How long the server keeps entries that never end: so what a [`clear`](larder_core::Store::clear) has left behind
    /// is gone at last.
    pub const fn keep(mut self, duration: Duration) -> Self {
        self.terms.keep = duration;
        self
    }

    /// How long a value may be as it is stored, in bytes. The answers to a batch may have 16 times as much together.
    pub const fn max_value(mut self, bytes: usize) -> Self {
        self.settings.max_value = bytes;
        self
    }

    /// Use what a server has kept over a restart or a failover.
    ///
    /// Without it both count as a clear, because a server that comes back from a snapshot, or a replica that takes over,
    /// may lack the last writes and removals: it would serve what they replaced.
    pub const fn warm_restarts(mut self) -> Self {
        self.terms.warm_restarts = true;
        self
    }

    /// The clock and the randomness of `env`.
    pub fn env(mut self, env: &Env) -> Self {
        self.clock = env.clock().clone();
        self.settings.random = env.random().clone();
        self
    }

    /// Connects to the server at `url`: `redis://user:password@host:port/database`, `unix:/path`, or `rediss://` with the
    /// feature `tls`.
    ///
    /// An error if the URL can't be used, if the server can't be reached, refuses the user, or is a node of a cluster.
    pub async fn connect<K>(self, url: &str) -> Result<Redis<K>> {
        self.open(Way::straight(url)).await
    }

    /// Connects to the master of `service`, as the sentinels at `urls` know it; after a failover, to the new one.
    /// `node` is a URL with the user, the password and the database of the nodes; its host is not used.
    pub async fn connect_by_sentinels<K>(
        self,
        urls: &[&str],
        service: &str,
        node: Option<&str>,
    ) -> Result<Redis<K>> {
        self.open(Way::sentinel(urls, service, node)).await
    }

    /// Connects to the cluster that the nodes at `urls` belong to.
    ///
    /// A namespace has 256 lanes there, each in one slot, with an epoch of its own. `clear` ends the epochs one after
    /// another, and restarts of single nodes are not noticed: set [`warm_restarts`](Self::warm_restarts) aside, a cluster
    /// behaves as if it were set.
    pub async fn connect_to_cluster<K>(self, urls: &[&str]) -> Result<Redis<K>> {
        self.open(Way::cluster(urls)).await
    }

    async fn open<K>(self, way: redis::RedisResult<Way>) -> Result<Redis<K>> {
        let way = way.map_err(|error| failed("connecting to Redis", &error))?;
        let string = self.settings.max_value as u64 + 1_024;
        let parts = 2 * self.settings.chunk as u64 + 64;
        let bounds = Bounds { string, reply: string.saturating_mul(16).max(1 << 20), parts };
        let names = Names::new(&self.namespace, way.in_cluster());
        let link = Link::new(way, bounds, self.timeout);
        link.open().await?;
        Ok(Redis::new(Server::new(link, names, self.clock, self.terms), self.settings))
    }
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl Redis {
    /// Connects to the server at `url` with the default settings: see [`RedisOptions`].
    pub async fn connect(url: &str) -> Result<Self> {
        RedisOptions::new().connect(url).await
    }
}
