//! What is said of a store before it is opened.

use std::time::Duration;

use larder_core::{Clock, Env, Lifetimes, Random};

/// The settings of a [`SqlStore`](super::SqlStore). A name alone will do.
///
/// ```no_run
/// use std::time::Duration;
/// use larder_core::Lifetimes;
/// use larder_sql::{SqlStore, SqlStoreOptions, Sqlite};
///
/// # async fn open(db: &Sqlite) -> larder_core::Result<()> {
/// let day = Some(Duration::from_secs(86_400));
/// let options = SqlStoreOptions::new("pages")
///     .lifetimes(Lifetimes { usable: day, ..Lifetimes::default() })
///     .max_value(1 << 20);
/// let pages: SqlStore = db.store(options).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqlStoreOptions {
    pub(super) name: String,
    pub(super) lifetimes: Lifetimes,
    pub(super) lease: Duration,
    pub(super) max_value: usize,
    pub(super) purge_every: Option<Duration>,
    pub(super) clock: Clock,
    pub(super) random: Random,
}

impl SqlStoreOptions {
    /// A store in the table `name`: entries that never end, values of up to 16 MiB, leases of a minute, a purge a minute.
    ///
    /// The name may be any that the database can quote. Beside the table there is one called `name_epoch` with a single
    /// row, and an index called `name_ends`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            lifetimes: Lifetimes::default(),
            lease: Duration::from_mins(1),
            max_value: 16 << 20,
            purge_every: Some(Duration::from_mins(1)),
            clock: Clock::coarse(),
            random: Random::from_entropy(),
        }
    }

    /// The lives of entries that don't bring their own.
    pub fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// How long a lease is good, at least a second: longer than the longest load. Of all who open a store the longest
    /// counts.
    pub fn lease(mut self, duration: Duration) -> Self {
        self.lease = duration.max(Duration::from_secs(1));
        self
    }

    /// How long a value may be as it is stored, in bytes.
    pub const fn max_value(mut self, bytes: usize) -> Self {
        self.max_value = bytes;
        self
    }

    /// How often what has ended is purged, in batches of 500 rows and for at most a second, by a task that a write
    /// starts; `None`: only when [`purge`](super::SqlStore::purge) is called.
    pub const fn purge_every(mut self, interval: Option<Duration>) -> Self {
        self.purge_every = interval;
        self
    }

    /// The clock and the randomness of `env`. The clock tells how old an entry is that was read, not when it ends: that
    /// is the database's affair.
    pub fn env(mut self, env: &Env) -> Self {
        self.clock = env.clock().clone();
        self.random = env.random().clone();
        self
    }
}

impl From<&str> for SqlStoreOptions {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}
