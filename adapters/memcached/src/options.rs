//! What is said of a namespace before it is connected.

use std::marker::PhantomData;
use std::time::Duration;

use larder_core::{Clock, Env, Error, ErrorKind, Lifetimes, Random, Result};

use crate::link::{Address, Link};
use crate::names::Names;
use crate::record::LONGEST;
use crate::server::Server;
use crate::store::{Memcached, Settings};

/// The settings of a [`Memcached`] store. All who use a namespace should agree on them.
///
/// ```no_run
/// use std::time::Duration;
/// use larder_memcached::{Memcached, MemcachedOptions};
///
/// # async fn connect() -> larder_core::Result<()> {
/// let users: Memcached = MemcachedOptions::new()
///     .namespace("users")
///     .timeout(Duration::from_millis(250))
///     .connect("10.0.0.7:11211")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemcachedOptions {
    namespace: String,
    settings: Settings,
    timeout: Duration,
    lease: Duration,
    user: Option<(String, String)>,
    clock: Clock,
}

impl MemcachedOptions {
    /// The namespace `default`, entries that never end (and are kept for 30 days, the longest time memcached counts),
    /// an answer within a second, 512 keys a batch, values of up to 1 MiB, leases of a minute.
    pub fn new() -> Self {
        Self {
            namespace: "default".to_owned(),
            settings: Settings {
                lifetimes: Lifetimes::default(),
                random: Random::from_entropy(),
                chunk: 512,
                max_value: 1 << 20,
            },
            timeout: Duration::from_secs(1),
            lease: Duration::from_mins(1),
            user: None,
            clock: Clock::coarse(),
        }
    }

    /// Whose keys these are. Namespaces don't see each other, and `clear` clears one. It is a part of each key, and so
    /// of the 250 bytes that a key may have.
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

    /// How many keys of a batch are sent before their answers are awaited, at least 1.
    pub fn chunk(mut self, keys: usize) -> Self {
        self.settings.chunk = keys.max(1);
        self
    }

    /// How long a lease is good: longer than the longest load. In whole seconds, rounded up.
    pub const fn lease(mut self, duration: Duration) -> Self {
        self.lease = duration;
        self
    }

    /// How long a value may be as it is stored, in bytes. The server has a bound of its own: 1 MiB, or its option `-I`.
    pub const fn max_value(mut self, bytes: usize) -> Self {
        self.settings.max_value = bytes;
        self
    }

    /// The user and the password, for a server that wants to know them (its option `-Y`).
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((name.into(), password.into()));
        self
    }

    /// The clock and the randomness of `env`.
    pub fn env(mut self, env: &Env) -> Self {
        self.clock = env.clock().clone();
        self.settings.random = env.random().clone();
        self
    }

    /// Connects to the server at `address`, `host:port`.
    ///
    /// An error if it can't be reached, refuses the user, doesn't know the meta commands, or if the namespace leaves no
    /// room for keys.
    pub async fn connect<K>(self, address: &str) -> Result<Memcached<K>> {
        let invalid =
            |why: &'static str| Error::new(ErrorKind::Invalid, "connecting to memcached").because(why);
        let has_port = address
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if !has_port {
            return Err(invalid("the address is not of the form host:port"));
        }
        if let Some((name, password)) = &self.user
            && [name, password].iter().any(|word| !word.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(invalid("the user or the password has a space or a control character in it"));
        }
        let longest = self.settings.max_value as u64 + 1_024;
        let address = Address { server: address.to_owned(), user: self.user, longest };
        let lease = self.lease.as_secs().saturating_add(u64::from(self.lease.subsec_nanos() > 0));
        let lease = u32::try_from(lease).unwrap_or(u32::MAX).clamp(1, LONGEST);
        let names = Names::new(&self.namespace)?;
        let server = Server::new(Link::new(address, self.timeout), names, self.clock, lease);
        let doing = "connecting to memcached";
        server.link.in_time(doing, server.link.connected(doing)).await?;
        Ok(Memcached::new(server, self.settings, PhantomData))
    }
}

impl Default for MemcachedOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemcachedOptions {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemcachedOptions")
            .field("namespace", &self.namespace)
            .field("settings", &self.settings)
            .field("timeout", &self.timeout)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

impl Memcached {
    /// Connects to the server at `address`, `host:port`, with the default settings: see [`MemcachedOptions`].
    pub async fn connect(address: &str) -> Result<Self> {
        MemcachedOptions::new().connect(address).await
    }
}
